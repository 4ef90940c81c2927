"""The live sessions of one server: at most so many, by key, freed in every case."""

import asyncio
import threading
import time
from concurrent.futures import Future
from typing import TypeVar

from fusion.interpreter import Models
from kslr.core.errors import InputError
from kslr.core.parallel import Allowance
from ui.live.lanes import Lanes
from ui.live.session import LiveSession
from ui.server.logs import log_error, log_event
from ui.server.metrics import LOCAL_HOSTS, Metrics
from ui.server.resources import Limits

T = TypeVar("T")
# Of one core, for guesses at signs under way; the words of signs that have ended come in any case.
GUESS_SHARE = 0.2


class Full(InputError):
    """Every place for a live session is taken.

    Attributes:
        places: how many there are.
    """

    def __init__(self, places: int) -> None:
        super().__init__(f"All {places} places are taken. Try again in a few minutes.", code="full")
        self.places = places


class Broken(Exception):
    """A fault of ours ended a session; it is in the log."""


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
        self._clients: dict[str, str] = {}
        self._lanes, self._guesses = Lanes(), Allowance(GUESS_SHARE)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._sessions)

    def count(self, tracked: bool, client: str | None = None) -> int:
        """How many sessions there are whose clients track the person, or whose don't; of one client where one is given."""
        now = list(self._sessions.items())
        return sum(session.tracked == tracked and client in (None, self._clients.get(key)) for key, session in now)

    def open(self, key: str, models: Models | None = None, client: str = "", tracked: bool = False) -> LiveSession:
        """The session of a key; made when there is none.

        Args:
            models: of a new session; the shared ones when None.
            client: the address it is for; one elsewhere gets some of the places only.
            tracked: whether the client tracks the person itself; such sessions have places of their own.

        Raises:
            Full: there is no place.
        """
        self.close_idle()
        with self._lock:
            if key not in self._sessions:
                limits, elsewhere = self._limits, client and client not in LOCAL_HOSTS
                places = limits.browser_sessions if tracked else limits.sessions
                own_places = limits.client_browser_places if tracked else limits.client_places
                if self.count(tracked) >= places or (elsewhere and self.count(tracked, client) >= own_places):
                    raise Full(places)
                self._clients = {name: one for name, one in self._clients.items() if name in self._sessions} | {key: client}
                lanes, models = (self._lanes if tracked else None), models or self._models
                session = self._sessions[key] = LiveSession(models, self._metrics, limits, lanes, self._guesses)
                self._metrics.opened.inc()
                log_event("session opened", session=session.name, sessions=len(self._sessions))
            self._sessions[key].used = time.monotonic()
            return self._sessions[key]

    async def result(self, key: str, future: "Future[T]") -> T:
        """Waits for work of a session.

        Raises:
            Broken: a fault of ours; it is logged, and the session is closed.
            InputError: what the client sent cannot be used.
        """
        done = asyncio.wrap_future(future)
        await asyncio.wait({done})
        error = done.exception()
        if error is not None and not isinstance(error, InputError):
            self.fail(key, error)
            raise Broken from error
        return done.result()

    def close(self, key: str, reason: str = "closed") -> None:
        """Closes a session, if it is there.

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
        log_event("session closed", session=session.name, reason=reason, seconds=seconds, **counts, sessions=len(self))

    def close_idle(self) -> None:
        """Closes the sessions that have had no picture for too long."""
        oldest = time.monotonic() - self._limits.idle_seconds
        with self._lock:
            idle = [key for key, session in self._sessions.items() if session.idle_since(oldest)]
        for key in idle:
            self.close(key, "idle")

    def close_all(self) -> None:
        """Closes all sessions, because the server stops."""
        for key in list(self._sessions):
            self.close(key, "stopped")
        self._lanes.close()

    def fail(self, key: str, error: BaseException) -> None:
        """Closes a session that a fault of ours has broken, and logs the fault."""
        with self._lock:
            session = self._sessions.get(key)
        self._metrics.errors.inc()
        log_error(error, session=session.name if session else None)
        self.close(key, "error")
