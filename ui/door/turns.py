"""What one client may ask of a server at the same time, so that nobody waits for a single one: connections and heavy work."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import h11
from starlette.responses import JSONResponse
from uvicorn.protocols.http.h11_impl import H11Protocol

from ui.door.front import client_name

HEAD_SECONDS = 15.0  # in which the head of a request has to come
TAKE_SECONDS = 60.0  # in which a client has to take a part of an answer
MOST_LINES, MOST_OF_ALL = 200, 800  # connections of one client, of all
# A proxy, or somebody's programs on the server's own machine, stand for many.
THIS_MACHINE = ("127.0.0.1", "::1")
HEAVY = ("/teach/take", "/studio/take", "/teach/try", "/teach/upload", "/teach/word", "/live/export", "/classroom/sessions",
         "/gradio_api/component_server")  # fmt: skip
AT_ONCE, AT_ONCE_OF_ALL = 4, 12  # heavy requests that are worked on: of one client, of all
WAITING, WAIT_SECONDS = 60, 120.0  # heavy requests of one client that wait for their turn, and how long


class Turns:
    """An ASGI application that lets heavy requests of one client take turns; others are not held up.

    A waiting request costs nothing: its body is not read yet.

    Args:
        app: gets the requests in their turn.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._all = asyncio.Semaphore(AT_ONCE_OF_ALL)
        self._clients: dict[str, asyncio.Semaphore] = {}
        self._waiting: dict[str, int] = defaultdict(int)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(HEAVY):
            await self._app(scope, receive, send)
            return
        client = client_name(scope)
        if self._waiting[client] >= WAITING:
            await self._refuse(scope, receive, send)
            return
        own = self._clients.setdefault(client, asyncio.Semaphore(AT_ONCE))
        self._waiting[client] += 1
        try:
            try:
                await asyncio.wait_for(own.acquire(), WAIT_SECONDS)
            except asyncio.TimeoutError:
                await self._refuse(scope, receive, send)
                return
            try:
                async with self._all:
                    await self._app(scope, receive, send)
            finally:
                own.release()
        finally:
            self._waiting[client] -= 1
            if not self._waiting[client]:
                del self._waiting[client]
                self._clients.pop(client, None)

    async def _refuse(self, scope: Any, receive: Any, send: Any) -> None:
        await JSONResponse({"error": "teach.busy", "values": {}}, 429, {"Retry-After": "60"})(scope, receive, send)


class Lines:
    """The open connections of a server, by client.

    Attributes:
        is_many: whether a client may have as many as all together, as a proxy may.
    """

    def __init__(self) -> None:
        self.is_many: Callable[[str], bool] = lambda client: client in THIS_MACHINE
        self._lines: dict[str, set[asyncio.Transport]] = defaultdict(set)
        self._lock = threading.Lock()

    def add(self, transport: asyncio.Transport) -> bool:
        """Counts a connection; gives False where its client, or all, have too many."""
        peer = transport.get_extra_info("peername")
        client = client_name({"client": peer})
        with self._lock:
            for name in list(self._lines):
                self._lines[name] = {line for line in self._lines[name] if not line.is_closing()}
                if not self._lines[name]:
                    del self._lines[name]
            total, own = sum(map(len, self._lines.values())), len(self._lines.get(client, ()))
            if total >= MOST_OF_ALL or (own >= MOST_LINES and not self.is_many(client)):
                return False
            self._lines[client].add(transport)
        return True


LINES = Lines()


class TimedProtocol(H11Protocol):
    """HTTP of uvicorn that gives up on a request whose head does not come, and on an answer that is not taken.

    uvicorn itself waits for both for ever.
    """

    _late: asyncio.TimerHandle | None = None
    _full: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Takes a connection, or closes it where its client has too many."""
        super().connection_made(transport)
        if LINES.add(transport):
            self._late = self.loop.call_later(HEAD_SECONDS, self._give_up)
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Starts the clock with the first bytes of a head, and stops it at the end of the head."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._late is None and self.conn.trailing_data[0]:
            self._late = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def pause_writing(self) -> None:
        """Starts a clock when the client does not take what was sent."""
        super().pause_writing()
        self._full = self._full or self.loop.call_later(TAKE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Stops that clock."""
        super().resume_writing()
        self._stop_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clocks."""
        self._stop()
        self._stop_writing()
        super().connection_lost(exc)

    def _stop_writing(self) -> None:
        if self._full is not None:
            self._full.cancel()
            self._full = None

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _give_up(self) -> None:
        self._late = None
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.transport.abort()
