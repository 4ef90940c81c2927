"""From the emotions of single frames to the affect of a word."""

from collections.abc import Sequence

import numpy as np

from emotion.faces import EMOTIONS
from emotion.recognizer import EmotionPrediction
from models.calibration import softmax


def pool(
    predictions: Sequence[EmotionPrediction], *, threshold: float = 0.0, least_weight: float = 0.5
) -> tuple[str | None, dict[str, float]]:
    """Mean log-probability over the frames of a word, each weighted by its crop's quality.

    The logarithm lets a frame that rules an emotion out count for more than one that is merely unsure, which the
    plain mean does not.

    Args:
        predictions: of the frames of the word whose face was seen.
        threshold: the best probability below which there is no answer; the emotion card's, 0–1.
        least_weight: the qualities' sum below which the face counts as not seen.

    Returns:
        The emotion, or None, and the seven probabilities by name, empty when the face was not seen.

    >>> pool([])
    (None, {})
    """
    weights = np.array([prediction.quality for prediction in predictions])
    if weights.sum() < least_weight:
        return None, {}
    logs = np.log(np.clip(np.stack([p.probabilities for p in predictions]), 1e-6, 1.0))
    probabilities = softmax((weights[:, None] * logs).sum(axis=0) / weights.sum())
    best = int(probabilities.argmax())
    named = {name: float(p) for name, p in zip(EMOTIONS, probabilities, strict=True)}
    return (EMOTIONS[best] if probabilities[best] >= threshold else None), named
