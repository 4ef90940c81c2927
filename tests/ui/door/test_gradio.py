"""What of Gradio is open to whom: the gate before it, with Gradio's place taken by a list of what came through."""

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from ui.door.gradio import GradioGate, close_gaps
from ui.door.queue import MOST_OF_CLIENT


class Behind:
    """In Gradio's place: notes what comes through, and has so many events of a client in its queue."""

    def __init__(self, events: int = 0, client: str = "192.0.2.1") -> None:
        self.scopes: list[Any] = []
        waiting = [SimpleNamespace(request=SimpleNamespace(scope={"client": (client, n)})) for n in range(events)]
        one = SimpleNamespace(queue=_hashable(waiting))
        self._queue = SimpleNamespace(event_queue_per_concurrency_id={"videos": one}, active_jobs=[None, one.queue[:1]])

    def get_blocks(self) -> Any:
        return SimpleNamespace(_queue=self._queue)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": []})


class _Event:
    def __init__(self, request: Any) -> None:
        self.request = request


def _hashable(events: list[Any]) -> list[_Event]:
    return [_Event(event.request) for event in events]


def ask(behind: Behind, path: str, client: str = "192.0.2.1", at_once: int = 1, **more: Any) -> list[int]:
    """The statuses of requests at the same time."""
    sent: list[int] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            sent.append(message["status"])

    async def all_of_them() -> None:
        gate, scope = GradioGate(behind), {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b""}
        await asyncio.gather(*(gate({**scope, "client": (client, n), **more}, receive, send) for n in range(at_once)))

    asyncio.run(all_of_them())
    return sent


@pytest.mark.parametrize("path", ["/gradio_api/queue/join", "/gradio_api/call/translate", "/gradio_api/call/v2/teach/"])
def test_one_client_has_some_of_the_queue_only(path):
    assert ask(Behind(events=MOST_OF_CLIENT - 1), path) == [200]
    assert ask(Behind(events=MOST_OF_CLIENT), path) == [503]
    assert ask(Behind(events=MOST_OF_CLIENT), path, client="192.0.2.2") == [200]
    assert ask(Behind(events=MOST_OF_CLIENT, client="127.0.0.1"), path, client="127.0.0.1") == [200]


def test_who_asks_for_many_at_once_gets_no_more():
    assert sorted(ask(Behind(), "/gradio_api/queue/join", at_once=20)) == [200] * MOST_OF_CLIENT + [503] * (20 - MOST_OF_CLIENT)


def test_who_calls_through_mcp_is_not_this_machine():
    """Gradio's own client carries the headers on, and the front door reads in them that somebody else asks."""
    behind = Behind()
    ask(behind, "/gradio_api/mcp/")
    ask(behind, "/gradio_api/mcp/", client="127.0.0.1")
    ask(behind, "/gradio_api/mcp/", client="127.0.0.1", **{"kslr.passed_proxy": True})
    assert [dict(scope["headers"]).get(b"x-forwarded-for") for scope in behind.scopes] == [b"192.0.2.1", None, b"127.0.0.1"]
    passed = {"client": "127.0.0.1", "kslr.passed_proxy": True}
    assert ask(Behind(events=MOST_OF_CLIENT, client="127.0.0.1"), "/gradio_api/queue/join", **passed) == [503]


def test_only_json_comes_through():
    form = {"headers": [(b"content-type", b"multipart/form-data; boundary=x")]}
    assert ask(Behind(), "/gradio_api/queue/join", **form) == [415]
    assert ask(Behind(), "/gradio_api/run/translate") == [404]


def test_an_empty_queue_is_looked_into_some_times_a_second(monkeypatch):
    import gradio as gr

    with gr.Blocks() as app:
        gr.Markdown("Empty")
    app.queue()
    looks, queue = [], app._queue
    monkeypatch.setattr(type(queue), "__len__", lambda _: looks.append(1) or 0)
    monkeypatch.setattr(app, "has_launched", False)
    close_gaps(app)

    async def idle() -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(queue.start_processing(), 1.0)

    asyncio.run(idle())
    assert 2 <= len(looks) <= 60
