from dataclasses import replace

import numpy as np
import pytest

from emotion.faces import EMOTIONS
from emotion.recognizer import EmotionPrediction
from fusion.pooling import HALF_SPEED, PooledCalibration, effective_frames, frame_weight, hand_speed, pool
from kslr.holistic import HolisticTracker
from kslr.landmarks import Landmarks
from kslr.video import Frame


def prediction(name: str, probability: float, quality: float = 1.0, seconds: float = 0.0) -> EmotionPrediction:
    p = np.full(7, (1 - probability) / 6, np.float32)
    p[EMOTIONS.index(name)] = probability
    return EmotionPrediction(seconds, quality, p, name)


def test_agreeing_frames_keep_their_answer():
    label, probabilities = pool([prediction("happy", 0.8)] * 5)
    assert label == "happy"
    assert probabilities["happy"] == pytest.approx(0.8, abs=1e-3)
    assert sum(probabilities.values()) == pytest.approx(1)
    assert list(probabilities) == list(EMOTIONS)


def test_a_blurred_frame_weighs_little():
    frames = [prediction("happy", 0.7)] * 3 + [prediction("angry", 0.99, quality=0.05)] * 3
    assert pool(frames)[0] == "happy"


def test_no_face_means_no_answer():
    assert pool([]) == (None, {})
    assert pool([prediction("happy", 0.9, quality=0.01)]) == (None, {})


def test_an_unclear_face_keeps_its_probabilities_but_has_no_label():
    label, probabilities = pool([prediction("happy", 0.4)] * 3, calibration=PooledCalibration(threshold=0.6))
    assert label is None
    assert probabilities["happy"] == pytest.approx(0.4, abs=1e-3)


def test_a_frame_that_rules_an_emotion_out_counts():
    sure, unsure = np.array([0.0, 0, 0, 0.6, 0, 0.4, 0]), np.array([0, 0, 0, 1e-6, 0, 1 - 1e-6, 0])
    frames = [
        EmotionPrediction(0, 1.0, sure.astype(np.float32), None),
        EmotionPrediction(0, 1.0, unsure.astype(np.float32), None),
    ]
    assert pool(frames)[0] == "surprise"


@pytest.fixture(scope="module")
def person(astronaut) -> Landmarks:
    with HolisticTracker() as tracker:
        return tracker.process(Frame(astronaut, 0.0))


def with_hand(person: Landmarks, x: float, y: float, seconds: float = 0.0) -> Landmarks:
    """The person with a right hand about a place."""
    spread = np.random.default_rng(0).uniform(-0.03, 0.03, (21, 3))
    hand = (np.array([x, y, 0.0]) + spread).astype(np.float32)
    return Landmarks(seconds, person.pose, person.face, None, hand, person.aspect)


def test_speed_is_in_shoulder_widths_a_second(person):
    width = np.linalg.norm((person.pose[11, :2] - person.pose[12, :2]) * [person.aspect, 1])
    one, other = with_hand(person, 0.2, 0.9), with_hand(person, 0.2, 0.9 - width * 0.3, seconds=0.1)
    assert hand_speed(one, other) == pytest.approx(3.0, rel=1e-3)
    assert frame_weight(one, other) == pytest.approx(1 / (1 + (3.0 / HALF_SPEED) ** 2), rel=1e-3)
    assert frame_weight(one, with_hand(person, 0.2, 0.9, seconds=0.1)) == pytest.approx(1.0)


def test_what_cannot_be_told_counts_as_still(person):
    nobody = Landmarks(0.0)
    assert hand_speed(nobody, with_hand(person, 0.2, 0.9, seconds=0.1)) == 0.0
    assert hand_speed(with_hand(person, 0.2, 0.9, seconds=0.1), with_hand(person, 0.9, 0.9)) == 0.0


def test_frames_count_by_how_far_apart_they_are():
    near, far = np.arange(10) * 0.03, np.arange(10) * 3.0
    assert 1 < effective_frames(near, np.ones(10)) < 3 < effective_frames(far, np.ones(10)) <= 10
    # What has no weight counts for nothing, and a scale of all weights changes nothing.
    weights = np.array([1.0] * 5 + [0.0] * 5)
    assert np.isclose(effective_frames(far, weights), effective_frames(far[:5], np.ones(5)))
    assert np.isclose(effective_frames(far, 0.1 * weights), effective_frames(far, weights))


def test_a_pooled_answer_is_calibrated_by_how_many_frames_count():
    calibration = PooledCalibration(temperature=0.7, few=0.3, threshold=0.0)
    short = [replace(prediction("happy", 0.6), seconds=second) for second in np.arange(3) * 0.1]
    long = [replace(prediction("happy", 0.6), seconds=second) for second in np.arange(60) * 2.0]
    sure = [pool(frames, calibration=calibration)[1]["happy"] for frames in (short, long)]
    assert 0.6 < sure[0] < sure[1] < 1
    assert np.isclose(sum(pool(long, calibration=calibration)[1].values()), 1)
