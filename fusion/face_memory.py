"""What a person's face showed in the last seconds, and what it shows at rest.

Emotions are read against the resting face, so that somebody who looks stern at rest is not called angry.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from emotion.faces import EMOTIONS
from emotion.recognizer import EmotionPrediction
from emotion.resting import correct_for_rest, resting_face
from fusion.cues import FaceShape, baseline, cues, face_shape
from fusion.pooling import PooledCalibration, frame_weight, pool
from kslr.landmarks import Landmarks

# A segment is at most a few seconds long.
MEMORY_SECONDS = 8.0
# Enough of the resting face to know it, little enough to follow a person who moves.
REST_FRAMES = 600
LEAST_REST_FRAMES = 15
# Of a calibration: enough of them, over enough of its time, at any frame rate.
LEAST_CALM_FRAMES, LEAST_CALM_SHARE = 5, 0.4
# Read against it, a resting face is neutral by 0.64 (`emotion.resting.AT_REST`), and that must be enough for a label.
ENOUGH = 0.6


class FaceMemory:
    """One person's face over time, frame by frame.

    Args:
        threshold: minimum probability of an emotion that is shown, 0–1.
        neutral: whether what the face shows between signs is taken for the resting face and subtracted.
        pooled: of the answers that are pooled over a word; the threshold alone when None.

    >>> FaceMemory(threshold=0.5, neutral=False).calibrate()
    False
    """

    def __init__(self, threshold: float, neutral: bool, pooled: PooledCalibration | None = None) -> None:
        self._threshold = threshold
        self._pooled = pooled or PooledCalibration(threshold=threshold)
        self._neutral = neutral
        self._emotions: deque[EmotionPrediction] = deque()
        self._shapes: deque[FaceShape] = deque()
        self._resting_shapes: deque[FaceShape] = deque(maxlen=REST_FRAMES)
        self._resting_emotions: deque[EmotionPrediction] = deque(maxlen=REST_FRAMES)
        self._calm: np.ndarray | None = None
        self._before: Landmarks | None = None

    def add(self, landmarks: Landmarks, emotion: EmotionPrediction | None, signing: bool) -> None:
        """Takes the next frame.

        Args:
            landmarks: of the frame.
            emotion: what its face shows; None without one.
            signing: whether a sign is under way; between signs the face rests.
        """
        if emotion:
            self._emotions.append(replace(emotion, quality=emotion.quality * frame_weight(self._before, landmarks)))
            if not signing:
                self._resting_emotions.append(emotion)
        self._before = landmarks
        shape = None if landmarks.face is None else face_shape(landmarks.face, landmarks.seconds, landmarks.aspect)
        if shape:
            self._shapes.append(shape)
            if not signing:
                self._resting_shapes.append(shape)
        for memory in (self._emotions, self._shapes):
            while memory and memory[0].seconds < landmarks.seconds - MEMORY_SECONDS:
                memory.popleft()

    def calibrate(self, seconds: float = 3.0) -> bool:
        """Takes what the face showed in the last seconds, hands at rest, for the resting face from now on.

        Returns:
            False, and nothing changes, when the face was not seen for long enough.
        """
        now = self._before.seconds if self._before else 0.0
        recent = [e for e in self._resting_emotions if e.seconds >= now - seconds]
        if len(recent) < LEAST_CALM_FRAMES or recent[-1].seconds - recent[0].seconds < LEAST_CALM_SHARE * seconds:
            return False
        self._calm = average_rest(recent)
        return True

    def forget_calibration(self) -> None:
        """Emotions are read as they look again."""
        self._calm = None

    def subtract_rest(self, emotion: EmotionPrediction) -> EmotionPrediction:
        """A frame's emotion, read against the calibrated resting face where there is one."""
        return emotion if self._calm is None else read_against(emotion, self._calm, self._threshold)

    def affect(self, start: float, end: float) -> tuple[str | None, dict[str, float]]:
        """The emotion of the frames between two times in seconds, read against the resting face where one is known.

        Returns:
            As `fusion.pooling.pool`: the emotion, None when unsure, and the probabilities.
        """
        frames = [e for e in self._emotions if start <= e.seconds <= end]
        rest = self._calm
        if rest is None and self._neutral and len(self._resting_emotions) >= LEAST_REST_FRAMES:
            rest = average_rest(self._resting_emotions)
        if rest is not None:
            frames = [read_against(e, rest, self._threshold) for e in frames]
        rested = self._calm is not None or self._neutral
        enough = min(self._pooled.threshold, ENOUGH) if rested else self._pooled.threshold
        return pool(frames, calibration=replace(self._pooled, threshold=enough))

    def cues(self, start: float, end: float) -> dict[str, float]:
        """What brows, mouth and head did between two times in seconds, against the face at rest."""
        shapes = [shape for shape in self._shapes if start <= shape.seconds <= end]
        return cues(shapes, baseline(self._resting_shapes or self._shapes))


def average_rest(frames: Iterable[EmotionPrediction]) -> np.ndarray:
    """What the face looks like in frames without expression.

    Returns:
        (7,) log-probabilities, as `emotion.resting.resting_face`.
    """
    frames = list(frames)
    return resting_face(np.stack([e.probabilities for e in frames]), np.array([e.quality for e in frames]))


def read_against(emotion: EmotionPrediction, rest: np.ndarray, threshold: float) -> EmotionPrediction:
    """An emotion read against a resting face.

    Args:
        emotion: as the network gave it.
        rest: of `average_rest`.
        threshold: the label is None where no emotion is as probable as this, or as `ENOUGH` if that is less.

    >>> stern = EmotionPrediction(0.0, 1.0, np.array([0.7, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05]), "angry")
    >>> read_against(stern, average_rest([stern]), 0.4).label
    'neutral'
    """
    probabilities = correct_for_rest(emotion.probabilities, rest)
    best = int(probabilities.argmax())
    clear = probabilities[best] >= min(threshold, ENOUGH)
    return replace(emotion, probabilities=probabilities, label=EMOTIONS[best] if clear else None)
