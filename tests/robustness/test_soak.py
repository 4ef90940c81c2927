"""A real server under real sessions, for a short while: what ends must leave nothing, and nobody may be kept waiting.

KSLR_LONG=1 makes it thirty rounds. The half-hour with a browser is `python benchmarks/soak.py`.
"""

import asyncio
import base64
import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.clients import jpeg, sign
from benchmarks.server import RunningServer, run_server
from tests import clips
from tests.privacy import INSIDE_TEXT, MAGIC
from ui.server.metrics import ENDINGS
from ui.shared.worker import FAILURES

ROUNDS = 30 if os.environ.get("KSLR_LONG") else 6
# What a line may be made of: our names, our reasons, numbers, and names of places in the code.
EVENTS = {"server started", "server stopped", "session opened", "session closed", "video begun", "video ended", "work failed"}
NUMBERS = {"sessions", "places", "seconds", "frames", "dropped", "words", "videos"}


@pytest.fixture(scope="module")
def pictures(astronaut) -> list[bytes]:
    """A face that moves a little, as the page sends it."""
    return [jpeg(picture) for picture in clips.shaken(astronaut, 10, (480, 360), reach=4)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """``kslr serve`` in a process of its own."""
    with run_server(tmp_path_factory.mktemp("served-for-Aigerim"), "--max-sessions", "3", "--log", "json") as running:
        yield running


def posted(server: RunningServer, path: str, content: bytes, **headers: str) -> int:
    """Posts and gives the status."""
    request = urllib.request.Request(server.url + path, content, headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code


def test_sessions_that_end_in_every_way_leave_nothing_behind(server, pictures):
    async def a_round() -> None:
        closed = sign(server.url, pictures, 1.0, least=2)
        cut = sign(server.url, pictures, 1.0, least=2, cut=True)
        for heard in await asyncio.gather(closed, cut):
            assert len(heard.arrivals) >= 2

    held = []
    for n in range(1 + ROUNDS):
        key = f"0123456789abcde{n % 10}"
        assert posted(server, f"live/frame?session={key}", bytes(8) + pictures[0]) == 200
        asyncio.run(a_round())
        assert posted(server, f"live/end?session={key}", b"") == 204
        assert server.wait_for("kslr_trackers", 0) == 0
        assert server.wait_for("kslr_sessions", 0) == 0
        held.append(server.held())
    metrics = server.metrics()
    assert metrics["kslr_sessions_opened_total"] == 3 * (1 + ROUNDS)
    assert metrics["kslr_sessions_ended_total:closed"] == 3 * (1 + ROUNDS)
    assert metrics["kslr_errors_total"] == 0
    assert metrics["kslr_frames_answered_total"] <= metrics["kslr_frames_received_total"]
    if sys.platform == "linux":
        # A session that leaked would leave five threads and more, and 60 MB and more, in every round: 240 MB from the least of
        # the first three rounds to the least of the last three. What an allocator keeps comes and goes, on a busy machine by
        # 50 MB and more from one round to the next, so neighbours tell nothing.
        assert held[-1]["threads"] - held[0]["threads"] < ROUNDS
        assert held[-1]["files"] - held[0]["files"] < ROUNDS
        megabytes = [one["megabytes"] for one in held]
        assert min(megabytes[-3:]) - min(megabytes[:3]) < 120, megabytes


def test_one_who_sends_too_much_costs_the_others_nothing(server, pictures):
    async def together() -> list:
        greedy = sign(server.url, pictures, 4.0, rate=40.0, in_flight=10_000, least=2)
        return list(await asyncio.gather(greedy, sign(server.url, pictures, 4.0, rate=1.0, least=3)))

    greedy, modest = asyncio.run(together())
    # Every picture of the modest one was read, but for those that were under way at the end.
    assert modest.skipped == 0
    assert modest.sent - len(modest.arrivals) <= 2
    assert len(modest.arrivals) >= 3
    # And the greedy one has had its answers about the newest pictures.
    assert len(greedy.arrivals) + greedy.skipped <= greedy.sent
    assert server.wait_for("kslr_trackers", 0) == 0


def test_the_log_tells_of_nobody(server, pictures):
    name, key, machine = "Айгерім", "nurlan-0123456789", "NurlanPhone/1.0"
    headers = {"User-Agent": machine, "X-Forwarded-For": "203.0.113.77", "Cookie": "who=nurlan"}
    quoted = urllib.parse.quote(name)
    assert posted(server, f"live/frame?session={key}", bytes(8) + pictures[0], **headers) == 200
    assert posted(server, f"live/frame?session={key}", b"no picture of nurlan", **headers) == 200
    assert posted(server, f"live/frame?session={key}&signs={quoted}", bytes(8) + pictures[0], **headers) == 200
    assert posted(server, f"live/frame?session={key}", bytes(500_000), **headers) == 413
    assert posted(server, f"teach/take?session={key}&name={quoted}.mp4", b"no video of nurlan", **headers) == 200
    assert posted(server, "teach/change", json.dumps({"do": "create", "vocabulary": name}).encode(), **headers) == 200
    assert posted(server, f"live/end?session={key}", b"", **headers) == 204
    assert posted(server, f"{quoted}/nowhere?{key}", b"nurlan", **headers) in (404, 405)
    with pytest.raises(RuntimeError, match="vocabulary"):
        asyncio.run(sign(server.url, pictures, 1.0, signs="nurlan"))
    heard = asyncio.run(sign(server.url, pictures, 1.0, least=2))
    assert server.wait_for("kslr_sessions", 0) == 0

    written = server.log.read_bytes()
    given = [name.encode(), quoted.encode(), b"nurlan", b"Nurlan", b"203.0.113", b"127.0.0.1", b"Aigerim", key.encode()]
    given += [os.fsencode(Path.home()) + b"/", *MAGIC, *INSIDE_TEXT, pictures[0][200:230], base64.b64encode(pictures[0])[300:340]]
    for personal in given:
        assert personal not in written, personal
    lines = [json.loads(line) for line in written.decode().splitlines() if line.startswith("{")]
    assert sum(line["event"] == "session opened" for line in lines) >= 3
    for line in lines:
        check(line)
    last = [line for line in lines if line["event"] == "session closed"][-1]
    assert last["frames"] >= len(heard.arrivals)
    # What native libraries write past us is no JSON; it names their own files only.
    assert all(re.match(rb"[WIE]0000 |WARNING: |INFO: |\s*$", line) for line in written.splitlines() if not line.startswith(b"{"))


def check(line: dict) -> None:
    """Every field of a line is one of those that cannot hold anybody's text."""
    for field, value in line.items():
        if field in NUMBERS:
            assert isinstance(value, int | float), line
        else:
            pattern = {
                "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
                "level": "info|warning|error",
                "event": "|".join(sorted(EVENTS | {"error", "library"})),
                "session": "[0-9a-f]{6}",
                "reason": "|".join((*ENDINGS, "finished", *FAILURES)),
                "logger": r"[a-z_.]+",
                "type": r"\w+",
                "place": r"[\w/.<>-]+:\d+( [\w<>]+)?",
            }
            values = value if field == "trace" else [value]
            for one in values:
                assert re.fullmatch(pattern["place" if field == "trace" else field], one), (field, one)


def test_a_server_that_is_stopped_tells_those_who_sign_and_frees_all(server, pictures):
    def answered() -> float:
        return server.metrics()["kslr_frames_answered_total"]

    before = answered()

    async def cut_off() -> None:
        signing = asyncio.create_task(sign(server.url, pictures, 600.0))
        while not signing.done() and await asyncio.to_thread(answered) == before:
            await asyncio.sleep(0.2)
        server.process.terminate()
        await signing

    with pytest.raises(RuntimeError, match="closed the connection"):
        asyncio.run(cut_off())
    server.process.wait(60)
    lines = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
    opened = {line["session"] for line in lines if line["event"] == "session opened"}
    closed = {line["session"] for line in lines if line["event"] == "session closed"}
    assert opened == closed
    assert [line["reason"] for line in lines if line["event"] == "session closed"][-1] == "stopped"
    assert lines[-1]["event"] == "server stopped"
    assert not any(line["event"] == "error" for line in lines)
