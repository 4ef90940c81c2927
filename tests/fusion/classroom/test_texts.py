import pytest

from fusion.classroom.texts import _CAVEATS, _TEXTS, LANGUAGES, report_text
from kslr.core.errors import InputError


def test_every_text_is_there_in_every_language_and_translated():
    for key, texts in _TEXTS.items():
        assert len(texts) == len(set(texts)) == len(LANGUAGES), key
    assert {len(_CAVEATS[language]) for language in LANGUAGES} == {len(_CAVEATS["en"])}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_law_and_k_are_told(language: str):
    caveats = " ".join(report_text(language)["caveats"])
    assert "5(1)(f)" in caveats
    assert "{k}" in caveats


def test_other_languages_are_told():
    with pytest.raises(InputError):
        report_text("de")
