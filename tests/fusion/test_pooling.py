import numpy as np
import pytest

from emotion.faces import EMOTIONS
from emotion.recognizer import EmotionPrediction
from fusion.pooling import STRATEGIES, pool


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
    label, probabilities = pool([prediction("happy", 0.4)] * 3, threshold=0.6)
    assert label is None
    assert probabilities["happy"] == pytest.approx(0.4, abs=1e-3)


def test_a_frame_that_rules_an_emotion_out_counts():
    sure, unsure = np.array([0.0, 0, 0, 0.6, 0, 0.4, 0]), np.array([0, 0, 0, 1e-6, 0, 1 - 1e-6, 0])
    frames = [
        EmotionPrediction(0, 1.0, sure.astype(np.float32), None),
        EmotionPrediction(0, 1.0, unsure.astype(np.float32), None),
    ]
    assert pool(frames)[0] == "surprise"


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_every_strategy_gives_probabilities(strategy):
    frames = [prediction("happy", 0.8), prediction("sad", 0.6), prediction("happy", 0.5, quality=0.3)]
    label, probabilities = pool(frames, strategy=strategy)
    assert label == "happy"
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)


def test_strategies_differ_where_they_should():
    frames = [prediction("sad", 0.99), *[prediction("happy", 0.5)] * 3, prediction("angry", 0.6)]
    assert {name: pool(frames, strategy=name)[0] for name in ("maximum", "last", "vote")} == {
        "maximum": "sad",
        "last": "angry",
        "vote": "happy",
    }
    dim = [prediction("happy", 0.7), *[prediction("sad", 0.8, quality=0.01)] * 4]
    assert pool(dim, strategy="weighted_mean")[0] == "happy"
    assert pool(dim, strategy="plain_mean")[0] == "sad"
