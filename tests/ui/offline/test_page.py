"""A real page whose server goes and comes back."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.server import RunningServer, run_server
from tests.apps import PATIENCE
from tests.ui.conftest import SCRIPT
from ui.shared.i18n import LANGUAGES, text
from ui.tracking.assets import find_assets

IS_KEPT = "async () => Boolean(await caches.match(new URL('.', location).href))"
KEPT = f"async () => {{ while (!await ({IS_KEPT})()) await new Promise((done) => setTimeout(done, 100)); }}"
SAYS = "(words) => document.querySelector('#offline').innerText === words"
ADDRESSES = """async () => (await Promise.all((await caches.keys()).map(async (name) =>
  (await (await caches.open(name)).keys()).map((request) => request.url.replace(location.origin, ''))))).flat()"""
Start = Callable[..., AbstractContextManager[RunningServer]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Starts a server, with what tracks people in browsers where that was fetched."""
    (tmp_path / "home").mkdir()
    if assets := find_assets():
        (tmp_path / "home" / "browser").symlink_to(assets.folder.parent)
    return lambda *options, **more: run_server(tmp_path, "--log", "none", *options, **more)


@pytest.fixture
def tab(chromium: Callable[..., Any]) -> Iterator[Any]:
    """A tab of a browser that keeps pages; no script in it may fail."""
    context, failed = chromium().new_context(), []
    context.set_default_timeout(PATIENCE)
    tab = context.new_page()
    tab.add_init_script(SCRIPT)
    tab.on("pageerror", lambda error: failed.append(str(error)))
    yield tab
    context.close()
    assert failed == []


def wait_until_kept(tab: Any) -> None:
    tab.wait_for_selector("#page-live [data-started]", state="attached")
    tab.evaluate(KEPT)


def test_the_page_opens_without_its_server_says_so_and_goes_on_when_it_is_back(start, tab):
    with start() as server:
        port, url = server.url.rstrip("/").rsplit(":", 1)[1], server.url
        tab.goto(f"{url}?lang=en#live")
        wait_until_kept(tab)
        assert tab.inner_text("#offline") == ""
        tracking = tab.evaluate("async () => (await script('shared/config.js')).config.tracking?.programs")
        if tracking:
            program = f"{tracking}@mediapipe/holistic/holistic.js"
            assert tab.evaluate("async (address) => (await fetch(address)).status", program) == 200
    for _ in range(2):  # from the address bar, and again
        tab.goto("about:blank")
        tab.goto(f"{url}?lang=en#live")
        tab.wait_for_selector("#page-live [data-started]", state="attached")
        for language in LANGUAGES:
            tab.click(f"[data-language={language}]")
            tab.wait_for_function(SAYS, arg=text("app.offline", language))
    if tracking:
        assert tab.evaluate("async (address) => (await fetch(address)).status", program) == 200
    # Nothing but the page and its files is on this device.
    named = {address.lstrip("/").split("/")[0].split("?")[0] for address in tab.evaluate(ADDRESSES)}
    assert named <= {"", "ui", "assets", "static", "icons", "theme.css", "tracking", "app.webmanifest"}
    with start("--port", port) as server:
        assert server.url == url
        tab.wait_for_function("document.querySelector('#offline')?.innerText === ''")
        tab.wait_for_function("document.querySelector('#live-vocabulary option, [data-vocabulary] option')", timeout=PATIENCE)


def test_after_signing_out_the_page_stays_closed(start, tab):
    with start(login="kslr:secret") as server:
        tab.goto(f"{server.url}#live")
        tab.fill("[name=user]", "kslr")
        tab.fill("[name=password]", "secret")
        tab.click("button")
        wait_until_kept(tab)
        tab.click("form[action=logout] button")
        tab.wait_for_selector("[name=password]")
        url = server.url
        assert tab.evaluate(IS_KEPT) is False
    with pytest.raises(Exception, match="ERR_"):
        tab.goto(url)
