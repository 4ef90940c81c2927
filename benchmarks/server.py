"""Runs `kslr serve` in a process of its own, for benchmarks and tests, and reads what it tells and holds."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class RunningServer:
    """A running server.

    Attributes:
        url: with a slash at its end.
        process: the server's.
        out, log: what it wrote to stdout and to stderr.
        login: ``USER:PASSWORD``, where it asks for one.
    """

    url: str
    process: "subprocess.Popen[bytes]"
    out: Path
    log: Path
    login: str = ""

    def get(self, path: str) -> str:
        """What a path answers."""
        request = urllib.request.Request(self.url + path, headers=login_header(self.login))
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.read().decode()

    def health(self) -> dict[str, Any]:
        """What /health says."""
        return json.loads(self.get("health"))

    def metrics(self) -> dict[str, float]:
        """What /metrics says: figures by name; labels follow their values after a colon, as in ``kslr_refusals_total:full``."""
        found = {}
        for family in text_string_to_metric_families(self.get("metrics")):
            for sample in family.samples:
                found[":".join([sample.name, *sample.labels.values()])] = sample.value
        return found

    def held(self) -> dict[str, float]:
        """Resident megabytes, threads and open files, where the system has /proc; empty elsewhere."""
        proc = Path(f"/proc/{self.process.pid}")
        if not (proc / "status").is_file():
            return {}
        lines = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        megabytes = int(lines["VmRSS"].split()[0]) / 1024
        return {"megabytes": megabytes, "threads": int(lines["Threads"]), "files": len(list((proc / "fd").iterdir()))}

    def wait_for(self, name: str, value: float, seconds: float = 60.0) -> float:
        """Waits until a metric has a value, or for so many seconds; gives what it is then."""
        end = time.monotonic() + seconds
        while (found := self.metrics()[name]) != value and time.monotonic() < end:
            time.sleep(0.1)
        return found


def login_header(login: str) -> dict[str, str]:
    """The header that carries a password."""
    return {"Authorization": "Basic " + b64encode(login.encode()).decode()} if login else {}


@contextmanager
def run_server(folder: Path, *options: str, login: str = "", patience: float = 240.0) -> Iterator[RunningServer]:
    """Runs ``kslr serve`` on a free port, with a home of its own.

    Args:
        folder: an existing one, for its home and its logs.
        options: of ``kslr serve``.
        login: ``USER:PASSWORD`` that it shall ask for.
        patience: seconds it may take to start.
    """
    out, log = folder / "out.txt", folder / "log.txt"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "KSLR_HOME": str(folder / "home"),
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        **({"KSLR_AUTH": login} if login else {}),
    }
    command = [sys.executable, "-m", "kslr", "serve", "--no-browser", "--port", "0", *options]
    with out.open("wb") as stdout, log.open("wb") as stderr:
        process = subprocess.Popen(command, cwd=folder, stdout=stdout, stderr=stderr, env=environment)
    try:
        url = _wait_for_address(process, out, log, patience)
        yield RunningServer(url, process, out, log, login)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_address(process: "subprocess.Popen[bytes]", out: Path, log: Path, patience: float) -> str:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        if "KSLR is at " in (text := out.read_text()):
            url = text.split("KSLR is at ")[1].split()[0] + "/"
            try:
                urllib.request.urlopen(url + "health", timeout=5).close()
            except OSError:
                pass
            else:
                return url
        time.sleep(0.2)
    raise RuntimeError(f"The server did not start:\n{out.read_text()}{log.read_text()}")
