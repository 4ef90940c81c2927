from dataclasses import FrozenInstanceError

import pytest

from fusion.tagged import TaggedWord
from kslr.vocabulary import kslr30


def test_numbers_stay_numbers_and_are_rounded():
    word = TaggedWord(kslr30()["su"], 0.123456, 1.00049, 2.0, (("su", 0.123456),), None)
    made = word.as_dict()
    assert made["sign_probability"] == 0.1235
    assert made["start"] == 1.0
    assert made["alternatives"] == [{"id": "su", "probability": 0.1235}]


def test_a_word_cannot_be_changed():
    word = TaggedWord(kslr30()["su"], 0.5, 0, 1, (), None)
    with pytest.raises(FrozenInstanceError):
        word.emotion = "happy"  # type: ignore[misc]
