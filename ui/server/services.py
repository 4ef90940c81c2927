"""What the pages share: the models, the live sessions, the metrics, and the folder of results."""

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fusion.interpreter import Models
from ui.server.logs import event
from ui.server.metrics import Metrics
from ui.server.sessions import Limits, Sessions, give_memory_back
from ui.shared.vocabularies import Vocabularies
from ui.teach.takes import Desk

__all__ = ["Limits", "Results", "Services", "give_memory_back"]


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
        # No file has a longer name, and to ask for one is an error of its own.
        short = max(len(token.encode()), len(name.encode())) <= 255
        return path if inside and short and path.is_file() else None

    def close(self) -> None:
        """Deletes everything."""
        shutil.rmtree(self.root, ignore_errors=True)


@dataclass(frozen=True)
class Services:
    """What `build(services)` of every page gets."""

    models: Models
    limits: Limits = field(default_factory=Limits)
    metrics: Metrics = field(init=False, default_factory=Metrics)
    sessions: Sessions = field(init=False)
    results: Results = field(init=False)
    vocabularies: Vocabularies = field(init=False)
    desk: Desk = field(init=False)
    stopping: threading.Event = field(init=False, default_factory=threading.Event)
    _videos: set[object] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sessions", Sessions(self.models, self.limits, self.metrics))
        object.__setattr__(self, "results", Results(self.limits.result_seconds))
        object.__setattr__(self, "vocabularies", Vocabularies(self.models))
        object.__setattr__(self, "desk", Desk())
        began, watch = time.monotonic(), self.metrics.watch
        watch("sessions", "Live sessions now.", lambda: len(self.sessions))
        watch("sessions_limit", "Live sessions at most.", lambda: self.limits.sessions)
        watch("videos", "Videos that are being translated.", lambda: self.videos)
        watch("takes", "Takes for teaching and practising that are kept for now.", lambda: len(self.desk))
        watch("uptime_seconds", "Since the models were loaded.", lambda: time.monotonic() - began)

    @property
    def videos(self) -> int:
        """How many videos are being translated."""
        return len(self._videos)

    @contextmanager
    def one_more_video(self) -> Iterator[None]:
        """Counts a video, and the tracker it holds, for as long as it is being translated."""
        mark, began, end = object(), time.monotonic(), "stopped"
        self._videos.add(mark)
        self.metrics.trackers.inc()
        event("video begun", videos=self.videos)
        try:
            yield
            end = "finished"
        finally:
            self._videos.discard(mark)
            self.metrics.trackers.dec()
            self.metrics.videos_ended.inc()
            event("video ended", reason=end, seconds=round(time.monotonic() - began, 1))
            give_memory_back()

    def close(self) -> None:
        """Frees every tracker and deletes every result."""
        self.stopping.set()
        self.sessions.close_all()
        self.results.close()
        self.desk.close()
