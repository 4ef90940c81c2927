"""How large and how slow the body of a request may be, and that JSON is JSON, before anything looks at it.

The routes that take files count for themselves while they read. All others get small bodies only, whole, whether or not
the request says how long it is.
"""

import asyncio
import json
from typing import Any

from kslr.core.files import parse_json

SMALL_BYTES = 8_000_000
SECONDS = 30.0
# These take files and end a body that is too long themselves.
FILES = ("/gradio_api/upload", "/teach/take", "/teach/try", "/teach/upload")


class SmallBodies:
    """An ASGI application that answers 413 to bodies that are too large for their route, 408 to those that don't come, and
    400 to what is called JSON and is none.

    Args:
        app: what gets the others.
        largest: bytes.
        seconds: in which a body has to come.
    """

    def __init__(self, app: Any, largest: int = SMALL_BYTES, seconds: float = SECONDS) -> None:
        self._app, self._largest, self._seconds = app, largest, seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS") or scope["path"].endswith(FILES):
            await self._app(scope, receive, send)
            return
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if not said.isdigit() or int(said[:20]) > self._largest:
            await _answer(send, 413 if said.isdigit() else 400)
            return
        try:
            body = await asyncio.wait_for(self._whole(receive), self._seconds)
        except asyncio.TimeoutError:
            await _answer(send, 408)
            return
        if body is None:
            await _answer(send, 413)
            return
        if body and b"json" in dict(scope["headers"]).get(b"content-type", b"") and not _right(body):
            await _answer(send, 400)
            return
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def given() -> Any:
            return waiting.pop() if waiting else await receive()

        await self._app(scope, given, send)

    async def _whole(self, receive: Any) -> bytes | None:
        """The body, or None when it is too long. What a client that has gone had sent is as good as nothing."""
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return b""
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._largest:
                return None
            if not message.get("more_body"):
                return b"".join(parts)


def _right(body: bytes) -> bool:
    """Whether it is JSON, with numbers that computers have."""
    try:
        # Python would read the words NaN and Infinity, too, write them out again, and stumble there.
        json.dumps(found := parse_json(body), allow_nan=False)
        return _within(found)
    except (ValueError, RecursionError):
        return False


def _within(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_within, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int) or abs(value) < 2**63


async def _answer(send: Any, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
