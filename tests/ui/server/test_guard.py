import pytest
from fastapi import FastAPI, WebSocket
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from kslr.core.errors import InputError
from ui.server.guard import Guard


@pytest.fixture
def guarded() -> Guard:
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

    return Guard(app, "aigerim:сөз:1")


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
        reply = TestClient(Guard(app, "a:b", key)).get("/page", auth=("a", "b"))
        assert reply.status_code == 200
        return reply.headers["set-cookie"]

    assert cookie("k" * 32) == cookie("k" * 32) != cookie("l" * 32)
    assert cookie("") != cookie("")
    with pytest.raises(InputError, match="32 characters"):
        Guard(FastAPI(), "a:b", "short")


@pytest.mark.parametrize("login", ["", "name", "name:", ":password"])
def test_a_login_has_two_parts(login):
    with pytest.raises(InputError, match="USER:PASSWORD"):
        Guard(FastAPI(), login)
