import json
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from kslr.encoder import SignEncoder
from kslr.landmarks import HANDS, mirror
from kslr.recognizer import UNSURE, SignPrediction
from kslr.recordings import Recording, record, save_recording
from kslr.segment import SignSegment
from kslr.teaching.comparison import Comparison, Deviation
from kslr.teaching.takes import judge
from kslr.teaching.vocabularies import save_vocabulary
from kslr.teaching.words import new_vocabulary, teach
from kslr.vocabulary import Sign
from tests.signers import signer
from ui.practice.attempts import Attempt
from ui.practice.page import PAGE, drawn_figures, result_html
from ui.shared.html import macros
from ui.shared.i18n import text

WAVE = Sign("wave", "Бұлғау", "bulgau", "Wave", "Махать")
STILL = Sign("hold", "Ұстау", "ustau", "Hold", "Держать")


def drawn(across: float = 0.0, up: float = 0.0, seconds: float = 4.0, still: bool = False) -> Recording:
    """A drawn signer's recording; the hand may be elsewhere, in shoulder widths, or hold still once it is up."""
    frames = []
    for t in np.arange(0, seconds, 1 / 25):
        one = signer(min(float(t), 1.4) if still and 1.0 < t < 2.9 else float(t))
        step = np.array([0.25 * across * 0.75, -0.25 * up, 0], np.float32)
        pose = one.pose.copy()
        pose[16, :3] += step
        frames.append(
            replace(one, seconds=float(t), pose=pose, right_hand=None if one.right_hand is None else one.right_hand + step)
        )
    return Recording(np.array([f.seconds for f in frames]), np.stack([f.values() for f in frames]), frames[0].aspect)


def saved(path: Path, recording: Recording) -> Path:
    save_recording(path, recording)
    return path


@pytest.fixture(scope="module")
def vocabulary(server, request) -> str:
    """A vocabulary of two drawn words on the server, and where there are recordings a third from a real clip."""
    encoder = SignEncoder()
    one = new_vocabulary("drawn", encoder)
    for sign, still in ((WAVE, False), (STILL, True)):
        segment = judge(drawn(still=still)).sign
        one = teach(one, sign, segment.window(encoder.frames)[None], encoder, seconds=[segment.end - segment.start])
    folder = server.log.parent / "home/vocabularies"
    folder.mkdir(parents=True, exist_ok=True)
    path = save_vocabulary(folder / "drawn.npz", one)
    yield path.stem
    path.unlink()


def open_page(visit, language="en", **options):
    tab = visit("practice", language, **options)
    # Other tests may have left vocabularies of their own on the server.
    tab.wait_for_selector("#practice-vocabulary option[value=drawn]", state="attached")
    tab.select_option("#practice-vocabulary", "drawn")
    tab.wait_for_selector("#practice-word option[value=wave]", state="attached")
    return tab


def try_file(tab, path: Path) -> None:
    tab.set_input_files("#practice-file", str(path))
    tab.wait_for_selector("#practice-result .practised, #practice-result .problem")


def coloured(tab, selector: str) -> int:
    """How many points of a canvas are drawn on."""
    return tab.evaluate(
        "(s) => { const c = document.querySelector(s); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        "let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }",
        selector,
    )


def test_a_first_visit_has_movements_to_try_and_leads_to_teaching(visit):
    tab = visit("practice", "ru")
    tab.wait_for_selector("#practice-vocabulary option[value='*']", state="attached")
    tab.select_option("#practice-vocabulary", "*")
    assert tab.locator("#practice-word option").all_inner_texts() == ["Махать", "Круг", "Обе руки вверх"]
    assert text("practice.warmup_note", "ru") in tab.inner_text("#practice-none")
    tab.wait_for_function("Number(document.querySelector('#practice-example').dataset.seconds) > 0.1")
    assert coloured(tab, "#practice-example") > 500


def test_progress_and_place_are_kept_in_the_browser(visit, vocabulary, tmp_path):
    tab = open_page(visit)
    assert tab.inner_text("#practice-progress").startswith("Done in this vocabulary: 0 of 2.")
    try_file(tab, saved(tmp_path / "own.npz", drawn()))
    tab.wait_for_function("document.querySelector('#practice-progress').textContent.includes(': 1 of 2.')")
    assert tab.locator("#practice-word option").all_inner_texts() == ["✓ Wave", "Hold"]
    tab.click("#practice-next")
    assert tab.input_value("#practice-word") == "hold"
    tab.reload()
    tab.wait_for_function("document.querySelector('#practice-word')?.value === 'hold'")
    assert tab.input_value("#practice-vocabulary") == "drawn"
    assert tab.locator("#practice-word option").first.inner_text() == "✓ Wave"
    tab.click("#practice-forget")
    assert tab.locator("#practice-word option").first.inner_text() == "Wave"


@pytest.mark.parametrize(("kind", "arrow"), [("shape", False), ("missing", False), ("higher", True), ("left", True)])
def test_only_another_place_has_an_arrow(visit, vocabulary, kind, arrow):
    """The picture says what the text says: a hand shape has a ring, a place has an arrow to where the hand should be."""
    tab = open_page(visit)
    hand = [[0, 100 + n] for n in range(21)]
    points = [[0, 72], None, None, [50, 0], [-50, 0], None, None, None, [-60, 0], *[None] * 21, *hand]
    moved = [one and [one[0] - 90, one[1] - 60] for one in points]
    inked = tab.evaluate(
        """async ([example, own, kind]) => {
          const { Player } = await script("practice/player.js");
          const player = new Player(document.querySelector("#practice-example"), document.querySelector("#practice-player"));
          player.show([0], [{ points: [example], look: "example" }, { points: [own], look: "own" }],
            [{ hand: 1, seconds: 0, kind }]);
          player.pause(); player.draw();
          const { canvas } = player, { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let n = 0;
          for (let i = 0; i < data.length; i += 4) n += data[i] === 255 && data[i + 1] === 107 && data[i + 2] === 94;
          return n / canvas.height; }""",
        [points, moved, kind],
    )
    assert inked > 0.5  # the ring
    ring = 2 * np.pi / 11 * 3
    assert (inked > ring * 1.6) == arrow


def test_the_example_moves_stops_and_turns(visit, vocabulary):
    tab = open_page(visit)
    assert tab.locator("#practice-word option").all_inner_texts() == ["Wave", "Hold"]
    tab.wait_for_function("Number(document.querySelector('#practice-example').dataset.seconds) > 0.1")
    tab.click("#practice-player [data-play]")
    at = tab.get_attribute("#practice-example", "data-seconds")
    tab.wait_for_timeout(300)
    assert tab.get_attribute("#practice-example", "data-seconds") == at
    tab.focus("#practice-player [data-seek-range]")
    tab.keyboard.press("End")
    assert coloured(tab, "#practice-example") > 500
    picture = tab.evaluate("document.querySelector('#practice-example').toDataURL()")
    tab.uncheck("#practice-player [data-mirror]")
    assert tab.evaluate("document.querySelector('#practice-example').toDataURL()") != picture
    tab.click("[data-language=kk]")
    assert tab.locator("#practice-word option").all_inner_texts() == ["Бұлғау", "Ұстау"]


def test_the_same_sign_is_near_and_read(visit, vocabulary, tmp_path):
    tab = open_page(visit)
    try_file(tab, saved(tmp_path / "same.npz", drawn()))
    assert int(tab.inner_text(".score b")) >= 95
    assert text("practice.like_own", "en") in tab.inner_text(".practised")
    assert text("practice.all_near", "en") in tab.inner_text(".practised")
    assert "The recogniser reads it rightly: Wave" in tab.inner_text(".practised .read")


def test_a_deviation_is_told_marked_and_jumped_to_in_every_language(visit, vocabulary, tmp_path):
    tab = open_page(visit)
    try_file(tab, saved(tmp_path / "higher.npz", drawn(up=0.7)))
    button = tab.locator(".deviations button").first
    assert "Right hand" in button.inner_text()
    assert "higher than in the example" in button.inner_text()
    assert int(tab.inner_text(".score b")) < 90
    assert coloured(tab, ".practised canvas") > 500
    tab.focus(".practised [data-seek-range]")
    tab.keyboard.press("End")
    button.click()
    assert tab.get_attribute(".practised canvas", "data-seconds") == button.get_attribute("data-seek")
    reds = (
        "(c) => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;"
        "for (let i = 0; i < d.length; i += 4) n += d[i] === 255 && d[i + 1] === 107 && d[i + 2] === 94; return n; }"
    )
    assert tab.eval_on_selector(".practised canvas", reds) > 50
    tab.click("[data-language=kk]")
    assert "Оң қол" in button.inner_text()
    assert "үлгідегіден жоғары" in button.inner_text()
    tab.click("[data-language=ru]")
    assert "Правая рука" in button.inner_text()
    # A new word forgets the old result.
    tab.select_option("#practice-word", "hold")
    assert not tab.is_visible("#practice-result")


def test_a_left_handed_learner_is_told_that_it_is_no_mistake(visit, vocabulary, tmp_path):
    tab = open_page(visit)
    recording = drawn()
    try_file(tab, saved(tmp_path / "left.npz", replace(recording, x=mirror(recording.x))))
    assert text("practice.mirrored", "en") in tab.inner_text(".practised")
    assert int(tab.inner_text(".score b")) >= 95


def test_what_cannot_be_compared_is_told(visit, vocabulary, tmp_path, still_clip):
    tab = open_page(visit)
    recording = drawn()
    nobody, handless = np.full_like(recording.x, np.nan), recording.x.copy()
    handless[:, HANDS] = np.nan
    for name, x, key in (("nobody", nobody, "practice.nobody"), ("handless", handless, "practice.no_hands")):
        try_file(tab, saved(tmp_path / f"{name}.npz", replace(recording, x=x)))
        assert tab.inner_text("#practice-result .problem") == text(key, "en")
        tab.select_option("#practice-word", "wave")
    (tmp_path / "words.npz").write_bytes(b"none")
    try_file(tab, tmp_path / "words.npz")
    assert tab.inner_text("#practice-result .problem") == text("video.unreadable", "en")
    tab.set_input_files("#practice-file", str(Path(__file__)))
    assert tab.inner_text("#practice-note") == text("practice.format", "en")
    # A clip of somebody who signs nothing.
    try_file(tab, still_clip)
    assert tab.inner_text("#practice-result .problem") == text("practice.no_hands", "en")


def test_a_clip_played_to_the_camera_is_compared_with_its_own_example(visit, server, vocabulary, signing_clip, signing_camera):
    encoder = SignEncoder()
    segment = judge(record(signing_clip)).sign
    one = teach(new_vocabulary("real", encoder), WAVE, segment.window(30)[None], encoder, seconds=[segment.end - segment.start])
    folder = server.log.parent / "home/vocabularies"
    folder.mkdir(parents=True, exist_ok=True)
    path = save_vocabulary(folder / "real.npz", one)
    try:
        tab = open_page(visit, camera=signing_camera)
        tab.select_option("#practice-vocabulary", "real")
        tab.click("#practice-sign")
        tab.wait_for_function("document.querySelector('#practice-count').dataset.word === 'practice.now'")
        tab.wait_for_selector("#practice-result .practised")
        # The camera plays the clip over and over, from anywhere on; a whole sign is in it or a part of one.
        assert int(tab.inner_text(".score b")) >= 50
        assert tab.locator(".practised .read").count() == 1
        assert tab.evaluate("document.querySelector('#practice-video').srcObject") is None
    finally:
        path.unlink()


def done(**changes) -> Attempt:
    deviation = Deviation("left_hand", "left", 0.8, 0.7, 0.5)
    points = np.full((40, 51, 2), np.nan)
    comparison = Comparison(0.5, 74.3, True, (deviation,), np.linspace(0, 2, 40), points, points, np.zeros((2, 40)))
    read = SignPrediction(0, 1, (("still", 0.8), ("wave", 0.1)), 0.1, False)
    return replace(Attempt(WAVE, comparison, 1.5, 2.0, 2, True, read, STILL), **changes)


def test_the_result_tells_everything():
    html = result_html(done())
    for key in (
        "practice.near",
        "practice.several",
        "practice.best_of",
        "practice.mirrored",
        "practice.read_wrong",
        "practice.at",
    ):
        assert f'data-word="{key}"' in html
    data = json.loads(unescape(html.split('data-practice="')[1].split('"')[0]))
    assert data["marks"] == [{"hand": 1, "seconds": 0.8, "kind": "left"}]
    assert data["own"][0][0] is None
    nothing = SignPrediction(0, 1, (("wave", 0.2),), 0.8, True, "no sign of this vocabulary")
    assert "practice.not_read" in result_html(done(read=nothing, named=None))


def test_it_is_read_rightly_only_where_both_agree():
    certain = SignPrediction(0, 1, ((WAVE.id, 0.9),), 0.1, False)
    unsure = SignPrediction(0, 1, ((WAVE.id, 0.7),), 0.3, True, UNSURE)
    poor = replace(done().comparison, score=30.0)
    assert "practice.read_right" in result_html(done(read=certain, named=WAVE))
    assert "practice.read_perhaps" in result_html(done(read=unsure, named=WAVE))
    assert "practice.read_poor" in result_html(done(read=certain, named=WAVE, comparison=poor))


@pytest.mark.parametrize("kind", ["higher", "lower", "left", "right", "shape", "missing", "extra"])
def test_every_kind_has_words(kind):
    one = Deviation("right_hand", kind, 1.0, 1.0, 0.4)
    html = macros(PAGE).deviation(one)
    assert f"practice.{'to_' if kind in ('left', 'right') else ''}{kind}" in html
    assert "practice.right_hand" in html
    for mirrored, hand in ((False, 1), (True, 0)):
        comparison = replace(done().comparison, mirrored=mirrored, deviations=(one,))
        assert drawn_figures(comparison)["marks"] == [{"hand": hand, "seconds": 1.0, "kind": kind}]


def test_a_segment_of_the_drawn_signer_is_a_sign():
    assert isinstance(judge(drawn()).sign, SignSegment)
