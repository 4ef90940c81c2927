import asyncio
import threading
import time
from itertools import islice

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from fusion.interpreter import Interpreter, Models
from fusion.transcripts.exports import from_json
from kslr.frame import Frame
from kslr.holistic import HolisticTracker
from kslr.landmarks import PARTS, Landmarks
from kslr.teaching.naming import WordNames
from kslr.teaching.takes import Take, judge
from kslr.video import VideoFile
from tests.landmark_client import packet
from tests.pictures import message
from tests.takes import take
from ui.live.routes import build_live_router
from ui.server.metrics import build_health_router
from ui.server.resources import Limits
from ui.server.services import Services


@pytest.fixture(scope="module")
def services():
    made = Services(Models.load(), Limits(sessions=2))
    yield made
    made.close()


@pytest.fixture
def client(services):
    app = FastAPI()
    app.include_router(build_health_router(services))
    app.include_router(build_live_router(services))
    with TestClient(app, client=("127.0.0.1", 50000)) as opened:
        yield opened


def wait_for(services: Services, n: int) -> None:
    end = time.monotonic() + 10
    while len(services.sessions) != n and time.monotonic() < end:
        time.sleep(0.02)
    assert len(services.sessions) == n


def test_a_picture_is_answered_with_points_and_emotion(client, services, astronaut):
    with client.websocket_connect("/live") as socket:
        assert socket.receive_json() == {"ready": True}
        wait_for(services, 1)
        for i in range(3):
            socket.send_bytes(message(astronaut, i / 10))
            reply = socket.receive_json()
        assert reply["seconds"] == pytest.approx(0.2)
        assert len(reply["face"]) > 50
        assert len(reply["pose"]) == 25
        nose = reply["pose"][0]
        assert 350 < nose[0] < 550
        assert 150 < nose[1] < 350
        assert sum(reply["emotion"]["probabilities"]) == pytest.approx(1, abs=0.02)
        assert reply["words"] == []
        assert reply["milliseconds"] > 0
        socket.send_text("end")
        assert socket.receive_json() == {"ended": True, "words": [], "found": []}
    wait_for(services, 0)


def test_an_empty_room_and_a_distant_person_are_told(client, astronaut):
    from skimage.transform import resize

    with client.websocket_connect("/live") as socket:
        socket.receive_json()
        socket.send_bytes(message(np.full((480, 640, 3), 90, np.uint8), 0.0))
        assert socket.receive_json()["hint"] == "nobody"
    small = np.full((600, 800, 3), astronaut[0, 0], np.uint8)
    small[100:340, 340:580] = (resize(astronaut, (240, 240)) * 255).astype(np.uint8)
    with client.websocket_connect("/live") as socket:
        socket.receive_json()
        hints = []
        for i in range(4):
            socket.send_bytes(message(small, i / 10))
            hints.append(socket.receive_json()["hint"])
    assert hints[-1] == "too_far"


def test_two_sockets_do_not_mix_and_a_third_is_told(client, services, astronaut):
    with client.websocket_connect("/live") as one, client.websocket_connect("/live") as two:
        one.receive_json()
        two.receive_json()
        one.send_bytes(message(astronaut, 0.0))
        two.send_bytes(message(np.zeros((240, 320, 3), np.uint8), 0.0))
        assert one.receive_json()["face"] is not None
        assert two.receive_json()["face"] is None
        with client.websocket_connect("/live") as three:
            assert three.receive_json() == {"error": "full", "places": 2}
            with pytest.raises(WebSocketDisconnect):
                three.receive_json()
        busy = {"sessions": 2, "places": 2, "browser_sessions": 0, "browser_places": 60, "videos": 0, "takes": 0}
        assert client.get("/health").json() == {"status": "ok", **busy}
    wait_for(services, 0)


def test_pictures_out_of_order_end_the_session(client, services, astronaut):
    with client.websocket_connect("/live") as socket:
        socket.receive_json()
        socket.send_bytes(message(astronaut, 1.0))
        socket.receive_json()
        socket.send_bytes(message(astronaut, 0.5))
        assert socket.receive_json()["error"] == "refused"
    wait_for(services, 0)


def test_by_post_where_sockets_are_refused(client, services, astronaut):
    url = "/live/frame?session=0123456789abcdef"
    assert client.post(url, content=message(astronaut, 0.0)).json()["face"] is not None
    assert client.post(url, content=bytes(500_000)).status_code == 413
    assert client.post("/live/frame?session=short", content=b"").status_code == 403
    assert client.post(url, content=b"no picture at all").json()["error"] == "refused"
    wait_for(services, 0)
    client.post(url, content=message(astronaut, 0.0))
    assert client.post("/live/end?session=0123456789abcdef").status_code == 204
    wait_for(services, 0)


def test_each_session_reads_its_own_vocabulary(client, services, astronaut, tmp_path, monkeypatch):
    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    for word in ("circle", "pump"):
        takes = [Take(one, judge(one)) for one in (take(word, 0), take(word, 1))]
        services.vocabularies.teach("mine", WordNames(word, word, word, word), takes)
    with client.websocket_connect("/live?signs=mine") as one, client.websocket_connect("/live") as two:
        assert one.receive_json() == two.receive_json() == {"ready": True}
        names = {s.reader.models.signs.vocabulary.name for s in services.sessions._sessions.values()}
        assert names == {"mine", "kslr30"}
    wait_for(services, 0)
    for name in ("other", "../mine", "emotion"):
        with client.websocket_connect(f"/live?signs={name}") as socket:
            assert socket.receive_json() == {"error": "vocabulary"}
        reply = client.post(f"/live/frame?session=0123456789abcdef&signs={name}", content=message(astronaut, 0.0)).json()
        assert reply == {"error": "vocabulary"}
    client.post("/live/frame?session=0123456789abcdef&signs=mine", content=message(astronaut, 0.0))
    (session,) = services.sessions._sessions.values()
    assert session.reader.models.signs.vocabulary.name == "mine"
    client.post("/live/end?session=0123456789abcdef")
    wait_for(services, 0)


def test_three_calm_seconds_by_socket_and_by_post(client, services, astronaut):
    with client.websocket_connect("/live") as socket:
        socket.receive_json()
        socket.send_text("calm")
        assert socket.receive_json() == {"calm": False}  # nobody was seen yet
        for i in range(9):
            socket.send_bytes(message(astronaut, i * 0.3))
            assert socket.receive_json()["emotion"] is not None
        socket.send_text("calm")
        assert socket.receive_json() == {"calm": True}
        socket.send_bytes(message(astronaut, 3.0))
        assert socket.receive_json()["emotion"]["label"] == "neutral"
        socket.send_text("calm off")
        assert socket.receive_json() == {"calm": None}
    wait_for(services, 0)
    key = "0123456789abcdef"
    for i in range(9):
        client.post(f"/live/frame?session={key}", content=message(astronaut, i * 0.3))
    assert client.post(f"/live/calm?session={key}").json() == {"calm": True}
    assert client.post(f"/live/calm?session={key}&on=false").json() == {"calm": None}
    assert client.post("/live/calm?session=short").status_code == 403
    client.post(f"/live/end?session={key}")
    wait_for(services, 0)


def count(services: Services, series: str) -> float:
    """One figure of the metrics."""
    return float(next(line.rsplit(" ", 1)[1] for line in services.metrics.text().splitlines() if line.startswith(series + " ")))


def refusals(services: Services, reason: str) -> float:
    return count(services, f'kslr_refusals_total{{reason="{reason}"}}')


def test_a_fast_client_gets_answers_about_now_and_keeps_nobody_waiting(client, services, astronaut):
    pictures, before = [message(astronaut, n / 30) for n in range(30)], count(services, "kslr_frames_dropped_total")
    with client.websocket_connect("/live") as fast, client.websocket_connect("/live") as slow:
        fast.receive_json()
        session = next(iter(services.sessions._sessions.values()))
        slow.receive_json()
        for picture in pictures:
            fast.send_bytes(picture)
        slow.send_bytes(pictures[0])
        assert slow.receive_json()["skipped"] == 0
        # All thirty were there before the slow one's picture, and it did not wait for them.
        assert session.frames <= 10
        replies = [fast.receive_json()]
        while replies[-1]["seconds"] < 29 / 30 - 1e-6:
            replies.append(fast.receive_json())
        slow.send_bytes(pictures[1])
        assert slow.receive_json()["skipped"] == 0
    assert len(replies) <= 10
    assert len(replies) + sum(one["skipped"] for one in replies) == 30
    assert [one["seconds"] for one in replies] == sorted(one["seconds"] for one in replies)
    assert count(services, "kslr_frames_dropped_total") - before == 30 - len(replies)
    wait_for(services, 0)


def test_a_session_that_breaks_is_freed_told_and_begun_anew(client, services, astronaut):
    before = count(services, "kslr_errors_total")
    with client.websocket_connect("/live") as socket:
        socket.receive_json()
        (session,) = services.sessions._sessions.values()
        session.submit(session.reader.__exit__, None, None, None).result()
        socket.send_bytes(message(astronaut, 0.0))
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
        assert closed.value.code == 1011
    wait_for(services, 0)
    assert count(services, "kslr_errors_total") == before + 1
    key = "0123456789abcdef"
    assert client.post(f"/live/frame?session={key}", content=message(astronaut, 0.0)).status_code == 200
    (session,) = services.sessions._sessions.values()
    session.submit(session.reader.__exit__, None, None, None).result()
    assert client.post(f"/live/frame?session={key}", content=message(astronaut, 0.1)).status_code == 500
    wait_for(services, 0)
    assert client.post(f"/live/frame?session={key}", content=message(astronaut, 0.2)).json()["face"]
    client.post(f"/live/end?session={key}")
    wait_for(services, 0)


def test_by_post_no_more_than_two_messages_wait(client, services, astronaut):
    key, go = "0123456789abcdef", threading.Event()
    client.post(f"/live/frame?session={key}", content=message(astronaut, 0.0))
    (session,) = services.sessions._sessions.values()
    work = [session.submit(go.wait), session.submit(go.wait)]
    before = refusals(services, "flood")
    assert client.post(f"/live/frame?session={key}", content=message(astronaut, 0.1)).status_code == 429
    assert client.post(f"/live/calm?session={key}").status_code == 429
    assert refusals(services, "flood") == before + 2
    go.set()
    assert all(one.result(timeout=60) for one in work)
    assert client.post(f"/live/frame?session={key}", content=message(astronaut, 0.1)).json()["seconds"] == 0.1
    client.post(f"/live/end?session={key}")
    wait_for(services, 0)


def test_what_is_turned_away_is_counted_by_why(client, services, astronaut):
    before = {reason: refusals(services, reason) for reason in ("origin", "too_large", "refused", "vocabulary", "flood")}
    assert client.post("/live/frame?session=short", content=b"").status_code == 403
    assert client.post("/live/frame?session=0123456789abcdef", content=bytes(400_001)).status_code == 413
    with client.websocket_connect("/live?signs=nothing") as socket:
        socket.receive_json()
    for content in (message(np.zeros((10, 1300, 3), np.uint8), 0.0), b"no picture at all"):
        with client.websocket_connect("/live") as socket:
            socket.receive_json()
            socket.send_bytes(content)
            assert socket.receive_json()["error"] == "refused"
    with client.websocket_connect("/live") as socket:
        socket.receive_json()
        (session,) = services.sessions._sessions.values()
        go = threading.Event()
        session.submit(go.wait)
        for _ in range(20):  # more than may wait, while nothing is done
            socket.send_text("calm")
            time.sleep(0.05)
        go.set()
        with pytest.raises(WebSocketDisconnect) as closed:
            [socket.receive_json() for _ in range(200)]
        assert closed.value.code == 1008
    wait_for(services, 0)
    after = {reason: refusals(services, reason) - n for reason, n in before.items()}
    assert after == {"origin": 1, "too_large": 2, "refused": 1, "vocabulary": 1, "flood": 1}


def test_every_tracker_is_freed_and_every_answer_was_timed(client, services, astronaut):
    with client.websocket_connect("/live") as socket:
        socket.receive_json()
        socket.send_bytes(message(astronaut, 0.0))
        socket.receive_json()
    end = time.monotonic() + 60
    while count(services, "kslr_trackers") and time.monotonic() < end:
        time.sleep(0.05)
    assert count(services, "kslr_trackers") == 0
    answered = count(services, "kslr_frames_answered_total")
    assert 0 < count(services, "kslr_frame_seconds_count") <= answered
    decoded, passed, rest = (count(services, f'kslr_frame_part_seconds_count{{part="{p}"}}') for p in ("decode", "pass", "rest"))
    assert decoded >= passed >= rest == answered  # some met a fault on their way


def test_who_does_not_take_the_answers_loses_the_place(services):
    limited = Services(services.models, Limits(sessions=1, idle_seconds=0.5))
    app = FastAPI()
    app.include_router(build_live_router(limited))
    told, never = [], asyncio.Event()

    async def receive() -> dict:
        if not told:
            return {"type": "websocket.connect"}
        await asyncio.sleep(0.02)
        return {"type": "websocket.receive", "text": "calm"}

    async def send(sent: dict) -> None:
        told.append(sent["type"])
        if len(told) > 2:  # accepted, ready, and then nothing goes out any more
            await never.wait()

    scope = {"type": "websocket", "path": "/live", "raw_path": b"/live", "root_path": "", "scheme": "ws", "query_string": b""}
    scope |= {
        "headers": [],
        "subprotocols": [],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "asgi": {"version": "3.0"},
    }
    asyncio.run(asyncio.wait_for(app(scope, receive, send), 120))
    assert count(limited, 'kslr_sessions_ended_total{reason="slow"}') == 1
    assert len(limited.sessions) == 0
    limited.close()


WORDS = """{"words": [{"start": 1.0, "end": 2.0, "sign": {"id": "su", "kk": "Су", "latin": "su", "en": "Water", "ru": "Вода"},
  "sign_probability": 0.9, "alternatives": [{"id": "su", "probability": 0.9}], "emotion": null, "emotion_probabilities": {}}]}"""


@pytest.mark.parametrize(
    ("kind", "part"), [("json", '"su"'), ("txt", "Вода"), ("csv", "su"), ("srt", "Вода"), ("vtt", "WEBVTT"), ("eaf", "Вода")]
)
def test_a_transcript_in_every_format(client, kind, part):
    reply = client.post(f"/live/export?format={kind}&language=ru", content=WORDS.encode())
    assert reply.status_code == 200
    assert part in reply.text
    assert f"kslr.{kind}" in reply.headers["content-disposition"]
    if kind == "json":
        assert from_json(reply.text)[0].sign.ru == "Вода"


def test_a_broken_transcript_is_told(client):
    assert client.post("/live/export?format=json", content=b"{}").status_code == 422
    assert client.post("/live/export?format=exe", content=WORDS.encode()).status_code == 403


def send_parts(socket, seconds: float, landmarks: Landmarks, **more) -> dict:
    """Sends one frame's landmarks as a program of somebody else's would; gives the answer."""
    parts = {name: part for name in PARTS if (part := getattr(landmarks, name)) is not None}
    socket.send_bytes(packet(seconds, parts, landmarks.aspect, **more))
    return socket.receive_json()


def test_landmarks_are_read_without_a_tracker_and_without_one_of_its_places(client, services, astronaut):
    with HolisticTracker() as tracker:
        landmarks = tracker.process(Frame(astronaut, 0.0))
    emotion = [0.02, 0.02, 0.02, 0.88, 0.02, 0.02, 0.02]
    with client.websocket_connect("/live") as one, client.websocket_connect("/live") as two:
        assert one.receive_json() == two.receive_json() == {"ready": True}  # every place of the server's own trackers
        with client.websocket_connect("/live?tracking=browser") as socket:
            assert socket.receive_json() == {"ready": True}
            assert count(services, "kslr_trackers") == 2
            assert client.get("/health").json()["browser_sessions"] == 1
            reply = send_parts(socket, 0.0, landmarks, emotion=emotion)
            assert reply["hint"] is None
            assert reply["emotion"]["label"] == "happy"
            assert reply["emotion"]["probabilities"] == pytest.approx(emotion, abs=0.002)
            assert not {"pose", "face", "left_hand", "right_hand", "box"} & set(reply)  # the client has them
            assert send_parts(socket, 0.1, landmarks)["emotion"] is None
            assert send_parts(socket, 0.2, Landmarks(0.2))["hint"] == "nobody"
            socket.send_text("end")
            assert socket.receive_json() == {"ended": True, "words": [], "found": []}
    wait_for(services, 0)


def test_a_client_that_tracks_is_refused_what_others_are_refused(client, services, astronaut):
    refused = [
        ("browser", [message(astronaut, 0.0)], "too_large"),  # a picture has no place here
        ("browser", [packet(0.0, {}, version=9)], "refused"),
        ("browser", [packet(0.5, {}), packet(0.5, {})], "refused"),
        ("server", [packet(0.0, {})], "refused"),
        ("moon", [], "refused"),
    ]
    for tracking, messages, reason in refused:
        before = refusals(services, reason)
        with client.websocket_connect(f"/live?tracking={tracking}") as socket:
            for one in messages:
                socket.send_bytes(one)
            while "error" not in (reply := socket.receive_json()):
                assert "ready" in reply or "seconds" in reply
            assert reply["error"] == "refused"
        wait_for(services, 0)
        assert refusals(services, reason) == before + 1
    url = "/live/frame?session=0123456789abcdef&tracking=browser"
    assert client.post(url, content=packet(0.0, {})).json()["hint"] == "nobody"
    assert client.post(url, content=packet(0.1, {}, version=9)).json()["error"] == "refused"
    wait_for(services, 0)


def test_the_same_frames_give_the_same_words_by_pictures_and_by_landmarks(client, services, shared_data):
    sent, words = [], []
    with Interpreter(services.models).session() as session, VideoFile(shared_data / "media/rsl/su--voda.mp4") as video:
        for frame in islice(video, 0, None, 3):  # ten a second
            seen = session.push(frame)
            emotion = seen.emotion and {"emotion": seen.emotion.probabilities, "quality": seen.emotion.quality}
            sent.append((seen.seconds, seen.landmarks, emotion or {}))
            words += seen.words
        words += session.finish()
    with client.websocket_connect("/live?tracking=browser") as socket:
        socket.receive_json()
        heard = []
        for seconds, landmarks, more in sent:
            heard += send_parts(socket, seconds, landmarks, **more)["words"]
            time.sleep(0.02)  # more than sixty a second are a flood
        socket.send_text("end")
        heard += socket.receive_json()["words"]
    assert [word["sign"]["id"] for word in heard] == [word.sign.id for word in words]
    assert len(words) > 0
    for word, same in zip(words, heard, strict=True):
        assert (same["start"], same["end"]) == pytest.approx((word.start, word.end), abs=0.002)
        assert same["sign_probability"] == pytest.approx(word.sign_probability, abs=0.03)
        assert same["emotion"] == word.emotion
