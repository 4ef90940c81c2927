import re

import numpy as np
import pytest

from kslr.posefile import read_pose
from kslr.recordings import load_recording, save_recording
from kslr.teaching.vocabularies import load_vocabulary
from tests.takes import take
from ui.shared.i18n import LANGUAGES, words
from ui.teach.page import page_html


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Landmark files of two made-up words."""
    folder, found = tmp_path_factory.mktemp("takes"), {}
    for word in ("circle", "pump"):
        for number in range(4):
            path = folder / f"{word}{number}.npz"
            save_recording(path, take(word, number))
            found.setdefault(word, []).append(path)
    return found


def create(tab, name: str) -> None:
    tab.click("#teach-new")
    tab.fill("#teach-newname", name)
    tab.keyboard.press("Enter")
    tab.wait_for_function("(name) => document.querySelector('#teach-vocabulary').value === name", arg=name)


def teach(tab, paths, **names: str) -> None:
    for language, text in names.items():
        tab.fill(f"#teach-{language}", text)
    tab.set_input_files("#teach-clips", paths)
    tab.wait_for_function("(n) => document.querySelectorAll('#teach-takes [data-use]').length === n", arg=len(paths))
    tab.click("#teach-learn")
    tab.wait_for_function("document.querySelector('#teach-said').dataset.word === 'teach.taught'")
    tab.wait_for_function("!document.querySelectorAll('#teach-takes li').length")


def test_words_are_taught_tried_fetched_and_deleted(visit, files, tmp_path):
    tab = visit("teach", "en")
    create(tab, "Менің сөздерім")
    assert tab.inner_text("#teach-words .message") == "No words in this vocabulary yet."
    teach(tab, files["circle"][:3], kk="Шеңбер", ru="Круг", en="Circle")
    assert tab.inner_text("#teach-said") == "Learnt: Circle (3 recordings)."
    assert not tab.is_visible("#teach-trying")
    teach(tab, files["pump"][:1], kk="Сорғы", en="Pump")
    # One recording is too few: another one is asked for, and adding it needs no typing.
    assert tab.inner_text("#teach-words .advice button") == "Pump"
    tab.click("#teach-words .advice button")
    assert [tab.input_value(f"#teach-{language}") for language in LANGUAGES] == ["Сорғы", "Сорғы", "Pump"]
    teach(tab, files["pump"][1:3])
    assert tab.inner_text("#teach-words .figure b") == "6 of 6"
    assert not tab.locator("#teach-words .advice").count()
    rows = tab.locator("#teach-words tbody tr")
    assert [rows.nth(n).locator("th, td").nth(1).inner_text() for n in range(2)] == ["3", "3"]
    # Instantly tried, in the language of the page.
    for word, name in (("circle", "Circle"), ("pump", "Pump")):
        tab.set_input_files("#teach-tryfile", files[word][3])
        tab.wait_for_function("(name) => document.querySelector('#teach-answer .big')?.textContent === name", arg=name)
    tab.click("[data-language=kk]")
    tab.wait_for_function("document.querySelector('#teach-answer .big').textContent === 'Сорғы'")
    with tab.expect_download() as saving:
        tab.click("#teach-words a[data-word='teach.download']")
    kept = tmp_path / "Көшірме.npz"
    saving.value.save_as(kept)
    assert set(load_vocabulary(kept).exemplars) == {"circle", "pump"}
    # Nothing is deleted before somebody has said yes.
    tab.click("[data-forget=pump]")
    assert "Сорғы" in tab.inner_text("#teach-sure p")
    tab.click("#teach-sure [data-no]")
    assert tab.locator("#teach-words tbody tr").count() == 2
    tab.click("[data-forget=pump]")
    tab.click("#teach-sure [data-yes]")
    tab.wait_for_function("document.querySelectorAll('#teach-words tbody tr').length === 1")
    tab.click("[data-delete]")
    tab.click("#teach-sure [data-yes]")
    tab.wait_for_function("document.querySelector('#teach-said').dataset.word === 'teach.deleted'")
    assert tab.locator("#teach-vocabulary option").count() == 1
    # The copy brings it back under the file's name.
    tab.set_input_files("#teach-file", kept)
    tab.wait_for_function("document.querySelector('#teach-vocabulary').value === 'Көшірме'")
    assert tab.locator("#teach-words tbody tr").count() == 2


def test_the_six_wait_and_one_click_fills_in_their_names(visit):
    tab = visit("teach", "kk")
    tab.wait_for_selector("#teach-todo li")
    assert tab.locator("#teach-todo li").count() == 6
    tab.click("#teach-todo [data-todo=taxi]")
    assert [tab.input_value(f"#teach-{language}") for language in LANGUAGES] == ["Такси", "Такси", "Taxi"]


def test_a_take_is_recorded_after_a_countdown_checked_and_shown(visit, still_camera):
    tab = visit("teach", "en", camera=still_camera)
    tab.select_option("#teach-length", "2")
    # Nothing is recorded for no vocabulary and no word.
    tab.click("#teach-record")
    assert tab.inner_text("#teach-note") == "First choose a vocabulary or make a new one."
    create(tab, "still")
    tab.click("#teach-record")
    assert tab.inner_text("#teach-note") == "Type the word in at least one language."
    assert tab.evaluate("document.querySelector('#teach-video').srcObject") is None
    tab.fill("#teach-en", "Nothing")
    tab.click("#teach-record")
    tab.wait_for_selector("#teach-stage.on")
    tab.wait_for_function("document.querySelector('#teach-count').textContent === 'Recording 1: 3'")
    tab.wait_for_function("document.querySelector('#teach-count').textContent.startsWith('● Sign now!')")
    tab.wait_for_selector("#teach-takes li")
    tab.click("#teach-stop")
    tab.wait_for_selector("#teach-takes li.poor")
    # The astronaut signs nothing, so that there is nothing to learn.
    assert tab.inner_text("#teach-takes .bad") == "No hands were seen. Keep both hands in the picture."
    assert not tab.is_visible("#teach-learn")
    tab.wait_for_function("!document.querySelector('#teach-stage').classList.contains('on')")
    assert tab.evaluate("document.querySelector('#teach-video').srcObject") is None
    tab.click("#teach-takes [data-drop]")
    assert not tab.locator("#teach-takes li").count()


def test_signs_from_the_camera_are_learnt_and_read(visit, signing_camera, files):
    tab = visit("teach", "en", camera=signing_camera)
    create(tab, "camera")
    teach(tab, files["circle"][:2], en="Circle")
    tab.fill("#teach-en", "Water")
    tab.select_option("#teach-length", "4")
    tab.click("#teach-record")
    tab.wait_for_selector("#teach-takes li:nth-child(2)")
    tab.click("#teach-stop")
    tab.wait_for_function("[...document.querySelectorAll('#teach-takes li')].every((li) => li.className)")
    # The camera plays its clip over and over, so that a take may be cut off: it is told, and can be used all the same.
    for box in tab.locator("#teach-takes [data-use]").all():
        box.check()
    assert tab.locator("#teach-takes [data-use]").count() >= 1
    assert lit(tab) > 50
    with tab.expect_download() as saving:
        tab.locator("#teach-takes summary").first.click()
        tab.locator("#teach-takes a[href*='kind=pose'][href*='face=false']").first.click()
    assert all(frame.face is None for frame in read_pose(saving.value.path()))
    with tab.expect_download() as saving:
        tab.locator("#teach-takes a[href*='kind=npz'][href*='face=true']").first.click()
    assert np.isfinite(load_recording(saving.value.path()).x[:, 132]).any()
    tab.click("#teach-learn")
    tab.wait_for_selector("#teach-trying:not([hidden])")
    tab.click("#teach-trycamera")
    tab.wait_for_selector("#teach-answer:not([hidden])")
    told = tab.locator("#teach-answer p").first.inner_text()
    assert told in ("Water", "Circle", "No word recognised")
    # On the Live page the taught words are the ones that are read.
    tab.click("#teach-live")
    tab.wait_for_function("document.querySelector('[data-vocabulary=live]').value === 'camera'")
    tab.wait_for_function("script('shared/config.js').then(({ config }) => config.signs.circle)")
    tab.click("#live-start")
    tab.wait_for_selector("#live-words .pencil")
    assert tab.locator("#live-words li b").first.inner_text() == "Water"


def test_a_suggestion_that_is_changed_in_one_language_is_another_word(visit):
    tab = visit("teach", "en")
    tab.click("#teach-todo [data-todo=taxi]")
    tab.fill("#teach-en", "Bus")
    assert [tab.input_value(f"#teach-{language}") for language in LANGUAGES] == ["", "", "Bus"]


def test_the_same_recording_and_a_conflict_are_told_while_teaching_and_undone(visit, files):
    tab = visit("teach", "en")
    create(tab, "alike")
    teach(tab, files["circle"][:3], kk="Шеңбер", ru="Круг", en="Circle")
    # Taken back, and taught again.
    tab.click("#teach-undo")
    tab.wait_for_function("document.querySelector('#teach-said').dataset.word === 'teach.undone'")
    assert not tab.locator("#teach-words tbody tr").count()
    teach(tab, files["circle"][:3], kk="Шеңбер", ru="Круг", en="Circle")
    # The same again, and the same sign as another word.
    tab.fill("#teach-en", "Wheel")
    tab.set_input_files("#teach-clips", [files["circle"][0], files["circle"][3]])
    tab.wait_for_function("document.querySelectorAll('#teach-takes [data-use]').length === 2")
    assert tab.locator("#teach-takes .bad").first.inner_text() == "This recording is there already. Make a new one."
    assert not tab.locator("#teach-takes [data-use]").first.is_checked()
    told = tab.locator("#teach-takes li").nth(1)
    assert told.locator(".conflict").inner_text() == "This would be read as “Circle”. Are the two signs the same?"
    tab.wait_for_function(
        "[...document.querySelectorAll('#teach-takes li:last-child .pair canvas')].every((one) => Number(one.dataset.drawn) > 2)"
    )
    assert told.locator(".pair canvas").count() == 2
    # For the word itself there is no conflict.
    tab.click("#teach-takes [data-drop]")
    tab.click("#teach-takes [data-drop]")
    tab.click("[data-add=circle]")
    tab.set_input_files("#teach-clips", files["circle"][3])
    tab.wait_for_selector("#teach-takes .fine")
    assert not tab.locator("#teach-takes .conflict").count()
    tab.click("#teach-takes [data-drop]")
    # A word's example is looked at as moving points.
    tab.click("[data-show=circle]")
    tab.wait_for_function("Number(document.querySelector('#teach-figures canvas')?.dataset.drawn) > 2")


def lit(tab) -> int:
    """Pixels of a take's moving skeleton that are not its ground."""
    return tab.evaluate(
        """async () => { await new Promise((done) => setTimeout(done, 600));
        const canvas = [...document.querySelectorAll('#teach-takes canvas')].at(-1);
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let n = 0; for (let i = 0; i < data.length; i += 4) n += data[i] + data[i + 1] + data[i + 2] > 150; return n; }"""
    )


def test_two_tabs_have_their_own_takes_and_closing_one_forgets_them(visit, files, server):
    one, other = visit("teach", "en"), visit("teach", "en")
    before = server.health()["takes"]
    for tab, number in ((one, 2), (other, 1)):
        tab.set_input_files("#teach-clips", files["circle"][:number])
        tab.wait_for_function("(n) => document.querySelectorAll('#teach-takes [data-use]').length === n", arg=number)
    assert server.health()["takes"] == before + 3
    assert other.locator("#teach-takes li").count() == 1
    one.close(run_before_unload=True)
    for _ in range(50):
        if server.health()["takes"] == before + 1:
            break
        other.wait_for_timeout(200)
    assert server.health()["takes"] == before + 1
    other.click("#teach-takes [data-drop]")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("bad.mp4", b"no video" * 50, "“bad.mp4” cannot be read. Choose another file."),
        ("notes.pdf", b"%PDF", "This type of file is not accepted. Choose MP4, AVI, MOV, MKV, WebM, .npz or .pose."),
        ("empty.webm", b"", "The file is empty. Record it again or choose another one."),
    ],
)
def test_bad_clips_are_told(visit, tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    tab = visit("teach", "en")
    tab.set_input_files("#teach-clips", tmp_path / name)
    tab.wait_for_selector("#teach-takes .bad")
    assert tab.inner_text("#teach-takes .bad") == message
    assert not tab.is_visible("#teach-learn")


def test_what_is_missing_is_told(visit, files, tmp_path):
    tab = visit("teach", "en")
    tab.set_input_files("#teach-clips", files["circle"][:1])
    tab.wait_for_selector("#teach-learn:visible")
    tab.click("#teach-learn")
    assert tab.inner_text("#teach-note") == "First choose a vocabulary or make a new one."
    tab.click("#teach-new")
    for name, key in (("../evil", "bad_name"), ("kslr30", "shipped_name")):
        tab.fill("#teach-newname", name)
        tab.keyboard.press("Enter")
        tab.wait_for_function("(key) => document.querySelector('#teach-said').dataset.word === key", arg=f"teach.{key}")
    (tmp_path / "none.npz").write_bytes(b"nothing")
    tab.set_input_files("#teach-file", tmp_path / "none.npz")
    tab.wait_for_function("document.querySelector('#teach-said').dataset.word === 'teach.no_vocabulary'")
    tab.click("#teach-takes [data-drop]")


def test_a_refused_camera_is_told(visit):
    tab = visit("teach", "en")
    tab.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError')); }")
    # The camera is asked for only once there is a word to record.
    create(tab, "Refused")
    tab.fill("#teach-en", "Circle")
    tab.click("#teach-record")
    tab.wait_for_function("document.querySelector('#teach-note').dataset.word === 'live.denied'")
    assert tab.inner_text("#teach-note") == words()["live.denied"]["en"]
    tab.click("[data-delete]")
    tab.click("#teach-sure [data-yes]")
    tab.wait_for_function("document.querySelector('#teach-said').dataset.word === 'teach.deleted'")


def test_every_word_of_the_page_is_there():
    used = set(re.findall(r'data-word(?:-label)?="([\w.]+)"', page_html()))
    assert {key for key in used if key.startswith("teach.")}
    assert used <= set(words())
