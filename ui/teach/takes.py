"""The takes that people have just recorded: watched once, judged, and kept in memory for a while as landmarks.

A clip lies in a temporary file while it is watched and is deleted then, whatever happens; its pictures are kept nowhere.
"""

import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kslr.segment import SignSegment
from kslr.teaching.takes import TAKE_SUFFIXES, Take, watch_take
from ui.shared.i18n import Refusal
from ui.shared.vocabularies import refusals
from ui.shared.worker import Worker

TAKE_BYTES = 40_000_000  # maximum size of an uploaded clip
KEPT_SECONDS = 1800.0  # after which a take that nobody used is forgotten
MOST_OF_ONE, MOST_OF_ALL = 40, 400  # takes that are kept of one person, of all
MOST_WAITING = 12  # clips that wait to be watched
LONGEST_SECONDS = 600.0  # that one clip may take to be watched
Wanted = Callable[[], bool]


def always() -> bool:
    """For work that is wanted in any case."""
    return True


def watch_clip(path: Path, name: str, trimmed: bool) -> Iterator[Take]:
    """The work of `Desk.watch`, as a job of another process; see `kslr.teaching.takes.watch_take`."""
    yield watch_take(path, name, trimmed)


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
    """The takes of all people, each person's apart from the others', and the one process that watches them in turn.

    Args:
        worker: the process; a new one when None.

    Attributes:
        worker: the same.
    """

    def __init__(self, worker: Worker | None = None) -> None:
        self._takes: dict[str, dict[str, KeptTake]] = {}
        self._lock = threading.Lock()
        self._waiting = 0
        self.worker = worker or Worker(LONGEST_SECONDS)

    def __len__(self) -> int:
        return sum(map(len, self._takes.values()))

    def watch(self, session: str, content: bytes, name: str, trimmed: bool = False, wanted: Wanted = always) -> KeptTake:
        """Watches a clip and keeps its landmarks.

        Args:
            session: whose it is.
            content: of a video or a landmark file.
            name: with its suffix.
            trimmed: whether somebody may have cut it to the sign.
            wanted: whether the person still waits.

        Raises:
            Refusal: it cannot be read, is too large, or there are too many.
            Gone: the person does not wait any more.
        """
        kept = KeptTake(self.judge(content, name, trimmed, wanted))
        with self._lock:
            own = self._takes.setdefault(session, {})
            while len(own) >= MOST_OF_ONE:
                own.pop(next(iter(own)))
            own[kept.key] = kept
        return kept

    def judge(self, content: bytes, name: str, trimmed: bool = False, wanted: Wanted = always) -> Take:
        """Watches a clip without keeping it; see `watch`."""
        return self.run(content, name, watch_clip, trimmed, wanted=wanted)

    @refusals()
    def run(self, content: bytes, name: str, work: Callable[..., Iterator[Any]], *arguments: Any, wanted: Wanted = always) -> Any:
        """Runs work on an uploaded clip in the other process when its turn has come.

        Args:
            content, name: of the clip.
            work: takes the path of a temporary file, the clip's name and the arguments, and yields what it finds; see
                `ui.shared.worker.Worker.run`.
            wanted: whether somebody still waits for it.

        Returns:
            The last thing that was yielded.

        Raises:
            Refusal: the clip is empty, too large or of a kind that is not accepted, or too many are waiting.
            Gone: nobody waits any more.
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
                *_, found = self.worker.run(work, path, Path(name).name[:80], *arguments, wanted=wanted, silence=LONGEST_SECONDS)
                return found
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

    def signs(self, session: str) -> list[SignSegment]:
        """The signs of somebody's takes that have one."""
        kept = [one.take.verdict.sign for one in list(self._takes.get(session, {}).values())]
        return [sign for sign in kept if sign is not None]

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
        self.worker.rest()
        oldest = time.monotonic() - KEPT_SECONDS
        with self._lock:
            fresh = {who: {key: kept for key, kept in own.items() if kept.made >= oldest} for who, own in self._takes.items()}
            self._takes = {who: own for who, own in fresh.items() if own}

    def close(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._takes.clear()
        self.worker.close()
