"""The routes of the Classroom page: pictures of a class in, figures of the group out, and the history of sessions.

A picture is a message as on the Live page: a little-endian double, which is not read here, then a JPEG. The answer is a
window when one has ended, and otherwise only that the picture was looked at: no box, no point, no number of faces. Pictures
are held for one look and never written. A session does not begin before consent and place are confirmed.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Request, Response, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field

from kslr.core.errors import InputError
from ui.classroom.room import LONGEST_MESSAGE, Room
from ui.door.front import client_name
from ui.door.messages import Rate, read_model
from ui.server.metrics import LOCAL_HOSTS
from ui.server.services import Services

if TYPE_CHECKING:
    from fusion.classroom.history import History

# Classes that one server watches at the same time; each keeps a core busy.
MOST_ROOMS = 2
IDLE_SECONDS = 60.0
T = TypeVar("T")


class Archive:
    """The history of sessions, opened once, when it is first needed."""

    def __init__(self) -> None:
        # Left open: every window is committed when it is written, so nothing can be lost.
        self._lock = threading.Lock()
        self._history: History | None = None

    def open(self) -> "History":
        """The history.

        Raises:
            InputError: its database cannot be opened.
        """
        from fusion.classroom.history import History

        with self._lock:
            if self._history is None:
                self._history = History().__enter__()
            return self._history

    def forget_old(self) -> None:
        """Deletes the sessions that are older than the retention, where there is a history; the server's clock calls it."""
        from fusion.classroom.database import default_url

        kind, _, path = default_url().partition(":///")
        if self._history is not None or kind != "sqlite" or Path(path).is_file():
            with suppress(InputError):  # its database is away for the moment
                self.open().forget_old()


class MomentBody(BaseModel):
    """A note: seconds of the session and a text."""

    seconds: float = Field(0.0, ge=0, lt=1e6)
    text: str = ""


class NameBody(BaseModel):
    """A new name of a session."""

    name: str = ""


def list_sessions(history: "History") -> list[dict[str, Any]]:
    """All sessions, for the page's list."""
    return [{**asdict(session), "moments": len(history.moments(session.id))} for session in history.sessions()]


def session_json(history: "History", key: str) -> dict[str, Any]:
    """One session with its windows and moments.

    Raises:
        InputError: it is not there.
    """
    session, windows, moments = history.read_session(key)
    return {**asdict(session), "windows": [w.as_dict() for w in windows], "moments": [asdict(moment) for moment in moments]}


def build_classroom_router(services: Services, clock: Callable[[], float] = time.monotonic) -> APIRouter:
    """The routes under ``/classroom``.

    Args:
        services: the server's.
        clock: tells the seconds by which windows begin and end.
    """
    routes = APIRouter(prefix="/classroom")
    archive = Archive()
    services.cleaners.append(archive.forget_old)
    rooms: dict[str, str] = {}  # the client of each

    @routes.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        loop, rate, room, place = asyncio.get_running_loop(), Rate(services.limits.frames_a_second), None, f"{id(socket)}"
        try:
            client = client_name(socket.scope)
            # One client elsewhere watches one class, so that a place is left for others.
            if len(rooms) >= MOST_ROOMS or (client not in LOCAL_HOSTS and client in rooms.values()):
                await socket.send_json({"error": "full"})
                return
            rooms[place] = client
            opening = await asyncio.wait_for(socket.receive_text(), IDLE_SECONDS)
            room = await loop.run_in_executor(None, lambda: Room(services, archive.open(), opening, clock))
            await socket.send_json({"ready": True, "session": room.key, "k": room.settings.k, "rate": room.settings.rate})
            while (message := await asyncio.wait_for(socket.receive(), IDLE_SECONDS)).get("bytes") and not rate.flooded():
                await socket.send_json(await loop.run_in_executor(room.thread, room.look, message["bytes"]))
            reply = await loop.run_in_executor(room.thread, room.end)
            if message["type"] != "websocket.disconnect":
                await socket.send_json(reply)
        except InputError as error:
            await socket.send_json({"error": "refused", "message": str(error)})
        except (asyncio.TimeoutError, WebSocketDisconnect, RuntimeError, KeyError):
            pass  # nothing came for long, or the tab was closed while an answer was on its way
        finally:
            rooms.pop(place, None)
            if room is not None:
                room.free()
            with suppress(RuntimeError):  # closed already
                await socket.close()

    async def answer(work: Callable[["History"], T]) -> Any:
        try:
            return await asyncio.get_running_loop().run_in_executor(None, lambda: work(archive.open()))
        except InputError as error:
            return Response(str(error), status_code=422, media_type="text/plain")

    @routes.get("/sessions")
    async def sessions() -> Any:
        return await answer(list_sessions)

    @routes.get("/sessions/{key}")
    async def session(key: str) -> Any:
        return await answer(lambda history: session_json(history, key))

    @routes.post("/sessions/{key}/moments")
    async def moments(request: Request, key: str) -> Any:
        content = await request.body()

        def note(history: "History") -> None:
            moment = read_model(content, MomentBody, LONGEST_MESSAGE)
            history.note(key, moment.seconds, moment.text)

        return await answer(note)

    @routes.post("/sessions/{key}/name")
    async def name(request: Request, key: str) -> Any:
        content = await request.body()
        return await answer(lambda history: history.rename(key, read_model(content, NameBody, LONGEST_MESSAGE).name))

    @routes.delete("/sessions/{key}")
    async def delete(key: str) -> Any:
        return await answer(lambda history: history.delete(key))

    @routes.get("/sessions/{key}/{name}")
    async def file(key: str, name: str, language: str = "kk") -> Any:
        from fusion.classroom.report import render_classroom_report, windows_csv
        from kslr.core.files import csv_bytes
        from kslr.origins import describe_origin

        def write(history: "History") -> Response:
            session, windows, noted = history.read_session(key)
            if name == "report.html":
                made = describe_origin("kslr serve", session.name)["made"] | history.origin(key)
                page = render_classroom_report(session, windows, noted, language, made)
                return Response(page, media_type="text/html; charset=utf-8")
            if name == "figures.csv":
                called = quote(f"{session.name or 'class'} {session.started[:10]}.csv".replace("/", "-"), safe="")
                headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{called}"}
                table = csv_bytes(windows_csv(windows, noted))
                return Response(table, media_type="text/csv; charset=utf-8", headers=headers)
            return Response(status_code=404)

        return await answer(write)

    return routes
