"""A new user's way: start, teach ten words without touching anything, sign them. Timed."""

import base64
import io
import time

import numpy as np
import pytest
from PIL import Image

from docs.drawn_person import picture
from tests.ui.conftest import SCRIPT

FPS = 12
HANGING = np.array([200.0, 452.0])

# A camera whose picture the test chooses: somebody at rest, until a movement is played.
CAMERA = """(() => {
  const canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  Object.assign(canvas, { width: 640, height: 480 });
  let rest = null, clip = [], tracks = [], n = 0;
  window.loadClips = async (clips, fps) => {
    const decode = async (jpeg) => {
      const image = new Image(); image.src = `data:image/jpeg;base64,${jpeg}`; await image.decode(); return image; };
    window.clips = await Promise.all(clips.map((one) => Promise.all(one.map(decode))));
    rest = window.clips[0][0];
    setInterval(() => {
      context.drawImage(clip.shift() || rest, 0, 0);
      context.fillRect(0, 0, 1 + (n++ % 2), 1); // a canvas that stays the same gives no picture
      for (const track of tracks) track.requestFrame();
    }, 1000 / fps);
  };
  window.playClip = (n) => { if (!clip.length) clip = [...window.clips[n]]; };
  navigator.mediaDevices.getUserMedia = async () => {
    const stream = canvas.captureStream(0);
    tracks = stream.getVideoTracks();
    return stream;
  };
})()"""

# The person in front of the camera: signs the word that stands there when the page is ready for it. When the page counts,
# because it cannot follow the hands quickly enough, they sign when it says so.
SIGNER = """(words) => {
  const stage = document.querySelector("#ten-stage");
  new MutationObserver(() => {
    const word = document.querySelector("#ten-prompt .big"), { state } = stage.dataset;
    const timed = document.querySelector("#ten-doing").dataset.word === "studio.timed";
    if (word && (state === "ready" && !timed || state === "signing" && timed))
      setTimeout(() => playClip(words.indexOf(word.dataset.en)), timed ? 0 : 400);
  }).observe(stage, { attributes: true, attributeFilter: ["data-state"] });
}"""


def paths(n: int, phase: float) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    """Where the hands of the n-th movement are, in pixels, by how much of it is done (0–1)."""
    turn = 2 * np.pi * phase
    return [
        ((226 + 22 * np.sin(2 * turn), 215), None),
        ((236 + 40 * np.cos(turn), 270 + 40 * np.sin(turn)), None),
        ((208, 300 - 95 * np.sin(np.pi * phase)), (432, 300 - 95 * np.sin(np.pi * phase))),
        ((200 + 150 * phase, 300), None),
        ((190 + 90 * phase, 280), (450 - 90 * phase, 280)),
        ((250, 330 + 45 * np.sin(3 * turn)), None),
        ((268, 178 + 14 * np.sin(2 * turn)), None),
        (None, (414 + 22 * np.sin(2 * turn), 215)),
        ((235 + 34 * np.cos(turn), 260 + 34 * np.sin(turn)), (405 - 34 * np.cos(turn), 260 + 34 * np.sin(turn))),
        ((180 + 120 * phase, 210 + 120 * phase), None),
    ][n]


def pictures(n: int) -> list[str]:
    """A movement from rest to rest as JPEGs in base64."""
    found = []
    for t in np.arange(0, 2.9, 1 / FPS):
        up = float(np.interp(t, [0.3, 0.6, 2.2, 2.5], [0, 1, 1, 0]))
        places = []
        for side, place in zip((1, -1), paths(n, float(np.clip((t - 0.6) / 1.6, 0, 1))), strict=True):
            hanging = HANGING if side == 1 else np.array([640 - HANGING[0], HANGING[1]])
            shown = up > 0.02 and place is not None
            places.append(tuple(hanging + up * (np.array(place) - hanging)) if shown else None)
        coded = io.BytesIO()
        Image.fromarray(picture(places[0], places[1])).save(coded, "JPEG", quality=88)
        found.append(base64.b64encode(coded.getvalue()).decode())
    return found


@pytest.fixture
def tab(chromium, server):
    context = chromium().new_context()
    context.set_default_timeout(600_000)
    page = context.new_page()
    page.add_init_script(SCRIPT)
    page.add_init_script(CAMERA)
    page.goto(f"{server.url}?lang=en#teach")
    page.wait_for_selector("#page-teach [data-started]", state="attached")
    yield page
    context.close()


def test_start_teach_ten_sign_them(tab, record_property):
    tab.evaluate("([clips, fps]) => loadClips(clips, fps)", [[pictures(n) for n in range(10)], FPS])
    tab.click("#ten-box > summary")
    tab.wait_for_selector("#ten-words [aria-pressed=true]")
    words = tab.locator("#ten-words [aria-pressed=true]").all_inner_texts()
    assert len(words) == 10
    assert set(words[:6]) == {"Gesture", "Dance", "Chest", "Rooster", "Taxi", "Rude"}
    tab.select_option("#ten-each", "2")
    tab.evaluate(SIGNER, words)
    began = time.monotonic()
    tab.click("#ten-start")
    tab.wait_for_function("document.querySelector('#ten-doing').dataset.word === 'teach.ten_done'")
    taught = time.monotonic() - began
    assert tab.input_value("#teach-vocabulary") == "My words"
    known = tab.locator("#teach-words tbody th").all_inner_texts()
    print(f"{len(known)} words taught in {taught:.0f} s: {known}")
    assert set(known) == set(words)
    # They are signed on the Live page.
    tab.click("#ten-live")
    tab.wait_for_function("document.querySelector('[data-vocabulary=live]').value === 'My words'")
    tab.click("#live-start")
    tab.wait_for_function("Number(document.querySelector('#live-stage').dataset.frames || 0) > 5")
    for n in range(10):
        tab.evaluate("(n) => playClip(n)", n)
        tab.wait_for_timeout(5500)
    read = tab.locator("#live-words li > b").all_inner_texts()
    signed = time.monotonic() - began
    print(f"read after {signed:.0f} s: {read}")
    record_property("seconds_to_teach", round(taught))
    record_property("words_read", len(set(read) & set(words)))
    assert len(set(read) & set(words)) >= 7
