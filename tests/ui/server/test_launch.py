import os
import signal
import socket
import urllib.request
from types import SimpleNamespace

import pytest
from fastapi import FastAPI

from kslr.core.errors import InputError
from ui.server.launch import check_root_path, has_display, launch, listen


def test_a_taken_port_is_passed_over():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with listen("127.0.0.1", port) as found:
            assert port < found.getsockname()[1] < port + 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"host": "203.0.113.7"}, "Cannot listen"),
        ({"port": 70000}, "Cannot listen"),
        ({"certificate": "nowhere.pem", "key": "nowhere.pem"}, "does not exist"),
        ({"certificate": __file__}, "both a certificate and its key"),
        ({"max_sessions": 0}, "At least one"),
        ({"signs": "nothing"}, "No model is called"),
    ],
)
def test_what_cannot_be_served_is_told(arguments, message):
    with pytest.raises(InputError, match=message):
        launch(**{"port": 0, "browser": False, **arguments})


def test_no_browser_is_opened_where_there_is_no_window(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert not has_display()
    monkeypatch.setenv("DISPLAY", ":0")
    assert has_display()
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setattr("sys.platform", "darwin")
    assert has_display()


@pytest.mark.parametrize("wanted", [True, False])
def test_the_browser_is_opened_once_the_server_answers(monkeypatch, capsys, wanted):
    heard = []
    limits, captions = SimpleNamespace(frame_bytes=1000), SimpleNamespace()
    services = SimpleNamespace(limits=limits, captions=captions, close=lambda: heard.append("closed"))
    app = FastAPI()

    def stop() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    def open_browser(address: str) -> None:
        with urllib.request.urlopen(address + "/page") as reply:
            heard.append(reply.read().decode())
        stop()

    @app.get("/page")
    def page() -> str:
        return "in"

    if not wanted:
        app.router.on_startup.append(stop)
    monkeypatch.setattr("fusion.interpreter.Models.load", lambda *_, **__: None)
    monkeypatch.setattr("ui.server.services.Services", lambda *_: services)
    monkeypatch.setattr("ui.server.assembly.build_server", lambda *_: app)
    monkeypatch.setattr("ui.server.launch.has_display", lambda: True)
    monkeypatch.setattr("ui.server.launch.log_to", lambda _: None)
    monkeypatch.setattr("webbrowser.open", open_browser)
    launch(port=0, browser=wanted)
    assert heard == (['"in"', "closed"] if wanted else ["closed"])
    assert "KSLR is at http://127.0.0.1:" in capsys.readouterr().out


@pytest.mark.parametrize("given", ["kslr", "kslr/", "/kslr", "//kslr//", " /kslr "])
def test_a_root_path_gets_its_slash(given):
    assert check_root_path(given) == "/kslr"


@pytest.mark.parametrize("given", ["ftp://example.org/kslr", "https://", "://x", "/a b", "/a?b=1", "/../a", "/a#b"])
def test_what_is_no_root_path_is_refused_at_the_start(given):
    with pytest.raises(InputError, match="root-path"):
        check_root_path(given)
