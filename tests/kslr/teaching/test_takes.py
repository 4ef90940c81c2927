from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kslr.frame import Frame
from kslr.holistic import HolisticTracker
from kslr.landmarks import HANDS, Landmarks
from kslr.recordings import Recording, save_recording
from kslr.teaching.naming import LessonError
from kslr.teaching.takes import SHARP, is_too_far, judge, measure_sharpness, watch_take
from tests import clips
from tests.signers import signer
from tests.takes import take


def part(recording: Recording, first: int) -> Recording:
    """What is left when the beginning was missed."""
    return Recording(recording.seconds[first:], recording.x[first:], recording.aspect)


def test_a_good_take_has_its_sign_and_no_problem() -> None:
    verdict = judge(take("circle"), sharpness=9.0)
    assert verdict.problems == ()
    assert verdict.sign is not None
    assert 0.8 < verdict.sign.seconds < 2.5
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
    x[:, HANDS] = np.nan
    verdict = judge(replace(one, x=x))
    assert (verdict.sign, verdict.problems) == (None, ("no_hands",))


def test_few_frames_and_blurred_pictures_are_named() -> None:
    one = take("circle")
    few = Recording(one.seconds[::4], one.x[::4], one.aspect)
    assert "jerky" in judge(few).problems
    assert "blurred" in judge(one, sharpness=SHARP - 0.1).problems
    assert "blurred" not in judge(one, sharpness=None).problems


def test_a_blurred_person_is_less_sharp_at_any_size(astronaut: np.ndarray) -> None:
    import cv2

    picture = cv2.resize(astronaut, (480, 480), interpolation=cv2.INTER_AREA)
    with HolisticTracker() as tracker:
        seen = tracker.process(Frame(picture, 0.0))
    clear = measure_sharpness(picture, seen)
    small = measure_sharpness(np.ascontiguousarray(cv2.resize(picture, (360, 360), interpolation=cv2.INTER_AREA)), seen)
    blurred = measure_sharpness(cv2.GaussianBlur(picture, (0, 0), 5), seen)
    assert clear is not None
    assert small is not None
    assert blurred is not None
    assert clear > SHARP > blurred
    assert 0.5 < small / clear < 2
    assert measure_sharpness(picture, Landmarks(0.0)) is None


def test_nobody_is_not_too_far() -> None:
    assert not is_too_far(Landmarks(0.0))


def test_of_several_signs_the_longest_is_taken() -> None:
    times = np.arange(0, 6, 1 / 25)
    frames = [signer(float(t), ((0.8, 1.6), (3.0, 5.0))) for t in times]
    sign = judge(Recording(times, np.stack([f.values() for f in frames]))).sign
    assert sign is not None
    assert sign.start > 2.0


def test_a_clip_is_read_and_judged_in_one_pass(astronaut: np.ndarray, tmp_path: Path) -> None:
    found = watch_take(clips.write(tmp_path / "a.mp4", clips.shaken(astronaut, 8, (320, 240), reach=4), fps=15), "my clip")
    assert (found.recording.name, len(found.recording.x)) == ("my clip", 8)
    assert found.verdict.problems == ("no_hands",)
    assert found.verdict.sharpness is not None
    save_recording(tmp_path / "a.npz", take("circle"))
    again = watch_take(tmp_path / "a.npz")
    assert (again.recording.name, again.verdict.problems, again.verdict.sharpness) == ("a.npz", (), None)


def test_clips_that_cannot_be_read_are_refused_by_their_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.mp4", "b.npz", "c.pose", "d.exe"):
        (tmp_path / name).write_bytes(b"nothing")
        with pytest.raises(LessonError) as refused:
            watch_take(tmp_path / name)
        assert refused.value.code == ("format" if name == "d.exe" else "unreadable")
    save_recording(tmp_path / "a.npz", take("circle"))
    monkeypatch.setattr("kslr.teaching.takes.TAKE_SECONDS", 1.0)
    with pytest.raises(LessonError) as refused:
        watch_take(tmp_path / "a.npz")
    assert (refused.value.code, refused.value.values) == ("long-clip", {"n": 1})
