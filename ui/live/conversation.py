"""One conversation on a socket: pictures and texts in, answers out, and why it ended."""

import asyncio
import time
from concurrent.futures import Future
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from kslr.core.errors import InputError
from ui.door.messages import Rate
from ui.live.inbox import Inbox, Message
from ui.live.session import LiveSession
from ui.server.services import Services
from ui.server.sessions import Broken, Full
from ui.shared.i18n import Refusal
from ui.shared.pictures import TooLarge

# Answers of one session that are being made or wait to be sent.
MOST_UNANSWERED = 3
Replies = asyncio.Queue[tuple[Message, "Future[dict[str, Any]]"] | None]


class Slow(Exception):
    """The client does not take its answers."""


# Why a conversation ends; the first kind that fits an exception counts.
REASONS: dict[type[BaseException], str] = {
    Full: "full",
    Refusal: "vocabulary",
    TooLarge: "too_large",
    InputError: "refused",
    asyncio.TimeoutError: "idle",
    Slow: "slow",
    Broken: "error",
    asyncio.CancelledError: "stopped",
    # The tab was closed, or we stop, while an answer was on its way.
    WebSocketDisconnect: "closed",
    RuntimeError: "closed",
}
# The code that closes the socket, by reason.
CODES = {"closed": 1000, "idle": 1001, "slow": 1008, "flood": 1008, "refused": 1008, "too_large": 1009, "error": 1011}
CODES |= {"full": 1013, "vocabulary": 1008, "stopped": 1012}


def explain(error: BaseException) -> tuple[str, dict[str, Any] | None]:
    """The reason that an exception stands for, one of `CODES`, and what to tell the client, None for nothing."""
    reason = next(reason for kind, reason in REASONS.items() if isinstance(error, kind))
    if isinstance(error, Full):
        return reason, {"error": "full", "places": error.places}
    if isinstance(error, Refusal):
        return reason, {"error": "vocabulary"}
    return reason, {"error": "refused", "message": str(error)} if isinstance(error, InputError) else None


class Conversation:
    """Answers one socket.

    The session has one picture in the pass, unpacks the next, and lets one more wait. A newer picture takes the waiting
    one's place, so not every picture has an answer: an answer's ``seconds`` say whose it is, and its ``skipped`` how many
    pictures were dropped for it.

    Args:
        services: limits, sessions and metrics.
        socket: an accepted one.
        key: of the session.
    """

    def __init__(self, services: Services, socket: WebSocket, key: str) -> None:
        self._services, self._socket, self._key = services, socket, key
        self._inbox = Inbox()
        self._replies: Replies = asyncio.Queue(MOST_UNANSWERED)
        self._heard_at = time.monotonic()
        self._sending_since: float | None = None

    async def run(self, session: LiveSession) -> str:
        """Answers until nothing more comes.

        Returns:
            Why it ended, one of `CODES`.

        Raises:
            Exception: one of `REASONS`; it cannot go on.
        """
        await self._socket.send_json(await self._services.sessions.result(self._key, session.submit(session.wait)))
        self._heard_at = time.monotonic()
        filling, watching = asyncio.create_task(self._fill()), asyncio.create_task(self._watch())
        tasks = [asyncio.create_task(self._work(session)), asyncio.create_task(self._deliver())]
        answering: asyncio.Future[Any] = asyncio.gather(*tasks)
        either: set[asyncio.Future[Any]] = {answering, watching}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            (answering if answering.done() else watching).result()
            return await filling
        except (WebSocketDisconnect, RuntimeError):
            if not filling.done():
                raise
            return filling.result()
        finally:
            every = (filling, watching, *tasks)
            for task in every:
                task.cancel()
            await asyncio.gather(*every, answering, return_exceptions=True)

    async def _watch(self) -> None:
        """Ends when the client has been silent, or has taken no answer, for too long. One clock does for all messages."""
        patience = self._services.limits.idle_seconds
        while True:
            now, sending = time.monotonic(), self._sending_since
            if sending is not None and now >= sending + patience:
                raise Slow
            if now >= self._heard_at + patience:
                raise asyncio.TimeoutError
            await asyncio.sleep(min(self._heard_at, sending or now) + patience - now)

    async def _fill(self) -> str:
        """Puts what comes into the inbox until nothing more does; gives the reason."""
        rate, received = Rate(self._services.limits.frames_a_second), self._services.metrics.received
        try:
            while (message := await self._socket.receive())["type"] != "websocket.disconnect":
                self._heard_at = time.monotonic()
                received.inc(bool(message.get("bytes")))
                if rate.flooded() or not self._inbox.put(message.get("bytes") or message.get("text") or ""):
                    return "flood"
            return {1009: "too_large", 1012: "stopped"}.get(message.get("code") or 0, "closed")
        finally:
            self._inbox.close()

    async def _work(self, session: LiveSession) -> None:
        """Sends messages through the session, one picture in the pass and one behind it, until nothing more comes."""
        metrics = self._services.metrics
        before: Future[Any] | None = None
        while (message := await self._inbox.get()) is not None:
            session.skip(message.skipped)
            if isinstance(message.content, bytes):
                metrics.part("wait", time.perf_counter() - message.arrived)
                passed, answer = session.send(message.content)
                await self._replies.put((message, answer))
                # The next picture is fetched when the one before this has left the pass; until then a newer one may come.
                if before is not None and not before.done():
                    (done,), _ = await asyncio.wait({asyncio.wrap_future(before)})
                    done.cancelled() or done.exception()  # the answer holds it too
                before = passed
            elif message.content.startswith("calm"):
                await self._replies.put((message, session.submit(session.calibrate, message.content == "calm")))
            else:
                await self._replies.put((message, session.submit(session.finish)))
        await self._replies.put(None)

    async def _deliver(self) -> None:
        """Sends the answers in their order."""
        services = self._services
        while (item := await self._replies.get()) is not None:
            message, future = item
            reply = await services.sessions.result(self._key, future)
            if isinstance(message.content, bytes):
                reply["skipped"] = message.skipped
                services.metrics.frame.observe(time.perf_counter() - message.arrived)
            self._sending_since = time.monotonic()
            await self._socket.send_json(reply)
            self._sending_since = None
