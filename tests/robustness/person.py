"""One person who uses a server as people do: they upload a video, two of them sign live, and a class is watched."""

import http.client
import json
import shutil
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect

from benchmarks.server import RunningServer, login_header

ADDRESS = ("127.0.0.3", 0)
PATIENCE = 60.0  # seconds that an answer may take
PICTURES_A_SECOND = 1.0  # of each of the two who sign, and of the class


def processes(root: int) -> list[int]:
    """A process and its children, and theirs."""
    found = [root]
    for number in found:
        for task in Path(f"/proc/{number}/task").glob("*/children"):
            with suppress(OSError):
                found += [int(child) for child in task.read_text().split()]
    return found


class Person:
    """What one person does at the same time, over and over, until it is stopped.

    Args:
        server: with or without a password.
        upload: bytes of their video.
        face: JPEG of somebody who signs.
        pupils: JPEG of a class.

    Attributes:
        done: how often each thing was done.
        failures: what failed; it has to stay empty.
    """

    def __init__(self, server: RunningServer, upload: int, face: bytes, pupils: bytes) -> None:
        self._server, self._upload, self._face, self._pupils = server, upload, face, pupils
        parts = urlsplit(server.url)
        self._place = str(parts.hostname), int(parts.port or 80)
        self._over = threading.Event()
        self.done: Counter[str] = Counter()
        self.failures: list[str] = []

    @contextmanager
    def at_work(self) -> Iterator["Person"]:
        """Does everything meanwhile."""
        work = (self._send_videos, self._sign, self._sign, self._watch_a_class)
        threads = [threading.Thread(target=self._noted, args=(one,), daemon=True) for one in work]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in threads:
                thread.join(2 * PATIENCE)

    def wait_for(self, more: dict[str, int], seconds: float = 2 * PATIENCE) -> None:
        """Waits until so many more of each thing are done."""
        before, end = Counter(self.done), time.monotonic() + seconds
        while any(self.done[name] - before[name] < count for name, count in more.items()):
            assert not self.failures, self.failures
            assert time.monotonic() < end, (before, self.done)
            time.sleep(0.1)

    def _noted(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self.failures.append(f"{work.__name__}: {error!r}")

    def _send_videos(self) -> None:
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="mine.mp4"\r\n\r\n'
        part, end = bytes(500_000), b"\r\n--x--\r\n"
        count = self._upload // len(part)
        headers = {"Content-Type": "multipart/form-data; boundary=x", **login_header(self._server.login)}
        headers["Content-Length"] = str(len(head) + count * len(part) + len(end))

        def parts() -> Iterator[bytes]:
            yield head
            for _ in range(count):
                time.sleep(0.004)  # a line of a gigabit
                yield part
            yield end

        while not self._over.is_set():
            line = http.client.HTTPConnection(*self._place, timeout=PATIENCE, source_address=ADDRESS)
            line.request("POST", "/gradio_api/upload", parts(), headers)
            reply = line.getresponse()
            said = reply.read()
            assert reply.status == 200, (reply.status, said)
            path = Path(json.loads(said)[0])
            assert path.stat().st_size == count * len(part)
            shutil.rmtree(path.parent)
            line.close()
            self.done["uploads"] += 1

    def _open(self, path: str) -> ClientConnection:
        line = socket.create_connection(self._place, source_address=ADDRESS)
        address = f"ws://{self._place[0]}:{self._place[1]}{path}"
        return connect(address, sock=line, additional_headers=login_header(self._server.login), open_timeout=PATIENCE)

    def _talk(self, line: ClientConnection, picture: bytes, name: str) -> None:
        begun = time.monotonic()
        while not self._over.wait(1 / PICTURES_A_SECOND):
            line.send(struct.pack("<d", time.monotonic() - begun) + picture)
            reply = json.loads(line.recv(PATIENCE))
            assert "error" not in reply, reply
            self.done[name] += 1
            self.done["windows"] += bool(reply.get("window"))

    def _sign(self) -> None:
        with self._open("/live") as line:
            assert json.loads(line.recv(PATIENCE)) == {"ready": True}
            self._talk(line, self._face, "answers")

    def _watch_a_class(self) -> None:
        with self._open("/classroom/live") as line:
            line.send(json.dumps({"consent": True, "place": "outside-eu", "name": "5 B"}))
            assert json.loads(line.recv(PATIENCE))["ready"]
            self._talk(line, self._pupils, "looks")
