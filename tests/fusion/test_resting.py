import numpy as np

from emotion.faces import EMOTIONS
from emotion.recognizer import EmotionPrediction
from fusion.resting import relative, rest_of


def face(label: str, share: float = 0.64) -> EmotionPrediction:
    row = np.full(7, (1 - share) / 6)
    row[EMOTIONS.index(label)] = share
    return EmotionPrediction(0.0, 1.0, row, label)


def test_the_resting_face_becomes_neutral_and_others_keep_their_way_from_it() -> None:
    rest = rest_of([face("sad")] * 9 + [face("happy")])
    assert relative(face("sad"), rest, 0.4).label == "neutral"
    happy = relative(face("happy", 0.9), rest, 0.4)
    assert happy.label == "happy"
    assert happy.probabilities[EMOTIONS.index("sad")] < face("happy", 0.9).probabilities[EMOTIONS.index("sad")]


def test_what_is_not_clear_has_no_label() -> None:
    assert relative(face("happy", 0.2), rest_of([face("neutral")]), 0.6).label is None
