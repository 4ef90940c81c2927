"""A real server, a real browser, and clips for its camera."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fusion.interpreter import Models
from kslr.video import VideoFile
from tests import clips
from ui.server.services import Services

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
# On a busy machine everything takes its time; a wait ends as soon as what it waits for is there.
PATIENCE = 120_000

# The server, which notes every address it connects to that is not this machine.
SERVE = """
import sys
def heard(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in ("127.0.0.1", "::1", "localhost"):
        print("CONNECTED", arguments[1], flush=True)
sys.addaudithook(heard)
from ui.server.launch import launch
launch(port=0, max_sessions=2, browser=False)
"""


# In a tab: the module of the app at a path in ``ui``, the same that the page uses.
SCRIPT = """window.script = (path) =>
  import(document.querySelector('script[src*="shared/app.js"]').src.replace('shared/app.js', path));"""


def write_camera(path: Path, pictures: Iterable[np.ndarray]) -> Path:
    """What the browser's false camera plays, over and over: JPEGs one after another."""
    with path.open("wb") as file:
        for picture in pictures:
            Image.fromarray(picture).save(file, "JPEG", quality=90)
    return path


@pytest.fixture(scope="session")
def still_clip(astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The astronaut as an MP4: a face, and nothing signed."""
    path = tmp_path_factory.mktemp("clips") / "astronaut.mp4"
    return clips.write(path, clips.shaken(astronaut, 30, (640, 480), reach=6), fps=15)


@pytest.fixture(scope="session")
def signing_clip(shared_data: Path) -> Path:
    """A person signing one word."""
    return shared_data / "media/rsl/su--voda.mp4"


@pytest.fixture(scope="session")
def still_camera(astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The astronaut for the browser's camera."""
    return write_camera(tmp_path_factory.mktemp("cameras") / "astronaut.mjpeg", clips.shaken(astronaut, 30, (640, 480), reach=6))


@pytest.fixture(scope="session")
def empty_camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty room for the browser's camera."""
    return write_camera(tmp_path_factory.mktemp("cameras") / "empty.mjpeg", [np.full((480, 640, 3), 90, np.uint8)] * 5)


@pytest.fixture(scope="session")
def signing_camera(signing_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The signing person for the browser's camera."""
    with VideoFile(signing_clip) as video:
        return write_camera(tmp_path_factory.mktemp("cameras") / "signing.mjpeg", (frame.rgb for frame in video))


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    """What a server holds, with its usual limits."""
    made = Services(Models.load())
    yield made
    made.close()


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


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app on a free port, with two places. At the end, it must have connected to nobody and told no traceback."""
    folder = tmp_path_factory.mktemp("server")
    log = folder / "log.txt"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        # Nothing of the tests in anybody's own history and vocabularies.
        "KSLR_HOME": str(folder / "home"),
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


# Not of the session: while the driver is open, the thread counts as one with a running event loop, in which no other test
# may start its own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Callable[..., Any]]:
    """Opens a browser whose camera plays a file (or is refused, when None)."""
    if not shutil.which(CHROMIUM):
        pytest.skip(f"needs {CHROMIUM} (apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        opened: dict[Path | None, Any] = {}

        def browser(camera: Path | None = None) -> Any:
            if camera not in opened:
                fake = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={camera}"] if camera else []
                quiet = ["background-networking", "component-update", "sync", "quic"]
                flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", *(f"--disable-{name}" for name in quiet), *fake]
                if camera:
                    flags.append("--use-fake-ui-for-media-stream")
                opened[camera] = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
            return opened[camera]

        yield browser
        for one in opened.values():
            one.close()


@pytest.fixture
def visit(server: Server, chromium: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Opens a page of the app in a tab of its own; every request must stay on this machine and no script may fail."""
    contexts, strange, failed = [], [], []

    def note(request: Any) -> None:
        if not request.url.startswith((server.url, server.url.replace("http", "ws"), "data:", "blob:")):
            strange.append(request.url)

    def open_tab(page: str = "live", language: str = "kk", camera: Path | None = None, **options: Any) -> Any:
        context = chromium(camera).new_context(**options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        tab = context.new_page()
        tab.on("request", note)
        tab.add_init_script(SCRIPT)
        tab.on("websocket", lambda socket: note(socket))
        tab.on("pageerror", lambda error: failed.append(str(error)))
        tab.goto(f"{server.url}?lang={language}#{page}")
        tab.wait_for_selector("nav a[aria-current]")
        tab.wait_for_selector(f"#page-{page} section")
        tab.wait_for_selector(f"#page-{page} :is([data-started], .about)", state="attached")  # About has no script
        return tab

    yield open_tab
    for context in contexts:
        context.close()
    assert strange == []
    assert failed == []
