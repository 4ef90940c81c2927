import re
from pathlib import Path
from string import Formatter

import pytest

from fusion.dataset.signers import TIERS
from kslr.core.errors import InputError
from ui.shared import i18n
from ui.shared.frame import PAGES

UI = Path(i18n.__file__).parents[1]
SOURCES = {path: path.read_text(encoding="utf-8") for kind in ("py", "js", "html") for path in UI.rglob(f"*.{kind}")}

STATUSES = ("running", "finished", "interrupted")


@pytest.mark.parametrize("key", list(i18n.words()))
def test_every_word_is_there_in_three_languages(key):
    texts = i18n.words()[key]
    assert set(texts) == {"kk", "ru", "en"}
    assert all(text.strip() for text in texts.values())
    # The same braces in each, and no language left as a copy of the English.
    fields = {language: {name for _, name, _, _ in Formatter().parse(text) if name} for language, text in texts.items()}
    assert fields["kk"] == fields["ru"] == fields["en"]
    assert texts["kk"] != texts["en"]
    assert texts["ru"] != texts["en"]


def test_every_word_that_is_used_exists_and_every_word_is_used():
    groups = "|".join(sorted({key.split(".")[0] for key in i18n.words()}))
    used = set()
    for text in SOURCES.values():
        used |= set(re.findall(rf'["\'`=]((?:{groups})\.[a-z_]+)["\'`]', text))
    missing = {key for key in used if key not in i18n.words() and not key.endswith("_")}
    # Names of files, and of what routes answer as files, such as the app's manifest.
    missing -= {path.name for path in UI.rglob("*.*")}
    missing -= {name for text in SOURCES.values() for name in re.findall(r'routes\.get\("/([a-z_.]+)"', text)}
    assert not missing
    # Some are put together from a beginning, such as `hint.${name}` or "about." ~ column, and names of the same file,
    # languages, pages, what may be kept of a signer, or what other modules call hints, problems of takes, and deviations;
    # a few have an end too, such as "classroom." ~ name ~ "_what".
    others = [*i18n.LANGUAGES, *PAGES, *STATUSES, *TIERS]
    teaching = map(str, (UI.parent / "kslr/teaching").glob("*.py"))
    for path in ("fusion/observation.py", "fusion/dataset/takes.py", "ui/about/layers.py", *teaching):
        found = re.findall(r'"([a-z_-]+)"', (UI.parent / path).read_text(encoding="utf-8"))
        others += [code.replace("-", "_") for code in found]
    for text in SOURCES.values():
        names = [*others, *re.findall(r'["\'`]([a-z_]+)["\'`]', text)]
        beginnings = re.findall(rf'["\'`]((?:{groups})\.[a-z_]*)(?:" [~+]|\$?\{{)(?: \w+ ~ "([a-z_]+)")?', text)
        used |= {beginning + name + end for beginning, end in beginnings for name in names}
    unused = set(i18n.words()) - used
    assert not unused


def test_the_three_alphabets():
    kazakh = " ".join(texts["kk"] for texts in i18n.words().values())
    assert set("әғқңөұүһі") <= set(kazakh.lower()) | {"һ"}
    for key, texts in i18n.words().items():
        assert not re.search("[а-яА-Я]", texts["en"]), key
        assert not re.search("[ыэъё]", texts["en"]), key
        assert not re.search("[әғқңөұүһі]", texts["ru"]), key


def test_text_is_filled_in():
    assert i18n.text("live.camera_n", "ru", n=2) == "Камера 2"


def test_a_refusal_is_bad_input_with_a_word_of_the_app():
    refusal = i18n.Refusal("teach.large", size=40)
    assert isinstance(refusal, InputError)
    assert i18n.text(refusal.key, "en", **refusal.values) == "The file is too large: at most 40 MB."
