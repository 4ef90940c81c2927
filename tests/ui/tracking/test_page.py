import base64
import io

import numpy as np
import pytest
from PIL import Image

from fusion.interpreter import Interpreter
from kslr.video import VideoFile
from tests.landmark_client import read_packet
from ui.shared.i18n import text

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
        frames = [frame for n, frame in enumerate(video) if n % 3 < 2]  # ten a second
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


def test_where_sockets_are_refused_the_pictures_stay_all_the_same(visit, still_camera, server):
    tab = visit("live", "en&tracking=cpu", camera=still_camera)
    tab.evaluate("() => { window.WebSocket = class { constructor() { setTimeout(() => this.onclose(), 10); } close() {} }; }")
    posted = []
    tab.on("request", lambda request: posted.append(request) if "live/frame" in request.url else None)
    start(tab, 2)
    assert tab.inner_text("#live-note") == text("live.stays", "en")
    assert len(posted) >= 2
    for request in posted:
        assert "tracking=browser" in request.url
        assert read_packet(request.post_data_buffer)["seconds"] >= 0  # and nothing else is in it
    assert (server.health()["sessions"], server.health()["browser_sessions"]) == (0, 1)


BREAKS = {
    "missing programs": "(await script('shared/config.js')).config.tracking = null",
    "a refused worker": "window.Worker = class { constructor() { throw new DOMException('', 'SecurityError'); } }",
    "an old browser": "delete window.OffscreenCanvas",
    "WebGL refused": """const Real = Worker; window.Worker = class extends Real { constructor(url) {
        const code = `OffscreenCanvas.prototype.getContext = () => null; importScripts('${url}')`;
        super(URL.createObjectURL(new Blob([code]))); } }""",
    "a program that fails": """const Real = Worker; window.Worker = class extends Real {
        postMessage(message) { super.postMessage(message.start ? { start: { programs: '/nothing/' } } : message); } }""",
}


# A worker whose context is lost once the third picture comes, as on a phone that needs its graphics card for something else.
LOSE = """() => { const Real = Worker; window.Worker = class extends Real { constructor(url) {
    const code = `const get = OffscreenCanvas.prototype.getContext, made = []; let n = 0;
      OffscreenCanvas.prototype.getContext = function (...wanted) { const gl = get.apply(this, wanted);
        if (wanted[0].startsWith('webgl')) made.push(gl); return gl; };
      addEventListener('message', () => { if (++n === 4)
        made.forEach((gl) => gl?.getExtension('WEBGL_lose_context')?.loseContext()); });
      importScripts('${url}')`;
    super(URL.createObjectURL(new Blob([code]))); } } }"""


@pytest.mark.parametrize("broken", BREAKS)
def test_where_the_browser_cannot_the_server_tracks_and_the_page_says_so(visit, still_camera, server, broken):
    tab = visit("live", "en", camera=still_camera)
    tab.evaluate(f"async () => {{ {BREAKS[broken]} }}")
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


def show(tab, hidden: bool) -> None:
    """Puts the tab into the background, or back, as the browser tells it."""
    tab.evaluate(
        """(hidden) => { Object.defineProperty(document, 'hidden', { get: () => hidden, configurable: true });
        document.dispatchEvent(new Event('visibilitychange')); }""",
        hidden,
    )


def wait_for_health(tab, server, name: str, n: int) -> int:
    for _ in range(300):
        if server.health()[name] == n:
            break
        tab.wait_for_timeout(100)
    return server.health()[name]


def test_a_tab_in_the_background_frees_its_place_and_goes_on_when_it_is_seen(visit, still_camera, server):
    tab = visit("live", "en&tracking=cpu", camera=still_camera)
    show(tab, True)  # with the camera off nothing happens
    show(tab, False)
    start(tab, 1)
    assert server.health()["browser_sessions"] == 1
    show(tab, True)
    assert wait_for_health(tab, server, "browser_sessions", 0) == 0
    tab.evaluate("document.querySelector('#live-stage').dataset.frames = 0")
    show(tab, False)
    assert tab.inner_text("#live-status") == text("live.rested", "en")
    tab.wait_for_function("Number(document.querySelector('#live-stage').dataset.frames) > 1")
    assert server.health()["browser_sessions"] == 1
    assert tab.inner_text("#live-where") == text("live.by_cpu", "en")


def test_a_camera_that_is_unplugged_is_told_and_the_same_tracker_goes_on_when_it_is_back(visit, still_camera, server):
    tab = visit("live", "en&tracking=cpu", camera=still_camera)
    start(tab, 2)
    tab.evaluate("document.querySelector('#live-video').srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))")
    assert tab.inner_text("#live-status") == text("live.lost", "en")
    assert wait_for_health(tab, server, "browser_sessions", 0) == 0
    tab.evaluate("document.querySelector('#live-stage').dataset.frames = 0")
    start(tab, 3)
    assert tab.inner_text("#live-where") == text("live.by_cpu", "en")  # its own time began again
    assert (server.health()["sessions"], server.health()["browser_sessions"]) == (0, 1)


def test_a_lost_graphics_context_hands_over_to_the_server(visit, still_camera, server):
    tab = visit("live", "en&tracking=cpu", camera=still_camera)
    tab.evaluate(LOSE)
    tab.click("#live-start")
    tab.wait_for_function("document.querySelector('#live-where').dataset.word === 'live.by_server'")
    assert tab.inner_text("#live-status") == text("live.fell_back", "en")
    assert wait_for_health(tab, server, "sessions", 1) == 1
