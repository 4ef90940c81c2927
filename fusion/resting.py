"""Emotions read against a person's resting face, so that somebody who looks stern at rest is not called angry."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from emotion.faces import EMOTIONS
from emotion.recognizer import EmotionPrediction
from emotion.smoothing import from_rest, resting_face

# Read against it, a resting face is neutral by 0.64 (`emotion.smoothing.AT_REST`), and that must be enough for a label.
ENOUGH = 0.6


def rest_of(seen: Iterable[EmotionPrediction]) -> np.ndarray:
    """What the face looked like in frames without expression.

    Returns:
        (7,) log-probabilities, as `emotion.smoothing.resting_face`.
    """
    frames = list(seen)
    return resting_face(np.stack([e.probabilities for e in frames]), np.array([e.quality for e in frames]))


def relative(seen: EmotionPrediction, rest: np.ndarray, threshold: float) -> EmotionPrediction:
    """An emotion read against a resting face.

    Args:
        seen: as the network gave it.
        rest: of `rest_of`.
        threshold: the label is None where no emotion is as probable as this, or as `ENOUGH` if that is less.

    >>> stern = EmotionPrediction(0.0, 1.0, np.array([0.7, 0.05, 0.05, 0.05, 0.05, 0.05, 0.05]), "angry")
    >>> relative(stern, rest_of([stern]), 0.4).label
    'neutral'
    """
    probabilities = from_rest(seen.probabilities, rest)
    best = int(probabilities.argmax())
    clear = probabilities[best] >= min(threshold, ENOUGH)
    return replace(seen, probabilities=probabilities, label=EMOTIONS[best] if clear else None)
