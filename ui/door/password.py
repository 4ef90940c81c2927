"""One password for everybody who may use a server: a sign-in page for browsers, HTTP Basic for programs, a signed cookie."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from typing import Any
from urllib.parse import parse_qs

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, Response

from kslr.core.errors import InputError
from ui.door.front import client_name
from ui.door.messages import Rate

COOKIE = "kslr"
OPEN_PATHS = ("/health",)
SHORTEST_KEY = 32
HOURS = 12  # that a sign-in lasts
GUESSES, GUESS_SECONDS = 10, 300.0  # wrong passwords of one client, and for how long no more are taken then
ALL_GUESSES, ALL_SECONDS, SLOW_SECONDS = 100, 60.0, 2.0  # of all clients; from then on each answer takes so long
MOST_CLIENTS = 10_000  # whose wrong passwords are remembered
MOST_WAITING = 50  # slow answers at once
FORM_BYTES = 4000


class Brake:
    """Counts wrong passwords by client and in sum.

    >>> brake = Brake()
    >>> for _ in range(GUESSES + 1): brake.count("192.0.2.1")
    >>> brake.holds("192.0.2.1"), brake.holds("192.0.2.2")
    (True, False)
    """

    def __init__(self) -> None:
        self._clients: OrderedDict[str, Rate] = OrderedDict()
        self._all = Rate(ALL_GUESSES, ALL_SECONDS)

    def count(self, client: str) -> None:
        """Counts a wrong password."""
        rate = self._clients.setdefault(client, Rate(GUESSES, GUESS_SECONDS))
        rate.flooded()
        self._all.flooded()
        self._clients.move_to_end(client)
        while len(self._clients) > MOST_CLIENTS:
            self._clients.popitem(last=False)

    def holds(self, client: str) -> bool:
        """Whether a client has guessed too often."""
        rate = self._clients.get(client)
        return rate is not None and rate.exceeded()

    @property
    def slow(self) -> bool:
        """Whether all clients together guess so often that every answer has to wait."""
        return self._all.exceeded()


class PasswordGuard:
    """An ASGI application that asks everybody for a password: for pages, files and sockets alike.

    Gradio's own login guards only Gradio's routes. Browsers sign in on a page and get a signed cookie that lasts `HOURS`;
    programs send HTTP Basic. ``POST /logout`` ends a sign-in.

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
        self._app, self._login, self._brake, self._waiting = app, login.encode(), Brake(), 0
        # Without a key a stolen cookie ends with the process; with a new password all end.
        signing_key = key.encode() if key else secrets.token_bytes(32)
        salt = hashlib.sha256(self._login).hexdigest()
        self._cookies = URLSafeTimedSerializer(signing_key, salt, signer_kwargs={"digest_method": hashlib.sha256})
        self._ended: OrderedDict[str, float] = OrderedDict()  # sign-ins that were ended here, until they expire

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        signed_in, method = self._sign_in(headers), scope.get("method")
        if path == "/logout" and method == "POST":
            await self._log_out(signed_in, scope, receive, send)
        elif signed_in or path in OPEN_PATHS:
            scope.setdefault("state", {})["signed_in"] = bool(signed_in)
            await self._app(scope, receive, send)
        elif path == "/login" and method == "POST":
            await self._log_in(scope, receive, send)
        elif "authorization" in headers:
            await self._check(basic_login(headers), scope, receive, send)
        else:
            await self._ask(scope, receive, send, 401)

    def _sign_in(self, headers: Headers) -> str:
        """The sign-in that a valid cookie names, or empty."""
        for line in headers.getlist("cookie"):
            try:
                found = self._cookies.loads(cookie_parser(line).get(COOKIE, ""), max_age=HOURS * 3600)
            except (BadData, ValueError):
                continue
            if isinstance(found, str) and found not in self._ended:
                return found
        return ""

    async def _check(self, login: bytes, scope: Any, receive: Any, send: Any) -> None:
        """Lets a client in that knows the password."""
        status = await self._refusal(login, scope)
        if status:
            await self._ask(scope, receive, send, status)
        else:
            scope.setdefault("state", {})["signed_in"] = True
            await self._app(scope, receive, self._with_cookie(scope, send))

    async def _refusal(self, login: bytes, scope: Any) -> int:
        """0 for the right password, else the status of the refusal."""
        client = client_name(scope)
        if self._brake.holds(client) or self._waiting >= MOST_WAITING:
            return 429
        if self._brake.slow:
            self._waiting += 1
            try:
                await asyncio.sleep(SLOW_SECONDS)
            finally:
                self._waiting -= 1
        if hmac.compare_digest(login, self._login):
            return 0
        self._brake.count(client)
        return 401

    async def _log_in(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive()).get("body", b"")[:FORM_BYTES]  # whole; see `ui.door.bodies`
        fields = parse_qs(body.decode(errors="replace"), max_num_fields=5)
        login = ":".join(fields.get(name, [""])[0] for name in ("user", "password")).encode()
        status = await self._refusal(login, scope)
        if status:
            await self._ask(scope, receive, send, status)
        else:
            reply = Response(status_code=303, headers={"Location": "./"})
            await reply(scope, receive, self._with_cookie(scope, send))

    async def _log_out(self, signed_in: str, scope: Any, receive: Any, send: Any) -> None:
        if signed_in:
            self._ended[signed_in] = time.time()
            while self._ended and next(iter(self._ended.values())) < time.time() - HOURS * 3600:
                self._ended.popitem(last=False)
        gone = {"Location": "./", "Set-Cookie": f"{COOKIE}=; Max-Age=0; HttpOnly; SameSite=Strict; Path=/"}
        await Response(status_code=303, headers={**gone, "Clear-Site-Data": '"cache"'})(scope, receive, send)

    async def _ask(self, scope: Any, receive: Any, send: Any, status: int) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        later = {"Retry-After": str(round(GUESS_SECONDS))} if status == 429 else {}
        if "text/html" in Headers(scope=scope).get("accept", ""):
            from ui.shared.html import render

            wrong = scope["path"] == "/login" and scope["method"] == "POST"
            await HTMLResponse(render("door/login.html", wrong=wrong, late=status == 429), status, later)(scope, receive, send)
            return
        headers = Headers(scope=scope)
        # A browser would stop a script's request to show its own password window; it has the sign-in page.
        browser = "sec-fetch-mode" in headers or "Mozilla/" in headers.get("user-agent", "")
        ask = {"WWW-Authenticate": 'Basic realm="KSLR", charset="UTF-8"'} if status == 401 and not browser else later
        await Response(status_code=status, headers=ask)(scope, receive, send)

    def _with_cookie(self, scope: Any, send: Any) -> Any:
        secure = "; Secure" if scope.get("scheme") in ("https", "wss") else ""
        value = self._cookies.dumps(secrets.token_urlsafe(12))
        cookie = f"{COOKIE}={value}; Max-Age={HOURS * 3600}; HttpOnly; SameSite=Strict; Path=/{secure}"

        async def send_with_cookie(message: Any) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        return send_with_cookie


def basic_login(headers: Headers) -> bytes:
    """``USER:PASSWORD`` of an Authorization header; empty where it has none.

    >>> basic_login(Headers({"authorization": "Basic YTpi"})), basic_login(Headers({"authorization": "Basic ?"}))
    (b'a:b', b'')
    """
    kind, _, code = headers.get("authorization", "").partition(" ")
    try:
        return base64.b64decode(code.strip().encode("latin-1"), validate=True) if kind.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        return b""
