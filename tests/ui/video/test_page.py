import json
import re
import time
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

from fusion.observation import Seen, TaggedWord
from kslr.vocabulary import kslr30
from tests import clips
from ui.shared.uploads import upload_path
from ui.video.page import emotion_curves, result_html
from ui.video.translation import Translation


def send(tab, path: Path) -> None:
    tab.set_input_files("#page-video input[type=file]", path)


def test_a_clip_with_nothing_signed_says_so_and_shows_the_video(visit, still_clip):
    tab = visit("video", "en")
    send(tab, still_clip)
    tab.wait_for_selector("#page-video .result")
    assert tab.inner_text("#page-video .message").startswith("No sign of the vocabulary was recognised.")
    tab.wait_for_function("document.querySelector('#video-result video').readyState >= 1")
    assert tab.evaluate("document.querySelector('#video-result video').duration") == pytest.approx(2.0, abs=0.15)
    assert tab.evaluate("document.querySelector('#video-result video').videoWidth") == 640
    assert tab.locator("#page-video .timeline > svg polyline").count() == 7
    with tab.expect_download() as saving:
        tab.click("#page-video .downloads a[href$='.json']")
    assert json.loads(saving.value.path().read_text())["words"] == []
    assert saving.value.suggested_filename == still_clip.with_suffix(".json").name
    with tab.expect_download() as saving:
        tab.click("#page-video .downloads a[href$='.eaf']")
    assert f'MEDIA_URL="./{quote(still_clip.name)}"' in saving.value.path().read_text(encoding="utf-8")


def test_a_signed_clip_gives_a_table_whose_times_jump(visit, signing_clip):
    tab = visit("video", "kk")
    send(tab, signing_clip)
    tab.wait_for_selector("#page-video table tbody tr, #page-video .message")
    assert tab.locator("#page-video table tbody tr").count() >= 1
    cells = tab.locator("#page-video table tbody tr").first.locator("td")
    assert cells.count() == 7
    begin, end = (float(cells.nth(n).inner_text().replace(",", ".")) for n in (0, 1))
    assert 0 <= begin < end < 8
    signs = tab.evaluate("script('shared/config.js').then(({ config }) => config.signs)")
    word = cells.nth(2).inner_text()
    assert word in {sign["kk"] for sign in signs.values()}
    assert re.fullmatch(r"\d+ %", cells.nth(3).inner_text())
    # An emotion that is not clear is a mark that says so when it is pointed at.
    assert cells.nth(4).inner_text() or cells.nth(4).locator("[aria-label]").count()
    assert cells.nth(5).locator(".other").count() >= 1
    tab.locator("#page-video .bar").first.click()
    tab.wait_for_function("(t) => document.querySelector('#video-result video').currentTime >= t", arg=begin)
    tab.click("[data-language=en]")
    assert cells.nth(2).inner_text() in {sign["en"] for sign in signs.values()}


def test_a_sign_is_looked_up_in_a_dictionary(visit, signing_clip):
    tab = visit("video", "ru")
    tab.wait_for_selector("#page-video select[data-vocabulary] option[value=rsl]", state="attached")
    tab.select_option("#page-video select[data-vocabulary]", "rsl")
    send(tab, signing_clip)
    tab.wait_for_selector("#page-video ol.nearest li")
    words = tab.locator("#page-video ol.nearest").first.locator("li")
    assert words.count() == 10
    nearness = [float(one.split()[-1].replace(",", ".")) for one in words.all_inner_texts()]
    assert nearness == sorted(nearness, reverse=True)
    assert tab.locator("#page-video .timeline").count() == 0  # no word is said
    assert tab.locator("#page-video table").count() == 0
    first = words.first.locator("b").inner_text()
    tab.click("[data-language=en]")
    assert words.first.locator("b").inner_text() != first
    assert "none of them is certain" in tab.inner_text("#video-result .note")
    with tab.expect_download() as saving:
        tab.click("#page-video .downloads a[href$='.json']")
    document = json.loads(saving.value.path().read_text())
    assert (document["vocabulary"], document["words"]) == ("rsl", [])
    assert len(document["found"]) == tab.locator("#page-video ol.nearest").count()
    assert document["found"][0]["nearest"][0]["ru"] == first
    assert tab.locator("#page-video .downloads a[href$='.srt']").count() == 0
    # On Practice and Teach, where words are learnt, a dictionary is not offered.
    assert tab.locator("#page-practice [value=rsl], #page-teach [value=rsl]").count() == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("text.mp4", "This file cannot be read as a video: it is damaged or not a video. Choose another file."),
        ("empty.mp4", "The file is empty. Record it again or choose another one."),
        ("sound.mp4", "The file has sound but no picture. Choose a video made with a camera."),
        ("notes.pdf", "This type of file is not accepted. Choose MP4, AVI, MOV, MKV or WebM."),
    ],
)
def test_bad_files_are_told(visit, tmp_path, name, message):
    path = tmp_path / name
    if name == "sound.mp4":
        clips.audio_only(path)
    else:
        path.write_text("" if name == "empty.mp4" else "no video\n" * 100)
    tab = visit("video", "en")
    send(tab, path)
    tab.wait_for_selector("#page-video .problem:not(:empty)")
    assert tab.inner_text("#page-video .problem:not(:empty)") == message
    assert "Traceback" not in tab.inner_text("body")
    assert not tab.locator("#video-result video").count()


def wait_for_videos(server, n: int) -> None:
    end = time.monotonic() + 30
    while server.health()["videos"] != n and time.monotonic() < end:
        time.sleep(0.1)
    assert server.health()["videos"] == n


@pytest.fixture(scope="session")
def long_clip(astronaut, tmp_path_factory):
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    return clips.write(path, clips.shaken(astronaut, 900, (320, 240)), fps=30, codec="mpeg4")


def test_it_can_be_cancelled_and_another_file_chosen(visit, server, long_clip, still_clip):
    tab = visit("video", "en")
    send(tab, long_clip)
    tab.click("#page-video [data-cancel]")
    assert tab.inner_text("#video-note") == "Cancelled."
    assert not tab.is_visible("#video-result")
    wait_for_videos(server, 0)
    send(tab, still_clip)
    tab.wait_for_selector("#page-video .result")
    assert "astronaut.mp4" in tab.inner_text("#page-video .file")


def test_closing_the_tab_stops_the_work(visit, server, long_clip):
    tab = visit("video", "en")
    send(tab, long_clip)
    tab.wait_for_selector("#page-video .progress")
    assert server.health()["videos"] == 1
    tab.close()
    wait_for_videos(server, 0)


def test_three_seconds_are_recorded_and_translated(visit, still_camera):
    tab = visit("video", "en", camera=still_camera)
    tab.click("#video-record")
    tab.wait_for_selector("#video-preview")
    tab.wait_for_function("document.querySelector('#video-count').textContent.startsWith('Get ready:')")
    tab.wait_for_selector("#page-video .result")
    assert tab.inner_text("#page-video .file").startswith("kslr.webm")
    tab.wait_for_function("document.querySelector('#video-result video').readyState >= 1")
    assert 1.5 < tab.evaluate("document.querySelector('#video-result video').duration") < 5
    assert not tab.is_visible("#video-preview")


def test_only_uploaded_files_are_read(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    inside = tmp_path / "uploads/abc/clip.mp4"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(b"x")
    outside = tmp_path / "secret.mp4"
    outside.write_bytes(b"x")
    assert upload_path(str(inside)) == inside
    for path in (outside, inside.parent / "../../../secret.mp4", inside.parent, "/etc/passwd", "", tmp_path / "uploads/none.mp4"):
        assert upload_path(str(path)) is None


def test_the_result_is_safe_and_complete(tmp_path):
    vocabulary = kslr30()
    word = TaggedWord(vocabulary["su"], 0.87, 1.0, 2.0, (("su", 0.87), ("it", 0.1)), "happy", {"happy": 0.9})
    seen = Seen(frames=50, with_person=50, with_several=20, with_face=40, seconds=4.0, truncated=True)
    translation = Translation("<b>.mp4", (word,), seen, np.array([]), np.empty((0, 7)), "kslr30", {"mp4": tmp_path / "kslr.mp4"})
    html = result_html(translation, vocabulary)
    assert "<b>.mp4" not in html
    assert "&lt;b&gt;.mp4" in html
    for key in ("video.several", "video.truncated", "video.found"):
        assert key in html
    assert "video.no_words" not in html
    assert 'data-kk="Ит"' in html
    assert "left:25.00%;width:25.00%" in html


def test_the_curve_goes_through_the_frames_it_has():
    emotions = np.zeros((10, 7))
    emotions[:, 3] = 1.0
    translation = Translation("", (), Seen(seconds=10.0), np.linspace(0, 9, 10), emotions, "kslr30", {})
    lines = emotion_curves(translation)
    assert set(lines) == {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"}
    assert all(point.endswith(",1.0") for point in lines["happy"].split())
    assert all(point.endswith(",29.0") for point in lines["sad"].split())
    assert len(lines["happy"].split()) == 10
