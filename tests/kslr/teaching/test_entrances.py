"""Ids and names that come from files are held to what typing is held to."""

import json
from dataclasses import replace

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.teaching.naming import LessonError, WordNames, is_plain_text, is_word_id, resolve_sign
from kslr.teaching.vocabularies import TaughtVocabulary, load_vocabulary, save_vocabulary, without_file_names
from kslr.vocabulary import Sign

GOOD = Sign("su", "Су", "su", "Water", "Вода")
ODD = ('x"><img src=x onerror=alert(1)>', "../../x", "a\0b", "a\nb", "a\u202eb", "x" * 3_000_000, "", " ", "с у", "\x1b[2J")


def vocabulary(sign: Sign, **more: object) -> TaughtVocabulary:
    embedding = np.zeros((1, 4), np.float32)
    embedding[0, 0] = 1.0
    made = TaughtVocabulary("mine", "0" * 64, (sign,), embedding, np.zeros(1, int), provenance=("recording 1",))
    return replace(made, **more)


def test_a_good_one_is_read(tmp_path):
    assert load_vocabulary(save_vocabulary(tmp_path / "a.npz", vocabulary(GOOD))).signs == (GOOD,)


@pytest.mark.parametrize("odd", ODD, ids=lambda text: ascii(text)[:12])
def test_an_id_is_of_latin_letters_wherever_it_comes_from(tmp_path, odd):
    with pytest.raises(InputError):
        load_vocabulary(save_vocabulary(tmp_path / "a.npz", vocabulary(replace(GOOD, id=odd))))
    if odd:
        with pytest.raises(LessonError):
            resolve_sign(WordNames(kk="Су", id=odd))


@pytest.mark.parametrize("odd", ["a\0b", "a\nb", "a\u202eb", "x" * 3_000_000, "\x1b[2J"], ids=lambda text: ascii(text)[:12])
@pytest.mark.parametrize("where", ["kk", "ru", "en", "latin", "name", "provenance", "trained_on"])
def test_names_are_short_and_of_one_line(tmp_path, odd, where):
    if where in ("kk", "ru", "en", "latin"):
        made = vocabulary(replace(GOOD, **{where: odd}))
    elif where == "trained_on":
        made = vocabulary(replace(GOOD, trained_on={odd: 3}))
    else:
        made = vocabulary(GOOD, **{where: odd if where == "name" else (odd,)})
    with pytest.raises(InputError):
        load_vocabulary(save_vocabulary(tmp_path / "a.npz", made))


@pytest.mark.parametrize("odd", ["a\0b", "a\u202eb", "\x1b[2J", "x" * 100])
def test_nor_can_they_be_typed(odd):
    try:
        sign = resolve_sign(WordNames(kk=odd))
    except LessonError:
        return
    assert all(map(is_plain_text, (sign.kk, sign.ru, sign.en, sign.latin)))  # cleaned
    assert is_word_id(sign.id)


def test_what_is_given_to_others_does_not_tell_who_was_recorded(tmp_path):
    made = vocabulary(GOOD, provenance=("Aigerim 8A born 2012.mp4",))
    path = save_vocabulary(tmp_path / "a.npz", without_file_names(made))
    with np.load(path) as arrays:
        assert "Aigerim" not in str(arrays["about"])
        assert json.loads(str(arrays["about"]))["provenance"] == ["recording 1"]
