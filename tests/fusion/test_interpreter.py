import json
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import sleep

import numpy as np
import pytest

from emotion.faces import EMOTIONS, LEFT_EDGE, RIGHT_EDGE, crop_from_box
from emotion.recognizer import EmotionPrediction
from fusion.interpreter import Interpreter, Models
from kslr.camera import Camera
from kslr.core.errors import InputError
from kslr.landmarks import Landmarks
from kslr.recognizer import SignPrediction
from kslr.video import Frame, VideoFile
from tests.clips import shaken, write
from tests.signers import signer


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


def test_a_still_face_is_seen_and_signs_nothing(models, astronaut):
    with Interpreter(models).session() as session:
        seen = [session.push(Frame(astronaut, i / 10)) for i in range(12)]
        words = session.finish()
    last = seen[-1]
    assert last.landmarks.face is not None
    assert last.crop is not None
    assert last.crop.image.shape == (48, 48)
    assert last.emotion is not None
    assert last.emotion.probabilities.sum() == pytest.approx(1, abs=1e-4)
    assert words == ()
    assert not any(observation.words for observation in seen)
    assert session.seen.with_face >= 10
    assert not session.seen.nobody


def test_an_empty_room_is_told(models):
    with Interpreter(models).session() as session:
        observation = session.push(Frame(np.full((240, 320, 3), 90, np.uint8), 0.0))
    assert observation.hint == "nobody"
    assert observation.crop is None
    assert observation.emotion is None
    assert session.seen.nobody


def test_two_people_are_told(models, astronaut):
    person = astronaut[:320, 60:400]
    both = np.ascontiguousarray(np.concatenate([person, person[:, ::-1]], axis=1))
    with Interpreter(models, people_every=0.0).session() as session:
        hints = [session.push(Frame(both, i / 4)).hint for i in range(4)]
    assert hints[-1] == "several_people"
    assert session.seen.several


def test_it_must_be_open(models, astronaut):
    with pytest.raises(RuntimeError, match="with statement"):
        Interpreter(models).session().push(Frame(astronaut, 0.0))


@pytest.mark.parametrize(("shape", "dtype"), [((48, 48), np.uint8), ((48, 48, 4), np.uint8), ((48, 48, 3), np.float32)])
def test_what_is_no_picture_is_refused(models, shape, dtype):
    with Interpreter(models).session() as session, pytest.raises(InputError):
        session.push(Frame(np.zeros(shape, dtype), 0.0))


def test_two_sessions_do_not_mix(models, astronaut):
    empty = np.full((240, 320, 3), 90, np.uint8)
    with Interpreter(models).session() as one, Interpreter(models).session() as other:
        for i in range(4):
            seen, unseen = one.push(Frame(astronaut, i / 10)), other.push(Frame(empty, i / 10))
    assert seen.emotion is not None
    assert unseen.emotion is None
    assert one.seen.with_face > 0
    assert other.seen.with_face == 0


def test_an_interpreter_reads_a_clip_while_a_session_is_open(models, tmp_path, astronaut):
    clip = write(tmp_path / "clip.mp4", [np.full((240, 320, 3), 90, np.uint8)] * 5, fps=10)
    interpreter = Interpreter(models)
    with interpreter.session() as session:
        session.push(Frame(astronaut, 0.0))
        reading = interpreter.interpret(clip)
        assert list(reading) == []
        assert session.push(Frame(astronaut, 0.1)).landmarks.face is not None
    assert reading.seen.nobody
    assert (session.seen.frames, reading.seen.frames) == (2, 5)


def test_a_clip_gives_words_with_affect(models, shared_data):
    clip = shared_data / "media/rsl/su--voda.mp4"
    frames, fractions = [], []
    reading = Interpreter(models).interpret(clip, observe=lambda f, o: frames.append((f, o)), progress=fractions.append)
    words = list(reading)
    assert len(frames) > 30
    assert fractions[-1] == 1.0
    assert fractions == sorted(fractions)
    assert reading.seen.frames == len(frames)
    assert words, "a dictionary entry holds a sign"
    trained = {sign.id for sign in models.signs.vocabulary.signs if not sign.untrained}
    for word in words:
        assert 0 <= word.start < word.end <= reading.seen.seconds + 0.1
        assert word.sign.id in trained
        assert word.alternatives[0] == (word.sign.id, word.sign_probability)
        assert {sign_id for sign_id, _ in word.alternatives} <= trained
        assert word.emotion is None or word.emotion in word.emotion_probabilities


def _signed(models: Models, picture: np.ndarray, monkeypatch: pytest.MonkeyPatch, emotion=None, neutral: bool = False):
    """Observations and words of that person, the tracker and (if given) the emotions being said beforehand."""
    with Interpreter(models, neutral=neutral).session() as session:
        monkeypatch.setattr(session._tracker, "process", lambda frame: replace(signer(frame.seconds), face=FACE))
        if emotion:
            monkeypatch.setattr("fusion.interpreter.EmotionRecognizer.recognize", lambda self, crops: [emotion(crops[0].seconds)])
        seen = [session.push(Frame(picture, i / 20)) for i in range(80)]
        return seen, [word for one in seen for word in one.words] + list(session.finish())


# Points of a face that looks into the camera: flat, its edges left and right.
FACE = np.random.default_rng(0).uniform(0.4, 0.6, (468, 3)).astype(np.float32)
FACE[:, 2] = 0
FACE[[RIGHT_EDGE, LEFT_EDGE], 0] = 0.4, 0.6


def test_a_sign_under_way_is_guessed_at_until_it_is_final(models, astronaut, monkeypatch):
    seen, _ = _signed(models, astronaut, monkeypatch)
    guessed = [one for one in seen if one.provisional]
    assert guessed
    assert guessed[0].seconds < 2.5
    under_way = [one for one in guessed if one.signing]
    assert under_way
    # A guess is made anew every 0.2 s, not with every frame.
    assert len({id(one.provisional) for one in under_way}) <= (under_way[-1].seconds - under_way[0].seconds) / 0.2 + 2
    # After the sign its word waits half a second for the face, and is guessed at until then.
    ended = max(one.seconds for one in under_way)
    assert all(one.seconds <= ended + 0.6 for one in guessed)
    assert not any(one.provisional for one in seen if one.seconds > ended + 0.6)


def test_with_a_dictionary_signs_are_looked_up_as_they_end_and_no_word_is_said(astronaut, monkeypatch):
    looked = Models.load("rsl", nearest=7)
    assert looked.vocabulary.name == "rsl"
    seen, words = _signed(looked, astronaut, monkeypatch)
    found = [(one.seconds, sign) for one in seen for sign in one.found]
    assert words == []
    assert len(found) > 0
    assert not any(one.provisional for one in seen)
    for seconds, sign in found:
        assert len(sign.nearest) == 7
        assert 0 <= seconds - sign.end < 0.5
    with pytest.raises(InputError, match="sign dictionary"):  # where only words make sense
        Models.load("rsl")


def test_a_word_waits_for_the_face_after_the_sign(models, astronaut, monkeypatch):
    monkeypatch.setattr(SignPrediction, "sign_id", property(lambda self: self.ranked[0][0]))
    seen, words = _signed(models, astronaut, monkeypatch)
    told = [(one.seconds, word) for one in seen for word in one.words]
    assert len(told) == len(words) > 0
    for seconds, word in told:
        assert 0.5 <= seconds - word.end < 0.6


def test_a_stern_resting_face_is_not_called_angry(models, astronaut, monkeypatch):
    monkeypatch.setattr(SignPrediction, "sign_id", property(lambda self: self.ranked[0][0]))
    stern = np.where(np.array(EMOTIONS) == "angry", 0.76, 0.04)

    def face(seconds: float) -> EmotionPrediction:
        return EmotionPrediction(seconds, 1.0, stern, "angry")

    _, before = _signed(models, astronaut, monkeypatch, face)
    _, after = _signed(models, astronaut, monkeypatch, face, neutral=True)
    assert max(before[0].emotion_probabilities, key=before[0].emotion_probabilities.__getitem__) == "angry"
    assert max(after[0].emotion_probabilities, key=after[0].emotion_probabilities.__getitem__) == "neutral"


def test_three_calm_seconds_are_the_resting_face_until_they_are_forgotten(models, astronaut, monkeypatch):
    stern = np.where(np.array(EMOTIONS) == "angry", 0.76, 0.04)
    monkeypatch.setattr(
        "fusion.interpreter.EmotionRecognizer.recognize",
        lambda self, crops: [EmotionPrediction(crops[0].seconds, 1.0, stern, "angry")],
    )
    with Interpreter(models).session() as session:
        face = {"there": FACE}
        monkeypatch.setattr(session._tracker, "process", lambda frame: replace(signer(frame.seconds, ()), face=face["there"]))

        def look(first: float, last: float) -> str | None:
            return [session.push(Frame(astronaut, t)) for t in np.arange(first, last, 0.1)][-1].emotion.label

        assert not session.calibrate()  # nothing seen yet
        assert look(0, 0.6) == "angry"
        assert not session.calibrate()  # not for long enough
        assert look(0.6, 3.2) == "angry"
        assert session.calibrate()
        assert look(3.2, 3.5) == "neutral"
        session.forget_calibration()
        assert look(3.5, 3.8) == "angry"


def test_the_face_is_read_again_when_there_was_time_for_a_change_and_one(models, astronaut, monkeypatch):
    asked = []

    def recognize(self, crops):
        asked.append(crops[0].seconds)
        return [EmotionPrediction(crops[0].seconds, crops[0].quality, np.full(7, 1 / 7), None)]

    monkeypatch.setattr("fusion.interpreter.EmotionRecognizer.recognize", recognize)
    with Interpreter(models).session() as session:
        monkeypatch.setattr(session._tracker, "process", lambda frame: replace(signer(frame.seconds, ()), face=FACE))
        noise = np.random.default_rng(0)
        for step in range(20):  # The same face with a camera's noise.
            picture = np.clip(astronaut + noise.normal(0, 1, astronaut.shape), 0, 255).astype(np.uint8)
            read = session.push(Frame(picture, step / 20)).emotion
            assert read.seconds == step / 20
        assert asked == [0.0]
        for step in range(20, 40):  # It moves with every frame.
            session.push(Frame(np.roll(astronaut, 8 * step, axis=1), step / 20))
        assert 8 <= len(asked) <= 12
        assert min(np.diff(asked)) > 0.09


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak memory from /proc")
def test_translating_never_imports_tensorflow(tmp_path, astronaut):
    clip = write(tmp_path / "a.mp4", [astronaut] * 20, fps=10)
    # Peak memory is VmHWM, not ru_maxrss, which a child inherits from whoever started it.
    code = (
        "import sys, json; from pathlib import Path; from ui.cli.main import main\n"
        "try: main(['translate', sys.argv[1], '--format', 'json', '--out', '/dev/null'])\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "found = [m for m in ('tensorflow', 'keras') if m in sys.modules]\n"
        "status = dict(line.split(':', 1) for line in Path('/proc/self/status').read_text().splitlines())\n"
        "print(json.dumps([found, int(status['VmHWM'].split()[0])]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(clip)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    imported, peak_kilobytes = json.loads(done.stdout.splitlines()[-1])
    assert imported == []
    assert peak_kilobytes < 700 * 1024


def test_overlapped_reading_gives_what_one_frame_after_another_gives(models, tmp_path, astronaut):
    clip = write(tmp_path / "clip.mp4", shaken(astronaut, frames=25))
    overlapped, one_by_one = [], []
    reading = Interpreter(models).interpret(clip, observe=lambda frame, observation: overlapped.append(observation))
    assert reading.seen.frames == 0
    list(reading)
    with VideoFile(clip) as video, Interpreter(models).session() as session:
        one_by_one = [session.push(frame) for frame in video]
        last = session.seen
    assert [o.seconds for o in overlapped] == [o.seconds for o in one_by_one]
    for a, b in zip(overlapped, one_by_one, strict=True):
        assert a.signing == b.signing
        assert np.array_equal(a.landmarks.vector(), b.landmarks.vector(), equal_nan=True)
        assert (a.emotion is None) == (b.emotion is None)
        assert a.emotion is None or np.array_equal(a.emotion.probabilities, b.emotion.probabilities)
    assert reading.seen.frames == last.frames == len(overlapped)


def test_a_camera_is_read_until_it_is_gone(models, astronaut, monkeypatch):
    pictures = iter([astronaut] * 200)

    class Capture:
        def isOpened(self) -> bool:
            return True

        def read(self):
            sleep(0.02)
            picture = next(pictures, None)
            return picture is not None, picture

        def release(self) -> None:
            pass

    monkeypatch.setattr("fusion.interpreter.open_source", lambda _: Camera(patience=0.5, capture_factory=lambda _: Capture()))
    seen = []
    with pytest.raises(InputError, match="stopped giving pictures"):
        list(Interpreter(models).interpret(0, observe=lambda frame, observation: seen.append(observation)))
    assert len(seen) >= 3
    assert all(b.seconds > a.seconds for a, b in pairwise(seen))
    assert seen[-1].emotion is not None


def test_the_very_same_face_is_classified_once(models, astronaut, monkeypatch):
    asked = []
    recognize = models.emotions.recognize
    monkeypatch.setattr(models.emotions, "recognize", lambda crops: asked.append(len(crops)) or recognize(crops))
    crop = crop_from_box(astronaut, (180, 60, 110, 110), 1.0)
    with Interpreter(models).session() as session:
        first = session._recognize_face(crop)
        again = session._recognize_face(replace(crop, seconds=2.0))
        other = session._recognize_face(replace(crop, image=crop.image[:, ::-1].copy()))
    assert len(asked) == 2
    assert (again.seconds, again.quality) == (2.0, crop.quality)
    assert np.array_equal(first.probabilities, again.probabilities)
    assert not np.array_equal(first.probabilities, other.probabilities)


def test_a_session_without_a_tracker_takes_landmarks_and_no_pictures(models, astronaut):
    with Interpreter(models).session(tracker=False) as session:
        assert session.read(Landmarks(0.0)).hint == "nobody"
        with pytest.raises(RuntimeError, match="with a tracker"):
            session.push(Frame(astronaut, 1.0))
        assert session.finish() == ()
        assert (session.seen.frames, session.seen.nobody) == (1, True)
