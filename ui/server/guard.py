"""What a request must pass before a route sees it: its origin, its rate, its password and the size of its body."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from http.cookies import SimpleCookie
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, WebSocketException
from fastapi.requests import HTTPConnection
from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from kslr.core.errors import InputError
from kslr.core.files import parse_json
from ui.server.metrics import Metrics

COOKIE = "kslr"
OPEN_PATHS = ("/health",)
SHORTEST_KEY = 32
SMALL_BYTES = 8_000_000
BODY_SECONDS = 30.0
# These routes take files, and end a body that is too long themselves.
FILE_ROUTES = ("/gradio_api/upload", "/teach/take", "/teach/try", "/teach/upload")
M = TypeVar("M", bound=BaseModel)


def same_origin(headers: Any) -> bool:
    """Whether a request comes from our own page. Programs that are no browsers send no origin and are welcome."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc in {headers.get("host"), headers.get("x-forwarded-host")}


def own_pages_only(metrics: Metrics) -> Any:
    """A dependency for a router: what another site's page asks gets 403, or a closed socket, and is counted."""

    async def check_origin(connection: HTTPConnection) -> None:
        if same_origin(connection.headers):
            return
        metrics.refused("origin")
        raise WebSocketException(1008) if connection.scope["type"] == "websocket" else HTTPException(403)

    return Depends(check_origin)


def read_model(content: str | bytes, model: type[M], most: int = SMALL_BYTES) -> M:
    """A JSON message as a pydantic model.

    Args:
        content: of at most `most` bytes.

    Raises:
        InputError: it is too long, is not JSON, or has not these fields.
    """
    if len(content) > most:
        raise InputError("That message is too long.", "too-long")
    try:
        return model.model_validate(parse_json(content))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"The message is not as it should be: {where} {first['msg']}", "body") from error


class Rate:
    """Counts messages and notices a flood: more than so many within a second.

    Args:
        most: messages a second.
    """

    def __init__(self, most: int) -> None:
        self._times = [float("-inf")] * (most + 1)

    def flooded(self) -> bool:
        """Counts one message."""
        self._times = [*self._times[1:], time.monotonic()]
        return self._times[-1] - self._times[0] < 1.0


class PasswordGuard:
    """An ASGI application that asks everybody for a password: for pages, files and sockets alike.

    Gradio's own login guards only Gradio's routes. The password comes by HTTP Basic; a cookie remembers it, because not
    all browsers send it with sockets.

    Args:
        app: what is guarded.
        login: ``USER:PASSWORD``.
        key: signs the cookie; a new one at every start when empty. Several servers behind one address need the same key,
            so that each accepts the others' cookies.

    Raises:
        InputError: the login has not that form, or the key is short.
    """

    def __init__(self, app: Any, login: str, key: str = "") -> None:
        user, _, password = login.partition(":")
        if not user or not password:
            raise InputError("A login has the form USER:PASSWORD.")
        if key and len(key) < SHORTEST_KEY:
            raise InputError(f"A key for cookies has {SHORTEST_KEY} characters or more. Make one with: openssl rand -hex 32")
        self._app, self._login = app, login.encode()
        # Without a key a stolen cookie ends with the process.
        signing_key = key.encode() if key else secrets.token_bytes(32)
        self._token = hmac.new(signing_key, self._login, hashlib.sha256).hexdigest()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._has_cookie(headers):
            await self._app(scope, receive, send)
        elif self._has_password(headers):
            await self._app(scope, receive, self._with_cookie(scope, send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            ask = {"WWW-Authenticate": 'Basic realm="KSLR", charset="UTF-8"'}
            await Response(status_code=401, headers=ask)(scope, receive, send)

    def _has_cookie(self, headers: Headers) -> bool:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        return cookie is not None and hmac.compare_digest(cookie.value, self._token)

    def _has_password(self, headers: Headers) -> bool:
        kind, _, code = headers.get("authorization", "").partition(" ")
        try:
            login = base64.b64decode(code, validate=True)
        except ValueError:
            return False
        return kind.lower() == "basic" and hmac.compare_digest(login, self._login)

    def _with_cookie(self, scope: Any, send: Any) -> Any:
        secure = "; Secure" if scope.get("scheme") in ("https", "wss") else ""

        async def send_with_cookie(message: Any) -> None:
            if message["type"] == "http.response.start":
                cookie = f"{COOKIE}={self._token}; HttpOnly; SameSite=Strict; Path=/{secure}"
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        return send_with_cookie


class BodyLimit:
    """An ASGI application that checks the body of a request before a route looks at it.

    It answers 413 to a body that is too large, 408 to one that does not come, and 400 to one that calls itself JSON and
    is not. Bodies are small and read whole, whether or not the request tells their length; only `FILE_ROUTES` count for
    themselves.

    Args:
        app: gets the other requests.
        largest: bytes.
        seconds: in which a body has to come.
    """

    def __init__(self, app: Any, largest: int = SMALL_BYTES, seconds: float = BODY_SECONDS) -> None:
        self._app, self._largest, self._seconds = app, largest, seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        small = scope["type"] == "http" and scope["method"] not in ("GET", "HEAD", "OPTIONS")
        if not small or scope["path"].endswith(FILE_ROUTES):
            await self._app(scope, receive, send)
            return
        status, body = await self._read(Headers(scope=scope), receive)
        if status:
            await Response(status_code=status, headers={"Connection": "close"})(scope, receive, send)
            return
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_body() -> Any:
            return messages.pop() if messages else await receive()

        await self._app(scope, receive_body, send)

    async def _read(self, headers: Headers, receive: Any) -> tuple[int, bytes]:
        """The status of a refusal, or 0, and the body."""
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()):
            return 400, b""
        if int(length[:20]) > self._largest:
            return 413, b""
        try:
            body = await asyncio.wait_for(self._whole_body(receive), self._seconds)
        except asyncio.TimeoutError:
            return 408, b""
        if body is None:
            return 413, b""
        if body and "json" in headers.get("content-type", "") and not _is_json(body):
            return 400, b""
        return 0, body

    async def _whole_body(self, receive: Any) -> bytes | None:
        """The body; None when it is too long, empty when the client has gone."""
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
