import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from kslr.core.models import LiteModel
from ui.tracking.assets import Assets
from ui.tracking.routes import build_tracking_router, tracking_config


@pytest.fixture
def client(services, tmp_path, monkeypatch):
    """A server whose programs are three small files."""
    for name, content in (
        ("@litertjs/core/dist/index.js", b'import { x } from "@litertjs/wasm-utils";'),
        ("@litertjs/core/wasm/litert_wasm_internal.wasm", b"\0asm"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(services, "assets", Assets(tmp_path, "0" * 12))
    app = FastAPI()
    app.include_router(build_tracking_router(services))
    return TestClient(app)


def test_the_programs_come_from_here_with_their_types(client, services):
    config = tracking_config(services)
    module = client.get(f"{config['programs']}@litertjs/core/dist/index.js")
    assert module.text == 'import { x } from "../../wasm-utils/dist/index.js";'
    assert module.headers["content-type"].startswith("text/javascript")
    assert "immutable" in module.headers["cache-control"]
    wasm = client.get(f"{config['programs']}@litertjs/core/wasm/litert_wasm_internal.wasm")
    assert (wasm.content, wasm.headers["content-type"]) == (b"\0asm", "application/wasm")
    for name in ("@litertjs/core/package.json", "..%2f..%2fetc/passwd", "files.json"):
        assert client.get(f"{config['programs']}{name}").status_code == 404


def test_the_network_is_the_servers_own(client, services):
    weights = client.get(tracking_config(services)["network"]).content
    faces = np.random.default_rng(0).integers(0, 255, (2, 48, 48), np.uint8)
    theirs, ours = LiteModel(weights), services.models.emotions._network
    assert np.abs(theirs(faces) - ours(faces)).max() < 1e-6


def test_without_the_programs_nothing_is_there(client, services, monkeypatch):
    monkeypatch.setattr(services, "assets", None)
    assert tracking_config(services) is None
    assert client.get("/tracking/0/network.tflite").status_code == 404
    assert client.get("/tracking/0/@litertjs/core/dist/index.js").status_code == 404
