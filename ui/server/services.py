"""What the pages share: models, live sessions, metrics, vocabularies, takes and the folder of results."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fusion.interpreter import Models
from ui.captions.hub import Captions
from ui.door.uploads import Uploads
from ui.server.logs import log_event
from ui.server.metrics import Metrics
from ui.server.resources import Limits, Results, give_memory_back
from ui.server.sessions import Sessions
from ui.shared.vocabularies import Vocabularies
from ui.shared.worker import Worker
from ui.teach.takes import Desk
from ui.tracking.assets import find_assets


class Services:
    """What every page and router gets.

    Attributes:
        models: the recognisers that all share.
        limits, metrics, sessions, results, vocabularies: of this server.
        desk: the takes that people teach with.
        files: the process that reads uploaded videos, one after another.
        uploads: the files that were sent and not used up yet.
        captions: the running words of pages that give them away.
        assets: the programs that track people in their browsers; None where they were not fetched.
        cleaners: what else the server's clock calls, to delete what was kept for long enough.
        asks_password: whether people sign in, and so can sign out.
        studio: the folder of the data set that is recorded here; None where none is.
        stopping: set as soon as the server stops.
        videos: how many videos are being translated.
    """

    def __init__(self, models: Models, limits: Limits | None = None) -> None:
        self.models = models
        self.limits = limits or Limits()
        self.metrics = Metrics()
        self.sessions = Sessions(models, self.limits, self.metrics)
        self.results = Results(self.limits.result_seconds)
        self.vocabularies = Vocabularies(models)
        self.files = Worker()
        self.desk = Desk()
        self.uploads = Uploads(self.limits)
        self.captions = Captions()
        self.assets = find_assets()
        self.cleaners: list[Callable[[], None]] = []
        self.asks_password = False
        self.studio: Path | None = None
        self.stopping = threading.Event()
        self.videos = 0
        self._lock = threading.Lock()
        began, watch = time.monotonic(), self.metrics.watch
        watch("sessions", "Live sessions now that the server tracks.", lambda: self.sessions.count(tracked=False))
        watch("sessions_limit", "Such sessions at most.", lambda: self.limits.sessions)
        watch("browser_sessions", "Live sessions now that browsers track.", lambda: self.sessions.count(tracked=True))
        watch("browser_sessions_limit", "Such sessions at most.", lambda: self.limits.browser_sessions)
        watch("videos", "Videos that are being translated.", lambda: self.videos)
        watch("takes", "Takes for teaching and practising that are kept for now.", lambda: len(self.desk))
        watch("uptime_seconds", "Since the models were loaded.", lambda: time.monotonic() - began)

    @contextmanager
    def count_video(self) -> Iterator[None]:
        """Counts a video, and the tracker it holds, for as long as it is being translated."""
        began, end = time.monotonic(), "stopped"
        self._add_video(1)
        log_event("video begun", videos=self.videos)
        try:
            yield
            end = "finished"
        finally:
            self._add_video(-1)
            self.metrics.videos_ended.inc()
            log_event("video ended", reason=end, seconds=round(time.monotonic() - began, 1))
            give_memory_back()

    def _add_video(self, count: int) -> None:
        with self._lock:
            self.videos += count
        self.metrics.trackers.inc(count)

    def expire(self) -> None:
        """Deletes what was kept for long enough: results, uploads and takes. The server's clock calls it."""
        self.results.expire()
        self.uploads.expire()
        self.files.rest()
        self.desk.forget_old()
        for clean in self.cleaners:
            clean()

    def close(self) -> None:
        """Frees every tracker, ends every process and deletes every result."""
        self.stopping.set()
        self.sessions.close_all()
        self.files.close()
        self.results.close()
        self.desk.close()
