"""From the emotions of single frames to the affect of a word, in several named ways."""

from collections.abc import Callable, Sequence

import numpy as np

from emotion.faces import EMOTIONS
from emotion.recognizer import EmotionPrediction
from kslr.core.calibration import softmax

SMALLEST = 1e-4  # No frame alone may rule an emotion out for good.


def log_mean(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean log-probability: a frame that rules an emotion out counts for more than one that is unsure."""
    logs = np.log(np.clip(probabilities, SMALLEST, 1.0))
    return softmax((weights[:, None] * logs).sum(axis=0) / weights.sum())


def weighted_mean(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean probability, each frame weighted by how well its face is seen."""
    return (weights[:, None] * probabilities).sum(axis=0) / weights.sum()


def plain_mean(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean probability of all frames alike."""
    return probabilities.mean(axis=0)


def maximum(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The one frame that is surest of anything."""
    return probabilities[probabilities.max(axis=1).argmax()]


def last(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The last frame."""
    return probabilities[-1]


def vote(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Each emotion's share of the frames that it is the best answer of."""
    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1]) / len(probabilities)


# Each takes probabilities (n, classes) and weights (n,) that sum to more than 0, and returns (classes,).
STRATEGIES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    f.__name__: f for f in (log_mean, weighted_mean, plain_mean, maximum, last, vote)
}


def pool(
    predictions: Sequence[EmotionPrediction],
    *,
    threshold: float = 0.0,
    least_weight: float = 0.5,
    strategy: str = "log_mean",
) -> tuple[str | None, dict[str, float]]:
    """The affect of a word.

    Args:
        predictions: of the frames of the word whose face was seen; their `quality` is their weight.
        threshold: the best probability below which there is no answer; the emotion card's, 0–1.
        least_weight: the qualities' sum below which the face counts as not seen.
        strategy: a key of `STRATEGIES`.

    Returns:
        The emotion, or None, and the seven probabilities by name, empty when the face was not seen.

    >>> pool([])
    (None, {})
    """
    weights = np.array([prediction.quality for prediction in predictions])
    if weights.sum() < least_weight:
        return None, {}
    probabilities = STRATEGIES[strategy](np.stack([p.probabilities for p in predictions]), weights)
    best = int(probabilities.argmax())
    named = {name: float(p) for name, p in zip(EMOTIONS, probabilities, strict=True)}
    return (EMOTIONS[best] if probabilities[best] >= threshold else None), named
