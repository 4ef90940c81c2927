from dataclasses import replace

import numpy as np

from emotion.faces import EMOTIONS
from emotion.recognizer import EmotionPrediction
from fusion.face_memory import MEMORY_SECONDS, FaceMemory, average_rest, read_against
from kslr.landmarks import Landmarks


def shown(label: str, seconds: float, share: float = 0.8) -> EmotionPrediction:
    row = np.full(7, (1 - share) / 6, np.float32)
    row[EMOTIONS.index(label)] = share
    return EmotionPrediction(seconds, 1.0, row, label)


def watched(memory: FaceMemory, label: str, start: float, end: float, signing: bool) -> None:
    for seconds in np.arange(start, end, 0.1):
        memory.add(Landmarks(float(seconds)), shown(label, float(seconds)), signing)


def test_affect_is_of_the_frames_asked_for() -> None:
    memory = FaceMemory(0.4, neutral=False)
    watched(memory, "neutral", 0, 2, signing=False)
    watched(memory, "happy", 2, 4, signing=True)
    assert memory.affect(2.0, 4.0)[0] == "happy"
    assert memory.affect(0.0, 1.9)[0] == "neutral"


def test_what_is_long_past_is_forgotten() -> None:
    memory = FaceMemory(0.4, neutral=False)
    watched(memory, "happy", 0, 1, signing=True)
    memory.add(Landmarks(MEMORY_SECONDS + 2), None, True)
    assert memory.affect(0.0, 1.0)[0] is None


def test_a_stern_face_at_rest_is_neutral_once_known() -> None:
    memory = FaceMemory(0.4, neutral=False)
    assert not memory.calibrate()
    watched(memory, "angry", 0, 4, signing=False)
    stern = shown("angry", 4.1)
    assert memory.subtract_rest(stern) is stern
    assert memory.calibrate(3.0)
    assert memory.subtract_rest(stern).label == "neutral"
    assert memory.affect(0.0, 4.0)[0] == "neutral"
    memory.forget_calibration()
    assert memory.affect(0.0, 4.0)[0] == "angry"


def test_the_resting_face_is_learnt_between_signs_where_that_is_wanted() -> None:
    for wanted, told in ((True, "neutral"), (False, "sad")):
        memory = FaceMemory(0.4, neutral=wanted)
        watched(memory, "sad", 0, 3, signing=False)
        watched(memory, "sad", 3, 4, signing=True)
        assert memory.affect(3.0, 4.0)[0] == told


def test_frames_without_a_face_leave_no_trace() -> None:
    memory = FaceMemory(0.4, neutral=True)
    for seconds in range(3):
        memory.add(replace(Landmarks(0.0), seconds=float(seconds)), None, False)
    assert memory.affect(0.0, 3.0)[0] is None
    assert not any(np.isnan(value) for value in memory.cues(0.0, 3.0).values())
    assert not memory.calibrate()


def face(label: str, share: float = 0.64) -> EmotionPrediction:
    row = np.full(7, (1 - share) / 6)
    row[EMOTIONS.index(label)] = share
    return EmotionPrediction(0.0, 1.0, row, label)


def test_the_resting_face_becomes_neutral_and_others_keep_their_way_from_it() -> None:
    rest = average_rest([face("sad")] * 9 + [face("happy")])
    assert read_against(face("sad"), rest, 0.4).label == "neutral"
    happy = read_against(face("happy", 0.9), rest, 0.4)
    assert happy.label == "happy"
    assert happy.probabilities[EMOTIONS.index("sad")] < face("happy", 0.9).probabilities[EMOTIONS.index("sad")]


def test_what_is_not_clear_has_no_label() -> None:
    assert read_against(face("happy", 0.2), average_rest([face("neutral")]), 0.6).label is None
