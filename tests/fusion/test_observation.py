from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from fusion.observation import Seen, TaggedWord, choose_hint
from kslr.landmarks import Landmarks
from kslr.vocabulary import kslr30

POSE, FACE, HAND = np.zeros((33, 4), np.float32), np.zeros((468, 3), np.float32), np.zeros((21, 3), np.float32)


@pytest.mark.parametrize(
    ("landmarks", "several", "signing", "told"),
    [
        (Landmarks(0.0), True, True, "nobody"),
        (Landmarks(0.0, pose=POSE), True, True, "several_people"),
        (Landmarks(0.0, pose=POSE), False, True, "no_face"),
        (Landmarks(0.0, pose=POSE, face=FACE), False, True, "no_hands"),
        (Landmarks(0.0, pose=POSE, face=FACE), False, False, None),
        (Landmarks(0.0, pose=POSE, face=FACE, left_hand=HAND), False, True, None),
    ],
)
def test_the_most_important_is_told_first(landmarks, several, signing, told):
    assert choose_hint(landmarks, several, signing) == told


def test_frames_are_counted():
    seen = Seen().plus(Landmarks(0.5), True).plus(Landmarks(1.5, pose=POSE, face=FACE), False)
    assert seen == Seen(frames=2, with_person=1, with_several=1, with_face=1, seconds=1.5)
    assert seen.several
    assert not seen.nobody


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
