from dataclasses import replace

import numpy as np
import pytest

from kslr.frame import Frame
from kslr.holistic import HolisticTracker
from kslr.landmarks import Landmarks
from kslr.recordings import Recording
from kslr.teaching.takes import SHARP, judge, sharpness, too_far
from tests.takes import take


def part(recording: Recording, first: int) -> Recording:
    """What is left when the beginning was missed."""
    return Recording(recording.seconds[first:], recording.x[first:], recording.aspect)


def test_a_good_take_has_its_sign_and_no_problem() -> None:
    verdict = judge(take("circle"), sharpness=9.0)
    assert verdict.good
    assert verdict.sign is not None
    assert 0.8 < verdict.seconds < 2.5
    assert verdict.hands > 0.7


@pytest.mark.parametrize(
    ("recording", "problem"),
    [
        (part(take("circle"), 45), "cut"),
        (take("circle", size=0.3), "too_far"),
        (take("circle", lost=0.6), "hands_lost"),
        (take("circle", seconds=5.5), "long"),
    ],
)
def test_what_is_poor_is_named_and_can_still_be_learnt_from(recording: Recording, problem: str) -> None:
    verdict = judge(recording, sharpness=9.0)
    assert problem in verdict.problems
    assert verdict.sign is not None


def test_a_clip_that_somebody_cut_may_begin_with_its_sign() -> None:
    assert "cut" not in judge(part(take("circle"), 45), trimmed=True).problems


def test_without_hands_there_is_nothing_to_learn_from() -> None:
    one = take("circle")
    x = one.x.copy()
    x[:, 1536:] = np.nan
    verdict = judge(replace(one, x=x))
    assert (verdict.sign, verdict.problems, verdict.seconds) == (None, ("no_hands",), 0.0)


def test_few_frames_and_blurred_pictures_are_named() -> None:
    one = take("circle")
    few = Recording(one.seconds[::4], one.x[::4], one.aspect)
    assert "jerky" in judge(few).problems
    assert "blurred" in judge(one, sharpness=SHARP - 0.1).problems
    assert "blurred" not in judge(one, sharpness=None).problems


def test_a_blurred_person_is_less_sharp_at_any_size(astronaut: np.ndarray) -> None:
    import cv2

    picture = cv2.resize(astronaut, (480, 480), interpolation=cv2.INTER_AREA)
    with HolisticTracker(static=True) as tracker:
        seen = tracker.process(Frame(picture, 0.0))
    clear = sharpness(picture, seen)
    small = sharpness(np.ascontiguousarray(cv2.resize(picture, (360, 360), interpolation=cv2.INTER_AREA)), seen)
    blurred = sharpness(cv2.GaussianBlur(picture, (0, 0), 5), seen)
    assert clear is not None
    assert small is not None
    assert blurred is not None
    assert clear > SHARP > blurred
    assert 0.5 < small / clear < 2
    assert sharpness(picture, Landmarks(0.0)) is None


def test_nobody_is_not_too_far() -> None:
    assert not too_far(Landmarks(0.0))
