"""A real server, a real browser, and clips for its camera."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fusion.interpreter import Models
from kslr.video import VideoFile
from tests import clips
from tests.apps import PATIENCE, Server, run_app
from ui.server.services import Services

CHROMIUM = "/usr/bin/chromium"

# In a tab: the module of the app at a path in ``ui``, the same that the page uses.
SCRIPT = """window.script = (path) =>
  import(document.querySelector('script[src*="shared/app.js"]').src.replace('shared/app.js', path));"""


def write_camera(path: Path, pictures: Iterable[np.ndarray]) -> Path:
    """What the browser's false camera plays, over and over: JPEGs one after another."""
    with path.open("wb") as file:
        for picture in pictures:
            Image.fromarray(picture).save(file, "JPEG", quality=90)
    return path


def one_sign(shared_data: Path) -> Iterator[np.ndarray]:
    """Pictures of a person signing one word, thirty a second: the first of a clip's two variants, from rest to rest."""
    with VideoFile(shared_data / "media/rsl/su--voda.mp4") as video:
        yield from (frame.rgb for frame in takewhile(lambda frame: frame.seconds < 3.6, video))


@pytest.fixture(scope="session")
def still_clip(astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The astronaut as an MP4: a face, and nothing signed."""
    path = tmp_path_factory.mktemp("clips") / "astronaut.mp4"
    return clips.write(path, clips.shaken(astronaut, 30, (640, 480), reach=6), fps=15)


@pytest.fixture(scope="session")
def signing_clip(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The signing person as an MP4 of fifteen frames a second, which is watched in seconds."""
    path = tmp_path_factory.mktemp("clips") / "su--voda.mp4"
    return clips.write(path, islice(one_sign(shared_data), 0, None, 2), fps=15)


@pytest.fixture(scope="session")
def still_camera(astronaut: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The astronaut for the browser's camera."""
    return write_camera(tmp_path_factory.mktemp("cameras") / "astronaut.mjpeg", clips.shaken(astronaut, 30, (640, 480), reach=6))


@pytest.fixture(scope="session")
def empty_camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty room for the browser's camera."""
    return write_camera(tmp_path_factory.mktemp("cameras") / "empty.mjpeg", [np.full((480, 640, 3), 90, np.uint8)] * 5)


@pytest.fixture(scope="session")
def signing_camera(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The signing person for the browser's camera."""
    return write_camera(tmp_path_factory.mktemp("cameras") / "signing.mjpeg", one_sign(shared_data))


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    """What a server holds, with its usual limits."""
    made = Services(Models.load())
    yield made
    made.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app on a free port, with two places."""
    folder = tmp_path_factory.mktemp("server")
    with run_app(folder, folder / "home") as running:
        yield running


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
        # Where it is not looked at, nothing is kept, so that every test meets the server itself.
        context = chromium(camera).new_context(**{"service_workers": "block", **options})
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
