"""What a person's face looks like at rest, and emotions relative to it."""

import numpy as np

from emotion.faces import EMOTIONS
from kslr.core.calibration import softmax

FLOOR = 1e-4
# What a resting face should give: neutral, with no other emotion favoured.
AT_REST = np.where(np.array(EMOTIONS) == "neutral", 0.64, 0.06)


def _bounded_log(probabilities: np.ndarray) -> np.ndarray:
    """Logarithms of (…, 7) probabilities, bounded below so that one frame can't forbid an emotion."""
    return np.log(np.clip(probabilities, FLOOR, 1.0))


def resting_face(probabilities: np.ndarray, quality: np.ndarray) -> np.ndarray:
    """A person's resting face, from a few seconds without expression.

    Args:
        probabilities: (n, 7) of the resting frames.
        quality: (n,) weights 0–1; frames of quality 0 do not count.

    Returns:
        (7,) log-probabilities, the weighted median of each emotion; zeros (no correction) without usable frames.
    """
    usable = np.asarray(quality) > 0
    if not usable.any():
        return np.zeros(len(EMOTIONS))
    logs, weight = _bounded_log(np.asarray(probabilities)[usable]), np.asarray(quality, float)[usable]
    order = np.argsort(logs, axis=0)
    sums = np.cumsum(weight[order], axis=0)
    middle = (sums >= weight.sum() / 2).argmax(axis=0)
    return np.take_along_axis(np.take_along_axis(logs, order, axis=0), middle[None], axis=0)[0]


def correct_for_rest(probabilities: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Probabilities relative to a resting face, so that a person whose rest looks sad is not always called sad.

    A shift of the logits that takes the resting face to `AT_REST`, and every other face by the same way.

    Args:
        probabilities: (…, 7).
        rest: (7,) of `resting_face`; zeros change nothing.

    >>> row = np.array([0.05, 0.05, 0.05, 0.05, 0.55, 0.05, 0.2])
    >>> EMOTIONS[correct_for_rest(row, resting_face(row[None], np.ones(1))).argmax()]
    'neutral'
    """
    shift = (np.log(AT_REST) - rest) if np.any(rest) else np.zeros(len(EMOTIONS))
    return softmax(_bounded_log(probabilities) + shift)
