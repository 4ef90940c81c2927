import time
from types import SimpleNamespace

import pytest

from ui.door import queue
from ui.door.queue import LISTENERS, Listeners, client_waits


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/gradio_api/queue/data", b"session_hash=abc&x=1"),
        ("/gradio_api/call/translate/abc", b""),
        ("/gradio_api/call/v2/translate/abc", b""),
    ],
)
def test_who_reads_an_answer_waits_for_it(path, query):
    listeners, long_ago = Listeners(), time.monotonic() - 1e6
    assert not listeners.waits("abc", since=long_ago)
    with listeners.reading(path, query), listeners.reading(path, query):
        assert listeners.waits("x", "abc", since=long_ago)
        assert not listeners.waits("x", since=long_ago)
    assert listeners.waits("abc", since=long_ago)  # for a moment
    assert not +listeners._open


def test_who_came_and_left_is_gone_sooner_than_who_never_came(monkeypatch):
    listeners = Listeners()
    begun = time.monotonic()
    monkeypatch.setattr(queue, "LEFT_SECONDS", 0.0)
    assert listeners.waits("abc", since=begun)
    with listeners.reading("/gradio_api/queue/data", b"session_hash=abc"):
        pass
    assert not listeners.waits("abc", since=begun)
    assert listeners.waits("abc", since=time.monotonic())  # what was asked for afterwards


@pytest.mark.parametrize("path", ["/", "/gradio_api/queue/join", "/gradio_api/heartbeat/abc", "/gradio_api/call/translate"])
def test_other_requests_are_no_listeners(path):
    listeners = Listeners()
    with listeners.reading(path, b"session_hash=abc"):
        assert not listeners.waits("abc", since=time.monotonic() - 1e6)


def test_a_function_asks_for_its_own_event():
    from gradio.context import LocalContext

    assert client_waits()()  # nobody called it
    event = SimpleNamespace(alive=True, session_hash="s", _id="e", enqueue_time=time.monotonic() - 1e6)
    events: dict = {}
    blocks = SimpleNamespace(_queue=SimpleNamespace(event_ids_to_events=events))
    tokens = LocalContext.blocks.set(blocks), LocalContext.event_id.set("e")
    try:
        waits = client_waits()
    finally:
        LocalContext.blocks.reset(tokens[0])
        LocalContext.event_id.reset(tokens[1])
    assert waits()  # not listed yet
    events["e"] = event
    assert not waits()
    with LISTENERS.reading("/gradio_api/call/translate/e", b""):
        assert waits()
        event.alive = False  # as Gradio says when a stream was cut
        assert not waits()
