import time

import pytest
from fastapi import FastAPI, WebSocket
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from kslr.core.errors import InputError
from ui.door.password import ALL_GUESSES, GUESSES, HOURS, PasswordGuard


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
    assert "www-authenticate" not in client.get("/page", headers={"Sec-Fetch-Mode": "cors"}).headers  # no password window
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


def make(key: str = "", login: str = "a:b") -> PasswordGuard:
    app = FastAPI()
    app.get("/page")(lambda: "in")
    return PasswordGuard(app, login, key)


def test_servers_with_one_key_know_each_others_cookies():
    def accepts(second: PasswordGuard, first: PasswordGuard) -> bool:
        cookie = TestClient(first).get("/page", auth=("a", "b")).headers["set-cookie"].split(";")[0]
        return TestClient(second).get("/page", headers={"cookie": cookie}).status_code == 200

    assert accepts(make("k" * 32), make("k" * 32))
    assert not accepts(make("l" * 32), make("k" * 32))
    assert not accepts(make(), make())
    with pytest.raises(InputError, match="32 characters"):
        PasswordGuard(FastAPI(), "a:b", "short")


def test_a_new_password_ends_every_sign_in():
    cookie = TestClient(make("k" * 32)).get("/page", auth=("a", "b")).headers["set-cookie"].split(";")[0]
    assert TestClient(make("k" * 32, "a:c")).get("/page", headers={"cookie": cookie}).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"cookie": 'kslr="\xe9"; ='},
        {"cookie": "kslr=\xd1\x81"},
        {"cookie": "a b=1; kslr"},
        {"cookie": "=;=;" * 500},
        {"cookie": "kslr=" + "a." * 2000},
        {"authorization": "Basic \xff\xfe"},
        {"authorization": "Basic"},
        {"authorization": "basic " + "A" * 10_001},
        {"authorization": "Digest x"},
    ],
)
def test_odd_headers_are_wrong_passwords_and_lock_nobody_out(headers):
    client = TestClient(make())
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    assert client.get("/page", headers=raw).status_code == 401
    known = client.get("/page", auth=("a", "b")).headers["set-cookie"].split(";")[0]
    beside = {"cookie": f"a b=1; \xff=2; {known}; kslr2=3".encode("latin-1")}
    assert TestClient(client.app).get("/page", headers=list(beside.items())).status_code == 200


def test_who_guesses_is_braked_and_who_is_signed_in_is_not():
    app = make()
    client = TestClient(app, client=("192.0.2.1", 1))
    known = client.get("/page", auth=("a", "b")).headers["set-cookie"].split(";")[0]
    thief = TestClient(app, client=("192.0.2.1", 2))
    found = [thief.get("/page", auth=("a", f"{n}")).status_code for n in range(40)]
    assert found[:GUESSES] == [401] * GUESSES
    assert set(found[GUESSES + 1 :]) == {429}
    assert thief.get("/page", auth=("a", "b")).status_code == 429
    assert int(thief.get("/page", auth=("a", "b")).headers["retry-after"]) > 60
    assert TestClient(app, client=("192.0.2.1", 3)).get("/page", headers={"cookie": known}).status_code == 200
    assert TestClient(app, client=("192.0.2.2", 1)).get("/page", auth=("a", "b")).status_code == 200
    # An IPv6 client has a network of addresses.
    found = [TestClient(app, client=(f"2001:db8::{n:x}", 1)).get("/page", auth=("a", "x")).status_code for n in range(20)]
    assert found[-1] == 429


def test_many_who_guess_together_are_slowed_down(monkeypatch):
    monkeypatch.setattr("ui.door.password.SLOW_SECONDS", 0.3)
    app = make()
    for n in range(ALL_GUESSES + 1):
        assert TestClient(app, client=(f"198.51.100.{n}", 1)).get("/page", auth=("a", "x")).status_code == 401
    begun = time.monotonic()
    assert TestClient(app, client=("192.0.2.2", 1)).get("/page", auth=("a", "b")).status_code == 200
    assert time.monotonic() - begun >= 0.3


def test_people_sign_in_on_a_page_and_out_again():
    client = TestClient(make(), base_url="https://testserver")
    page = client.get("/", headers={"accept": "text/html"})
    assert page.status_code == 401
    assert "www-authenticate" not in page.headers
    assert "password" in page.text
    wrong = client.post("/login", data={"user": "a", "password": "<b>"}, headers={"accept": "text/html"})
    assert wrong.status_code == 401
    assert "alert" in wrong.text
    assert "<b>" not in wrong.text
    reply = client.post("/login", data={"user": "a", "password": "b"}, follow_redirects=False)
    assert reply.status_code == 303
    for part in ("HttpOnly", "SameSite=Strict", "Secure", "Max-Age="):
        assert part in reply.headers["set-cookie"]
    assert client.get("/page").json() == "in"
    stolen = reply.headers["set-cookie"].split(";")[0]
    client.post("/logout", follow_redirects=False)
    assert client.get("/page").status_code == 401
    assert client.get("/page", headers={"cookie": stolen}).status_code == 401


def test_a_sign_in_expires(monkeypatch):
    client = TestClient(make())
    assert client.get("/page", auth=("a", "b")).status_code == 200
    assert client.get("/page").status_code == 200
    now = time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + HOURS * 3600 + 5)
    assert client.get("/page").status_code == 401


@pytest.mark.parametrize("login", ["", "name", "name:", ":password"])
def test_a_login_has_two_parts(login):
    with pytest.raises(InputError, match="USER:PASSWORD"):
        PasswordGuard(FastAPI(), login)
