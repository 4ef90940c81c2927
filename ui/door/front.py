"""The first thing that a request meets: for which host it is, from whose page it comes, and what the answer allows a browser.

A page of another site can make a browser send requests to this server, under this server's address or under a name of its
own that leads here (DNS rebinding), and can put the answer into a frame. None of that works through this door. Headers that
a proxy writes are believed from a named proxy alone, because everybody else can write them too.
"""

import ipaddress
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from kslr.core.errors import InputError

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server", "x-real-ip", "via")
# Gradio compiles the start of each component (unsafe-eval) and styles elements; MediaPipe runs as WebAssembly. Scripts
# inside a page run only with the page's nonce, so that markup which somebody smuggles in runs nothing.
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
    "connect-src 'self' data: blob:{sockets}; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with less, a form of our own page comes from nowhere
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
}
PASSED_BY_PROXY = "kslr.passed_proxy"  # in the scope of a request


def host_name(host: str) -> str:
    """The name in a Host header or an address to listen on, without port and brackets.

    >>> host_name("[::1]:7860"), host_name("Kslr.example:443"), host_name("a b"), host_name("::1")
    ('::1', 'kslr.example', '', '::1')
    """
    if host.count(":") > 1 and not host.startswith("["):
        return host.lower()
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError:
        return ""
    plain = not parts.path and not parts.query and not parts.fragment and not any(c.isspace() for c in host)
    return (parts.hostname or "").rstrip(".") if plain and "@" not in host else ""


def client_name(scope: Any) -> str:
    """Whom limits of one client count: an address; with IPv6, where everybody has many, a network.

    >>> [client_name({"client": (one, 1)}) for one in ("192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "testclient")]
    ['192.0.2.1', '192.0.2.1', '2001:db8::/64', 'testclient']
    """
    host = scope["client"][0] if scope.get("client") else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address) or address.is_loopback:
        return host
    return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))


class FrontDoor:
    """An ASGI application that answers requests for its own hosts and from its own pages alone.

    Args:
        app: gets the other requests.
        hosts: names it answers to, beside `LOCAL_HOSTS` and the address that the connection came to.
        proxies: addresses or networks whose forwarded headers are believed.
        refused: called for every request that a page of another site made.

    Raises:
        InputError: a host or proxy that cannot be.
    """

    def __init__(
        self, app: Any, hosts: Iterable[str] = (), proxies: Sequence[str] = (), refused: Callable[[], None] = lambda: None
    ) -> None:
        self._app, self._refused = app, refused
        self._hosts = {*LOCAL_HOSTS}
        for host in hosts:
            if not host_name(host):
                raise InputError(f"{host!r} is no name of a host. Give it as in kslr.example.")
            self._hosts.add(host_name(host))
        try:
            self._proxies = [ipaddress.ip_network(proxy) for proxy in proxies]
        except ValueError as error:
            raise InputError(f"A proxy is an address or a network, such as 127.0.0.1 or 10.0.0.0/8 ({error}).") from error

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        scope = self._without_claims(scope)
        headers = Headers(scope=scope)
        if not self._is_own_host(scope, headers):
            text = "This server does not answer to that host name. If it is yours, start it with: --allowed-host NAME\n"
            await _refuse(scope, receive, send, 421, text)
        elif not is_own_page(scope["method"] if scope["type"] == "http" else "", scope["path"], headers):
            self._refused()
            await _refuse(scope, receive, send, 403, "Only this server's own pages may ask that.\n")
        else:
            await self._app(scope, receive, _Guarded(scope, headers, send) if scope["type"] == "http" else send)

    def _without_claims(self, scope: Any) -> Any:
        """The scope without forwarded headers; what a named proxy tells takes the place of what the connection tells."""
        headers, claimed = Headers(scope=scope), {}
        for name in FORWARDED:
            if name in headers:
                claimed[name] = headers.getlist(name)[-1].split(",")[-1].strip()
        if not claimed:
            return scope
        kept = [(name, value) for name, value in scope["headers"] if name.decode("latin-1").lower() not in FORWARDED]
        scope = {**scope, "headers": kept, PASSED_BY_PROXY: True}
        if not (scope.get("client") and self.is_proxy(scope["client"][0])):
            return scope
        if client := _address(claimed.get("x-forwarded-for", "")):
            scope["client"] = (client, 0)
        if claimed.get("x-forwarded-proto") in ("http", "https"):
            secure = claimed["x-forwarded-proto"] == "https"
            scope["scheme"] = {"http": "https", "websocket": "wss"}[scope["type"]] if secure else scope["scheme"]
        if host := claimed.get("x-forwarded-host"):
            scope["headers"] = [(n, v) for n, v in kept if n != b"host"] + [(b"host", host.encode("latin-1"))]
        return scope

    def is_proxy(self, client: str) -> bool:
        """Whether an address is a named proxy's."""
        address = _address(client)
        return bool(address) and any(ipaddress.ip_address(address) in network for network in self._proxies)

    def _is_own_host(self, scope: Any, headers: Headers) -> bool:
        given = headers.getlist("host")
        name = host_name(given[0]) if len(given) == 1 else ""
        # The address that the connection came to: a name of somebody else's is never an address.
        came_to = scope.get("server") or ("",)
        return bool(name) and (name in self._hosts or name == came_to[0])


def is_own_page(method: str, path: str, headers: Headers) -> bool:
    """Whether our own page, the person's address bar or a program asks, and no page of another site.

    A link elsewhere may lead to the page itself. Programs that are no browsers send none of these headers.

    Args:
        method: empty for a socket.
        path: of the request.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    if origin is not None and urlsplit_netloc(origin) != headers.get("host", "").lower():
        return False
    if site in ("same-origin", "none"):
        return True
    opened = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return method == "GET" and path in ("/", "/login") and opened


def urlsplit_netloc(origin: str) -> str:
    """Host and port of an origin; empty where it is none, such as ``null``.

    >>> urlsplit_netloc("http://A:1"), urlsplit_netloc("null"), urlsplit_netloc("http://[")
    ('a:1', '', '')
    """
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _address(text: str) -> str:
    """An IP address as the standard writes it; empty for what is none."""
    try:
        return str(ipaddress.ip_address(text.strip("[]")))
    except ValueError:
        return ""


async def _refuse(scope: Any, receive: Any, send: Any, status: int, text: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
    else:
        await PlainTextResponse(text, status, HEADERS)(scope, receive, send)


class _Guarded:
    """Sends an answer with the headers that keep other sites out, and marks the scripts of a page with a nonce."""

    def __init__(self, scope: Any, headers: Headers, send: Any) -> None:
        self._send, self._nonce = send, secrets.token_urlsafe(16)
        host = headers.get("host", "")
        self._sockets = f" {'wss' if scope.get('scheme') == 'https' else 'ws'}://{host}" if host_name(host) else ""
        # The Evaluate page shows a report in a frame of its own.
        self._framed = scope["path"].startswith("/results/")
        self._page: bytearray | None = None
        self._start: Any = None

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name in [name for name in headers if name.startswith("access-control-")]:
                del headers[name]
            headers.update(HEADERS)
            policy = POLICY.format(nonce=self._nonce, sockets=self._sockets)
            if self._framed:
                headers["X-Frame-Options"] = "SAMEORIGIN"
                policy = policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
            headers["Content-Security-Policy"] = policy
            if headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers:
                self._page, self._start = bytearray(), message
                return
        elif self._page is not None and message["type"] == "http.response.body":
            self._page += message.get("body", b"")
            if message.get("more_body"):
                return
            page = bytes(self._page).replace(b"<script", b'<script nonce="' + self._nonce.encode() + b'"')
            MutableHeaders(scope=self._start)["content-length"] = str(len(page))
            await self._send(self._start)
            message = {"type": "http.response.body", "body": page}
            self._page = None
        await self._send(message)
