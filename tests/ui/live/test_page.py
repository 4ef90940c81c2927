import json
import re

import numpy as np
import pytest

from ui.shared.i18n import text

COLOURED = """async () => {
  const { config } = await script("shared/config.js");
  const canvas = document.querySelector('#live-canvas');
  if (!canvas.width) return {};
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const counts = {};
  for (const [part, colour] of Object.entries(config.colours)) {
    const [r, g, b] = colour.match(/\\d+/g).map(Number);
    let n = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255) n++;
    }
    counts[part] = n;
  }
  return counts;
}"""


def start(tab, frames: int = 5) -> None:
    """Presses Start and waits until the server has answered some frames."""
    tab.click("#live-start")
    tab.wait_for_function("(n) => Number(document.querySelector('#live-stage').dataset.frames || 0) >= n", arg=frames)


def test_what_was_seen_is_drawn_over_the_camera_and_told(visit, still_camera, server):
    tab = visit("live", "en", camera=still_camera)
    assert tab.inner_text("#live-status") == "The camera is off. Press Start."
    assert sum(tab.evaluate(COLOURED).values()) == 0
    start(tab)
    assert tab.inner_text("#live-status") == "Ready. Sign a word, then lower your hands."
    drawn = tab.evaluate(COLOURED)
    assert drawn["pose"] > 100
    assert drawn["face"] > 20
    assert tab.inner_text("#live-start") == "Stop"
    assert re.fullmatch(r"\d+ fps · \d+ ms", tab.inner_text("#live-speed"))
    tab.wait_for_selector("#live-face", state="visible")
    shares = tab.eval_on_selector_all("#live-emotion .bars i", "all => all.map((one) => +one.style.getPropertyValue('--part'))")
    assert len(shares) == 7
    assert abs(sum(shares) - 1) < 0.02
    assert tab.locator("#live-emotion .emotion.none").count() == 0
    # The points alone, without the person.
    tab.check("#live-private")
    tab.wait_for_function("(n) => Number(document.querySelector('#live-stage').dataset.frames) > n + 1", arg=5)
    corner = tab.evaluate("[...document.querySelector('#live-canvas').getContext('2d').getImageData(5, 5, 1, 1).data]")
    assert corner == [16, 20, 24, 255]
    tab.click("#live-start")
    assert tab.inner_text("#live-status") == "The camera is off. Press Start."
    assert server.wait_for_sessions(0) == 0


def test_find_a_sign_lists_the_nearest_words(visit, signing_camera):
    tab = visit("live", "en", camera=signing_camera)
    tab.wait_for_selector("#page-live select[data-vocabulary] option[value=rsl]", state="attached")
    tab.select_option("#page-live select[data-vocabulary]", "rsl")
    tab.wait_for_selector("#live-found", state="visible")
    assert tab.inner_text("#live-found-sign") == text("find.waiting", "en")
    assert not tab.is_visible("#live-now")
    start(tab)
    tab.wait_for_selector("#live-nearest li")
    words = tab.locator("#live-nearest li")
    assert words.count() == 10
    nearness = [float(one.split()[-1]) for one in words.all_inner_texts()]
    assert nearness == sorted(nearness, reverse=True)
    assert re.fullmatch(r"Words nearest to the sign at \d+:\d\d", tab.inner_text("#live-found-sign"))
    assert tab.locator("#live-words .pencil").count() == 0  # nothing is said
    english = words.first.locator("b").inner_text()
    tab.click("[data-language=ru]")
    assert words.first.locator("b").inner_text() != english
    # Words again.
    tab.select_option("#page-live select[data-vocabulary]", "")
    tab.wait_for_selector("#live-now", state="visible")
    assert not tab.is_visible("#live-found")


def test_a_signed_word_appears_is_corrected_and_saved(visit, signing_camera):
    tab = visit("live", "kk", camera=signing_camera)
    start(tab)
    tab.wait_for_selector("#live-words .pencil")
    assert tab.evaluate(COLOURED)["right_hand"] + tab.evaluate(COLOURED)["left_hand"] >= 0
    tab.click("#live-start")
    tab.wait_for_timeout(800)
    n = tab.locator("#live-words .pencil").count()
    told = tab.inner_text("#live-now .big")
    last = tab.locator("#live-words li b").last
    assert last.inner_text() == told
    # An emotion is named where it is clear; where not, the row alone has a mark that says so when it is pointed at.
    assert tab.locator("#live-now .emotion").count() == tab.locator("#live-words li:last-child .emotion:not(.none)").count()
    for mark in tab.locator("#live-words .emotion.none").all():
        assert mark.get_attribute("aria-label") == text("emotion.none", "kk")
    # Another word of the five is chosen, and then the language.
    tab.locator("#live-words .pencil").last.click()
    choice = tab.locator("#live-words [data-choose]").nth(1)
    word = choice.get_attribute("data-choose")
    choice.click()
    assert tab.inner_text("#live-now .sure") == "түзетілді"  # and no probability of the recogniser
    signs = tab.evaluate("script('shared/config.js').then(({ config }) => config.signs)")
    assert tab.inner_text("#live-now .big") == signs[word]["kk"]
    tab.click("[data-language=ru]")
    assert tab.inner_text("#live-now .big") == signs[word]["ru"]
    with tab.expect_download() as saving:
        tab.click("#live-downloads [data-format=json]")
    saved = json.loads(saving.value.path().read_text())
    assert len(saved["words"]) == n
    assert saved["words"][-1]["sign"]["id"] == word
    assert (saved["words"][-1]["corrected"], saved["words"][-1]["sign_probability"]) == (True, None)
    assert re.fullmatch(r"kslr \d{4}-\d\d-\d\d \d\d\.\d\d\.json", saving.value.suggested_filename)
    # Removed, and cleared.
    tab.locator("#live-words .pencil").last.click()
    tab.click("#live-words [data-remove]")
    assert tab.locator("#live-words .pencil").count() == n - 1
    tab.click("#live-clear")
    assert tab.locator("#live-words .empty").is_visible()


def test_two_tabs_do_not_mix_a_third_is_told_and_closing_frees_a_place(visit, still_camera, empty_camera, server):
    person, room = visit("live", "en", camera=still_camera), visit("live", "en", camera=empty_camera)
    start(person)
    start(room)
    assert server.health()["sessions"] == 2
    assert room.inner_text("#live-hint").startswith("Nobody is in view")
    assert room.evaluate(COLOURED)["face"] == 0
    assert person.evaluate(COLOURED)["face"] > 20
    third = visit("live", "en", camera=still_camera)
    third.click("#live-start")
    third.wait_for_function("document.querySelector('#live-status').dataset.word === 'live.full'")
    assert third.inner_text("#live-status") == "All 2 places are taken. Try again in a few minutes."
    person.close()
    assert server.wait_for_sessions(1) == 1
    start(third)
    third.close()
    room.close()
    assert server.wait_for_sessions(0) == 0


def test_leaving_the_page_turns_the_camera_off(visit, still_camera, server):
    tab = visit("live", camera=still_camera)
    start(tab)
    tab.click("nav [data-goto=about]")
    assert server.wait_for_sessions(0) == 0
    assert tab.evaluate("document.querySelector('#live-video').srcObject") is None


def test_a_refused_camera_and_a_missing_one_are_told(visit):
    tab = visit("live", "en")
    tab.click("#live-start")
    tab.wait_for_function("['live.denied', 'live.absent'].includes(document.querySelector('#live-status').dataset.word)")
    refused = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name))"
    for name, key in (("NotAllowedError", "denied"), ("NotFoundError", "absent"), ("NotReadableError", "busy")):
        tab.evaluate(f"(name) => {{ {refused}; }}", name)
        tab.click("#live-start")
        tab.wait_for_function("(key) => document.querySelector('#live-status').dataset.word === key", arg=f"live.{key}")
        assert tab.inner_text("#live-status") == text(f"live.{key}", "en")


def test_a_cut_connection_is_made_again(visit, still_camera):
    tab = visit("live", "en", camera=still_camera)
    tab.evaluate(
        "() => { window.sockets = []; const Real = WebSocket;"
        "window.WebSocket = class extends Real { constructor(...a) { super(...a); sockets.push(this); } }; }"
    )
    start(tab)
    tab.evaluate("sockets[0].close()")
    tab.wait_for_function("sockets.length === 2")
    tab.wait_for_function("(n) => Number(document.querySelector('#live-stage').dataset.frames) > n + 8", arg=5)
    assert tab.inner_text("#live-start") == "Stop"


def test_where_sockets_are_refused_the_pictures_go_by_post(visit, still_camera, server):
    tab = visit("live", "en", camera=still_camera)
    posted = []
    tab.on("request", lambda request: posted.append(request.url) if "live/frame" in request.url else None)
    tab.evaluate("() => { window.WebSocket = class { constructor() { setTimeout(() => this.onclose(), 10); } close() {} }; }")
    start(tab)
    assert len(posted) >= 5
    assert tab.evaluate(COLOURED)["face"] > 20
    tab.click("#live-start")
    assert server.wait_for_sessions(0) == 0


def test_a_calm_face_is_counted_down_and_known(visit, still_camera):
    tab = visit("live", "en", camera=still_camera)
    assert not tab.is_visible("#live-calm")
    start(tab)
    tab.click("#live-calm")
    tab.wait_for_function("document.querySelector('#live-status').textContent.endsWith('look calmly at the camera: 3')")
    tab.wait_for_function("document.querySelector('#live-status').dataset.word === 'live.calm_done'")
    assert tab.inner_text("#live-calm") == "Forget the neutral face"
    tab.wait_for_function("document.querySelector('#live-emotion').dataset.shown === 'neutral'")
    tab.click("#live-calm")
    tab.wait_for_function("document.querySelector('#live-calm').dataset.word === 'live.calm'")


def test_the_picture_is_mirrored_on_the_screen_only(visit, still_camera, astronaut):
    tab = visit("live", camera=still_camera)
    start(tab)
    assert "matrix(-1" in tab.evaluate("getComputedStyle(document.querySelector('#live-video')).transform")
    tab.uncheck("#live-mirror")
    assert tab.evaluate("getComputedStyle(document.querySelector('#live-video')).transform") == "none"


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_an_emotion_is_icon_word_and_colour(visit, language):
    tab = visit("live", language)
    for name in ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"):
        html = tab.evaluate(
            """async (name) => { const { emotionChip } = await script('shared/dom.js'), box = document.createElement('div');
            box.id = 'try'; box.append(emotionChip(name));
            document.querySelector('#page-live').append(box); return new Promise((done) => setTimeout(() => {
              const chip = box.firstChild; const style = getComputedStyle(chip);
              done({ word: chip.innerText, icon: chip.querySelectorAll('svg polyline').length,
                ink: style.color, paper: style.backgroundColor });
              box.remove(); }, 20)); }""",
            name,
        )
        assert html["word"]
        assert html["icon"] >= 1
        assert contrast(html["ink"], html["paper"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two CSS colours."""

    def luminance(colour: str) -> float:
        rgb = np.array([int(v) for v in re.findall(r"\d+", colour)[:3]]) / 255
        linear = np.where(rgb <= 0.03928, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
