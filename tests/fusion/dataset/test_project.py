import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusion.dataset.datasheet import datasheet
from fusion.dataset.project import LICENCES, choose_words, new_project, parse_words, read_project
from fusion.dataset.signers import PSEUDONYM, People, free_pseudonym, new_signer, next_pseudonym, read_people
from kslr.core.errors import InputError

DAY = "2026-01-31"


def project(**changes):
    fields = {"name": "Пилот", "words": choose_words("twenty"), "emotions": ("happy", "angry"), "repetitions": 5}
    return new_project(**{**fields, "licence": "CC-BY-4.0", "made": DAY, **changes})


def test_a_project_comes_back_from_its_file():
    made = project(about="Алматы\nЗерттеу тобы")
    assert read_project(json.loads(json.dumps(made.as_dict()))) == made
    assert made.emotions == ("angry", "happy")
    assert made.takes_of_signer == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "  "},
        {"name": "x" * 81},
        {"words": ()},
        {"words": choose_words("twenty") * 2},
        {"emotions": ("bored",)},
        {"emotions": ()},
        {"repetitions": 0},
        {"repetitions": 51},
        {"licence": "mine"},
    ],
)
def test_what_cannot_be_a_project(changes):
    with pytest.raises(InputError) as error:
        project(**changes)
    assert error.value.code == "project"


@pytest.mark.parametrize("raw", [None, [], {}, {"version": 9}, {"version": 1, "words": 3}, {**project().as_dict(), "id": "../x"}])
def test_what_is_no_project_file(raw):
    with pytest.raises(InputError):
        read_project(raw)


def test_pasted_words_with_any_separator():
    words = parse_words("Рақмет\n\nЖылқы\tЛошадь\tHorse\nҚой, Овца, Sheep\nСу; Вода; Water\nсу")
    assert [(one.id, one.kk, one.ru, one.en) for one in words] == [
        ("rakhmet", "Рақмет", "Спасибо", "Thank you"),
        ("horse", "Жылқы", "Лошадь", "Horse"),
        ("sheep", "Қой", "Овца", "Sheep"),
        ("su", "Су", "Вода", "Water"),
    ]
    for text in ("", "\n \n", "\n".join(f"word {n}" for n in range(600))):
        with pytest.raises(InputError):
            parse_words(text)


@given(st.text(max_size=200))
def test_any_text_gives_words_or_an_error(text):
    try:
        words = parse_words(text)
    except InputError:
        return
    assert new_project("any", words, ["happy"], 1, "private", DAY).words == words


def test_signers_come_back_from_their_file():
    people = People(tuple(new_signer(name, "faces", DAY, "kk", "Келісемін") for name in ("S01", "S02")), ("0" * 24,))
    assert read_people(json.loads(json.dumps(people.as_dict()))) == people
    assert len({one.key for one in people.signers}) == 2


@pytest.mark.parametrize("name", ["", "Айгерім", "a b", "-a", "a" * 21, "a/b", "../a", "a\n"])
def test_what_is_no_pseudonym(name):
    if name.strip() != name and PSEUDONYM.fullmatch(name.strip()):
        assert new_signer(name, "faces", DAY, "kk", "").pseudonym == name.strip()
        return
    with pytest.raises(InputError) as error:
        new_signer(name, "faces", DAY, "kk", "")
    assert error.value.code == "pseudonym"


@given(st.lists(st.from_regex(PSEUDONYM, fullmatch=True), max_size=12), st.from_regex(PSEUDONYM, fullmatch=True))
def test_a_free_pseudonym_is_free(taken, wanted):
    for found in (free_pseudonym(wanted, taken), next_pseudonym(taken)):
        assert found.casefold() not in {one.casefold() for one in taken}
        assert PSEUDONYM.fullmatch(found)


def test_the_datasheet_tells_what_is_there_and_takes_no_markup_from_people():
    text = datasheet(project(name="Пилот", about="<script>alert(1)</script> [x](y)"), People(), ())
    assert "# Пилот" in text
    assert "| plan for each signer | 20 words × 2 affects × 5 |" in text
    assert LICENCES["CC-BY-4.0"] in text
    assert "<script>" not in text
    assert "[x](" not in text
