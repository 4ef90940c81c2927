import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fusion.interpreter import Models
from kslr.recordings import save_recording
from kslr.teaching.vocabularies import load_vocabulary
from tests.takes import take
from ui.server.services import Services
from ui.teach.routes import build_teach_router

ME, YOU = "my-own-key-1234567", "your-own-key-123456"


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


@pytest.fixture
def client(models, tmp_path, monkeypatch):
    monkeypatch.setenv("KSLR_HOME", str(tmp_path / "home"))
    services, server = Services(models), FastAPI()
    server.include_router(build_teach_router(services))
    with TestClient(server, client=("127.0.0.1", 50000)) as client:
        yield client
    services.close()


def watch(client, tmp_path, word: str, number: int, session: str = ME) -> str:
    path = tmp_path / "take.npz"
    save_recording(path, take(word, number))
    seen = client.post(f"/teach/take?session={session}&name={word}{number}.npz&trimmed=true", content=path.read_bytes()).json()
    assert seen["problems"] == []
    return seen["take"]


def learn(client, vocabulary: str, takes: list[str], session: str = ME, **names: str) -> dict:
    fields = {"session": session, "vocabulary": vocabulary, "takes": takes, **names}
    return client.post("/teach/word", content=json.dumps(fields)).json()


def test_a_vocabulary_is_made_taught_fetched_and_deleted(client, tmp_path):
    change = lambda **fields: client.post("/teach/change", content=json.dumps(fields)).json()  # noqa: E731
    assert change(do="create", vocabulary="Менің сөздерім")["words"] == []
    assert change(do="create", vocabulary="менің Сөздерім")["error"] == "teach.taken"
    for word in ("circle", "pump"):
        found = learn(client, "Менің сөздерім", [watch(client, tmp_path, word, n) for n in range(2)], en=word)
        assert found["word"] == word
    assert {"name": "Менің сөздерім", "words": 2, "shipped": False, "dictionary": False} in client.get("/vocabularies").json()
    assert set(client.get("/vocabularies/words", params={"name": "Менің сөздерім"}).json()) == {"circle", "pump"}
    for shown in (True, False):
        sent = client.get("/teach/download", params={"vocabulary": "Менің сөздерім", "shown": shown})
        assert "attachment" in sent.headers["content-disposition"]
        (tmp_path / "got.npz").write_bytes(sent.content)
        assert len(load_vocabulary(tmp_path / "got.npz").exemplars) == 2 * shown
    back = client.post("/teach/upload?name=copy", content=sent.content).json()
    assert [word["id"] for word in back["words"]] == ["circle", "pump"]
    assert [w["id"] for w in change(do="forget", vocabulary="copy", word="pump")["words"]] == ["circle"]
    assert change(do="delete", vocabulary="copy") == {"deleted": "copy"}
    assert client.get("/teach/vocabulary?name=copy").json()["error"] == "teach.unknown"


def test_two_tabs_do_not_mix(client, tmp_path):
    mine = watch(client, tmp_path, "circle", 0)
    assert learn(client, "words", [mine], YOU, en="Circle")["error"] == "teach.gone"
    assert client.get("/teach/recording", params={"session": YOU, "take": mine}).json()["error"] == "teach.gone"
    for kind in ("npz", "pose"):
        assert len(client.get("/teach/recording", params={"session": ME, "take": mine, "kind": kind}).content) > 5000
    client.post("/teach/change", content=json.dumps({"do": "drop", "session": ME}))
    assert learn(client, "words", [mine], en="Circle")["error"] == "teach.gone"


def test_nonsense_is_turned_away(client, tmp_path):
    for content in (b"", b"[]", b"{", b'{"do": "dance"}', b'{"do": "drop", "session": "short"}'):
        assert client.post("/teach/change", content=content).json()["error"] == "teach.failed"
    assert client.post("/teach/take?session=short&name=a.npz", content=b"x").json()["error"] == "teach.failed"
    for name in ("../../etc/passwd", "..", "a/b"):
        assert client.get("/teach/download", params={"vocabulary": name}).json()["error"] == "teach.bad_name"
        assert client.get("/vocabularies/words", params={"name": name}).json()["error"] == "teach.bad_name"
        assert client.post("/teach/upload", params={"name": name}, content=b"x").json()["error"] == "teach.no_vocabulary"
    assert client.get("/teach/recording", params={"session": ME, "take": "x", "kind": "exe"}).json()["error"] == "teach.failed"


def test_what_is_too_large_is_not_read_to_its_end(client, monkeypatch):
    monkeypatch.setattr("ui.teach.routes.TAKE_BYTES", 1000)
    found = client.post(f"/teach/take?session={ME}&name=a.npz", content=b"x" * 2000).json()
    assert found["error"] == "teach.large"
