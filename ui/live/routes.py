"""The live path: the browser sends pictures, the server answers what it saw, the browser draws it over its own video.

A picture is a binary message: its time in seconds as a little-endian double, then a JPEG. The answer is JSON. The
usual way is a WebSocket; where that is refused, as behind some proxies, the same messages go by POST. Pictures are
never written anywhere.

A session has one picture in the pass, unpacks the next, and lets one more wait. On a socket a newer picture takes the waiting
one's place, so not every picture has an answer: an answer's ``seconds`` say whose it is, and its ``skipped`` how many were
passed over.
"""

import asyncio
import json
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response, WebSocket, WebSocketDisconnect

from fusion.transcripts.exports import from_json
from fusion.transcripts.formats import DOWNLOADS, Transcript
from kslr.core.errors import InputError
from ui.live.inbox import Given, Inbox
from ui.server.metrics import REFUSALS, Metrics
from ui.server.services import Services
from ui.server.sessions import Full, LiveSession
from ui.shared.i18n import LANGUAGES, Refusal
from ui.shared.naming import NAME_LENGTH
from ui.shared.pictures import TooLarge

# Messages of one session under way at once by POST; the page sends one after another.
MOST_BY_POST = 2
# Answers of one session that are worked on or wait to be sent.
MOST_UNANSWERED = 3
Replies = asyncio.Queue[tuple[Given, "Future[dict[str, Any]]"] | None]
# How a socket is closed, by why it is.
CODES = {"closed": 1000, "idle": 1001, "slow": 1008, "flood": 1008, "refused": 1008, "too_large": 1009, "error": 1011}
CODES |= {"full": 1013, "vocabulary": 1008, "stopped": 1012}


class Broken(Exception):
    """A fault of ours ended the session; it has been noted."""


class Slow(Exception):
    """The client does not take its answers."""


def ready(session: LiveSession) -> dict[str, Any]:
    """Waits until the session's tracker is there."""
    session.wait()
    return {"ready": True}


def calm(session: LiveSession, on: bool = True) -> dict[str, Any]:
    """Takes the last three seconds of the face for the person's resting one, or forgets it."""
    session.wait()
    if on:
        return {"calm": session.session.calibrate()}
    session.session.forget_calibration()
    return {"calm": None}


def finish(session: LiveSession) -> dict[str, Any]:
    """Ends what is being signed and gives its words."""
    words = session.session.finish()
    session.count(len(words))
    return {"ended": True, "words": [word.as_dict() for word in words]}


def same_origin(headers: Any) -> bool:
    """Whether a request comes from our own page. Programs that are no browsers send no origin and are welcome."""
    origin = headers.get("origin")
    hosts = {headers.get("host"), headers.get("x-forwarded-host")}
    return origin is None or urlsplit(origin).netloc in hosts


class Rate:
    """Counts messages and says when more than so many came within a second."""

    def __init__(self, most: int) -> None:
        self._most, self._times = most, [float("-inf")] * (most + 1)

    def flooded(self) -> bool:
        """Notes one message."""
        self._times = [*self._times[1:], time.monotonic()]
        return self._times[-1] - self._times[0] < 1.0


async def fill(inbox: Inbox, socket: WebSocket, rate: Rate, metrics: Metrics) -> str:
    """Puts what comes into the inbox until nothing more does, and gives why: one of `CODES`."""
    try:
        while (message := await socket.receive())["type"] != "websocket.disconnect":
            metrics.received.inc(bool(message.get("bytes")))
            if rate.flooded() or not inbox.put(message.get("bytes") or message.get("text") or ""):
                return "flood"
        return {1009: "too_large", 1012: "stopped"}.get(message.get("code") or 0, "closed")
    finally:
        inbox.close()


def router(services: Services) -> APIRouter:
    """The routes ``/live`` (WebSocket), ``/live/frame``, ``/live/calm``, ``/live/end`` and ``/live/export``."""
    routes = APIRouter()
    limits, sessions, metrics = services.limits, services.sessions, services.metrics

    async def settled(key: str, future: "Future[dict[str, Any]]") -> dict[str, Any]:
        """What work in a session gives; a fault of ours is noted and ends the session.

        Raises:
            Broken: there was one.
            InputError: what was sent is at fault.
        """
        done = asyncio.wrap_future(future)
        await asyncio.wait({done})
        error = done.exception()
        if error is not None and not isinstance(error, InputError):
            sessions.fault(key, error)
            raise Broken from error
        return done.result()

    async def work(session: LiveSession, inbox: Inbox, replies: Replies) -> None:
        """Sends what comes through the session, one picture in the pass and one behind it, until nothing more comes."""
        before = None
        while (given := await asyncio.wait_for(inbox.get(), limits.idle_seconds)) is not None:
            session.skip(given.skipped)
            if isinstance(given.content, bytes):
                metrics.part("wait", time.perf_counter() - given.arrived)
                seen, told = session.picture(given.content)
                await replies.put((given, told))
                # The next picture is fetched when the one before this has left the pass: until then a newer one may come.
                if before is not None:
                    await asyncio.wait({before})
                before = asyncio.wrap_future(seen)
                before.add_done_callback(lambda done: done.cancelled() or done.exception())  # told by the answer
            elif given.content.startswith("calm"):
                await replies.put((given, session.submit(calm, session, given.content == "calm")))
            else:
                await replies.put((given, session.submit(finish, session)))
        await replies.put(None)

    async def deliver(key: str, replies: Replies, socket: WebSocket) -> None:
        """Sends the answers in their order."""
        while (item := await replies.get()) is not None:
            given, future = item
            reply = await settled(key, future)
            if isinstance(given.content, bytes):
                reply["skipped"] = given.skipped
                metrics.frame.observe(time.perf_counter() - given.arrived)
            try:
                await asyncio.wait_for(socket.send_json(reply), limits.idle_seconds)
            except asyncio.TimeoutError as error:
                raise Slow from error

    async def converse(key: str, session: LiveSession, inbox: Inbox, socket: WebSocket) -> None:
        """Answers until nothing more comes.

        Raises:
            asyncio.TimeoutError: nothing has come for too long.
            Slow, Broken, InputError: it can't go on.
        """
        replies: Replies = asyncio.Queue(MOST_UNANSWERED)
        both = [asyncio.create_task(work(session, inbox, replies)), asyncio.create_task(deliver(key, replies, socket))]
        try:
            await asyncio.gather(*both)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    @routes.websocket("/live")
    async def live(socket: WebSocket, signs: str = "") -> None:
        if not same_origin(socket.headers):
            metrics.refused("origin")
            await socket.close(1008)
            return
        await socket.accept()
        key, loop, inbox = f"socket-{id(socket)}", asyncio.get_running_loop(), Inbox()
        reading, reason, last = None, "closed", None
        try:
            session = sessions.open(key, await loop.run_in_executor(None, services.vocabularies.models, signs))
            await socket.send_json(await settled(key, session.submit(ready, session)))
            reading = asyncio.create_task(fill(inbox, socket, Rate(limits.frames_a_second), metrics))
            await converse(key, session, inbox, socket)
            reason = await reading
        except Full:
            reason, last = "full", {"error": "full", "places": limits.sessions}
        except Refusal:
            reason, last = "vocabulary", {"error": "vocabulary"}
        except InputError as error:
            reason = "too_large" if isinstance(error, TooLarge) else "refused"
            last = {"error": "refused", "message": str(error)}
        except asyncio.TimeoutError:
            reason = "idle"
        except Slow:
            reason = "slow"
        except Broken:
            reason = "error"
        except asyncio.CancelledError:
            reason = "stopped"
            raise
        except (WebSocketDisconnect, RuntimeError):  # the tab was closed, or we stop, while an answer was on its way
            reason = reading.result() if reading is not None and reading.done() else "closed"
        finally:
            if reading is not None:
                reading.cancel()
            if reason in REFUSALS:
                metrics.refused(reason)
            sessions.close(key, "refused" if reason == "too_large" else reason)
        with suppress(WebSocketDisconnect, RuntimeError, asyncio.TimeoutError):  # there may be nobody left to tell
            if last is not None:
                await asyncio.wait_for(socket.send_json(last), limits.idle_seconds)
            await asyncio.wait_for(socket.close(CODES[reason]), limits.idle_seconds)

    def turned_away(reason: str, status: int) -> Response:
        metrics.refused(reason)
        return Response(status_code=status)

    @routes.post("/live/frame")
    async def frame(request: Request, session: str, signs: str = "") -> Response:
        if not same_origin(request.headers) or not 16 <= len(session) <= 64:
            return turned_away("origin", 403)
        if int(request.headers.get("content-length") or limits.frame_bytes + 1) > limits.frame_bytes:
            return turned_away("too_large", 413)
        key, message, arrived = f"post-{session}", await request.body(), time.perf_counter()
        metrics.received.inc()
        try:
            models = await asyncio.get_running_loop().run_in_executor(None, services.vocabularies.models, signs)
            opened = sessions.open(key, models)
            if opened.waiting >= MOST_BY_POST:
                return turned_away("flood", 429)
            reply = await settled(key, opened.picture(message)[1])
            metrics.frame.observe(time.perf_counter() - arrived)
        except Full:
            metrics.refused("full")
            reply = {"error": "full", "places": limits.sessions}
        except Refusal:
            metrics.refused("vocabulary")
            reply = {"error": "vocabulary"}
        except InputError as error:
            metrics.refused("too_large" if isinstance(error, TooLarge) else "refused")
            sessions.close(key, "refused")
            reply = {"error": "refused", "message": str(error)}
        except (Broken, RuntimeError):  # noted, or the session was closed meanwhile
            return Response(status_code=500)
        return Response(json.dumps(reply), media_type="application/json")

    @routes.post("/live/calm")
    async def calmed(request: Request, session: str, on: bool = True) -> Response:
        if not same_origin(request.headers) or not 16 <= len(session) <= 64:
            return turned_away("origin", 403)
        try:
            opened = sessions.open(f"post-{session}")
            if opened.waiting >= MOST_BY_POST:
                return turned_away("flood", 429)
            reply = await settled(f"post-{session}", opened.submit(calm, opened, on))
        except Full:
            return turned_away("full", 409)
        except (Broken, RuntimeError):
            return Response(status_code=500)
        return Response(json.dumps(reply), media_type="application/json")

    @routes.post("/live/end")
    async def end(request: Request, session: str) -> Response:
        if not same_origin(request.headers):
            return Response(status_code=403)
        sessions.close(f"post-{session}")
        return Response(status_code=204)

    @routes.post("/live/export")
    async def export(request: Request, format: str, language: str = "kk", signs: str = "") -> Response:
        if not same_origin(request.headers) or format not in DOWNLOADS or language not in LANGUAGES:
            return Response(status_code=403)
        body = await request.body()
        try:
            if len(body) > 2_000_000:
                raise InputError("The transcript is too long. Clear it now and then.")
            words = from_json(body.decode())
        except (InputError, UnicodeDecodeError) as error:
            return Response(str(error), status_code=422, media_type="text/plain")
        vocabulary = signs[:NAME_LENGTH] or services.vocabularies.default
        duration = max((word.end for word in words), default=0.0)
        content = DOWNLOADS[format].serialize(Transcript(words, "live", duration, vocabulary, language))
        headers = {"Content-Disposition": f'attachment; filename="kslr.{format}"'}
        return Response(content, media_type=DOWNLOADS[format].media_type, headers=headers)

    return routes
