"""Past classroom sessions in a database: windows, moments, names and the model in use. There is no table for anything else.

Any SQLAlchemy URL will do; without one it is a SQLite file in the user's own data folder. Every window is committed
when it ends, so that a kill loses ten seconds at most; what it leaves running is found and marked at the next start.
"""

import os
import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy import text as sql
from sqlalchemy.exc import SQLAlchemyError

from fusion.classroom.database import COLUMNS, LONGEST_MOMENT, LONGEST_NAME, clean_text, default_url, open_database
from fusion.classroom.windows import Window
from kslr.core.errors import InputError

RETENTION_DAYS = 90
ORIGIN = ("version", "emotion", "emotion_sha256")
LEFT_SECONDS = 60.0  # a window comes every ten seconds; a session without one for so long was interrupted


@dataclass(frozen=True)
class PastSession:
    """A session as the history knows it.

    Attributes:
        id: not to be guessed.
        name: the operator's.
        started: UTC, ISO 8601.
        status: ``running``, ``finished`` or ``interrupted``.
        k: the smallest number of faces its figures are of.
        place: what the operator confirmed of the place.
        seconds: up to the end of the last window.
    """

    id: str
    name: str
    started: str
    status: str
    k: int
    place: str
    seconds: float


@dataclass(frozen=True)
class Moment:
    """Something that the operator noted, such as "group work starts", at seconds from the session's beginning."""

    id: int
    seconds: float
    text: str


class History:
    """The database; a context manager. Calls from several threads are safe.

    Args:
        url: a SQLAlchemy URL; the default file when None.
        retention: days after which sessions are deleted, at every start; 0 keeps them.

    Raises (on entering):
        InputError: no such database, no driver for it, or one of a newer version.

    >>> with History("sqlite://") as history:
    ...     key = history.begin("Maths, 5 B", k=5, place="outside the EU")
    ...     history.add(key, Window(0.0, 10.0, 4.8))
    ...     history.finish(key)
    ...     [(session.name, session.status, session.seconds) for session in history.sessions()]
    [('Maths, 5 B', 'finished', 10.0)]
    """

    def __init__(self, url: str | None = None, retention: int = RETENTION_DAYS) -> None:
        if retention < 0:
            raise InputError("Sessions are kept for a number of days from 1 on, or 0 for ever.")
        self.url, self.retention = url or default_url(), retention
        self._engine: Engine | None = None

    def __enter__(self) -> "History":
        self._engine = open_database(self.url)
        self.forget_old()
        self.mark_interrupted()
        return self

    def __exit__(self, *_: object) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def begin(self, name: str, *, k: int, place: str, made: Mapping[str, str] | None = None) -> str:
        """A new session; gives its id. Of `made`, which is `kslr.origins.describe_origin`'s, the keys of `ORIGIN` are kept.

        Raises:
            InputError: the name is too long.
        """
        key = secrets.token_urlsafe(12)
        self._run(
            "insert into sessions (id, name, started, beaten, status, owner, k, place) "
            "values (:id, :name, :now, :now, 'running', :owner, :k, :place)",
            id=key,
            name=clean_text(name, LONGEST_NAME),
            now=_utc(),
            owner=_owner(),
            k=k,
            place=clean_text(place, LONGEST_NAME),
        )
        if made:
            statement = f"insert into origins (session, {', '.join(ORIGIN)}) values (:session, :{', :'.join(ORIGIN)})"
            self._run(statement, session=key, **{column: str(made[column]) for column in ORIGIN})
        return key

    def origin(self, key: str) -> dict[str, str]:
        """What a session's figures were made with: the keys of `ORIGIN`; empty where that was not kept."""
        rows = self._run(f"select {', '.join(ORIGIN)} from origins where session = :key", key=key)
        return dict(zip(ORIGIN, rows[0], strict=True)) if rows else {}

    def add(self, key: str, window: Window) -> None:
        """Writes a window; it is on the disk when this returns.

        Raises:
            InputError: the session has been deleted.
        """
        if not self._run("select id from sessions where id = :id", id=key):
            raise InputError("That session has been deleted, so nothing more is kept of it.")
        columns = ", ".join(COLUMNS.values())
        values = ", ".join(f":{name}" for name in COLUMNS)
        self._run(f"insert into windows (session, {columns}) values (:session, {values})", session=key, **window.as_dict())
        self._run("update sessions set beaten = :now where id = :id", id=key, now=_utc())

    def finish(self, key: str) -> None:
        """Notes that a session came to its end."""
        self._run("update sessions set status = 'finished', owner = '' where id = :id", id=key)

    def rename(self, key: str, name: str) -> None:
        """Gives a session another name.

        Raises:
            InputError: it is too long.
        """
        self._run("update sessions set name = :name where id = :id", id=key, name=clean_text(name, LONGEST_NAME))

    def note(self, key: str, seconds: float, text: str) -> None:
        """Adds a moment.

        Raises:
            InputError: the text is empty or too long, or the session is not there.
        """
        if not clean_text(text, LONGEST_MOMENT):
            raise InputError("Say in a few words what happens at that moment.")
        self.session(key)
        values = {"session": key, "seconds": max(0.0, float(seconds)), "text": clean_text(text, LONGEST_MOMENT)}
        self._run("insert into moments (session, seconds, text) values (:session, :seconds, :text)", **values)

    def delete(self, key: str) -> None:
        """Deletes a session with all its windows and moments."""
        for table, column in (("windows", "session"), ("moments", "session"), ("origins", "session"), ("sessions", "id")):
            self._run(f"delete from {table} where {column} = :key", key=key)

    def sessions(self) -> list[PastSession]:
        """All sessions, the newest first."""
        rows = self._run(
            "select s.id, s.name, s.started, s.status, s.k, s.place, coalesce(max(w.end_seconds), 0) from sessions s "
            "left join windows w on w.session = s.id "
            "group by s.id, s.name, s.started, s.status, s.k, s.place order by s.started desc, s.id"
        )
        return [PastSession(*row) for row in rows]

    def session(self, key: str) -> PastSession:
        """One session.

        Raises:
            InputError: it is not there.
        """
        found = [session for session in self.sessions() if session.id == key]
        if not found:
            raise InputError("That session is not there; it may have been deleted.")
        return found[0]

    def windows(self, key: str) -> list[Window]:
        """The windows of a session in their order."""
        columns = ", ".join(COLUMNS.values())
        return [Window(*row) for row in self._run(f"select {columns} from windows where session = :key order by start", key=key)]

    def moments(self, key: str) -> list[Moment]:
        """What was noted in a session, in the order of time."""
        rows = self._run("select id, seconds, text from moments where session = :key order by seconds, id", key=key)
        return [Moment(*row) for row in rows]

    def read_session(self, key: str) -> tuple[PastSession, list[Window], list[Moment]]:
        """One session with everything that is kept of it; raises InputError where it is not there."""
        return self.session(key), self.windows(key), self.moments(key)

    def forget_old(self) -> None:
        """Deletes the sessions that are older than the retention."""
        if self.retention:
            oldest = _utc(days=self.retention)
            for (key,) in self._run("select id from sessions where started < :oldest", oldest=oldest):
                self.delete(key)

    def mark_interrupted(self) -> None:
        """Marks the running sessions whose process is gone, or that had no window for a minute."""
        left = _utc(seconds=LEFT_SECONDS)
        for key, owner, beaten in self._run("select id, owner, beaten from sessions where status = 'running'"):
            if beaten < left or not _is_alive(owner):
                self._run("update sessions set status = 'interrupted', owner = '' where id = :id", id=key)

    def _run(self, statement: str, **values: Any) -> list[Any]:
        if self._engine is None:
            raise RuntimeError("This History is not open; use it in a with statement.")
        try:
            with self._engine.begin() as connection:
                result = connection.execute(sql(statement), values)
                return list(result.fetchall()) if result.returns_rows else []
        except (SQLAlchemyError, UnicodeError, OverflowError) as error:  # the last two: damaged, or a number too large for it
            raise InputError("The database refused; it may be full, locked or gone. Check it and try again.") from error


def _utc(**ago: float) -> str:
    """Now, or so long ago, as ISO 8601."""
    return (datetime.now(timezone.utc) - timedelta(**ago)).isoformat(timespec="seconds")


def _owner() -> str:
    """This process: host, number and start time, because a later process can have the same number."""
    return f"{socket.gethostname()} {os.getpid()} {_start_time(os.getpid())}"[:200]


def _start_time(process: int) -> str:
    """When a process began, in the kernel's ticks; ``-`` where that is not known."""
    stat = Path(f"/proc/{process}/stat")
    return stat.read_text().rsplit(")", 1)[1].split()[19] if sys.platform == "linux" and stat.exists() else "-"


def _is_alive(owner: str) -> bool:
    """Whether a session's process may still run; on other machines and systems it may."""
    host, _, rest = owner.rpartition(" ")
    host, _, process = host.rpartition(" ")
    if sys.platform != "linux" or host != socket.gethostname() or not process.isdigit():
        return True
    return _start_time(int(process)) == rest
