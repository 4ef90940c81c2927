import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ui.door import turns
from ui.door.turns import AT_ONCE, AT_ONCE_OF_ALL, WAITING, Lines, TimedProtocol, Turns


def run(requests: list[tuple[str, str]], work: float = 0.05) -> tuple[list[int], int, dict[str, int]]:
    """Statuses, the most that were worked on at once, and the same of each client."""
    now: dict[str, int] = {}
    most: dict[str, int] = {}
    peak = 0
    sent: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal peak
        client = scope["client"][0]
        now[client] = now.get(client, 0) + 1
        most[client] = max(most.get(client, 0), now[client])
        peak = max(peak, sum(now.values()))
        await asyncio.sleep(work)
        now[client] -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            sent.append(message["status"])

    async def all_of_them() -> None:
        door = Turns(app)
        await asyncio.gather(*(door({"type": "http", "path": path, "client": (who, 1)}, None, send) for who, path in requests))
        assert not door._clients
        assert not door._waiting

    asyncio.run(all_of_them())
    return sent, peak, most


def test_heavy_requests_of_one_client_take_turns_and_all_are_answered():
    sent, peak, _ = run([("a", "/teach/try")] * 20)
    assert sent == [200] * 20
    assert peak == AT_ONCE


def test_another_client_does_not_wait_for_them():
    _, _, most = run([("a", "/teach/take")] * 20 + [("b", "/teach/take")])
    assert most == {"a": AT_ONCE, "b": 1}


def test_all_together_have_a_limit_too():
    sent, peak, _ = run([(f"{n}", "/live/export") for n in range(40)])
    assert peak == AT_ONCE_OF_ALL
    assert sent == [200] * 40


def test_who_asks_for_too_much_is_refused_and_light_requests_are_not():
    sent, _, _ = run([("a", "/teach/try")] * (WAITING + 10), 0.01)
    assert sent.count(429) == 10
    sent, peak, _ = run([("a", "/vocabularies")] * 100)
    assert sent == [200] * 100
    assert peak == 100


def test_one_client_has_some_of_the_connections_only(monkeypatch):
    monkeypatch.setattr(turns, "MOST_LINES", 3)
    monkeypatch.setattr(turns, "MOST_OF_ALL", 9)
    lines = Lines()
    lines.is_many = lambda client: client == "192.0.2.9"  # a named proxy

    def opened(client: str, count: int) -> int:
        return sum(lines.add(Line(client)) for _ in range(count))

    assert opened("192.0.2.1", 5) == 3
    assert opened("2001:db8::1", 2) + opened("2001:db8::2", 2) == 3  # one network
    assert opened("192.0.2.9", 5) == 3  # of nine in all
    for line in list(lines._lines["192.0.2.1"]):
        line.closed = True
    assert opened("192.0.2.2", 5) == 3


class Line:
    """A connection, as far as it is counted."""

    def __init__(self, client: str) -> None:
        self.client, self.closed = client, False

    def get_extra_info(self, _: str) -> tuple[str, int]:
        return self.client, 1

    def is_closing(self) -> bool:
        return self.closed


@asynccontextmanager
async def serve(app: Any) -> AsyncIterator[int]:
    """An application served with the timed protocol; gives the port."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, port=0, http=TimedProtocol, lifespan="off", log_level="warning"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


def test_an_answer_that_is_not_taken_is_not_kept(monkeypatch):
    monkeypatch.setattr(turns, "TAKE_SECONDS", 0.3)
    ended = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(200):
            await send({"type": "http.response.body", "body": bytes(1_000_000), "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        ended.append(True)

    async def hold() -> None:
        async with serve(app) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await reader.read(10)
            while not ended:  # what is still to be sent goes nowhere
                await asyncio.sleep(0.02)
            writer.close()

    asyncio.run(asyncio.wait_for(hold(), 30))


def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(turns, "HEAD_SECONDS", 0.3)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def answers() -> list[bytes]:
        async def ask(*parts: bytes) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for part in parts:
                writer.write(part)
                await asyncio.sleep(0.05)
            said = await asyncio.wait_for(reader.read(12), 10)
            writer.close()
            return said

        whole = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        async with serve(app) as port:
            parts = (b"GET / HTTP/1.1\r\n", b"Host: a\r\n\r\n")
            return list(await asyncio.gather(ask(whole), ask(*parts), ask(whole[:20]), ask()))

    assert asyncio.run(answers()) == [b"HTTP/1.1 204", b"HTTP/1.1 204", b"", b""]
