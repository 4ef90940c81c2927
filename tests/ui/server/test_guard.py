import asyncio
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from fastapi.testclient import TestClient
from pydantic import BaseModel
from starlette.websockets import WebSocketDisconnect

from kslr.core.errors import InputError
from ui.server.guard import BodyLimit, PasswordGuard, Rate, read_model, same_origin


@pytest.fixture
def guarded() -> PasswordGuard:
    app = FastAPI()

    @app.get("/page")
    def page() -> str:
        return "in"

    @app.get("/health")
    def health() -> str:
        return "ok"

    @app.websocket("/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("in")
        await socket.close()

    return PasswordGuard(app, "aigerim:сөз:1")


def test_nobody_comes_in_without_the_password(guarded):
    client = TestClient(guarded)
    assert client.get("/page").status_code == 401
    assert "Basic" in client.get("/page").headers["www-authenticate"]
    assert client.get("/page", auth=("aigerim", "сөз:2")).status_code == 401
    assert client.get("/page", headers={"authorization": "Basic ???"}).status_code == 401
    assert client.get("/page", headers={"cookie": "kslr=0"}).status_code == 401
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/live"):
        pass
    assert client.get("/health").status_code == 200


def test_the_password_opens_and_a_cookie_remembers_it(guarded):
    import base64

    client = TestClient(guarded)
    basic = {"authorization": "Basic " + base64.b64encode("aigerim:сөз:1".encode()).decode()}
    reply = client.get("/page", headers=basic)
    assert reply.json() == "in"
    assert "HttpOnly" in reply.headers["set-cookie"]
    assert client.get("/page").json() == "in"
    with client.websocket_connect("/live") as socket:
        assert socket.receive_text() == "in"


def test_servers_with_one_key_know_each_others_cookies():
    def cookie(key: str) -> str:
        app = FastAPI()
        app.get("/page")(lambda: "in")
        reply = TestClient(PasswordGuard(app, "a:b", key)).get("/page", auth=("a", "b"))
        assert reply.status_code == 200
        return reply.headers["set-cookie"]

    assert cookie("k" * 32) == cookie("k" * 32) != cookie("l" * 32)
    assert cookie("") != cookie("")
    with pytest.raises(InputError, match="32 characters"):
        PasswordGuard(FastAPI(), "a:b", "short")


@pytest.mark.parametrize("login", ["", "name", "name:", ":password"])
def test_a_login_has_two_parts(login):
    with pytest.raises(InputError, match="USER:PASSWORD"):
        PasswordGuard(FastAPI(), login)


def asked(parts: list[bytes], path: str = "/live/export", wait: float = 0.0, **headers: str) -> tuple[int, bytes | None, int]:
    """Sends a request in parts; the status, the body that the application saw (None: it was not asked), and parts taken."""
    seen, sent, left = [], [], list(parts)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        seen.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Any:
        await asyncio.sleep(wait)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Any) -> None:
        sent.append(message)

    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": path, "headers": told}
    asyncio.run(BodyLimit(app, largest=100, seconds=0.5)(scope, receive, send))
    return sent[0]["status"], seen[0] if seen else None, len(parts) - len(left)


def test_small_bodies_arrive_whole():
    assert asked([b"a", b"b", b""]) == (200, b"ab", 3)
    assert asked([b"x" * 100], content_length="100")[:2] == (200, b"x" * 100)


def test_a_large_body_is_ended_early_whether_it_says_so_or_not():
    assert asked([b"x" * 101], content_length="101") == (413, None, 0)
    assert asked([b"x" * 60] * 10) == (413, None, 2)
    assert asked([b"x"], content_length="9" * 5000) == (413, None, 0)


@pytest.mark.parametrize("length", ["-1", "1e3", "", "x", "0x10"])
def test_a_length_is_a_number(length):
    assert asked([b"x"], content_length=length)[0] == 400


def test_a_body_that_does_not_come_is_not_waited_for():
    assert asked([b"x"] * 20, wait=0.1)[:2] == (408, None)


def test_files_are_counted_by_their_own_routes():
    assert asked([b"x" * 60] * 10, path="/teach/take")[:2] == (200, b"x" * 600)
    assert asked([b"x" * 60] * 10, path="/kslr/gradio_api/upload")[0] == 200
    assert asked([b"x" * 60] * 10, path="/gradio_api/queue/join")[0] == 413


@pytest.mark.parametrize(
    "text", ["{", '{"a": NaN}', '{"a": -Infinity}', '{"a": [1e999]}', "[" * 100_000, '["\\ud800"]', f"[{2**63}]"]
)
def test_what_is_called_json_is_json(text):
    body = text.encode()[:100]
    assert asked([body], path="/gradio_api/queue/join", content_type="application/json")[:2] == (400, None)
    assert asked([body], path="/gradio_api/queue/join", content_type="text/plain")[:2] == (200, body)
    assert asked([b'{"a": [1, "x", null]}'], content_type="application/json")[0] == 200


def test_only_our_own_page_is_of_the_same_origin():
    assert same_origin({"host": "a:1", "origin": "http://a:1"})
    assert same_origin({"host": "b", "x-forwarded-host": "a:1", "origin": "https://a:1"})
    assert not same_origin({"host": "a:1", "origin": "null"})
    assert same_origin({"host": "a:1"})


def test_a_flood_is_noticed():
    rate = Rate(5)
    assert [rate.flooded() for _ in range(6)] == [False] * 5 + [True]


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"n": "many"}', b"{}", b'{"n": NaN}', b"\xff", "[" * 100_000])
def test_a_body_that_does_not_fit_its_model_is_bad_input(content):
    class Body(BaseModel):
        n: int

    assert read_model(b'{"n": 3, "more": 1}', Body).n == 3
    with pytest.raises(InputError):
        read_model(content, Body)
