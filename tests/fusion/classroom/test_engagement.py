import numpy as np
import pytest

from emotion.faces import EMOTIONS
from fusion.classroom.engagement import (
    AVERTED,
    CLOSED,
    FACING,
    MOODS,
    UNKNOWN,
    Weights,
    arousal,
    concentration,
    confidence,
    margin,
    moods,
    parse_weights,
    valence,
)
from kslr.core.errors import InputError

EACH = np.eye(len(EMOTIONS))


def test_the_published_weights_are_the_default():
    published = {"neutral": 0.9, "happy": 0.6, "surprise": 0.6, "sad": 0.3, "fear": 0.3, "angry": 0.25, "disgust": 0.2}
    facing = concentration(EACH, np.full(7, FACING))
    assert dict(zip(EMOTIONS, (facing * 0.9).round(6), strict=True)) == pytest.approx(published)
    assert concentration(EACH, np.full(7, AVERTED)) == pytest.approx(facing * 2 / 5)
    assert concentration(EACH, np.full(7, CLOSED)) == pytest.approx(0)


def test_an_unknown_gaze_gives_no_index():
    assert np.isnan(concentration(EACH[:1], np.array([UNKNOWN]))).all()


def test_an_unsure_face_lies_between():
    half = (EACH[EMOTIONS.index("neutral")] + EACH[EMOTIONS.index("angry")]) / 2
    index = concentration(half[None], np.array([FACING]))[0]
    assert index == pytest.approx((0.9 + 0.25) / 2 / 0.9)


def test_own_weights_stay_between_zero_and_one():
    weights = parse_weights({"happy": 3, "averted": 7})
    index = concentration(EACH, np.full(7, AVERTED), weights)
    assert index.max() == pytest.approx(1.0)
    assert index.argmax() == EMOTIONS.index("happy")


@pytest.mark.parametrize("given", [{"joy": 1}, {"happy": "much"}, {"happy": -1}, {"happy": True}, {"happy": float("nan")}])
def test_wrong_weights_are_told(given: dict):
    with pytest.raises(InputError):
        parse_weights(given)


def test_all_weights_of_nothing_are_refused():
    with pytest.raises(InputError, match="more than 0"):
        Weights(emotions=(0.0,) * 7)


def test_valence_and_arousal_have_their_signs_and_bounds():
    assert valence(EACH)[EMOTIONS.index("happy")] > 0 > valence(EACH)[EMOTIONS.index("sad")]
    assert arousal(EACH)[EMOTIONS.index("surprise")] > 0 > arousal(EACH)[EMOTIONS.index("sad")]
    assert np.abs([valence(EACH), arousal(EACH)]).max() <= 1


def test_moods_share_everything_out():
    rows = np.random.default_rng(0).dirichlet(np.ones(7), 20)
    assert moods(rows).sum(axis=1) == pytest.approx(1)
    assert (
        MOODS[moods(EACH[EMOTIONS.index("fear")]).argmax()] == MOODS[moods(EACH[EMOTIONS.index("angry")]).argmax()] == "troubled"
    )


def test_more_and_sharper_faces_are_surer():
    assert margin(30, 0.9) < margin(5, 0.9) < margin(5, 0.3)
    assert confidence(30, 0.9) > confidence(5, 0.9) > confidence(5, 0.3) >= 0
