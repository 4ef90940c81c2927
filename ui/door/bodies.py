"""The bodies of requests: how long they are, how long they take, and whether they are what they call themselves."""

import asyncio
import json
import time
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response

from kslr.core.files import parse_json
from ui.door.messages import SMALL_BYTES

BODY_SECONDS = 30.0  # in which a small body has to come
MESSAGE_BYTES = 300_000  # of a message to Gradio
FILE_SECONDS = 20.0  # longest pause within a large one
SLOWEST, START_SECONDS = 10_000, 60.0  # bytes a second of a large one in the mean, and from when on
# These routes take files, and end a body that is too long themselves.
FILE_ROUTES = ("/gradio_api/upload", "/teach/take", "/teach/try", "/teach/upload", "/studio/take")


class BodyLimit:
    """An ASGI application that checks the body of a request before a route looks at it.

    It answers 413 to a body that is too large, 408 to one that does not come, and 400 to one for Gradio that calls itself
    JSON and is not; our own routes check theirs. Bodies are small and read whole, whether or not the request tells their
    length; only `FILE_ROUTES` count for themselves, and here only their pauses are limited.

    Args:
        app: gets the other requests.
        largest: bytes.
        seconds: in which a body has to come.
    """

    def __init__(self, app: Any, largest: int = SMALL_BYTES, seconds: float = BODY_SECONDS) -> None:
        self._app, self._largest, self._seconds = app, largest, seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        if scope["path"].endswith(FILE_ROUTES):
            await self._app(scope, _without_pauses(receive), send)
            return
        # Gradio takes messages apart in the one thread that answers everybody.
        theirs = "/gradio_api/" in scope["path"]
        largest = min(self._largest, MESSAGE_BYTES) if theirs else self._largest
        status, body = await self._read(Headers(scope=scope), receive, largest)
        if theirs and body and "json" in Headers(scope=scope).get("content-type", "") and not _is_json(body):
            status = 400
        if status:
            await Response(status_code=status, headers={"Connection": "close"})(scope, receive, send)
            return
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_body() -> Any:
            return messages.pop() if messages else await receive()

        await self._app(scope, receive_body, send)

    async def _read(self, headers: Headers, receive: Any, largest: int) -> tuple[int, bytes]:
        """The status of a refusal, or 0, and the body."""
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or {"content-length", "transfer-encoding"} <= {*headers}:
            return 400, b""  # with both, a proxy before us may see another end of the request
        if int(length[:20]) > largest:
            return 413, b""
        try:
            body = await asyncio.wait_for(self._whole_body(receive, largest), self._seconds)
        except asyncio.TimeoutError:
            return 408, b""
        if body is None:
            return 413, b""
        return 0, body

    async def _whole_body(self, receive: Any, largest: int) -> bytes | None:
        """The body; None when it is too long, empty when the client has gone."""
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b""
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > largest:
                return None
            if not message.get("more_body"):
                return b"".join(parts)


def _without_pauses(receive: Any) -> Any:
    """Receives a large body; who pauses for too long, or goes on by drops, has hung up."""
    whole, size, begun = False, 0, time.monotonic()

    async def receive_part() -> Any:
        nonlocal whole, size
        if whole:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), FILE_SECONDS)
        except asyncio.TimeoutError:
            return {"type": "http.disconnect"}
        whole, size = not message.get("more_body"), size + len(message.get("body", b""))
        if size < SLOWEST * (time.monotonic() - begun - START_SECONDS):
            return {"type": "http.disconnect"}
        return message

    return receive_part


def _is_json(body: bytes) -> bool:
    """Whether it is JSON with numbers that computers have.

    Python reads the words NaN and Infinity too, writes them out again, and other readers stumble over them.
    """
    try:
        json.dumps(found := parse_json(body), allow_nan=False)
        return _has_small_integers(found)
    except (ValueError, RecursionError):
        return False


def _has_small_integers(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_has_small_integers, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int) or abs(value) < 2**63
