import numpy as np
import pytest

from emotion.faces import EMOTIONS
from emotion.resting import correct_for_rest, resting_face

HAPPY, SAD, NEUTRAL = (EMOTIONS.index(name) for name in ("happy", "sad", "neutral"))


def _rows(*names: str, sure: float = 0.8) -> np.ndarray:
    rows = np.full((len(names), 7), (1 - sure) / 6)
    rows[np.arange(len(names)), [EMOTIONS.index(n) for n in names]] = sure
    return rows


def test_a_face_that_rests_sad_is_neutral_at_rest_and_can_still_smile():
    rest = resting_face(_rows("sad", "sad", "happy", sure=0.6), np.array([1, 1, 0.2]))
    assert correct_for_rest(_rows("sad", sure=0.6)[0], rest).argmax() == NEUTRAL
    assert correct_for_rest(_rows("happy", sure=0.9)[0], rest).argmax() == HAPPY
    assert _rows("sad", sure=0.6)[0].argmax() == SAD


def test_without_a_resting_face_nothing_changes():
    nothing = resting_face(_rows("sad"), np.zeros(1))
    assert correct_for_rest(_rows("sad")[0], nothing) == pytest.approx(_rows("sad")[0])
