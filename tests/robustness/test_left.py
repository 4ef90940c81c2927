"""However a server ends, nothing of a person is left once it starts again: in six states, by SIGTERM, SIGINT and kill -9.

The short form takes some of the eighteen; KSLR_LONG=1 takes all.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.sync.client import connect

from tests import clips
from tests.robustness.person import processes
from tests.robustness.test_door import FILE
from tests.sources import ROOT

LONG = bool(os.environ.get("KSLR_LONG"))
PATIENCE = 240.0  # seconds for a server to start on a busy machine
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)


class Place:
    """A folder with the temporary and the data folder of one server after another.

    Attributes:
        url: of the server that runs.
        process: the server's.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tmp").mkdir()
        self.start()

    def start(self) -> None:
        """The next server, which must answer; one that does not is not left to the tests after this one."""
        try:
            self._start()
        except BaseException:
            self.end(signal.SIGKILL)
            raise

    def _start(self) -> None:
        environment = {**os.environ, "TMPDIR": str(self.folder / "tmp"), "PYTHONPATH": str(ROOT)}
        environment["KSLR_HOME"] = str(self.folder / "home")
        environment.pop("GRADIO_TEMP_DIR", None)
        command, out = [sys.executable, "-m", "kslr", "serve", "--no-browser", "--port", "0"], self.folder / "out.txt"
        with out.open("w") as said:
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=said, stderr=subprocess.DEVNULL, env=environment)
        end = time.monotonic() + PATIENCE
        while "KSLR is at" not in out.read_text():
            assert self.process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)
        self.url = out.read_text().split("KSLR is at ")[1].split()[0]
        while True:
            try:
                urllib.request.urlopen(self.url + "/health", timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.1)

    def end(self, how: int) -> None:
        """Ends the server by a signal."""
        self.process.send_signal(how)
        self.process.wait(60)

    def files(self) -> list[Path]:
        """What lies there, without what every server has."""
        own = ("out.txt", "lock")
        return [path for path in self.folder.rglob("*") if path.is_file() and not path.name.endswith(own)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("place"))
    yield made
    if made.process.poll() is None:
        made.end(signal.SIGTERM)
    assert not list((made.folder / "tmp").rglob("server-*"))


def post(url: str, body: bytes, kind: str = "application/octet-stream") -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": kind}), timeout=60) as reply:
        return reply.read()


def uploaded(url: str, clip: bytes) -> str:
    form = b'--x\r\nContent-Disposition: form-data; name="files"; filename="aigerim.mp4"\r\n\r\n' + clip + b"\r\n--x--\r\n"
    return json.loads(post(url + "/gradio_api/upload", form, "multipart/form-data; boundary=x"))[0]


def half_sent(url: str, path: str, kind: str, part: bytes, stack: ExitStack) -> None:
    """A request whose body stops in the middle; the line is held."""
    parts = urlsplit(url)
    line = stack.enter_context(socket.create_connection((parts.hostname, parts.port)))
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\nContent-Type: {kind}\r\n\r\n"
    line.sendall(head.encode() + part)
    time.sleep(0.5)


def while_uploading(url: str, clip: bytes, stack: ExitStack) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="aigerim.mp4"\r\n\r\n' + clip + bytes(2_000_000)
    half_sent(url, "/gradio_api/upload", "multipart/form-data; boundary=x", part, stack)


def after_uploading(url: str, clip: bytes, stack: ExitStack) -> None:
    assert Path(uploaded(url, clip)).is_file()


def while_translating(url: str, clip: bytes, stack: ExitStack) -> None:
    path = uploaded(url, clip)
    body = json.dumps({"data": [{"path": path, "meta": FILE}, "en", ""]}).encode()
    post(url + "/gradio_api/call/translate", body, "application/json")
    time.sleep(1.5)


def while_a_take_is_watched(url: str, clip: bytes, stack: ExitStack) -> None:
    parts = urlsplit(url)
    line = stack.enter_context(socket.create_connection((parts.hostname, parts.port)))
    head = "POST /teach/take?session=0123456789abcdef&name=aigerim.mp4 HTTP/1.1\r\nHost: localhost\r\n"
    line.sendall(head.encode() + b"Content-Length: %d\r\n\r\n" % len(clip) + clip)
    time.sleep(1.5)


def while_signing(url: str, clip: bytes, stack: ExitStack) -> None:
    socket = stack.enter_context(connect(url.replace("http", "ws") + "/live", open_timeout=60))
    assert "ready" in str(socket.recv(60))


def while_a_vocabulary_is_sent(url: str, clip: bytes, stack: ExitStack) -> None:
    half_sent(url, "/teach/upload?name=mine", "application/octet-stream", clip, stack)


STATES = (
    while_uploading,
    after_uploading,
    while_translating,
    while_a_take_is_watched,
    while_signing,
    while_a_vocabulary_is_sent,
)
CASES = [(state, how) for state in STATES for how in SIGNALS]
SHORT = [(STATES[1], signal.SIGKILL), (STATES[2], signal.SIGKILL), (STATES[3], signal.SIGTERM)]


@pytest.fixture(scope="module")
def clip(astronaut, tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("clips") / "astronaut.mp4"
    return clips.write(path, clips.shaken(astronaut, 200, (320, 240), reach=6), fps=15).read_bytes()


@pytest.mark.parametrize(
    ("state", "how"), CASES if LONG else SHORT, ids=lambda one: getattr(one, "__name__", None) or signal.Signals(one).name
)
def test_nothing_of_a_person_is_left(place, clip, state: Callable[[str, bytes, ExitStack], None], how):
    if place.process.poll() is not None:  # the test before this one has failed
        place.start()
    with ExitStack() as stack:
        state(place.url, clip, stack)
        children = processes(place.process.pid)
        place.end(how)
    place.start()
    assert place.files() == []
    assert not [child for child in children if is_alive(child)]


def is_alive(process: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
