"""The live sessions of one server: each with a tracker and a thread of its own, at most so many, freed in every case."""

import ctypes
import secrets
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from fusion.interpreter import Interpreter, Models
from models.errors import InputError
from ui.logs import event, failure
from ui.metrics import Metrics

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """What one server takes on.

    Attributes:
        sessions: people signing at the same time; each holds a tracker of about 200 MB.
        upload_megabytes: of one video file.
        video_minutes: of one video.
        frame_bytes, frame_side: of one live picture.
        frames_a_second: of one session, above which it is a flood.
        idle_seconds: without a frame, or without taking an answer, after which a session's tracker is freed.
        result_seconds: how long a video's result can be fetched.
    """

    sessions: int = 4
    upload_megabytes: int = 200
    video_minutes: int = 10
    frame_bytes: int = 400_000
    frame_side: int = 1280
    frames_a_second: int = 60
    idle_seconds: float = 30.0
    result_seconds: float = 3600.0


class Full(InputError):
    """Every place for a live session is taken."""


class LiveSession:
    """One person's interpreter and the one thread that runs it.

    Attributes:
        name: in the log; made for it, and nothing that a client has sent or could be found by.
        frames, dropped, words: so far.
    """

    def __init__(self, models: Models, metrics: Metrics) -> None:
        self.interpreter = Interpreter(models)
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="live")
        self.name = secrets.token_hex(3)
        self.began = self.used = time.monotonic()
        self.last_seconds = float("-inf")
        self.frames = self.dropped = self.words = 0
        self._metrics = metrics
        self._under_way: set[Future[Any]] = set()
        self._opened = self.thread.submit(self._open)

    def _open(self) -> None:
        self.interpreter.__enter__()
        self._metrics.trackers.inc()

    def wait(self) -> None:
        """Waits until the tracker is ready."""
        self._opened.result()

    def count(self, words: int, frames: int = 0) -> None:
        """Notes what was read."""
        self.frames += frames
        self.words += words
        self._metrics.answered.inc(frames)
        self._metrics.words.inc(words)

    def skip(self, frames: int) -> None:
        """Notes pictures that were not read, because newer ones had come."""
        self.dropped += frames
        self._metrics.dropped.inc(frames)

    def submit(self, work: Callable[..., T], *arguments: Any) -> "Future[T]":
        """Has the session's thread do something after what it is doing.

        Raises:
            RuntimeError: the session is closed.
        """
        future = self.thread.submit(work, *arguments)
        self._under_way.add(future)
        future.add_done_callback(self._done)
        return future

    def _done(self, future: "Future[Any]") -> None:
        self._under_way.discard(future)
        self.used = time.monotonic()

    @property
    def waiting(self) -> int:
        """How much its thread has still to do."""
        return len(self._under_way)

    def idle_since(self, moment: float) -> bool:
        """Whether nothing is under way and nothing was since then."""
        return self._opened.done() and not self._under_way and self.used < moment

    def close(self) -> None:
        """Frees the tracker as soon as the frame under way is done."""
        self.thread.submit(self._free)
        self.thread.shutdown(wait=False)

    def _free(self) -> None:
        if self._opened.exception() is not None:
            return
        try:
            self.interpreter.__exit__(None, None, None)
        finally:
            self._metrics.trackers.dec()
            give_memory_back()


def give_memory_back() -> None:
    """Returns what closed trackers used to the system.

    glibc keeps freed memory for each thread that used it; with a thread a session that came to 70 MB more for every
    session that ever was, and to nothing with this. Elsewhere nothing is done.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


class Sessions:
    """The live sessions of a server by key, at most so many.

    Args:
        models: shared by all.
        limits: the server's.
        metrics: where they are counted.
    """

    def __init__(self, models: Models, limits: Limits, metrics: Metrics | None = None) -> None:
        self._models = models
        self._limits = limits
        self._metrics = metrics or Metrics()
        self._sessions: dict[str, LiveSession] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._sessions)

    def open(self, key: str, models: Models | None = None) -> LiveSession:
        """A new session, or the one that the key has.

        Args:
            models: of a new session, where they are not those that all share.

        Raises:
            Full: there is no place.
        """
        self.close_idle()
        with self._lock:
            if key not in self._sessions:
                if len(self._sessions) >= self._limits.sessions:
                    raise Full(f"All {self._limits.sessions} places are taken. Try again in a few minutes.")
                made = self._sessions[key] = LiveSession(models or self._models, self._metrics)
                self._metrics.opened.inc()
                event("session opened", session=made.name, sessions=len(self._sessions))
            session = self._sessions[key]
            session.used = time.monotonic()
            return session

    def close(self, key: str, reason: str = "closed") -> None:
        """Ends a session, if it is there.

        Args:
            reason: one of `ui.metrics.ENDINGS`.
        """
        with self._lock:
            session = self._sessions.pop(key, None)
        if session is None:
            return
        session.close()
        self._metrics.ended.labels(reason).inc()
        seconds = round(time.monotonic() - session.began, 1)
        counts = {"frames": session.frames, "dropped": session.dropped, "words": session.words}
        event("session closed", session=session.name, reason=reason, seconds=seconds, **counts, sessions=len(self))

    def close_idle(self) -> None:
        """Ends the sessions that have had no frame for too long."""
        oldest = time.monotonic() - self._limits.idle_seconds
        with self._lock:
            idle = [key for key, session in self._sessions.items() if session.idle_since(oldest)]
        for key in idle:
            self.close(key, "idle")

    def close_all(self) -> None:
        """Ends them all, because the server does."""
        for key in list(self._sessions):
            self.close(key, "stopped")

    def fault(self, key: str, error: BaseException) -> None:
        """Ends a session that a fault of ours has broken, and says where the fault is."""
        with self._lock:
            session = self._sessions.get(key)
        self._metrics.errors.inc()
        failure(error, session=session.name if session else None)
        self.close(key, "error")
