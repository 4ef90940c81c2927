import json
import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.classes import lesson, portraits
from tests.pictures import message
from tests.privacy import FIGURES, check_bytes, check_json, traces, walk
from ui.classroom.routes import MOST_ROOMS, build_classroom_router

CONFIRMED = {"consent": True, "place": "outside-eu", "name": "5 B"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.delenv("KSLR_DATABASE", raising=False)
    monkeypatch.setenv("KSLR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


class Clock:
    """The server's clock, which goes on when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(services, home, clock):
    app = FastAPI()
    app.include_router(build_classroom_router(services, clock))
    app.state.clock = clock
    with TestClient(app, client=("127.0.0.1", 50000)) as opened:
        yield opened


def _session(client: TestClient, faces: list[np.ndarray], seconds: float = 12, begin: dict | None = None) -> list[dict]:
    """Everything that the server says during a session."""
    said = []
    with client.websocket_connect("/classroom/live") as socket:
        socket.send_json({**CONFIRMED, **(begin or {})})
        said.append(socket.receive_json())
        for frame in lesson(faces, seconds, 2):
            client.app.state.clock.now = frame.seconds
            socket.send_bytes(message(frame.rgb, frame.seconds))
            said.append(socket.receive_json())
        socket.send_text("end")
        said.append(socket.receive_json())
    return said


def _everything(client: TestClient, key: str, home: Path) -> dict[str, bytes]:
    """Every answer about a session and every file there is."""
    paths = ("/classroom/sessions", f"/classroom/sessions/{key}", f"/classroom/sessions/{key}/figures.csv")
    reports = [f"/classroom/sessions/{key}/report.html?language={language}" for language in ("kk", "ru", "en")]
    found = {path: client.get(path).content for path in (*paths, *reports)}
    return {**found, **{str(path): path.read_bytes() for path in home.rglob("*") if path.is_file()}}


def test_a_full_session_leaves_no_picture_and_nobody_anywhere(client, home, astronaut, capfd, caplog):
    faces = portraits(astronaut, 8)
    said = _session(client, faces)
    key = said[0]["session"]
    client.post(f"/classroom/sessions/{key}/moments", content=json.dumps({"seconds": 4, "text": "group work"}))
    named = _everything(client, key, home)
    assert any(name.endswith("classroom.db") for name in named)
    out = capfd.readouterr()
    named |= {"said": json.dumps(said).encode(), "log": caplog.text.encode(), "out": out.out.encode(), "err": out.err.encode()}
    check_bytes(named, traces(frame.rgb for frame in lesson(faces, 2, 1)))
    check_json(said)
    windows = [answer["window"] for answer in said[1:] if answer["window"]]
    assert [window["least"] for window in windows] == [5, 5]  # it was not silence that kept the secret
    for path in (name for name in named if name.startswith("/classroom/sessions") and "." not in name):
        check_json(json.loads(named[path]))


def test_four_faces_leave_no_figure_anywhere(client, home, astronaut):
    said = _session(client, portraits(astronaut, 4))
    check_json(said, figures=False)
    key = said[0]["session"]
    named = _everything(client, key, home)
    check_json(json.loads(named[f"/classroom/sessions/{key}"]), figures=False)
    rows = named[f"/classroom/sessions/{key}/figures.csv"].decode().splitlines()[1:]
    assert rows
    assert all(set(row.split(",")[3:]) == {""} for row in rows)
    assert b"<svg" not in named[f"/classroom/sessions/{key}/report.html?language=en"]
    with sqlite3.connect(home / "home/classroom.db") as database:
        database.row_factory = sqlite3.Row
        stored = [dict(row) for row in database.execute("select * from windows")]
    assert stored
    assert all(value is None for row in stored for name, value in row.items() if name in FIGURES)


@pytest.mark.parametrize(
    "begin",
    [{"consent": False}, {"consent": "yes"}, {"place": ""}, {"place": "eu-school"}, {"k": 4}, {"k": True}, {"targets": ["sky"]}],
)
def test_nothing_begins_unconfirmed_or_below_five(client, begin):
    with client.websocket_connect("/classroom/live") as socket:
        socket.send_json({**CONFIRMED, **begin})
        assert socket.receive_json()["error"] == "refused"
    assert client.get("/classroom/sessions").json() == []


def test_pictures_before_the_gate_are_not_looked_at(client, astronaut):
    with client.websocket_connect("/classroom/live") as socket:
        socket.send_bytes(message(astronaut, 0.0))
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()
    assert client.get("/classroom/sessions").json() == []


def test_the_servers_clock_decides_the_windows(client, clock, astronaut):
    """Not the page's: pictures that claim hours give no window, and pictures that claim nothing give one in ten seconds."""
    with client.websocket_connect("/classroom/live") as socket:
        socket.send_json(CONFIRMED)
        socket.receive_json()
        for claimed in (0.0, 3600.0, 7200.0, 1.0):
            clock.now += 1.0
            socket.send_bytes(message(astronaut, claimed))
            assert socket.receive_json()["window"] is None
        clock.now = 10.5
        socket.send_bytes(message(astronaut, 1.0))
        assert socket.receive_json()["window"]["end"] == 10.0


def _wait(client: TestClient, status: str) -> None:
    end = time.monotonic() + 20
    while client.get("/classroom/sessions").json()[0]["status"] != status and time.monotonic() < end:
        time.sleep(0.05)
    assert client.get("/classroom/sessions").json()[0]["status"] == status


def test_a_closed_tab_ends_its_session(client, astronaut):
    with client.websocket_connect("/classroom/live") as socket:
        socket.send_json(CONFIRMED)
        socket.receive_json()
        socket.send_bytes(message(astronaut, 0.0))
        socket.receive_json()
        assert client.get("/classroom/sessions").json()[0]["status"] == "running"
    _wait(client, "finished")


def test_a_session_that_is_deleted_while_it_runs_ends(client, clock, astronaut):
    with client.websocket_connect("/classroom/live") as socket:
        socket.send_json(CONFIRMED)
        key = socket.receive_json()["session"]
        socket.send_bytes(message(astronaut, 0.0))
        socket.receive_json()
        client.delete(f"/classroom/sessions/{key}")
        clock.now = 11.0
        socket.send_bytes(message(astronaut, 11.0))
        assert socket.receive_json()["error"] == "refused"
    assert client.get("/classroom/sessions").json() == []


def test_only_so_many_classes_at_once(client):
    from contextlib import ExitStack

    with ExitStack() as stack:
        for _ in range(MOST_ROOMS):
            socket = stack.enter_context(client.websocket_connect("/classroom/live"))
            socket.send_json(CONFIRMED)
            assert socket.receive_json()["ready"]
        one_more = stack.enter_context(client.websocket_connect("/classroom/live"))
        assert one_more.receive_json() == {"error": "full"}


def test_sessions_are_named_noted_and_deleted(client):
    with client.websocket_connect("/classroom/live") as socket:
        socket.send_json(CONFIRMED)
        key = socket.receive_json()["session"]
        socket.send_text("end")
        socket.receive_json()
    assert client.post(f"/classroom/sessions/{key}/name", content=json.dumps({"name": "Maths"})).status_code == 200
    assert (
        client.post(f"/classroom/sessions/{key}/moments", content=json.dumps({"seconds": 3, "text": "=cmd"})).status_code == 200
    )
    assert client.post(f"/classroom/sessions/{key}/moments", content=b"rubbish").status_code == 422
    whole = client.get(f"/classroom/sessions/{key}").json()
    assert whole["name"] == "Maths"
    assert [moment["text"] for moment in whole["moments"]] == ["=cmd"]
    assert dict(walk(whole))["status"] == "finished"
    assert client.get(f"/classroom/sessions/{key}/report.html?language=xx").status_code == 422
    assert client.get(f"/classroom/sessions/{key}/other").status_code == 404
    assert client.delete(f"/classroom/sessions/{key}").status_code == 200
    assert client.get(f"/classroom/sessions/{key}").status_code == 422


def test_one_client_elsewhere_watches_one_class(client):
    away = TestClient(client.app, client=("192.0.2.1", 1))
    with away.websocket_connect("/classroom/live") as socket:
        socket.send_json(CONFIRMED)
        assert socket.receive_json()["ready"]
        with away.websocket_connect("/classroom/live") as second:
            assert second.receive_json() == {"error": "full"}
        with client.websocket_connect("/classroom/live") as other:
            other.send_json(CONFIRMED)
            assert other.receive_json()["ready"]


def test_old_sessions_are_deleted_by_the_clock(client, services, home):
    with client.websocket_connect("/classroom/live") as socket:
        socket.send_json(CONFIRMED)
        key = socket.receive_json()["session"]
        socket.send_text("end")
        socket.receive_json()
    with sqlite3.connect(home / "home" / "classroom.db") as database:
        database.execute("update sessions set started = '2020-01-01T00:00:00+00:00'")
    services.expire()  # as the clock does
    assert client.get(f"/classroom/sessions/{key}").status_code == 422
