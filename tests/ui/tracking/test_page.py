import base64
import io

import numpy as np
import pytest
from PIL import Image

from fusion.interpreter import Interpreter
from kslr.video import VideoFile
from tests.landmark_client import read_packet
from ui.shared.i18n import text

STEP = 3  # every third picture of the clip, ten a second

# Tracks one picture in the page and sends what it gave; gives the server's answer, and what was sent.
TRACK = """async ([jpeg, seconds]) => {
  const bytes = Uint8Array.from(atob(jpeg), (letter) => letter.charCodeAt(0));
  const packet = await tracker.grab(await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' })), seconds);
  const sent = [...new Uint8Array(packet)];
  return { reply: await ask(packet), sent };
}"""
OPEN = """async (place) => {
  const { BrowserTracker } = await script('tracking/tracker.js'), { SocketConnection } = await script('live/connections.js');
  let heard = null;
  const ready = new Promise((done) => { heard = done; });
  const wanted = { signs: '', strictness: '', tracking: 'browser' };
  const connection = new SocketConnection((reply) => heard(reply), () => heard({ closed: true }), wanted);
  window.tracker = await new BrowserTracker().start(place);
  await ready;
  window.ask = (message) => new Promise((done) => { heard = done; connection.send(message); });
  return window.tracker.on;
}"""


def start(tab, frames: int = 3) -> None:
    """Presses Start and waits until the server has answered some frames."""
    tab.click("#live-start")
    tab.wait_for_function("(n) => Number(document.querySelector('#live-stage').dataset.frames || 0) >= n", arg=frames)


def test_a_clip_gives_the_same_word_in_the_browser_and_on_the_server(visit, services, signing_clip):
    with VideoFile(signing_clip) as video:
        frames = [frame for n, frame in enumerate(video) if n % STEP == 0]
    pushed = []
    with Interpreter(services.models).session() as session:
        while not (pushed and pushed[-1].words):  # until the first word
            pushed.append(session.push(frames[len(pushed)]))
    tab = visit("live", "en&tracking=server")
    assert tab.evaluate(OPEN, "cpu") == "cpu"
    heard, apart, odds = [], [], []
    for frame, seen in zip(frames[: len(pushed)], pushed, strict=True):
        out = io.BytesIO()
        Image.fromarray(frame.rgb).save(out, "JPEG", quality=95)
        got = tab.evaluate(TRACK, [base64.b64encode(out.getvalue()).decode(), frame.seconds])
        heard += got["reply"]["words"]
        found = read_packet(bytes(got["sent"]))
        if "right_hand" in found and seen.landmarks.right_hand is not None:
            apart.append(np.abs(found["right_hand"][:, :2] - seen.landmarks.right_hand[:, :2]).max(axis=1))
        if "emotion" in found and seen.emotion is not None:
            odds.append(np.abs(np.array(found["emotion"]) - seen.emotion.probabilities).mean())
    heard += tab.evaluate("ask('end')")["words"]
    assert [word["sign"]["id"] for word in heard] == [word.sign.id for word in pushed[-1].words]
    assert np.median(np.concatenate(apart)) < 0.01
    assert np.mean(odds) < 0.03


def test_the_pictures_stay_in_the_browser(visit, signing_camera, server):
    tab = visit("live", "en&tracking=cpu", camera=signing_camera)
    assert tab.inner_text("#live-note") == text("live.may_stay", "en")
    sent, bodies = [], []
    tab.on("websocket", lambda socket: socket.on("framesent", lambda payload: sent.append(payload)))
    tab.on("request", lambda request: bodies.append((request.url, request.post_data_buffer or b"")))
    start(tab)
    assert tab.inner_text("#live-where") == text("live.by_cpu", "en")
    assert tab.inner_text("#live-note") == text("live.stays", "en")
    health = server.health()
    assert (health["sessions"], health["browser_sessions"]) == (0, 1)
    tab.click("#live-start")
    packets = [one for one in sent if one != "end"]
    assert len(packets) >= 3
    seconds = [read_packet(one)["seconds"] for one in packets]  # and nothing else is in them
    assert seconds == sorted(set(seconds))
    assert any("pose" in read_packet(one) for one in packets)
    assert [url for url, body in bodies if len(body) > 4096] == []


BREAKS = {
    "a refused worker": "window.Worker = class { constructor() { throw new DOMException('', 'SecurityError'); } }",
    "an old browser": "delete window.OffscreenCanvas",
    "WebGL refused": """const Real = Worker; window.Worker = class extends Real { constructor(url) {
        const code = `OffscreenCanvas.prototype.getContext = () => null; importScripts('${url}')`;
        super(URL.createObjectURL(new Blob([code]))); } }""",
    "a program that fails": """const Real = Worker; window.Worker = class extends Real {
        postMessage(message) { super.postMessage(message.start ? { start: { programs: '/nothing/' } } : message); } }""",
}


@pytest.mark.parametrize("broken", BREAKS)
def test_where_the_browser_cannot_the_server_tracks_and_the_page_says_so(visit, still_camera, server, broken):
    tab = visit("live", "en", camera=still_camera)
    tab.evaluate(f"() => {{ {BREAKS[broken]} }}")
    start(tab)
    assert tab.inner_text("#live-where") == text("live.by_server", "en")
    assert tab.inner_text("#live-note") == text("live.consent", "en")
    assert server.health()["sessions"] == 1
    tab.close()
    assert server.wait_for_sessions(0) == 0


def test_a_tracker_that_breaks_down_hands_over_to_the_server(visit, still_camera, server):
    tab = visit("live", "en&tracking=cpu", camera=still_camera)
    tab.evaluate("""() => { const Real = Worker; window.Worker = class extends Real {
        postMessage(message, more) { super.postMessage(message.seconds > 3 ? { start: {} } : message, more); } } }""")
    tab.click("#live-start")
    tab.wait_for_function("document.querySelector('#live-where').dataset.word === 'live.by_server'")
    tab.evaluate("document.querySelector('#live-stage').dataset.frames = 0")
    tab.wait_for_function("Number(document.querySelector('#live-stage').dataset.frames) > 2")
    assert server.wait_for_sessions(1) == 1
    assert server.health()["browser_sessions"] == 0
