import io
import json
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from ui.offline.icons import SIZES, icon_png, icon_points
from ui.offline.routes import HEAD, build_offline_router, worker_script
from ui.shared import frame


@pytest.fixture
def client() -> TestClient:
    server = FastAPI()
    server.include_router(build_offline_router(SimpleNamespace(assets=None)))
    return TestClient(server)


def test_the_description_names_icons_that_are_there(client):
    reply = client.get("/app.webmanifest")
    described = reply.json()
    assert reply.headers["content-type"] == "application/manifest+json"
    assert (described["start_url"], described["scope"], described["display"]) == ("./", "./", "standalone")
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in described["icons"] if icon["purpose"] == "any"}
    assert any(icon["purpose"] == "maskable" for icon in described["icons"])
    for icon in described["icons"]:
        image = Image.open(io.BytesIO(client.get(f"/{icon['src']}").content))
        assert (image.format, "x".join(map(str, image.size))) == ("PNG", icon["sizes"])
    assert 'href="app.webmanifest"' in HEAD
    assert client.get(f"/icons/{SIZES[0]}.png").content == icon_png(SIZES[0])


@pytest.mark.parametrize("name", ["64", "1000000", "192-other", "-safe", "192-safe-safe", "%2e%2e", "a"])
def test_no_other_icon_is_drawn(client, name):
    assert client.get(f"/icons/{name}.png").status_code == 404


def test_a_safe_icon_keeps_its_hand_where_phones_do_not_cut():
    image = np.asarray(Image.open(io.BytesIO(icon_png(192, safe=True))).convert("RGB"), int)
    across, down = np.meshgrid(np.arange(192) - 95.5, np.arange(192) - 95.5)
    outside = np.hypot(across, down) > 0.4 * 192
    drawn = np.abs(image - image[0, 0]).sum(axis=2) > 60
    assert drawn.sum() > 0.05 * drawn.size
    assert not (drawn & outside).any()


def test_fingers_stand_apart_from_thumb_to_little_finger():
    tips = [icon_points()[n] for n in (4, 8, 12, 16, 20)]
    assert all(right[0] - left[0] > 0.1 for left, right in pairwise(tips))


def test_the_worker_changes_with_what_it_keeps(client, monkeypatch):
    reply = client.get("/service.js")
    assert reply.headers["content-type"].startswith("text/javascript")
    assert reply.headers["cache-control"] == "no-cache"
    first, rest = reply.text.split("\n", 1)
    names = json.loads(first.removeprefix("const NAMES = ").rstrip(";"))
    assert rest.encode() == frame.scripts()["offline/service.js"]
    tracked = worker_script(SimpleNamespace(assets=SimpleNamespace(version="abc")))
    assert b'"kslr-tracking-abc"' in tracked
    assert names["page"].encode() in tracked
    import ui.offline.routes as routes

    monkeypatch.setattr(routes, "scripts_version", lambda: "other")
    assert names["page"].encode() not in worker_script(SimpleNamespace(assets=None))
