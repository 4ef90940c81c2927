"""Cameras as endless iterators of timed RGB frames."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

import numpy as np

from kslr.core.errors import InputError
from kslr.frame import Frame


class Camera:
    """The newest picture of a camera, again and again; a context manager and an endless iterator of `Frame`.

    A thread empties the camera's queue, so that a slow reader never falls behind.

    Args:
        index: 0 is the first camera.
        max_side: as in `VideoFile`.
        patience: seconds without a picture after which the camera counts as gone.
        capture_factory: makes an object with the interface of `cv2.VideoCapture`, which is the default.

    Attributes (after entering):
        size: (width, height) of every frame.
        duration: None.

    Raises (on entering and while iterating):
        InputError: the camera is absent, busy, or vanished.
    """

    def __init__(
        self, index: int = 0, max_side: int = 640, patience: float = 3.0, capture_factory: Callable[[int], Any] | None = None
    ) -> None:
        self.index, self.max_side, self.patience = index, max_side, patience
        self.size: tuple[int, int] = (0, 0)
        self.duration: float | None = None
        self._factory = capture_factory or _open_quietly
        self._news = threading.Condition()
        self._latest: tuple[np.ndarray, float] | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._start: float | None = None

    def __enter__(self) -> "Camera":
        capture = self._factory(self.index)
        if not capture.isOpened():
            capture.release()
            raise InputError(f"There is no camera {self.index}, or it may not be used. Plug it in or choose another number.")
        # A new event each time: a thread that hangs in its driver must not be woken by a later start.
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._pump, args=(capture, self._stop), name=f"camera {self.index}", daemon=True)
        self._thread.start()
        with self._news:
            seen = self._news.wait_for(lambda: self._latest is not None, self.patience)
        if not seen or self._latest is None:
            self.__exit__()
            raise InputError(
                f"Camera {self.index} gives no picture; another program may be using it. Close that program and try again."
            )
        height, width = self._latest[0].shape[:2]
        scale = min(1.0, self.max_side / max(width, height))
        self.size = max(1, round(width * scale)), max(1, round(height * scale))
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with self._news:
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join(self.patience)  # A driver that hangs keeps its thread, but not the program.
            self._thread = None
        self._latest = self._start = None

    def __iter__(self) -> "Camera":
        return self

    def __next__(self) -> Frame:
        import cv2

        with self._news:
            if self._thread is None and not self._stop.is_set():
                raise RuntimeError("This Camera is not open; use it in a with statement.")
            self._news.wait_for(lambda: self._latest is not None or self._stop.is_set(), self.patience)
            latest, self._latest = self._latest, None
        if self._stop.is_set():
            raise StopIteration
        if latest is None:
            raise InputError(
                f"Camera {self.index} stopped giving pictures: it was unplugged, or another program took it. "
                "Check it and start again."
            )
        bgr, when = latest
        start = self._start = when if self._start is None else self._start
        if (bgr.shape[1], bgr.shape[0]) != self.size:
            bgr = cv2.resize(bgr, self.size, interpolation=cv2.INTER_AREA)
        return Frame(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), when - start)

    def _pump(self, capture: Any, stop: threading.Event) -> None:
        """Reads until `stop` is set, keeping the newest picture, then releases the camera."""
        try:
            while not stop.is_set():
                got, bgr = capture.read()
                if got and bgr is not None and not stop.is_set():
                    with self._news:
                        self._latest = (bgr, monotonic())
                        self._news.notify_all()
                else:
                    stop.wait(0.02)
        finally:
            capture.release()


def _open_quietly(index: int) -> Any:
    """`cv2.VideoCapture` without its messages about missing cameras."""
    import cv2

    level = cv2.getLogLevel()
    cv2.setLogLevel(0)
    try:
        return cv2.VideoCapture(index)
    finally:
        cv2.setLogLevel(level)
