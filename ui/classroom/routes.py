"""The Classroom's routes: pictures of a class in, figures of the group out, and the history of sessions.

A picture is a message as on the Live page: its time as a little-endian double, then a JPEG. What comes back is a window
when one has ended, and otherwise only that the picture was looked at: no box, no point, no number of faces. Pictures
are held for the one look and never written. A session does not begin before consent and place have been confirmed.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from fastapi import APIRouter, Request, Response, WebSocket, WebSocketDisconnect

from fusion.classroom.loop import Settings
from fusion.classroom.targets import target
from fusion.classroom.windows import Windows
from kslr.core.errors import InputError
from kslr.core.files import parse_json
from ui.server.guard import Rate, same_origin
from ui.server.resources import give_memory_back
from ui.server.services import Services
from ui.shared.pictures import decode_picture

if TYPE_CHECKING:
    from fusion.classroom.history import History

PLACES = ("outside-eu", "medical-or-safety")
# Classes that one server looks at at the same time; each keeps a core busy.
MOST_ROOMS = 2
LONGEST_MESSAGE = 4000
IDLE_SECONDS = 60.0
T = TypeVar("T")


class Archive:
    """The history, opened by the first who needs it, once for all."""

    def __init__(self) -> None:
        # Entered once and left open: every window is committed when it is written, so there is nothing to lose.
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


def settings_from(message: str) -> tuple[Settings, str, str]:
    """What the operator confirmed and chose.

    Args:
        message: JSON with ``consent`` (true), ``place`` (one of PLACES), and optionally ``name``, ``k``, ``targets``.

    Returns:
        The settings, the session's name and the place.

    Raises:
        InputError: not confirmed, or a choice that cannot be.

    >>> settings_from('{"consent": true, "place": "outside-eu", "name": "5 B"}')[1:]
    ('5 B', 'outside-eu')
    """
    if len(message) > LONGEST_MESSAGE:
        raise InputError("That message is too long.")
    try:
        given = parse_json(message)
    except InputError as error:
        raise InputError("A session begins with a message in JSON.") from error
    if not isinstance(given, dict) or given.get("consent") is not True or given.get("place") not in PLACES:
        raise InputError("Confirm first that everybody has consented and where this is.")
    k, targets = given.get("k", 5), given.get("targets") or ["camera"]
    if not isinstance(k, int) or isinstance(k, bool) or not isinstance(targets, list) or len(targets) > 8:
        raise InputError("k is a whole number and targets are a list.")
    settings = Settings(k=k, targets=tuple(target(str(text)) for text in targets))
    return settings, str(given.get("name") or ""), given["place"]


class Room:
    """One class that is being looked at: its perception, its windows, and the one thread that runs both."""

    def __init__(self, services: Services, history: "History", message: str) -> None:
        from fusion.classroom.loop import Classroom

        self.settings, name, place = settings_from(message)
        self._history, self._services = history, services
        self._windows = Windows(self.settings.k)
        self._classroom = Classroom(self.settings, services.models.emotions)
        self._last, self._ended = -1.0, False
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="classroom")
        self.thread.submit(self._classroom.__enter__).result()
        self.key = history.begin(name, k=self.settings.k, place=place)

    def look(self, message: bytes) -> dict[str, Any]:
        """Takes a picture; gives the window that ended with it, if one did.

        Raises:
            InputError: it is no picture, or not later than the one before.
        """
        limits, start = self._services.limits, time.perf_counter()
        frame = decode_picture(message, limits.frame_bytes, limits.frame_side)
        if frame.seconds <= self._last:
            raise InputError("Pictures come in the order of their times.")
        self._last = frame.seconds
        window = self._windows.add(self._classroom.look(frame))
        if window is not None:
            self._history.add(self.key, window)
        # Coarse on purpose: the time a look takes tells how many faces there are.
        spent = 50 * round((time.perf_counter() - start) * 20)
        return {"milliseconds": spent, "window": window.as_dict() if window else None}

    def end(self) -> dict[str, Any]:
        """Ends the session, once, and gives its last window."""
        window, self._ended = None if self._ended else self._windows.close(), True
        if window is not None:
            self._history.add(self.key, window)
        self._history.finish(self.key)
        return {"ended": True, "window": window.as_dict() if window else None}

    def free(self) -> None:
        """Ends the session and frees the perception as soon as the look under way is done."""

        def last() -> None:
            with suppress(InputError):  # deleted meanwhile, or no database any more: there is nobody left to tell
                self.end()
            self._classroom.__exit__(None, None, None)
            give_memory_back()

        self.thread.submit(last)
        self.thread.shutdown(wait=False)


def past(history: "History") -> list[dict[str, Any]]:
    """The sessions for the page's list."""
    return [{**asdict(session), "moments": len(history.moments(session.id))} for session in history.sessions()]


def whole(history: "History", key: str) -> dict[str, Any]:
    """One session with everything that is kept of it.

    Raises:
        InputError: it is not there.
    """
    session = history.session(key)
    windows = [window.as_dict() for window in history.windows(key)]
    return {**asdict(session), "windows": windows, "moments": [asdict(moment) for moment in history.moments(key)]}


def build_classroom_router(services: Services) -> APIRouter:
    """The routes under ``/classroom``."""
    routes = APIRouter(prefix="/classroom")
    archive = Archive()
    rooms: set[str] = set()

    @routes.websocket("/live")
    async def live(socket: WebSocket) -> None:
        if not same_origin(socket.headers):
            await socket.close(1008)
            return
        await socket.accept()
        loop, rate, room, place = asyncio.get_running_loop(), Rate(services.limits.frames_a_second), None, f"{id(socket)}"
        try:
            if len(rooms) >= MOST_ROOMS:
                await socket.send_json({"error": "full"})
                return
            rooms.add(place)
            message = await asyncio.wait_for(socket.receive_text(), IDLE_SECONDS)
            room = await loop.run_in_executor(None, lambda: Room(services, archive.open(), message))
            await socket.send_json({"ready": True, "session": room.key, "k": room.settings.k, "rate": room.settings.rate})
            while True:
                given = await asyncio.wait_for(socket.receive(), IDLE_SECONDS)
                if given["type"] == "websocket.disconnect" or rate.flooded():
                    break
                if given.get("bytes"):
                    await socket.send_json(await loop.run_in_executor(room.thread, room.look, given["bytes"]))
                else:
                    break
            reply = await loop.run_in_executor(room.thread, room.end)
            if given["type"] != "websocket.disconnect":
                await socket.send_json(reply)
        except InputError as error:
            await socket.send_json({"error": "refused", "message": str(error)})
        except (asyncio.TimeoutError, WebSocketDisconnect, RuntimeError, KeyError):
            pass  # nothing came for long, or the tab was closed while an answer was on its way
        finally:
            rooms.discard(place)
            if room is not None:
                room.free()
            with suppress(RuntimeError):  # closed already
                await socket.close()

    async def answered(request: Request, work: Callable[["History"], T]) -> Any:
        if not same_origin(request.headers):
            return Response(status_code=403)
        try:
            return await asyncio.get_running_loop().run_in_executor(None, lambda: work(archive.open()))
        except InputError as error:
            return Response(str(error), status_code=422, media_type="text/plain")

    async def body(request: Request) -> dict[str, Any]:
        raw = await request.body()
        try:
            given = parse_json(raw) if len(raw) <= LONGEST_MESSAGE else None
        except InputError:
            given = None
        return given if isinstance(given, dict) else {}

    @routes.get("/sessions")
    async def sessions(request: Request) -> Any:
        return await answered(request, past)

    @routes.get("/sessions/{key}")
    async def session(request: Request, key: str) -> Any:
        return await answered(request, lambda history: whole(history, key))

    @routes.post("/sessions/{key}/moments")
    async def moments(request: Request, key: str) -> Any:
        given = await body(request)
        seconds = given.get("seconds")
        at = float(seconds) if isinstance(seconds, int | float) and 0 <= seconds < 1e6 else 0.0
        return await answered(request, lambda history: history.note(key, at, str(given.get("text") or "")))

    @routes.post("/sessions/{key}/name")
    async def name(request: Request, key: str) -> Any:
        given = await body(request)
        return await answered(request, lambda history: history.rename(key, str(given.get("name") or "")))

    @routes.delete("/sessions/{key}")
    async def delete(request: Request, key: str) -> Any:
        return await answered(request, lambda history: history.delete(key))

    @routes.get("/sessions/{key}/{name}")
    async def file(request: Request, key: str, name: str, language: str = "kk") -> Any:
        from fusion.classroom.report import as_csv, classroom_page

        def written(history: "History") -> Response:
            found, windows, noted = history.session(key), history.windows(key), history.moments(key)
            if name == "report.html":
                return Response(classroom_page(found, windows, noted, language), media_type="text/html; charset=utf-8")
            if name == "figures.csv":
                headers = {"Content-Disposition": 'attachment; filename="class.csv"'}
                return Response(as_csv(windows, noted), media_type="text/csv; charset=utf-8", headers=headers)
            return Response(status_code=404)

        return await answered(request, written)

    return routes
