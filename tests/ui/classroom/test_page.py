import json
import sqlite3
from pathlib import Path

import pytest

from tests.classes import lesson, portraits
from tests.privacy import check_bytes, check_json, parsed, traces
from tests.ui.conftest import write_camera
from ui.shared.i18n import text


@pytest.fixture(scope="module")
def class_camera(astronaut, tmp_path_factory) -> Path:
    """Eight faces for the browser's camera, over and over."""
    frames = lesson(portraits(astronaut, 8), 8, 2, (640, 360))
    return write_camera(tmp_path_factory.mktemp("cameras") / "class.mjpeg", (frame.rgb for frame in frames))


@pytest.fixture(scope="module")
def four_camera(astronaut, tmp_path_factory) -> Path:
    """Four faces for the browser's camera."""
    frames = lesson(portraits(astronaut, 4), 8, 2, (640, 360))
    return write_camera(tmp_path_factory.mktemp("cameras") / "four.mjpeg", (frame.rgb for frame in frames))


def _listen(tab) -> dict[str, bytes]:
    """Everything that the classroom's routes answer to this tab from now on."""
    heard: dict[str, bytes] = {}

    def note(reply) -> None:
        if "/classroom/" in reply.url and reply.request.method == "GET" and reply.ok:
            heard[f"{reply.url} {len(heard)}"] = reply.body()

    def listen(socket) -> None:
        if socket.url.endswith("/classroom/live"):
            socket.on("framereceived", lambda data: heard.__setitem__(f"socket {len(heard)}", data.encode()))

    tab.on("response", note)
    tab.on("websocket", listen)
    return heard


def _begin(tab) -> None:
    tab.check("#class-consent")
    tab.check('[name="class-place"][value="outside-eu"]')
    tab.click("#class-start")


def test_it_is_off_until_consent_and_place_are_confirmed(visit, class_camera):
    tab = visit("classroom", "en", class_camera)
    assert tab.is_disabled("#class-start")
    tab.check("#class-consent")
    assert tab.is_disabled("#class-start")
    tab.check('[name="class-place"][value=""]')
    assert tab.is_disabled("#class-start")
    assert tab.inner_text("#class-status") == text("classroom.refused", "en")
    tab.check('[name="class-place"][value="medical-or-safety"]')
    assert tab.is_enabled("#class-start")
    tab.uncheck("#class-consent")
    assert tab.is_disabled("#class-start")
    assert tab.evaluate("document.querySelector('#class-video').srcObject") is None


def test_a_class_is_charted_noted_and_reported_and_nobody_is_in_it(visit, server, class_camera, astronaut):
    tab = visit("classroom", "kk", class_camera)
    heard = _listen(tab)
    tab.fill("#class-name", "5 Б")
    _begin(tab)
    tab.wait_for_selector("#class-charts svg")
    assert tab.inner_text("#class-status") == text("classroom.going", "kk")
    # The preview is made of blurred silhouettes; the picture itself is not shown.
    assert tab.evaluate("getComputedStyle(document.querySelector('#class-video')).visibility") == "hidden"
    tab.check("#class-aim")
    tab.wait_for_function("getComputedStyle(document.querySelector('#class-video')).visibility == 'visible'")
    tab.uncheck("#class-aim")
    tab.wait_for_function("getComputedStyle(document.querySelector('#class-video')).visibility == 'hidden'")
    tab.fill("#class-moment", "топтық жұмыс басталды")
    tab.click("#class-note button")
    tab.wait_for_selector("#class-charts .moments li")
    assert tab.inner_text("#class-faces") == "5–11"
    # A figure is written as the language writes it: with a comma in Kazakh.
    assert 0 <= float(tab.inner_text("#class-engagement").replace(",", ".")) <= 1
    tab.click("#class-stop")
    item = tab.wait_for_selector("#class-sessions li[data-session]:has-text('5 Б'):has-text('аяқталған')")
    key = item.get_attribute("data-session")
    tab.check(f"[data-session='{key}'] [data-compare]")
    tab.click("#class-compare")
    tab.wait_for_selector("#class-compared svg")
    scale = tab.locator("#class-compared .chart-box.chart .scale")
    assert scale.all_inner_texts() == ["1", "0", "−1"]  # valence has its own
    tops = [scale.nth(i).bounding_box()["y"] for i in range(3)]
    assert tops == sorted(tops)
    for language in ("ru", "en"):
        tab.click(f"[data-language={language}]")
        assert tab.inner_text("#class-heading") == text("classroom.heading", language)
    report = tab.context.new_page()
    report.goto(server.url + tab.get_attribute(f"[data-session='{key}'] [data-report]", "href"))
    words = report.inner_text("body")
    assert words.index("Before you read this") < words.index("How the class reacted over time")
    assert "топтық жұмыс басталды" in words
    with tab.expect_download() as saving:
        tab.click(f"[data-session='{key}'] a[download]")
    table = saving.value.path().read_bytes()
    assert b"engagement" in table
    # Whatever was answered, kept or logged on the way: no picture, nobody.
    folder = server.log.parent
    named = {**heard, "table": table, "report": report.content().encode(), "log": server.log.read_bytes()}
    named |= {str(path): path.read_bytes() for path in (folder / "home").rglob("*") if path.is_file()}
    assert any(name.startswith("socket") for name in named)
    assert any(name.endswith("classroom.db") for name in named)
    check_bytes(named, traces(frame.rgb for frame in lesson(portraits(astronaut, 8), 2, 1, (640, 360))))
    for name, content in heard.items():
        if (answer := parsed(content)) is not None:
            check_json(answer)
        else:
            assert "report.html" in name or "figures.csv" in name
    tab.click(f"[data-session='{key}'] [data-delete]")
    tab.click(f"[data-session='{key}'] [data-delete]")
    tab.wait_for_selector(f"[data-session='{key}']", state="detached")
    with sqlite3.connect(folder / "home/classroom.db") as database:
        assert database.execute("select count(*) from windows where session = ?", (key,)).fetchone() == (0,)


def test_four_faces_show_nothing(visit, four_camera):
    tab = visit("classroom", "en", four_camera)
    heard = _listen(tab)
    _begin(tab)
    tab.wait_for_selector("#class-charts svg .gap")
    assert tab.inner_text("#class-faces") == text("classroom.too_few", "en")
    assert [tab.inner_text(f"#class-{name}") for name in ("engagement", "facing", "valence", "seen")] == ["–"] * 4
    tab.click("#class-stop")
    tab.wait_for_selector("#class-sessions li[data-session]")
    for name, content in heard.items():
        if name.startswith("socket"):
            check_json(json.loads(content), figures=False)


def test_a_recording_is_played_in_the_browser_and_sent_nowhere(visit, server, astronaut, tmp_path, class_camera):
    from tests import clips

    clip = clips.write(tmp_path / "class.mp4", (f.rgb for f in lesson(portraits(astronaut, 6), 12, 4, (640, 360))), fps=4)
    tab = visit("classroom", "ru", class_camera)
    uploads = []
    tab.on(
        "request", lambda request: uploads.append(request.url) if request.method == "POST" and "upload" in request.url else None
    )
    tab.check("#class-consent")
    tab.check('[name="class-place"][value="outside-eu"]')
    tab.fill("#class-name", "7–8")
    tab.set_input_files("#class-file", clip)
    item = tab.wait_for_selector("#class-sessions li:has-text('7–8'):has-text('завершено')")
    assert "0:11" in item.inner_text()
    assert uploads == []
    assert tab.locator("#class-charts svg").count() == 2


def test_a_camera_that_is_refused_is_told(visit):
    tab = visit("classroom", "en")
    _begin(tab)
    tab.wait_for_selector("#class-status.problem")
    assert tab.inner_text("#class-status") in {text(f"live.{key}", "en") for key in ("denied", "absent", "busy")}
    assert tab.is_visible("#class-gate")
