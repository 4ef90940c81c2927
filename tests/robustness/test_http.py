"""The app's routes under damaged requests: no fault of the server's, no traceback, nobody else's things, still alive.

The server is a process of its own. KSLR_FUZZ_CASES makes it long: an eighth of them are requests.
"""

import errno
import http.client
import itertools
import json
import os
import random
import re
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.robustness.harness import CASES, ROOT, SEED
from tests.robustness.mutate import NUMBERS, TEXTS, changed_json, damaged, damaged_archive, json_text
from tests.robustness.targets import TARGETS, change_vocabulary, transcript
from tests.robustness.worker import generator

ME, YOU = "my-own-key-1234567", "your-own-key-123456"
MEGABYTES = 2000  # that the server may ever hold: models, trackers of four sessions, libraries
SECONDS = 120.0  # an answer; takes wait for each other
GONE = {errno.EPIPE, errno.ECONNRESET, errno.ECONNABORTED, errno.ENOTCONN}  # what a line says whose other end hung up
Answer = tuple[int, bytes]


def sent_and_heard(line: socket.socket, parts: Iterable[bytes], end: bool = False) -> bytes:
    """What is answered to parts; a server that hangs up before it has them all has answered too.

    Args:
        end: tell it that no more comes.
    """
    try:
        for part in parts:
            line.sendall(part)
        if end:
            line.shutdown(socket.SHUT_WR)
    except OSError as error:
        if error.errno not in GONE:
            raise
    try:
        return line.recv(65536)
    except OSError as error:
        if error.errno not in GONE:
            raise
        return b""


class Server:
    """A running server, asked by hand."""

    def __init__(self, served: Any, folder: Path) -> None:
        self.served, self.folder = served, folder
        parts = urlsplit(served.url)
        self.host, self.port = str(parts.hostname), int(parts.port or 80)

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Status and body; the path as it is."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return reply.status, reply.read(20_000_000)
        finally:
            connection.close()

    def json(self, method: str, path: str, given: Any = None) -> Any:
        """The same with JSON in and out."""
        status, content = self.ask(method, path, None if given is None else json.dumps(given))
        assert status == 200, (status, content)
        return json.loads(content)

    def socket(self, path: str, messages: list[bytes | str]) -> list[str]:
        """Sends messages on a socket and takes what comes until it is closed."""
        got = []
        try:
            with connect(f"ws://{self.host}:{self.port}{path}", open_timeout=SECONDS, close_timeout=5, max_size=2**24) as line:
                for message in messages:
                    line.send(message)
                    got.append(str(line.recv(timeout=SECONDS)))
        except (WebSocketException, ConnectionError):
            pass  # closed by the server, which is an answer
        return got

    def raw(self, content: bytes) -> bytes:
        """Sends bytes that need not be HTTP, and no more."""
        with socket.create_connection((self.host, self.port), timeout=SECONDS) as line:
            return sent_and_heard(line, [content], end=True)

    def no_fault_of_ours(self) -> None:
        """Gradio tells on its log what it refuses; nothing of ours may stand there, nor a fault that we noted."""
        said = self.served.log.read_text()
        # What is installed may lie in a folder of the project's, too.
        ours = re.search(rf'File "{re.escape(str(ROOT))}/(?:app\.py|(?:kslr|emotion|fusion|ui|models)/)', said)
        assert ours is None, said[max(0, ours.start() - 1500) :][:4000]
        assert " type=" not in said, said[said.index(" type=") - 500 :][:2000]

    def peak(self) -> float:
        """The most memory it ever held, megabytes."""
        status = Path(f"/proc/{self.served.process.pid}/status")
        if not status.exists():
            return 0.0
        return int(next(x for x in status.read_text().splitlines() if x.startswith("VmHWM")).split()[1]) / 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    from benchmarks.server import run_server

    folder = tmp_path_factory.mktemp("served")
    with run_server(folder) as one:
        yield Server(one, folder)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """Whole files of every kind that is sent."""
    found = {}
    for target in ("video", "recording", "pose", "vocabulary", "picture"):
        folder = tmp_path_factory.mktemp(target)
        TARGETS[target].make(folder)
        found[target] = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return found


def strange(rng: random.Random) -> str:
    """A text for a path or a query."""
    text = rng.choice(
        (*TEXTS, str(rng.choice(NUMBERS)), "x" * 300, "mine", "kslr30", ME, "a/../../b", "%00", "%2e%2e%2f", "true")
    )
    return quote(text.encode("utf-8", "surrogatepass"), safe="" if rng.random() < 0.8 else "/")[:6000]


def request(rng: random.Random, files: dict[str, dict[str, bytes]]) -> tuple[str, str, bytes | None]:
    """A damaged request: method, path and body."""
    key = rng.choice((ME, YOU, ME, strange(rng)))
    name = rng.choice(("mine", "kslr30", "other%20words", strange(rng)))

    def sent(*kinds: str) -> tuple[str, bytes]:
        kind = rng.choice(kinds)
        told, content = rng.choice(sorted(files[kind].items()))
        if kind == "vocabulary":
            return told, change_vocabulary(content, rng, list(files[kind].values()))
        change = damaged_archive if told.endswith(".npz") else damaged
        return quote(told if rng.random() < 0.9 else rng.choice(TEXTS)[:50].encode("utf-8", "replace").decode()), change(
            content, rng, ()
        )

    def text(value: Any) -> bytes:
        return json_text(value, rng)

    file, content = sent("video", "recording", "pose")
    word = {
        "session": ME,
        "vocabulary": "mine",
        "takes": ["abc"],
        "kk": "Су",
        "ru": "Вода",
        "en": "Water",
        "word": "",
        "face": True,
    }
    change = {
        "do": rng.choice(("create", "forget", "delete", "drop")),
        "vocabulary": "mine",
        "word": "su",
        "session": ME,
        "takes": ["a"],
    }
    words = {"words": [one.as_dict() for one in transcript()]}
    called = {"data": ["mine", "", "", "", "water", None, "en"]}
    joined = {"data": [None], "fn_index": rng.randrange(12), "session_hash": "abcdef1234", "trigger_id": 3, "event_data": None}
    path = rng.choice(("/etc/passwd", "../../etc/passwd", "/proc/self/environ", strange(rng)))
    form = b'--x\r\nContent-Disposition: form-data; name="files"; filename="../../evil.mp4"\r\n\r\nabc\r\n--x--\r\n'
    return rng.choice(
        (
            lambda: ("GET", f"/results/{strange(rng)}/{strange(rng)}", None),
            lambda: ("GET", f"/vocabularies/words?name={strange(rng)}", None),
            lambda: ("GET", f"/teach/vocabulary?name={strange(rng)}", None),
            lambda: ("GET", f"/teach/download?vocabulary={name}&shown={strange(rng)}", None),
            lambda: ("GET", f"/teach/recording?session={key}&take={strange(rng)}&kind={rng.choice(('npz', 'pose', 'x'))}", None),
            lambda: ("POST", f"/teach/take?session={key}&name={file}&trimmed={rng.choice(('true', 'x'))}", content),
            lambda: ("POST", f"/teach/take?session={ME}&name={file}", content),
            lambda: ("POST", f"/teach/try?vocabulary={name}&name={file}", content),
            lambda: ("POST", "/teach/word", text(word)),
            lambda: ("POST", "/teach/change", text(change)),
            lambda: ("POST", f"/teach/upload?name={name}", sent("vocabulary")[1]),
            lambda: ("POST", f"/live/frame?session={key}&signs={name}", sent("picture")[1]),
            lambda: ("POST", f"/live/frame?session={ME}", sent("picture")[1]),
            lambda: ("POST", f"/live/calm?session={key}&on={strange(rng)}", None),
            lambda: ("POST", f"/live/end?session={key}", None),
            lambda: (
                "POST",
                f"/live/export?format={rng.choice(('txt', 'json', 'csv', 'srt', 'vtt', 'eaf', 'x'))}&language=kk",
                text(words),
            ),
            lambda: ("GET", f"/classroom/sessions/{strange(rng)}", None),
            lambda: (
                "GET",
                f"/classroom/sessions/{strange(rng)}/{rng.choice(('report.html', 'figures.csv', strange(rng)))}",
                None,
            ),
            lambda: ("POST", f"/classroom/sessions/{strange(rng)}/moments", text({"seconds": 3.0, "text": "x"})),
            lambda: ("POST", f"/classroom/sessions/{strange(rng)}/name", text({"name": "x"})),
            lambda: ("DELETE", f"/classroom/sessions/{strange(rng)}", None),
            lambda: ("POST", f"/gradio_api/call/{rng.choice(('translate', 'teach', 'evaluate'))}", text(called)),
            lambda: ("POST", "/gradio_api/queue/join", text(joined)),
            lambda: ("GET", f"/gradio_api/file={quote(path)}", None),
            lambda: ("POST", "/gradio_api/upload", damaged(form, rng)),
        )
    )()


def test_damaged_requests_are_answered_and_the_server_lives(server, files):
    found, failures, statuses = Counter(), [], Counter()
    started, cases = time.monotonic(), max(80, CASES // 8)
    seed_vocabulary(server, files)
    for case in range(cases):
        rng = generator("http", SEED, case)
        method, path, body = request(rng, files)
        headers = {"Content-Type": "multipart/form-data; boundary=x" if path.endswith("/upload") else "application/json"}
        if rng.random() < 0.1:
            headers |= {"Origin": rng.choice(("http://evil.example", "null", ""))}
        place = path.split("?")[0].split("/sessions/")[0]
        begun = time.monotonic()
        try:
            # A body of parts has no length.
            chunked = body is not None and rng.random() < 0.1
            status, content = server.ask(method, path, iter([body]) if chunked else body, headers)
        except (OSError, http.client.HTTPException) as error:
            failures.append(f"case {case} (seed {SEED}): {method} {path[:200]}: {error!r}")
            if server.served.process.poll() is not None:
                break
            continue
        statuses[status] += 1
        found["accepted" if status < 300 and b'"error"' not in content[:200] else "refused"] += 1
        # Gradio has no other word for a form that is none.
        fault = status >= 500 and not path.endswith("/gradio_api/upload")
        if fault or b"Traceback (most" in content or b'File "/' in content or b"root:" in content:
            failures.append(
                f"case {case} (seed {SEED}): {method} {path[:200]} {(body or b'')[:200]!r}: {status} {content[:300]!r}"
            )
        if time.monotonic() - begun > SECONDS / 2:
            failures.append(f"case {case} (seed {SEED}): {method} {place} took {time.monotonic() - begun:.0f} s")
    assert failures == [], "\n".join([f"{len(failures)} of {cases}", *failures[:8]])
    assert server.json("GET", "/health")["status"] == "ok"
    assert server.peak() < MEGABYTES
    server.no_fault_of_ours()
    assert found["accepted"] > 0
    assert found["refused"] > 0
    # An upload keeps the last part of its name, in a folder of its own; no other file has such a name.
    uploads = server.folder / "uploads"
    assert [path for path in server.folder.rglob("*evil*") if path.parent.parent != uploads] == []
    for key in (ME, YOU):
        server.ask("POST", f"/live/end?session={key}")
    if path := os.environ.get("KSLR_FUZZ_REPORT"):
        told = {"cases": cases, **found, "statuses": dict(statuses), "seconds": time.monotonic() - started, "peak": server.peak()}
        Path(path).with_suffix(".http.json").write_text(json.dumps({"seed": SEED, **told}, indent=1) + "\n")


def seed_vocabulary(server: Server, files: dict[str, dict[str, bytes]]) -> None:
    """One whole vocabulary to be asked for."""
    status, _ = server.ask("POST", "/teach/upload?name=mine", files["vocabulary"]["with2.npz"])
    assert status == 200


@pytest.mark.parametrize("path", ["/live", "/classroom/live"])
def test_damaged_messages_end_a_socket_and_nothing_else(server, files, path):
    first = {"consent": True, "place": "outside-eu", "name": "5 B", "k": 5, "targets": ["camera"]}
    before = server.json("GET", "/health")["sessions"]
    for case in range(max(8, CASES // 400)):
        rng = generator(f"socket {path}", SEED, case)
        pictures = sorted(files["picture"].items())
        messages: list[bytes | str] = (
            [json.dumps(first if rng.random() < 0.5 else changed_json(first, rng))] if "class" in path else []
        )
        for number in range(rng.choice((1, 3))):
            content = rng.choice(pictures)[1]
            whole = struct.pack("<d", float(number)) + content[8:]
            messages.append(
                rng.choice((whole, damaged(content, rng), rng.choice(TEXTS).encode("utf-8", "replace").decode(), "calm", b""))
            )
        server.socket(path, messages)
    end = time.monotonic() + 60
    while (told := server.json("GET", "/health"))["sessions"] > before and time.monotonic() < end:
        time.sleep(0.2)
    assert told["sessions"] <= before
    server.no_fault_of_ours()


@pytest.mark.parametrize("size", [(1, 1), (16, 16)])
def test_the_smallest_pictures_are_answered(server, size):
    import io

    import numpy as np
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.full((size[1], size[0], 3), 90, np.uint8)).save(out, "JPEG")
    for seconds in (0.0, 1e7, 1e300):
        status, content = server.ask(
            "POST", f"/live/frame?session={ME}{size[0]}x{size[1]}", struct.pack("<d", seconds) + out.getvalue()
        )
        assert status == 200, content
        assert (b"refused" in content) == (min(size) < 16 or seconds > 1e8)
    server.ask("POST", f"/live/end?session={ME}{size[0]}x{size[1]}")
    assert server.json("GET", "/health")["status"] == "ok"


@pytest.mark.parametrize(
    "content",
    [
        b"\0" * 1000,
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/9.9\r\nHost: x\r\n\r\n",
        b"POST /live/frame?session=aaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /live/frame?session=aaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\nHost: x\r\nContent-Length: 1e3\r\n\r\nabc",
        b"POST /live/export?format=csv HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nabc",
        b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"A: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(server, content):
    said = server.raw(content)
    assert not said.startswith(b"HTTP/1.1 5"), said[:200]
    assert b"Traceback" not in said
    assert server.json("GET", "/health")["status"] == "ok"


def _endless(server: Server, path: str, megabytes: int) -> bytes:
    """Sends a body without a length, as long as it is taken; what is answered."""
    head = f"POST {path} HTTP/1.1\r\nHost: {server.host}:{server.port}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    part = b"%x\r\n" % 2**20 + bytes(2**20) + b"\r\n"
    with socket.create_connection((server.host, server.port), timeout=SECONDS) as line:
        return sent_and_heard(line, itertools.chain([head], itertools.repeat(part, megabytes), [b"0\r\n\r\n"]))


@pytest.mark.parametrize(
    "path",
    [
        "/live/export?format=csv",
        "/live/frame?session=" + ME,
        "/teach/word",
        "/teach/take?session=" + ME + "&name=a.mp4",
        "/classroom/sessions/x/name",
        "/gradio_api/queue/join",
    ],
)
def test_a_body_without_end_is_ended(server, path):
    before = server.peak()
    said = _endless(server, path, 300)
    assert not said or b" 413 " in said[:40] or b'"teach.large"' in said, said[:300]
    assert server.peak() - before < 150
    assert server.json("GET", "/health")["status"] == "ok"


def test_slow_bodies_keep_nobody_waiting(server):
    lines = []
    for _ in range(20):
        line = socket.create_connection((server.host, server.port), timeout=SECONDS)
        line.sendall(b"POST /teach/word HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        lines.append(line)
    begun = time.monotonic()
    assert server.json("GET", "/health")["status"] == "ok"
    assert time.monotonic() - begun < 20
    for line in lines:
        line.close()


# Nobody gets what is another's.


def _same(server: Server, ask: Callable[[str], Answer]) -> None:
    """What another's key gets is what a key gets that nobody ever had."""
    assert ask(YOU) == ask("nobodys-key-at-all-000")
    assert ask(ME) != ask(YOU)


def test_takes_are_reached_with_their_own_key_only(server, files):
    whole = files["recording"]["circle.npz"]
    status, content = server.ask("POST", f"/teach/take?session={ME}&name=circle.npz&trimmed=true", whole)
    assert status == 200
    take = json.loads(content)["take"]
    _same(server, lambda key: server.ask("GET", f"/teach/recording?session={key}&take={take}"))
    word = {"vocabulary": "stolen", "takes": [take], "en": "circle"}
    assert server.json("POST", "/teach/word", {**word, "session": YOU})["error"] == "teach.gone"
    # Nor can another drop it.
    server.json("POST", "/teach/change", {"do": "drop", "session": YOU, "takes": [take]})
    server.json("POST", "/teach/change", {"do": "drop", "session": YOU})
    assert server.json("POST", "/teach/word", {**word, "session": ME})["word"] == "circle"


def test_results_are_reached_by_their_token_only(server):
    for token in ("", ".", "..", "*", "a" * 24, quote("../" + server.folder.name, safe="")):
        for name in ("kslr.json", "kslr.mp4", "report.html", "..", ""):
            assert server.ask("GET", f"/results/{token}/{name}")[0] in (404, 405, 307)


def test_files_of_the_server_are_not_given_out(server):
    for path in (
        "/etc/passwd",
        str(server.folder / "home/vocabularies/mine.npz"),
        str(Path(__file__).resolve()),
        "models/kslr30.json",
    ):
        for address in (f"/gradio_api/file={quote(path)}", f"/file={quote(path)}", f"/gradio_api/file={quote('/..' + path)}"):
            status, content = server.ask("GET", address)
            assert status in (403, 404), (address, status)
            assert b"root:" not in content


def test_a_live_sessions_words_stay_in_it(server, files):
    """Two who post at once: each has a clock and a tracker of their own, and one's end is not the other's."""
    picture = files["picture"]["plain"]
    at = lambda seconds: struct.pack("<d", seconds) + picture[8:]  # noqa: E731
    assert server.ask("POST", f"/live/frame?session={ME}", at(5.0))[0] == 200
    assert b"refused" not in server.ask("POST", f"/live/frame?session={YOU}", at(1.0))[1]
    assert server.ask("POST", f"/live/end?session={YOU}")[0] == 204
    assert b"refused" in server.ask("POST", f"/live/frame?session={ME}", at(4.0))[1]
    server.ask("POST", f"/live/end?session={ME}")


def test_a_class_that_nobody_began_has_nothing(server):
    for key in ("x", "1", "' or 1=1 --", "%25", "a" * 300):
        status, content = server.ask("GET", f"/classroom/sessions/{quote(key, safe='')}")
        assert status == 422, content
        assert b"not there" in content
