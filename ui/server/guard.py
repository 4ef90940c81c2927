"""A password before everything: pages, files and sockets alike, since Gradio's own login guards only its own routes."""

import base64
import hashlib
import hmac
import secrets
from http.cookies import SimpleCookie
from typing import Any

from kslr.core.errors import InputError

COOKIE = "kslr"
OPEN_PATHS = ("/health",)
SHORTEST_KEY = 32


class Guard:
    """An ASGI application that lets through who knows the password (HTTP Basic) or has been let through before.

    Browsers send the password with pages but not all of them with sockets, so that a cookie remembers it.

    Args:
        app: what is guarded.
        login: ``USER:PASSWORD``.
        key: what the cookie is made with; at every start another when empty. Several servers behind one address need the
            same, so that each knows who was let in by another.

    Raises:
        InputError: the login has not that form, or the key is short.
    """

    def __init__(self, app: Any, login: str, key: str = "") -> None:
        user, _, password = login.partition(":")
        if not user or not password:
            raise InputError("A login has the form USER:PASSWORD.")
        self._app = app
        if key and len(key) < SHORTEST_KEY:
            raise InputError(f"A key for cookies has {SHORTEST_KEY} characters or more. Make one with: openssl rand -hex 32")
        self._login = login.encode()
        # Without a key a stolen cookie ends with the process.
        made_with = key.encode() if key else secrets.token_bytes(32)
        self._pass = hmac.new(made_with, self._login, hashlib.sha256).hexdigest()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if self._has_cookie(headers):
            await self._app(scope, receive, send)
        elif self._has_password(headers):
            await self._app(scope, receive, self._remembering(scope, send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send(
                {
                    "type": "http.response.start",
                    "status": 401,
                    "headers": [(b"www-authenticate", b'Basic realm="KSLR", charset="UTF-8"'), (b"content-length", b"0")],
                }
            )
            await send({"type": "http.response.body", "body": b""})

    def _has_cookie(self, headers: dict[str, str]) -> bool:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        return found is not None and hmac.compare_digest(found.value, self._pass)

    def _has_password(self, headers: dict[str, str]) -> bool:
        kind, _, code = headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(code, validate=True)
        except ValueError:
            return False
        return kind.lower() == "basic" and hmac.compare_digest(given, self._login)

    def _remembering(self, scope: Any, send: Any) -> Any:
        secure = "; Secure" if scope.get("scheme") in ("https", "wss") else ""
        cookie = f"{COOKIE}={self._pass}; HttpOnly; SameSite=Strict; Path=/{secure}".encode()

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), (b"set-cookie", cookie)]}
            await send(message)

        return sending
