"""What a person's face showed in the last seconds, and what it shows at rest."""

from collections import deque
from dataclasses import replace

import numpy as np

from emotion.recognizer import EmotionPrediction
from fusion.attention import attention
from fusion.cues import FaceShape, baseline, cues, face_shape
from fusion.pooling import pool
from fusion.resting import ENOUGH, relative, rest_of
from kslr.landmarks import Landmarks

# A segment is at most a few seconds long.
MEMORY_SECONDS = 8.0
# Enough of the resting face to know it, little enough to follow a person who moves.
REST_FRAMES = 600
LEAST_REST_FRAMES = 15
# Of a calibration: enough of them, over enough of its time, at any frame rate.
LEAST_CALM_FRAMES, LEAST_CALM_SHARE = 5, 0.4


class FaceMemory:
    """One person's face over time, frame by frame.

    Args:
        threshold: least probability of an emotion that is told, 0–1.
        neutral: whether what the face shows between signs is taken for the resting face and subtracted.

    >>> FaceMemory(threshold=0.5, neutral=False).calibrate()
    False
    """

    def __init__(self, threshold: float, neutral: bool) -> None:
        self._threshold = threshold
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
            weight = attention(self._before, landmarks)
            self._emotions.append(replace(emotion, quality=emotion.quality * weight))
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
            False, and nothing is changed, where the face was not seen for long enough.
        """
        now = self._before.seconds if self._before else 0.0
        recent = [e for e in self._resting_emotions if e.seconds >= now - seconds]
        if len(recent) < LEAST_CALM_FRAMES or recent[-1].seconds - recent[0].seconds < LEAST_CALM_SHARE * seconds:
            return False
        self._calm = rest_of(recent)
        return True

    def forget_calibration(self) -> None:
        """Emotions are read as they look again."""
        self._calm = None

    def subtract_rest(self, emotion: EmotionPrediction) -> EmotionPrediction:
        """A frame's emotion, read against the calibrated resting face where there is one."""
        return emotion if self._calm is None else relative(emotion, self._calm, self._threshold)

    def affect(self, start: float, end: float) -> tuple[str | None, dict[str, float]]:
        """The emotion of the frames between two times in seconds, read against the resting face where one is known.

        Returns:
            What `fusion.pooling.pool` says of them: the emotion, None when unsure, and the probabilities.
        """
        seen = [e for e in self._emotions if start <= e.seconds <= end]
        rest = self._calm
        if rest is None and self._neutral and len(self._resting_emotions) >= LEAST_REST_FRAMES:
            rest = rest_of(self._resting_emotions)
        if rest is not None:
            seen = [relative(e, rest, self._threshold) for e in seen]
        rested = self._calm is not None or self._neutral
        return pool(seen, threshold=min(self._threshold, ENOUGH) if rested else self._threshold)

    def cues(self, start: float, end: float) -> dict[str, float]:
        """What brows, mouth and head did between two times in seconds, against the face at rest."""
        shapes = [shape for shape in self._shapes if start <= shape.seconds <= end]
        return cues(shapes, baseline(self._resting_shapes or self._shapes))
