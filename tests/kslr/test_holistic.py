"""The one MediaPipe pass, with the real models."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.frame import Frame
from kslr.holistic import HolisticTracker
from kslr.landmarks import LEFT_SHOULDER, LEFT_WRIST, RIGHT_SHOULDER, RIGHT_WRIST, Landmarks
from kslr.video import VideoFile
from tests import clips

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pictures() -> Iterator[HolisticTracker]:
    """A tracker for unrelated pictures."""
    with HolisticTracker() as tracker:
        yield tracker


def test_a_person_is_found_with_what_is_seen_of_her(pictures: HolisticTracker, astronaut: np.ndarray):
    seen = pictures.process(Frame(astronaut, 1.5))
    assert seen.pose.shape == (33, 4)
    assert seen.pose.dtype == np.float32
    assert seen.face.shape == (468, 3)
    assert seen.hands == 0
    assert seen.seconds == 1.5
    assert seen.aspect == 1.0
    assert 0 <= seen.pose[:, 3].min() <= seen.pose[:, 3].max() <= 1
    # Her head is in the upper middle, her own left is on the picture's right.
    assert 0.3 < seen.face[:, 0].mean() < 0.6
    assert seen.face[:, 1].max() < seen.pose[LEFT_SHOULDER, 1]
    assert seen.pose[LEFT_SHOULDER, 0] > seen.pose[RIGHT_SHOULDER, 0] + 0.2
    assert np.abs(seen.face[1, :2] - seen.pose[0, :2]).max() < 0.05  # both know where the nose is


def test_coordinates_are_parts_of_width_and_height(pictures: HolisticTracker, astronaut: np.ndarray):
    wide = np.pad(astronaut, ((0, 0), (0, 512), (0, 0)))
    alone, beside = pictures.process(Frame(astronaut, 0.0)), pictures.process(Frame(wide, 0.0))
    assert beside.aspect == 2.0
    assert np.abs(beside.face[:, 0] * 2 - alone.face[:, 0]).max() < 0.05
    assert np.abs(beside.face[:, 1] - alone.face[:, 1]).max() < 0.05


def test_nobody_in_view_is_nobody(pictures: HolisticTracker):
    seen = pictures.process(Frame(np.full((240, 320, 3), 90, np.uint8), 0.0))
    assert (seen.pose, seen.face, seen.left_hand, seen.right_hand) == (None, None, None, None)


def test_of_several_people_one_is_followed(astronaut: np.ndarray):
    crowd = np.hstack([astronaut, astronaut[:, ::-1], astronaut])
    with HolisticTracker() as tracker:
        centres = [tracker.process(Frame(picture, n / 25)).face for n, picture in enumerate([crowd] * 5)]
    centres = [face[:, 0].mean() for face in centres]
    assert max(centres) - min(centres) < 0.02


@pytest.mark.parametrize(
    "rgb",
    [
        np.zeros((48, 64, 3), np.float32),
        np.zeros((48, 64, 4), np.uint8),
        np.zeros((48, 64), np.uint8),
        np.zeros((0, 64, 3), np.uint8),
        np.zeros((2, 48, 64, 3), np.uint8),
        [[0, 0, 0]],
    ],
    ids=["float", "rgba", "grey", "empty", "two", "list"],
)
def test_what_is_no_picture_is_refused(pictures: HolisticTracker, rgb: np.ndarray):
    with pytest.raises(InputError, match="uint8"):
        pictures.process(Frame(rgb, 0.0))


def test_a_time_that_is_no_number_is_refused(pictures: HolisticTracker, astronaut: np.ndarray):
    with pytest.raises(InputError, match="seconds"):
        pictures.process(Frame(astronaut, float("nan")))


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (900, 2), (17, 31)])
def test_tiny_and_narrow_pictures_do_not_break_it(pictures: HolisticTracker, shape: tuple[int, int]):
    assert pictures.process(Frame(np.zeros((*shape, 3), np.uint8), 0.0)).pose is None


def test_a_picture_that_is_a_view_of_another_is_taken(pictures: HolisticTracker, astronaut: np.ndarray):
    view = astronaut[::2, ::-2]
    assert not view.flags.c_contiguous
    assert pictures.process(Frame(view, 0.0)).face is not None


def test_it_must_be_open(astronaut: np.ndarray):
    tracker = HolisticTracker()
    with pytest.raises(RuntimeError, match="with statement"):
        tracker.process(Frame(astronaut, 0.0))
    with tracker:
        assert tracker.process(Frame(astronaut, 0.0)).face is not None
    with pytest.raises(RuntimeError, match="with statement"):
        tracker.process(Frame(astronaut, 0.1))


def follow(shots: list[np.ndarray], step: float, into: list[Landmarks]) -> None:
    with HolisticTracker() as tracker:
        into.extend(tracker.process(Frame(picture, n * step)) for n, picture in enumerate(shots))


def test_sessions_side_by_side_do_not_touch_each_other(astronaut: np.ndarray):
    one = list(clips.shaken(astronaut, 6, (256, 256), reach=30))
    other = [np.zeros_like(one[0])] * 3 + one[::-1][:3]
    alone, together, stranger = [], [], []
    follow(one, 0.04, alone)
    threads = [threading.Thread(target=follow, args=(shots, 0.04, into)) for shots, into in ((one, together), (other, stranger))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(together) == len(one)
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a.values(), b.values())
    assert [seen.pose is None for seen in stranger] == [True] * 3 + [False] * 3


def test_smoothing_goes_by_true_time(astronaut: np.ndarray):
    shots = list(clips.shaken(astronaut, 30, (384, 384), reach=60))
    full, tenth, believed = [], [], []
    follow(shots, 1 / 30, full)
    follow(shots[::3], 1 / 10, tenth)
    follow(shots[::3], 1 / 30, believed)  # as if ten frames a second were thirty

    def distance(seen: list[Landmarks]) -> float:
        return float(np.mean([np.abs(a.pose[:13, :2] - b.pose[:13, :2]).mean() for a, b in zip(full[::3], seen, strict=True)]))

    assert distance(tenth) < 0.9 * distance(believed), (distance(tenth), distance(believed))


def test_seconds_that_start_again_begin_a_new_recording(astronaut: np.ndarray):
    with HolisticTracker() as tracker:
        for seconds in (5.0, 5.0, 0.0, 0.04, 9.0, 1.0):
            seen = tracker.process(Frame(astronaut, seconds))
            assert seen.seconds == seconds
            assert seen.face is not None


def test_hands_are_the_signers_own(shared_data: Path):
    clip = shared_data / "media/rsl/su--voda.mp4"
    near, far = [], []
    with VideoFile(clip) as video, HolisticTracker() as tracker:
        for frame in video:
            if frame.seconds > 2.0:
                break
            seen = tracker.process(frame)
            for hand, own, others in ((seen.left_hand, LEFT_WRIST, RIGHT_WRIST), (seen.right_hand, RIGHT_WRIST, LEFT_WRIST)):
                if hand is not None:
                    near.append(np.hypot(*(hand[0, :2] - seen.pose[own, :2])))
                    far.append(np.hypot(*(hand[0, :2] - seen.pose[others, :2])))
    assert len(near) > 20
    assert np.median(near) < 0.05 < 0.2 < np.median(far)
    assert seen.pose[LEFT_SHOULDER, 0] > seen.pose[RIGHT_SHOULDER, 0]  # the clip is not mirrored


LOOK = """
import importlib.util, os, sys
import numpy as np
from skimage import data
from kslr.frame import Frame
from kslr.holistic import HolisticTracker
assert "mediapipe" not in sys.modules, "imported too early"
with HolisticTracker() as tracker, HolisticTracker() as another:
    assert tracker.process(Frame(np.zeros((48, 64, 3), np.uint8), 0.0)).pose is None
    assert tracker.process(Frame(data.astronaut(), 0.1)).face is not None
    assert another.process(Frame(data.astronaut(), 0.1)).face is not None
assert "tensorflow" not in sys.modules, "tensorflow was imported"
assert "jax" not in sys.modules, "jax was imported"
assert importlib.util.find_spec("tensorflow") is not None, "tensorflow was hidden for good"
"""


def test_it_starts_without_tensorflow_and_without_chatter():
    done = subprocess.run(
        [sys.executable, "-c", LOOK], capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PYTHONWARNINGS": "ignore"}
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
