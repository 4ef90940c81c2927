"""The routes of the Live page: the browser sends pictures or landmarks, the server answers what it read, the browser draws it.

A picture is a binary message: its time in seconds as a little-endian double, then a JPEG. With ``tracking=browser`` a message
is a packet of landmarks instead (`ui.live.packets`), and no picture leaves the person's device. The answer is JSON. The usual
way is a WebSocket; where a proxy refuses that, the same messages go by POST. Nothing of it is written anywhere.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.requests import HTTPConnection
from fastapi.responses import JSONResponse

from fusion.transcripts.exports import from_json
from fusion.transcripts.formats import DOWNLOADS, Transcript
from kslr.core.errors import InputError
from kslr.teaching.naming import NAME_LENGTH
from ui.door.front import client_name
from ui.live.conversation import CODES, REASONS, Conversation, explain
from ui.live.session import LiveSession
from ui.server.metrics import REFUSALS
from ui.server.services import Services
from ui.server.sessions import Broken
from ui.shared.i18n import LANGUAGES

# Messages of one session under way at once by POST; the page sends one after another.
MOST_BY_POST = 2
TRACKING = ("server", "browser")  # where the person is tracked
TRANSCRIPT_BYTES, MOST_WORDS = 2_000_000, 20_000
Work = Callable[[LiveSession, bytes], "Future[dict[str, Any]]"]


def build_live_router(services: Services) -> APIRouter:
    """The routes ``/live`` (WebSocket), ``/live/frame``, ``/live/calm``, ``/live/end`` and ``/live/export``."""
    routes = APIRouter()
    limits, sessions, metrics = services.limits, services.sessions, services.metrics

    async def open_session(key: str, signs: str, strictness: str, tracking: str, connection: HTTPConnection) -> LiveSession:
        """The session of a key, with its vocabulary loaded in a thread."""
        if tracking not in TRACKING:
            raise InputError(f"Tracking is one of {', '.join(TRACKING)}.", "tracking")
        models = await asyncio.to_thread(services.vocabularies.models, signs, strictness, True)
        return sessions.open(key, models, client_name(connection.scope), tracking == "browser")

    @routes.websocket("/live")
    async def live(socket: WebSocket, signs: str = "", strictness: str = "", tracking: str = "server") -> None:
        await socket.accept()
        key, reason, last = f"socket-{id(socket)}", "closed", None
        try:
            session = await open_session(key, signs, strictness, tracking, socket)
            reason = await Conversation(services, socket, key).run(session)
        except tuple(REASONS) as error:
            reason, last = explain(error)
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            if reason in REFUSALS:
                metrics.refused(reason)
            sessions.close(key, "refused" if reason == "too_large" else reason)
        with suppress(WebSocketDisconnect, RuntimeError, asyncio.TimeoutError):  # there may be nobody left
            if last is not None:
                await asyncio.wait_for(socket.send_json(last), limits.idle_seconds)
            await asyncio.wait_for(socket.close(CODES[reason]), limits.idle_seconds)

    def refuse(reason: str, status: int) -> Response:
        metrics.refused(reason)
        return Response(status_code=status)

    async def answer_post(
        request: Request,
        session: str,
        work: Work,
        most: int | None = None,
        signs: str = "",
        strictness: str = "",
        tracking: str = "server",
    ) -> Response:
        """The answer to one message of a session by POST, whose body has at most so many bytes."""
        if not 16 <= len(session) <= 64:
            return refuse("origin", 403)
        if most is not None and _length(request, most + 1) > most:
            return refuse("too_large", 413)
        key, message, arrived = f"post-{session}", await request.body(), time.perf_counter()
        metrics.received.inc(bool(message))
        try:
            opened = await open_session(key, signs, strictness, tracking, request)
            if opened.waiting >= MOST_BY_POST:
                return refuse("flood", 429)
            reply = await sessions.result(key, work(opened, message))
            if message:
                metrics.frame.observe(time.perf_counter() - arrived)
            return JSONResponse(reply)
        except InputError as error:
            reason, last = explain(error)
            metrics.refused(reason)
            if reason in ("refused", "too_large"):
                sessions.close(key, "refused")
            return JSONResponse(last)
        except (Broken, RuntimeError):  # the fault is in the log, or the session was closed meanwhile
            return Response(status_code=500)

    @routes.post("/live/frame")
    async def frame(request: Request, session: str, signs: str = "", strictness: str = "", tracking: str = "server") -> Response:
        def work(opened: LiveSession, message: bytes) -> "Future[dict[str, Any]]":
            return opened.send(message)[1]

        return await answer_post(request, session, work, limits.frame_bytes, signs, strictness, tracking)

    @routes.post("/live/calm")
    async def calm(request: Request, session: str, on: bool = True) -> Response:
        return await answer_post(request, session, lambda opened, _: opened.submit(opened.calibrate, on))

    @routes.post("/live/end")
    async def end(session: str) -> Response:
        sessions.close(f"post-{session}")
        return Response(status_code=204)

    def write(body: bytes, format: str, language: str, signs: str) -> bytes:
        words = from_json(body.decode())
        if len(words) > MOST_WORDS:
            raise InputError("The transcript is too long. Clear it now and then.")
        vocabulary = signs[:NAME_LENGTH] or services.vocabularies.default
        duration = max((word.end for word in words), default=0.0)
        return DOWNLOADS[format].serialize(Transcript(words, "live", duration, vocabulary, language))

    exporting = asyncio.Semaphore(1)

    @routes.post("/live/export")
    async def export(request: Request, format: str, language: str = "kk", signs: str = "") -> Response:
        if format not in DOWNLOADS or language not in LANGUAGES:
            return Response(status_code=403)
        body = await request.body()
        try:
            if len(body) > TRANSCRIPT_BYTES:
                raise InputError("The transcript is too long. Clear it now and then.")
            # In a thread and one after another: other people's pictures are answered meanwhile.
            async with exporting:
                content = await asyncio.to_thread(write, body, format, language, signs)
        except (InputError, UnicodeDecodeError) as error:
            return Response(str(error), status_code=422, media_type="text/plain")
        headers = {"Content-Disposition": f'attachment; filename="kslr.{format}"'}
        return Response(content, media_type=DOWNLOADS[format].media_type, headers=headers)

    return routes


def _length(request: Request, otherwise: int) -> int:
    """How many bytes a request says that its body has."""
    told = request.headers.get("content-length", "")
    return int(told[:20]) if told.isascii() and told.isdigit() else otherwise
