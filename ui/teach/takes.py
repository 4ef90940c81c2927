"""The takes that people have just recorded: watched once, judged, and kept in memory for a while as landmarks.

A clip lies in a temporary file while it is watched and is deleted then, whatever happens; its pictures are kept nowhere.
"""

import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from kslr.teaching.takes import TAKE_SUFFIXES, Take, watch_take
from ui.shared.i18n import Refusal
from ui.shared.vocabularies import refusals

TAKE_BYTES = 40_000_000  # maximum size of an uploaded clip
KEPT_SECONDS = 1800.0  # after which a take that nobody used is forgotten
MOST_OF_ONE, MOST_OF_ALL = 40, 400  # takes that are kept of one person, of all
MOST_WAITING = 12  # clips that wait to be watched
Result = TypeVar("Result")


@dataclass(frozen=True)
class KeptTake:
    """A take that is kept for a while.

    Attributes:
        take: its landmarks and verdict.
        key: what the browser names it by; nobody can guess it.
        made: when, by the process's clock.
    """

    take: Take
    key: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    made: float = field(default_factory=time.monotonic)


class Desk:
    """The takes of all people, each person's apart from the others', and the one thread that watches them in turn."""

    def __init__(self) -> None:
        self._takes: dict[str, dict[str, KeptTake]] = {}
        self._lock = threading.Lock()
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="takes")

    def __len__(self) -> int:
        return sum(map(len, self._takes.values()))

    def watch(self, session: str, content: bytes, name: str, trimmed: bool = False) -> KeptTake:
        """Watches a clip and keeps its landmarks.

        Args:
            session: whose it is.
            content: of a video or a landmark file.
            name: with its suffix.
            trimmed: whether somebody may have cut it to the sign.

        Raises:
            Refusal: it cannot be read, is too large, or there are too many.
        """
        kept = KeptTake(self.judge(content, name, trimmed))
        with self._lock:
            own = self._takes.setdefault(session, {})
            while len(own) >= MOST_OF_ONE:
                own.pop(next(iter(own)))
            own[kept.key] = kept
        return kept

    def judge(self, content: bytes, name: str, trimmed: bool = False) -> Take:
        """Watches a clip without keeping it; see `watch`."""
        return self.run(content, name, lambda path, shown: watch_take(path, shown, trimmed))

    @refusals()
    def run(self, content: bytes, name: str, work: Callable[[Path, str], Result]) -> Result:
        """Runs work on an uploaded clip when its turn has come.

        Args:
            content, name: of the clip.
            work: takes the path of a temporary file and the clip's name.

        Raises:
            Refusal: the clip is empty, too large or of a kind that is not accepted, or too many are waiting.
        """
        suffix = Path(name).suffix.lower()
        if suffix not in TAKE_SUFFIXES:
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
                return self._thread.submit(work, path, Path(name).name[:80]).result()
        finally:
            with self._lock:
                self._waiting -= 1

    def find(self, session: str, keys: Iterable[str]) -> list[KeptTake]:
        """Somebody's takes.

        Raises:
            Refusal: one is not there, such as a forgotten one.
        """
        own = self._takes.get(session, {})
        try:
            return [own[key] for key in keys]
        except KeyError as error:
            raise Refusal("teach.gone") from error

    def drop(self, session: str, keys: Iterable[str] | None = None) -> None:
        """Forgets some of somebody's takes, or all when None."""
        with self._lock:
            if keys is None:
                self._takes.pop(session, None)
            else:
                for key in keys:
                    self._takes.get(session, {}).pop(key, None)

    def forget_old(self) -> None:
        """Forgets the takes that nobody used for long."""
        oldest = time.monotonic() - KEPT_SECONDS
        with self._lock:
            fresh = {who: {key: kept for key, kept in own.items() if kept.made >= oldest} for who, own in self._takes.items()}
            self._takes = {who: own for who, own in fresh.items() if own}

    def close(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._takes.clear()
        self._thread.shutdown(wait=False, cancel_futures=True)
