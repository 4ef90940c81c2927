"""Cameras: absent, busy, vanishing, and one that works; none is needed here."""

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from kslr.camera import Camera
from kslr.core.errors import InputError
from kslr.frame import Frame


class FakeCapture:
    """Has the interface of `cv2.VideoCapture`: gives numbered grey pictures at a rate, as long as it is told to.

    Args:
        opens: whether the device can be opened.
        pictures: after how many it vanishes.
        fps: pictures a second.
        size: (width, height).
    """

    def __init__(self, opens: bool = True, pictures: int = 10**9, fps: float = 200.0, size: tuple[int, int] = (64, 48)) -> None:
        self.opens, self.pictures, self.fps, self.size = opens, pictures, fps, size
        self.given, self.released = 0, threading.Event()

    def isOpened(self) -> bool:
        return self.opens

    def read(self) -> tuple[bool, np.ndarray | None]:
        assert not self.released.is_set(), "read after release"
        time.sleep(1 / self.fps)
        if self.given >= self.pictures:
            return False, None
        self.given += 1
        bgr = np.zeros((self.size[1], self.size[0], 3), np.uint8)
        bgr[..., 0], bgr[..., 1:] = 7, min(self.given, 255)  # a little blue, and the number in green and red
        return True, bgr

    def release(self) -> None:
        self.released.set()


def given(capture: FakeCapture) -> Callable[[int], FakeCapture]:
    return lambda index: capture


def test_a_camera_that_is_absent_is_said_to_be():
    with pytest.raises(InputError, match="no camera 63"), Camera(63):
        pass


def test_nothing_else_is_said_about_an_absent_camera(capfd: pytest.CaptureFixture[str]):
    with pytest.raises(InputError), Camera(63):
        pass
    assert capfd.readouterr().err == ""


def test_a_camera_that_does_not_open_is_let_go():
    capture = FakeCapture(opens=False)
    with pytest.raises(InputError, match="no camera 0"), Camera(capture_factory=given(capture)):
        pass
    assert capture.released.is_set()


def test_a_busy_camera_opens_and_gives_nothing():
    capture = FakeCapture(pictures=0)
    with pytest.raises(InputError, match="another program"), Camera(2, patience=0.2, capture_factory=given(capture)):
        pass
    assert capture.released.wait(1)


def read_all(camera: Camera, into: list[Frame]) -> None:
    for frame in camera:
        into.append(frame)


def test_a_camera_that_vanishes_is_noticed_after_its_last_picture():
    capture = FakeCapture(pictures=5, fps=50)
    with Camera(patience=0.3, capture_factory=given(capture)) as camera:
        seen: list[Frame] = []
        with pytest.raises(InputError, match="stopped giving pictures"):
            read_all(camera, seen)
    assert 1 <= len(seen) <= 5
    assert capture.released.wait(1)


def test_a_driver_that_hangs_does_not_hang_the_program():
    capture, hangs = FakeCapture(), threading.Event()
    usual = capture.read
    capture.read = lambda: usual() if capture.given < 3 else (hangs.wait(5), None)
    with Camera(patience=0.2, capture_factory=given(capture)) as camera, pytest.raises(InputError, match="stopped"):
        list(camera)
    hangs.set()


def test_frames_are_rgb_timed_and_no_larger_than_asked_for():
    with Camera(max_side=32, capture_factory=given(FakeCapture(size=(64, 48)))) as camera:
        assert camera.size == (32, 24)
        assert camera.duration is None
        frames = [next(camera) for _ in range(4)]
    assert frames[0].seconds == 0.0
    assert (np.diff([frame.seconds for frame in frames]) > 0).all()
    for frame in frames:
        assert frame.rgb.shape == (24, 32, 3)
        assert frame.rgb.flags.c_contiguous
        assert (frame.rgb[..., 2] == 7).all()
        assert (frame.rgb[..., 0] == frame.rgb[..., 1]).all()


def test_a_slow_reader_sees_the_newest_picture_and_none_twice():
    with Camera(capture_factory=given(FakeCapture(fps=100))) as camera:
        numbers = []
        for _ in range(4):
            time.sleep(0.1)
            numbers.append(int(next(camera).rgb[0, 0, 0]))
        quick = [int(next(camera).rgb[0, 0, 0]) for _ in range(5)]
    assert min(np.diff(numbers)) >= 2
    assert len(set(quick)) == 5


def test_leaving_ends_the_thread_and_lets_the_camera_go():
    capture = FakeCapture()
    before = threading.active_count()
    with Camera(capture_factory=given(capture)) as camera:
        next(camera)
    assert capture.released.is_set()
    assert threading.active_count() == before
    assert list(camera) == []


def test_it_must_be_open():
    with pytest.raises(RuntimeError, match="with statement"):
        next(Camera(capture_factory=given(FakeCapture())))


def test_a_reader_in_another_thread_ends_when_the_camera_is_closed():
    ended = threading.Event()
    camera = Camera(capture_factory=given(FakeCapture(pictures=3)))

    def reader() -> None:
        for _ in camera:
            pass
        ended.set()

    with camera:
        thread = threading.Thread(target=reader, daemon=True)
        thread.start()
        time.sleep(0.2)
    assert ended.wait(2)
