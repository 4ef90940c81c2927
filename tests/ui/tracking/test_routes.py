from types import SimpleNamespace

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from emotion.faces import EMOTIONS
from emotion.recognizer import model_readings
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


def test_of_several_readings_the_page_takes_the_one_that_the_server_answers(client, services, monkeypatch):
    names = {
        "extra": {"readings": ["people", "fer"]},
        "calibration": {"temperature": 2.0, "fer_temperature": 3.0, "fer_bias_sad": 0.5},
    }
    emotions = SimpleNamespace(card=SimpleNamespace(weights=services.models.emotions.card.weights, **names))
    emotions.readings = model_readings(emotions.card)
    monkeypatch.setattr(services, "models", SimpleNamespace(emotions=emotions))
    wanted = {"people": (0, 2.0, 0.0), "fer": (7, 3.0, 0.5)}
    for emotions.reading, (first, temperature, sad) in wanted.items():
        reading = tracking_config(services)["reading"]
        assert (reading["first"], reading["temperature"], reading["bias"][EMOTIONS.index("sad")]) == (first, temperature, sad)
        assert len(reading["bias"]) == len(EMOTIONS)


def test_without_the_programs_nothing_is_there(client, services, monkeypatch):
    monkeypatch.setattr(services, "assets", None)
    assert tracking_config(services) is None
    assert client.get("/tracking/0/network.tflite").status_code == 404
    assert client.get("/tracking/0/@litertjs/core/dist/index.js").status_code == 404
