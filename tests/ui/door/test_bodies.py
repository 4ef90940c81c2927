import asyncio
from typing import Any

import pytest

from ui.door import bodies
from ui.door.bodies import BodyLimit


def asked(parts: list[bytes], path: str = "/live/export", wait: float = 0.0, **headers: str) -> tuple[int, bytes | None, int]:
    """Sends a request in parts; the status, the body that the application saw (None: it was not asked), and parts taken."""
    seen, sent, left = [], [], list(parts)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            body, more = body + message.get("body", b""), message.get("more_body", False)
        seen.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Any:
        await asyncio.sleep(wait)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Any) -> None:
        sent.append(message)

    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": path, "headers": told}
    asyncio.run(BodyLimit(app, largest=100, seconds=0.5)(scope, receive, send))
    return sent[0]["status"], seen[0] if seen else None, len(parts) - len(left)


def test_small_bodies_arrive_whole():
    assert asked([b"a", b"b", b""]) == (200, b"ab", 3)
    assert asked([b"x" * 100], content_length="100")[:2] == (200, b"x" * 100)


def test_a_large_body_is_ended_early_whether_it_says_so_or_not():
    assert asked([b"x" * 101], content_length="101") == (413, None, 0)
    assert asked([b"x" * 60] * 10) == (413, None, 2)
    assert asked([b"x"], content_length="9" * 5000) == (413, None, 0)


@pytest.mark.parametrize("length", ["-1", "1e3", "", "x", "0x10"])
def test_a_length_is_a_number(length):
    assert asked([b"x"], content_length=length)[0] == 400


def test_a_body_has_one_length():
    assert asked([b"x"], content_length="1", transfer_encoding="chunked")[0] == 400


def test_a_body_that_does_not_come_is_not_waited_for():
    assert asked([b"x"] * 20, wait=0.1)[:2] == (408, None)


def test_files_are_counted_by_their_own_routes():
    assert asked([b"x" * 60] * 10, path="/teach/take")[:2] == (200, b"x" * 600)
    assert asked([b"x" * 60] * 10, path="/kslr/gradio_api/upload")[0] == 200
    assert asked([b"x" * 60] * 10, path="/gradio_api/queue/join")[0] == 413


def test_a_file_that_comes_by_drops_has_hung_up(monkeypatch):
    monkeypatch.setattr(bodies, "START_SECONDS", 0.1)
    parts = [b"x"] * 20
    assert asked(parts, path="/teach/take", wait=0.02)[1] != b"x" * 20
    assert asked([b"x" * 2000] * 20, path="/teach/take", wait=0.02)[:2] == (200, b"x" * 40_000)


@pytest.mark.parametrize(
    "text", ["{", '{"a": NaN}', '{"a": -Infinity}', '{"a": [1e999]}', "[" * 100_000, '["\\ud800"]', f"[{2**63}]"]
)
def test_what_is_called_json_is_json(text):
    body = text.encode()[:100]
    assert asked([body], path="/gradio_api/queue/join", content_type="application/json")[:2] == (400, None)
    assert asked([body], path="/gradio_api/queue/join", content_type="text/plain")[:2] == (200, body)
    assert asked([b'{"a": [1, "x", null]}'], content_type="application/json")[0] == 200
