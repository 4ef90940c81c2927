"""Takes: recordings that somebody made a moment ago, watched once, judged, and kept in memory for a while as landmarks.

A clip lies in a temporary file while it is watched and is deleted then, whatever happens; its pictures are kept nowhere.
"""

import secrets
import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kslr.core.errors import InputError
from kslr.holistic import HolisticTracker
from kslr.recordings import LANDMARK_SUFFIXES, VIDEO_SUFFIXES, Recording, record
from kslr.teaching.takes import Verdict, judge, sharpness
from kslr.video import VideoFile
from ui.shared.i18n import Refusal

TAKE_BYTES = 40_000_000
LONGEST = 30.0  # seconds of a clip
LANDMARK_BYTES = 64_000_000  # of a landmark file unpacked: thirty seconds at more frames than any camera has
KEPT_SECONDS = 1800.0  # after which a take that nobody used is forgotten
MOST_OF_ONE, MOST_OF_ALL = 40, 400
MOST_WAITING = 12


@dataclass(frozen=True)
class Take:
    """One recording.

    Attributes:
        key: by which it is asked for; cannot be guessed.
        recording: its landmarks.
        verdict: what it is worth.
        made: when, by the process's clock.
    """

    key: str
    recording: Recording
    verdict: Verdict
    made: float = field(default_factory=time.monotonic)


def watch(path: Path, name: str, trimmed: bool = False) -> Take:
    """Runs the one pass over a clip, or reads a landmark file.

    Args:
        path: where it lies.
        name: what the person called it.
        trimmed: whether somebody may have cut it to the sign.

    Raises:
        Refusal: it can't be read.
    """
    suffix = path.suffix.lower()
    try:
        if suffix in LANDMARK_SUFFIXES:
            one = record(path, most=LANDMARK_BYTES)
            if one.seconds[-1] - one.seconds[0] > LONGEST:
                raise Refusal("teach.long_clip", n=round(LONGEST))
            recording, sharp = Recording(one.seconds, one.x, one.aspect, name), None
        else:
            recording, sharp = _seen(path, name)
    except Refusal:
        raise
    except InputError as error:
        if "is longer than" in str(error):
            raise Refusal("teach.long_clip", n=round(LONGEST)) from error
        raise Refusal("teach.unreadable", name=name) from error
    return Take(secrets.token_urlsafe(12), recording, judge(recording, sharp, trimmed=trimmed))


def _seen(path: Path, name: str) -> tuple[Recording, float | None]:
    seconds, rows, sharp = [], [], []
    with VideoFile(path, longest=LONGEST) as video, HolisticTracker() as tracker:
        for frame in video:
            landmarks = tracker.process(frame)
            seconds.append(frame.seconds)
            rows.append(landmarks.values())
            if (clear := sharpness(frame.rgb, landmarks)) is not None:
                sharp.append(clear)
        aspect = video.size[0] / video.size[1]
    return Recording(np.array(seconds), np.stack(rows), aspect, name), float(np.mean(sharp)) if sharp else None


class Desk:
    """The takes of everybody, each person's apart from the others', and the one thread that watches them in turn."""

    def __init__(self) -> None:
        self._takes: dict[str, dict[str, Take]] = {}
        self._lock = threading.Lock()
        self._waiting = 0
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="takes")

    def __len__(self) -> int:
        return sum(map(len, self._takes.values()))

    def watch(self, session: str, content: bytes, name: str, trimmed: bool = False) -> Take:
        """Watches what somebody sent and keeps its landmarks.

        Args:
            session: whose it is.
            content: of a video or of a landmark file.
            name: with its suffix.

        Raises:
            Refusal: it can't be read, is too large, or there are too many.
        """
        take = self.glance(content, name, trimmed)
        with self._lock:
            own = self._takes.setdefault(session, {})
            while len(own) >= MOST_OF_ONE:
                own.pop(next(iter(own)))
            own[take.key] = take
        return take

    def glance(self, content: bytes, name: str, trimmed: bool = False) -> Take:
        """The same without keeping it."""
        suffix = Path(name).suffix.lower()
        if suffix not in VIDEO_SUFFIXES + LANDMARK_SUFFIXES:
            raise Refusal("teach.format")
        if not content:
            raise Refusal("video.empty")
        if len(content) > TAKE_BYTES:
            raise Refusal("teach.large", size=round(TAKE_BYTES / 1e6))
        self.forget_old()
        with self._lock:
            if self._waiting >= MOST_WAITING or len(self) >= MOST_OF_ALL:
                raise Refusal("teach.busy")
            self._waiting += 1
        try:
            with tempfile.TemporaryDirectory(prefix="kslr-take-") as folder:
                path = Path(folder) / f"take{suffix}"
                path.write_bytes(content)
                return self.thread.submit(watch, path, Path(name).name[:80], trimmed).result()
        finally:
            with self._lock:
                self._waiting -= 1

    def find(self, session: str, keys: Iterable[str]) -> list[Take]:
        """Somebody's takes.

        Raises:
            Refusal: one is not there, as when it was forgotten.
        """
        own = self._takes.get(session, {})
        found = [own.get(key) for key in keys]
        if any(take is None for take in found):
            raise Refusal("teach.gone")
        return [take for take in found if take is not None]

    def drop(self, session: str, keys: Iterable[str] | None = None) -> None:
        """Forgets somebody's takes: those, or all."""
        with self._lock:
            if keys is None:
                self._takes.pop(session, None)
            else:
                for key in keys:
                    self._takes.get(session, {}).pop(key, None)

    def forget_old(self) -> None:
        """Forgets what nobody used for long."""
        oldest = time.monotonic() - KEPT_SECONDS
        with self._lock:
            for session, own in list(self._takes.items()):
                kept = {key: take for key, take in own.items() if take.made >= oldest}
                if kept:
                    self._takes[session] = kept
                else:
                    del self._takes[session]

    def close(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._takes.clear()
        self.thread.shutdown(wait=False, cancel_futures=True)
