"""From emotions of single frames to what a face shows over time. Pure functions; times are seconds, at any frame rate.

Faces are noisy: a blink or a mouthed word moves one frame's probabilities far. Log-probabilities are averaged over
time with the crops' quality as weight, a label changes only when another is clearly ahead for a while, and, if wanted,
what a person's face looks like at rest is taken off first.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from emotion.faces import EMOTIONS
from kslr.core.calibration import softmax

FLOOR = 1e-4
# What a resting face should give: neutral, with no other emotion favoured.
AT_REST = np.where(np.array(EMOTIONS) == "neutral", 0.64, 0.06)


def log_probabilities(probabilities: np.ndarray) -> np.ndarray:
    """(…, 7) probabilities → their logarithms, bounded below so that one frame cannot forbid an emotion."""
    return np.log(np.clip(probabilities, FLOOR, 1.0))


def smoothed(seconds: np.ndarray, probabilities: np.ndarray, quality: np.ndarray, window: float = 0.6) -> np.ndarray:
    """Causal average of log-probabilities: a frame counts by its quality and half as much every `window` seconds.

    Args:
        seconds: (n,) ascending.
        probabilities: (n, 7).
        quality: (n,) 0–1; frames of quality 0 are as if not there.
        window: half-life in seconds.

    Returns:
        (n, 7) probabilities; NaN before the first usable frame.

    >>> smoothed(np.array([0.0]), np.array([[0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]]), np.array([1.0])).round(1)[0, 0]
    0.4
    """
    logs = log_probabilities(np.asarray(probabilities, float))
    total, weight, last = np.zeros(logs.shape[1]), 0.0, None
    out = np.full_like(logs, np.nan)
    for i, (now, row, good) in enumerate(zip(seconds, logs, quality, strict=True)):
        # The time a frame stands for, not the frame, is counted: twice the frame rate is not twice the evidence.
        span = window if last is None else min(now - last, window)
        keep = 1.0 if last is None else 0.5 ** ((now - last) / window)
        total, weight, last = total * keep + good * span * row, weight * keep + good * span, now
        if weight > 1e-9:
            out[i] = softmax(total / weight)
    return out


def held_labels(
    seconds: np.ndarray, probabilities: np.ndarray, enter: float = 0.5, leave: float = 0.35, hold: float = 0.3
) -> list[str | None]:
    """Labels with hysteresis: an emotion begins above `enter` and ends below `leave`, or when another was ahead for `hold`.

    Args:
        seconds: (n,) ascending.
        probabilities: (n, 7) smoothed; NaN rows keep the label.
        enter, leave: probabilities, leave below enter.
        hold: seconds for which a challenger must lead.

    Returns:
        A label a frame; None while nothing is clear.
    """
    label: int | None = None
    challenger: tuple[int, float] | None = None
    out: list[str | None] = []
    for now, row in zip(seconds, probabilities, strict=True):
        if np.isfinite(row).all():
            best = int(row.argmax())
            if label is not None and row[label] < leave:
                label = None
            if best == label or row[best] < enter:
                challenger = None
            elif challenger is None or challenger[0] != best:
                challenger = (best, float(now))
            if challenger and (label is None or now - challenger[1] >= hold - 1e-9):
                label, challenger = challenger[0], None
        out.append(None if label is None else EMOTIONS[label])
    return out


def resting_face(probabilities: np.ndarray, quality: np.ndarray) -> np.ndarray:
    """What a person's face looks like at rest, from a few seconds without expression.

    Args:
        probabilities: (n, 7) of the resting frames.
        quality: (n,).

    Returns:
        (7,) log-probabilities, the weighted median of each emotion; zeros (no correction) without usable frames.
    """
    usable = np.asarray(quality) > 0
    if not usable.any():
        return np.zeros(len(EMOTIONS))
    logs, weight = log_probabilities(np.asarray(probabilities)[usable]), np.asarray(quality, float)[usable]
    order = np.argsort(logs, axis=0)
    sums = np.cumsum(weight[order], axis=0)
    middle = (sums >= weight.sum() / 2).argmax(axis=0)
    return np.take_along_axis(np.take_along_axis(logs, order, axis=0), middle[None], axis=0)[0]


def from_rest(probabilities: np.ndarray, rest: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Probabilities relative to a resting face, so that somebody whose rest looks sad is not always called sad.

    A shift in logit space that takes the resting face to `AT_REST`, and every other face by the same way.

    Args:
        probabilities: (…, 7).
        rest: (7,) of `resting_face`; zeros change nothing.
        share: how much of the shift to apply, 0–1.

    >>> row = np.array([0.05, 0.05, 0.05, 0.05, 0.55, 0.05, 0.2])
    >>> EMOTIONS[from_rest(row, resting_face(row[None], np.ones(1))).argmax()]
    'neutral'
    """
    shift = (np.log(AT_REST) - rest) if np.any(rest) else np.zeros(len(EMOTIONS))
    return softmax(log_probabilities(probabilities) + share * shift)


def changes(labels: Sequence[str | None]) -> int:
    """How often a label changes along the frames.

    >>> changes(["happy", "happy", None, "sad"])
    2
    """
    return sum(a != b for a, b in pairwise(labels))
