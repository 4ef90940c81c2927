import asyncio
from typing import Any

from ui.door.turns import AT_ONCE, AT_ONCE_OF_ALL, WAITING, Turns


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
        turns = Turns(app)
        await asyncio.gather(*(turns({"type": "http", "path": path, "client": (who, 1)}, None, send) for who, path in requests))
        assert not turns._clients
        assert not turns._waiting

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
