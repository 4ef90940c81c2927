import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from ui.shared.i18n import Refusal
from ui.teach.owners import Owners
from ui.teach.routes import build_teach_router


@pytest.fixture
def clients(services, tmp_path, monkeypatch) -> tuple[TestClient, TestClient]:
    """Somebody elsewhere, and the server's own machine."""
    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    app = FastAPI()
    app.include_router(build_teach_router(services))
    return TestClient(app, client=("192.0.2.1", 1)), TestClient(app, client=("127.0.0.1", 1))


def change(client: TestClient, do: str, key: str = "", name: str = "ours", **more: str) -> dict:
    body = json.dumps({"do": do, "vocabulary": name, **more})
    return client.post("/teach/change", content=body, headers={"kslr-key": key}).json()


def test_only_who_made_a_vocabulary_changes_it(clients, tmp_path):
    away, _ = clients
    key = change(away, "create")["key"]
    assert len(key) >= 32
    for wrong in ("", "x", key[:-1], key + "x"):
        for do in ("delete", "forget"):
            assert change(away, do, wrong, word="su")["error"] == "teach.not_yours"
        body = {"session": "0123456789abcdef", "vocabulary": "ours", "takes": []}
        reply = away.post("/teach/word", content=json.dumps(body), headers={"kslr-key": wrong}).json()
        assert reply["error"] == "teach.not_yours"
    assert change(away, "forget", key, word="su")["error"] != "teach.not_yours"
    assert change(away, "create", "")["error"] == "teach.taken"
    assert key not in "".join(path.read_text("latin-1") for path in tmp_path.rglob("*") if path.is_file())
    assert away.get("/teach/vocabulary?name=ours").json().get("key") is None
    assert change(away, "delete", key) == {"deleted": "ours"}


def test_a_new_vocabulary_of_the_same_name_has_another_owner(clients):
    away, _ = clients
    first = change(away, "create")["key"]
    change(away, "delete", first)
    second = change(away, "create")["key"]
    assert change(away, "delete", first)["error"] == "teach.not_yours"
    assert change(away, "delete", second) == {"deleted": "ours"}


def test_the_servers_own_machine_changes_what_the_command_made(clients, tmp_path):
    away, here = clients
    change(here, "create")
    Path(tmp_path, "vocabularies", ".keys.json").write_text("[[[")  # lost or damaged
    assert change(away, "delete", "x")["error"] == "teach.not_yours"
    forwarded = {"x-forwarded-for": "192.0.2.1"}
    body = json.dumps({"do": "delete", "vocabulary": "ours"})
    assert here.post("/teach/change", content=body, headers=forwarded).json()["error"] == "teach.not_yours"
    assert change(here, "delete") == {"deleted": "ours"}


def test_no_key_opens_what_has_none():
    with pytest.raises(Refusal, match="not_yours"):
        Owners().check("nothing of this name", "", False)
