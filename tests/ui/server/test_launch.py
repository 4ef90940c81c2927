import socket

import pytest

from kslr.core.errors import InputError
from ui.server.launch import has_display, launch, listen


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
        ({"log": "xml"}, "A log is one of text, json, none"),
    ],
)
def test_what_cannot_be_served_is_told(arguments, message):
    with pytest.raises(InputError, match=message):
        launch(**{"port": 0, **arguments})


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
