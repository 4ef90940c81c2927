"""The live sessions of one server: each with a tracker and a thread of its own, at most so many, freed in every case."""

import ctypes
import secrets
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from fusion.interpreter import Interpreter, Models
from kslr.core.errors import InputError
from kslr.core.stages import Stages
from kslr.frame import Frame
from kslr.landmarks import Landmarks
from ui.server.logs import event, failure
from ui.server.metrics import Metrics
from ui.shared.pictures import answer, decode

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
    """One person's interpreter and the threads that run it: while one picture is in the pass, the next is unpacked and what
    follows from the one before is worked out.

    Attributes:
        name: in the log; made for it, and nothing that a client has sent or could be found by.
        frames, dropped, words: so far.
    """

    def __init__(self, models: Models, metrics: Metrics, limits: Limits | None = None) -> None:
        self.session = Interpreter(models).session()
        self.stages = Stages(self._decode, self._look, self._rest, name="live")
        self.name = secrets.token_hex(3)
        self.began = self.used = time.monotonic()
        self.last_seconds = float("-inf")
        self.frames = self.dropped = self.words = 0
        self._metrics = metrics
        self._under_way: set[Future[Any]] = set()
        self._limits = limits or Limits()
        self._opened = self.stages.call(self._open, stage=1)

    def _open(self) -> None:
        self.session.__enter__()
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
        """Has something done after the pictures that were sent before it.

        Raises:
            RuntimeError: the session is closed.
        """
        return self._noted(self.stages.call(work, *arguments))

    def picture(self, message: bytes) -> "tuple[Future[Any], Future[dict[str, Any]]]":
        """Sends a live message through unpacking, pass and reading.

        Returns:
            What ends with the pass, and the answer as JSON, or their InputError: the message is not one, or its time is not
            after the one before.

        Raises:
            RuntimeError: the session is closed.
        """
        _, seen, told = self.stages.send(message)
        return seen, self._noted(told)

    def _decode(self, message: bytes) -> tuple[Frame, float]:
        start = time.perf_counter()
        frame = decode(message, self._limits.frame_bytes, self._limits.frame_side)
        if frame.seconds <= self.last_seconds:
            raise InputError("Live pictures come in the order of their times.")
        self.last_seconds = frame.seconds
        self._metrics.part("decode", spent := time.perf_counter() - start)
        return frame, spent

    def _look(self, given: tuple[Frame, float]) -> tuple[Frame, Landmarks, float]:
        self.wait()
        start = time.perf_counter()
        landmarks = self.session.look(given[0])
        self._metrics.part("pass", spent := time.perf_counter() - start)
        return given[0], landmarks, given[1] + spent

    def _rest(self, given: tuple[Frame, Landmarks, float]) -> dict[str, Any]:
        frame, landmarks, before = given
        start = time.perf_counter()
        observation = self.session.read(frame, landmarks)
        height, width = frame.rgb.shape[:2]
        reply = answer(observation, (width, height))
        self.count(len(observation.words), frames=1)
        self._metrics.part("rest", spent := time.perf_counter() - start)
        return {**reply, "milliseconds": round((before + spent) * 1000, 1)}

    def _noted(self, future: "Future[T]") -> "Future[T]":
        self._under_way.add(future)
        future.add_done_callback(self._done)
        return future

    def _done(self, future: "Future[Any]") -> None:
        self._under_way.discard(future)
        self.used = time.monotonic()

    @property
    def waiting(self) -> int:
        """How much it has still to do."""
        return len(self._under_way)

    def idle_since(self, moment: float) -> bool:
        """Whether nothing is under way and nothing was since then."""
        return self._opened.done() and not self._under_way and self.used < moment

    def close(self) -> None:
        """Frees the tracker as soon as the pictures under way are done."""
        self.stages.call(self._free)
        self.stages.close(wait=False, drop=False)

    def _free(self) -> None:
        if self._opened.exception() is not None:
            return
        try:
            self.session.__exit__(None, None, None)
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
                made = self._sessions[key] = LiveSession(models or self._models, self._metrics, self._limits)
                self._metrics.opened.inc()
                event("session opened", session=made.name, sessions=len(self._sessions))
            session = self._sessions[key]
            session.used = time.monotonic()
            return session

    def close(self, key: str, reason: str = "closed") -> None:
        """Ends a session, if it is there.

        Args:
            reason: one of `ui.server.metrics.ENDINGS`.
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
