import json
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from fusion.interpreter import Models
from ui.captions.caption_file import CaptionFile
from ui.captions.routes import build_captions_router
from ui.door.front import FrontDoor
from ui.server.services import Services

TOKEN = "t" * 32


def body(*words: str) -> str:
    return json.dumps({"words": [{"kk": w, "ru": w, "en": w.upper()} for w in words], "language": "en"})


@pytest.fixture(scope="module")
def models():
    return Models.load()


@pytest.fixture
def services(models):
    made = Services(models)
    yield made
    made.close()


@pytest.fixture
def client(services):
    app = FastAPI()
    app.include_router(build_captions_router(services))
    return TestClient(FrontDoor(app), base_url="http://localhost", client=("127.0.0.1", 5000))


def test_words_reach_the_program_and_the_file(client, services, tmp_path):
    with CaptionFile(tmp_path / "words.txt") as services.captions.file:
        with client.websocket_connect("/captions/words", headers={"host": "localhost"}) as socket:
            socket.send_text(TOKEN)
            assert socket.receive_json()["words"] == []
            assert client.post(f"/captions/{TOKEN}", content=body("су", "ит")).status_code == 204
            told = socket.receive_json()
        assert told["text"] == "СУ ИТ"
        assert told["words"][0] == {"kk": "су", "ru": "су", "en": "СУ", "emotion": None}
        assert (tmp_path / "words.txt").read_text() == "СУ ИТ\n"
    assert services.captions.listen(TOKEN, "me").get_nowait()["text"] == "СУ ИТ"


def test_a_machine_elsewhere_writes_no_file(services, tmp_path):
    app = FastAPI()
    app.include_router(build_captions_router(services))
    far = TestClient(FrontDoor(app, ["kslr.example"]), base_url="http://kslr.example", client=("192.0.2.7", 5000))
    with CaptionFile(tmp_path / "words.txt") as services.captions.file:
        assert far.post(f"/captions/{TOKEN}", content=body("су")).status_code == 204
        assert (tmp_path / "words.txt").read_text() == "\n"


def test_pages_of_other_sites_neither_read_nor_write(client):
    foreign = {"origin": "http://evil.example"}
    assert client.post(f"/captions/{TOKEN}", content=body("су"), headers=foreign).status_code == 403
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/captions/words", headers=foreign) as socket:
        socket.receive_json()


@pytest.mark.parametrize("said", ["short", "x" * 5000, "../../etc/passwd-etc-passwd"])
def test_a_wrong_token_is_hung_up_on(client, said):
    with client.websocket_connect("/captions/words", headers={"host": "localhost"}) as socket:
        socket.send_text(said)
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_json()
    assert ended.value.code == 1008


def test_bad_words_and_floods_are_refused(client, monkeypatch):
    monkeypatch.setattr("ui.door.messages.time", SimpleNamespace(monotonic=lambda: 1000.0))  # however slow the machine is
    assert client.post(f"/captions/{TOKEN}", content="{").status_code == 422
    assert client.post("/captions/short", content=body("су")).status_code == 422
    found = {client.post(f"/captions/{TOKEN}", content=body("су")).status_code for _ in range(80)}
    assert found == {204, 429}


def test_the_page_has_no_script_of_its_own_and_a_clear_ground(client):
    page = client.get("/captions")
    assert "background: transparent" in page.text
    assert page.text.count("<script") == 1
    assert "captions/captions.js" in page.text
    assert "script-src 'self' 'nonce-" in page.headers["content-security-policy"]
