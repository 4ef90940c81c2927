"""One person's live session: a tracker where the client has none, and the threads through which messages become answers."""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from emotion.recognizer import EmotionPrediction
from fusion.interpreter import Interpreter, Models
from kslr.core.errors import InputError
from kslr.core.parallel import Allowance, Stages
from kslr.frame import Frame
from kslr.landmarks import Landmarks
from ui.live.lanes import Lane, Lanes
from ui.live.packets import unpack
from ui.server.metrics import Metrics
from ui.server.resources import Limits, give_memory_back
from ui.shared.pictures import decode_picture, observation_json, reading_json

T = TypeVar("T")


class LiveSession:
    """One person's session and the threads that run it.

    While one picture is in the MediaPipe pass, the next is unpacked and the one before is read. A client that tracks the person
    itself sends packets of landmarks (`ui.live.packets`) and no pictures, and a thread that it shares with others does for it.

    Args:
        lanes: the shared threads, where the client tracks the person.
        guesses: the processor's time for guesses, shared with other sessions.

    Attributes:
        name: in the log; random, so that nobody can be found by it.
        reader: turns pictures into words; only the threads of `stages` use it.
        tracked: whether the client tracks the person.
        frames, dropped, words: counts so far.
        used: when it last had work, seconds on the monotonic clock.
    """

    def __init__(
        self,
        models: Models,
        metrics: Metrics,
        limits: Limits | None = None,
        lanes: Lanes | None = None,
        guesses: Allowance | None = None,
    ) -> None:
        self.tracked = lanes is not None
        self.reader = Interpreter(models).session(tracker=not self.tracked, guesses=guesses)
        stages = Stages(self._decode, self._look, self._read, name="live") if lanes is None else lanes.take(self._read_packet)
        self.stages: Stages | Lane = stages
        self.name = secrets.token_hex(3)
        self.began = self.used = time.monotonic()
        self.last_seconds = float("-inf")
        self.frames = self.dropped = self.words = 0
        self._metrics = metrics
        self._pending: set[Future[Any]] = set()
        self._limits = limits or Limits()
        self._opened = self.stages.call(self._open, stage=1)

    def _open(self) -> None:
        self.reader.__enter__()
        self._metrics.trackers.inc(not self.tracked)

    def wait(self) -> dict[str, Any]:
        """Waits until the tracker is ready, and says so."""
        self._opened.result()
        return {"ready": True}

    def calibrate(self, on: bool = True) -> dict[str, Any]:
        """Takes the last three seconds of the face for the person's resting face, or forgets it."""
        self.wait()
        if on:
            return {"calm": self.reader.calibrate()}
        self.reader.forget_calibration()
        return {"calm": None}

    def finish(self) -> dict[str, Any]:
        """Ends the sign under way and gives its words."""
        known = len(self.reader.found)
        words = self.reader.finish()
        self._count(len(words))
        found = [one.as_dict() for one in self.reader.found[known:]]
        return {"ended": True, "words": [word.as_dict() for word in words], "found": found}

    def skip(self, frames: int) -> None:
        """Counts pictures that newer ones replaced before they were read."""
        self.dropped += frames
        self._metrics.dropped.inc(frames)

    def submit(self, work: Callable[..., T], *arguments: Any) -> "Future[T]":
        """Runs work after the pictures that were sent before it.

        Raises:
            RuntimeError: the session is closed.
        """
        return self._track(self.stages.call(work, *arguments))

    def send(self, message: bytes) -> "tuple[Future[Any], Future[dict[str, Any]]]":
        """Sends a picture, or a packet, through unpacking, pass and reading.

        Returns:
            What ends when the next may come, and the answer as JSON. They hold an InputError where the message is not of this
            session's kind, or its time is not after the one before.

        Raises:
            RuntimeError: the session is closed.
        """
        *_, passed, answer = [None, *self.stages.send(message)]
        return passed or answer, self._track(answer)

    def _decode(self, message: bytes) -> tuple[Frame, float]:
        start = time.perf_counter()
        frame = decode_picture(message, self._limits.frame_bytes, self._limits.frame_side)
        self._check_order(frame.seconds)
        return frame, self._time("decode", start)

    def _look(self, decoded: tuple[Frame, float]) -> tuple[Frame, Landmarks, float]:
        self.wait()
        frame, spent = decoded
        start = time.perf_counter()
        landmarks = self.reader.look(frame)
        return frame, landmarks, spent + self._time("pass", start)

    def _read(self, looked: tuple[Frame, Landmarks, float]) -> dict[str, Any]:
        frame, landmarks, spent = looked
        start = time.perf_counter()
        observation = self.reader.read_frame(frame, landmarks)
        height, width = frame.rgb.shape[:2]
        answer = observation_json(observation, (width, height))
        self._count(len(observation.words), frames=1)
        return {**answer, "milliseconds": round((spent + self._time("rest", start)) * 1000, 1)}

    def _read_packet(self, message: bytes) -> dict[str, Any]:
        self.wait()
        start = time.perf_counter()
        packet = unpack(message)
        seconds, shares = packet.landmarks.seconds, packet.probabilities
        self._check_order(seconds)
        spent = self._time("decode", start)
        start = time.perf_counter()
        label = None if shares is None else self.reader.models.emotions.label(shares)
        emotion = None if shares is None else EmotionPrediction(seconds, packet.quality, shares, label)
        observation = self.reader.read(packet.landmarks, emotion)
        answer = reading_json(observation)
        self._count(len(observation.words), frames=1)
        return {**answer, "milliseconds": round((spent + self._time("rest", start)) * 1000, 1)}

    def _check_order(self, seconds: float) -> None:
        if seconds <= self.last_seconds:
            raise InputError("Live pictures come in the order of their times.", code="order")
        self.last_seconds = seconds

    def _time(self, part: str, start: float) -> float:
        spent = time.perf_counter() - start
        self._metrics.part(part, spent)
        return spent

    def _count(self, words: int, frames: int = 0) -> None:
        self.frames += frames
        self.words += words
        self._metrics.answered.inc(frames)
        self._metrics.words.inc(words)

    def _track(self, future: "Future[T]") -> "Future[T]":
        self._pending.add(future)
        future.add_done_callback(self._untrack)
        return future

    def _untrack(self, future: "Future[Any]") -> None:
        self._pending.discard(future)
        self.used = time.monotonic()

    @property
    def waiting(self) -> int:
        """How much work is left."""
        return len(self._pending)

    def idle_since(self, moment: float) -> bool:
        """Whether it has no work and had none since then."""
        return self._opened.done() and not self._pending and self.used < moment

    def close(self) -> None:
        """Frees the tracker as soon as the pictures under way are done."""
        self.stages.call(self._free)
        self.stages.close(wait=False, drop=False)

    def _free(self) -> None:
        if self._opened.exception() is not None:
            return
        try:
            self.reader.__exit__(None, None, None)
        finally:
            self._metrics.trackers.dec(not self.tracked)
            if not self.tracked:
                give_memory_back()
