"""What the pages share: the models, the live sessions with a tracker each, and the folder of results."""

import ctypes
import secrets
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fusion.interpreter import Interpreter, Models
from models.errors import InputError
from ui.takes import Desk
from ui.vocabularies import Vocabularies


@dataclass(frozen=True)
class Limits:
    """What one server takes on.

    Attributes:
        sessions: people signing at the same time; each holds a tracker of about 200 MB.
        upload_megabytes: of one video file.
        video_minutes: of one video.
        frame_bytes, frame_side: of one live picture.
        frames_a_second: of one session, above which it is a flood.
        idle_seconds: without a frame, after which a session's tracker is freed.
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
    """One person's interpreter and the one thread that runs it."""

    def __init__(self, models: Models) -> None:
        self.interpreter = Interpreter(models)
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="live")
        self.used = time.monotonic()
        self.last_seconds = float("-inf")
        self._opened = self.thread.submit(self.interpreter.__enter__)

    def wait(self) -> None:
        """Waits until the tracker is ready."""
        self._opened.result()

    def close(self) -> None:
        """Frees the tracker as soon as the frame under way is done."""
        self.thread.submit(self._free)
        self.thread.shutdown(wait=False)

    def _free(self) -> None:
        if self._opened.exception() is None:
            self.interpreter.__exit__(None, None, None)
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
    """

    def __init__(self, models: Models, limits: Limits) -> None:
        self._models = models
        self._limits = limits
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
                self._sessions[key] = LiveSession(models or self._models)
            session = self._sessions[key]
            session.used = time.monotonic()
            return session

    def close(self, key: str) -> None:
        """Ends a session, if it is there."""
        with self._lock:
            session = self._sessions.pop(key, None)
        if session:
            session.close()

    def close_idle(self) -> None:
        """Ends the sessions that have had no frame for too long."""
        oldest = time.monotonic() - self._limits.idle_seconds
        with self._lock:
            idle = [key for key, session in self._sessions.items() if session.used < oldest]
        for key in idle:
            self.close(key)

    def close_all(self) -> None:
        """Ends them all."""
        for key in list(self._sessions):
            self.close(key)


class Results:
    """Files made for people, each batch in a folder with a name that cannot be guessed, deleted after a while."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.root = Path(tempfile.mkdtemp(prefix="kslr-results-"))

    def new(self) -> Path:
        """A fresh folder; old ones are deleted."""
        for folder in self.root.iterdir():
            if time.time() - folder.stat().st_mtime > self._seconds:
                shutil.rmtree(folder, ignore_errors=True)
        folder = self.root / secrets.token_urlsafe(18)
        folder.mkdir()
        return folder

    def forget(self, folder: Path) -> None:
        """Deletes a folder before its time."""
        shutil.rmtree(folder, ignore_errors=True)

    def find(self, token: str, name: str) -> Path | None:
        """A file by its folder's and its own name, or None."""
        path = self.root / token / name
        inside = path.parent.parent == self.root and ".." not in (token, name)
        return path if inside and path.is_file() else None

    def close(self) -> None:
        """Deletes everything."""
        shutil.rmtree(self.root, ignore_errors=True)


@dataclass(frozen=True)
class Services:
    """What `build(services)` of every page gets."""

    models: Models
    limits: Limits = field(default_factory=Limits)
    sessions: Sessions = field(init=False)
    results: Results = field(init=False)
    vocabularies: Vocabularies = field(init=False)
    desk: Desk = field(init=False)
    _videos: set[object] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sessions", Sessions(self.models, self.limits))
        object.__setattr__(self, "results", Results(self.limits.result_seconds))
        object.__setattr__(self, "vocabularies", Vocabularies(self.models))
        object.__setattr__(self, "desk", Desk())

    @property
    def videos(self) -> int:
        """How many videos are being translated."""
        return len(self._videos)

    @contextmanager
    def one_more_video(self) -> Iterator[None]:
        """Counts a video for as long as it is being translated."""
        mark = object()
        self._videos.add(mark)
        try:
            yield
        finally:
            self._videos.discard(mark)
            give_memory_back()

    def close(self) -> None:
        """Frees every tracker and deletes every result."""
        self.sessions.close_all()
        self.results.close()
        self.desk.close()
