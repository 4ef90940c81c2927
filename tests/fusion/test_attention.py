import numpy as np
import pytest

from fusion.attention import HALF_SPEED, attention, hand_speed
from kslr.holistic import HolisticTracker
from kslr.landmarks import Landmarks
from kslr.video import Frame


@pytest.fixture(scope="module")
def person(astronaut) -> Landmarks:
    with HolisticTracker(static=True) as tracker:
        return tracker.process(Frame(astronaut, 0.0))


def with_hand(person: Landmarks, x: float, y: float, seconds: float = 0.0) -> Landmarks:
    """The person with a right hand about a place."""
    spread = np.random.default_rng(0).uniform(-0.03, 0.03, (21, 3))
    hand = (np.array([x, y, 0.0]) + spread).astype(np.float32)
    return Landmarks(seconds, person.pose, person.face, None, hand, person.aspect)


def test_speed_is_in_shoulder_widths_a_second(person):
    width = np.linalg.norm((person.pose[11, :2] - person.pose[12, :2]) * [person.aspect, 1])
    one, other = with_hand(person, 0.2, 0.9), with_hand(person, 0.2, 0.9 - width * 0.3, seconds=0.1)
    assert hand_speed(one, other) == pytest.approx(3.0, rel=1e-3)
    assert attention(one, other) == pytest.approx(1 / (1 + (3.0 / HALF_SPEED) ** 2), rel=1e-3)
    assert attention(one, with_hand(person, 0.2, 0.9, seconds=0.1)) == pytest.approx(1.0)


def test_what_cannot_be_told_counts_as_still(person):
    nobody = Landmarks(0.0)
    assert hand_speed(nobody, with_hand(person, 0.2, 0.9, seconds=0.1)) == 0.0
    assert hand_speed(with_hand(person, 0.2, 0.9, seconds=0.1), with_hand(person, 0.9, 0.9)) == 0.0
