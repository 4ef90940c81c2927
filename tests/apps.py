"""The app in a process of its own, for tests with a real browser."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# On a busy machine everything takes its time; a wait ends as soon as what it waits for is there.
PATIENCE = 120_000

# The server, which notes every address it connects to that is not this machine.
SERVE = """
import os, sys
from pathlib import Path
def heard(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in ("127.0.0.1", "::1", "localhost"):
        print("CONNECTED", arguments[1], flush=True)
sys.addaudithook(heard)
from ui.server.launch import launch
studio = os.environ.get("TEST_STUDIO")
launch(port=0, max_sessions=2, browser=False, studio=Path(studio) if studio else None)
"""


@dataclass
class Server:
    """A running app."""

    url: str
    log: Path
    process: subprocess.Popen

    def health(self) -> dict[str, Any]:
        """What /health says."""
        with urllib.request.urlopen(self.url + "health") as reply:
            return json.load(reply)

    def wait_for_sessions(self, n: int, seconds: float = 30.0) -> int:
        """How many sessions there are, as soon as there are n of them."""
        end = time.monotonic() + seconds
        while (found := self.health()["sessions"]) != n and time.monotonic() < end:
            time.sleep(0.1)
        return found


@contextmanager
def run_app(folder: Path, home: Path, studio: Path | None = None) -> Iterator[Server]:
    """The app on a free port, with two places. At the end, it must have connected to nobody and told no traceback.

    Args:
        folder: for what it writes.
        home: its KSLR_HOME, so that nothing of the tests is in anybody's own history and vocabularies.
        studio: the folder of the Studio's data set.
    """
    log = folder / "log.txt"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        "KSLR_HOME": str(home),
        "TEST_STUDIO": str(studio or ""),
    }
    with log.open("w") as out:
        process = subprocess.Popen([sys.executable, "-c", SERVE], cwd=folder, stdout=out, stderr=out, env=environment)
    try:
        end = time.monotonic() + PATIENCE / 1000
        while "KSLR is at" not in log.read_text() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        said = log.read_text()
        assert "KSLR is at" in said, said
        url = said.split("KSLR is at ")[1].split()[0] + "/"
        while True:
            try:
                urllib.request.urlopen(url + "health").close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.1)
        yield Server(url, log, process)
    finally:
        process.terminate()
        process.wait(20)
    said = log.read_text()
    assert "CONNECTED" not in said
    assert "Traceback" not in said, said
    assert not list((folder / "uploads").rglob("*.mp4")), "an uploaded video was left behind"
