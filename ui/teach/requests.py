"""What the routes of the Teach page share: bodies that are read as far as they may go, tabs' keys, and files to save."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import quote

from fastapi import Request, Response

from ui.shared.i18n import Refusal


@asynccontextmanager
async def waiting(request: Request) -> AsyncIterator[Callable[[], bool]]:
    """Tells whether the client of a request, whose body is read, still waits for the answer."""
    gone = threading.Event()

    async def listen() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()

    listening = asyncio.create_task(listen())
    try:
        yield lambda: not gone.is_set()
    finally:
        listening.cancel()


async def read_body(request: Request, most: int) -> bytes:
    """A request's body, which is not read further when it is too large.

    Raises:
        Refusal: it has more than `most` bytes.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise Refusal("teach.large", size=round(most / 1e6))
        parts.append(part)
    return b"".join(parts)


def check_session(session: str) -> str:
    """A tab's key, which the tab makes up itself, long enough that nobody hits another one's by chance.

    Raises:
        Refusal: shorter than 16 or longer than 64 characters.
    """
    if not 16 <= len(session) <= 64:
        raise Refusal("teach.failed")
    return session


def file_response(content: bytes, name: str) -> Response:
    """A file to be saved."""
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "Cache-Control": "private, no-store"}
    return Response(content, media_type="application/octet-stream", headers=headers)
