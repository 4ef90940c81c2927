"""From the emotions of single frames to the affect of a word: how much each frame counts, and their mean.

Mouthing goes with the stroke and fast hands blur what is behind them, so affect reads best when the hands are slow or
down. (A hand in front of the face already takes the crop's quality away.) Positions are aspect-corrected; speeds are
in shoulder widths a second, so distance does not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emotion.faces import EMOTIONS
from emotion.recognizer import EmotionPrediction
from kslr.core.calibration import apply_temperature, softmax
from kslr.core.cards import Card
from kslr.landmarks import Landmarks, shoulder_width

HALF_SPEED = 3.0  # shoulder widths a second at which a frame counts half
# After so many seconds the answers to one face have forgotten most of what they were (benchmarks/mouthing.py measures it).
CORRELATED_SECONDS = 0.75
SMALLEST = 1e-4  # No frame alone may rule an emotion out for good.


def hand_speed(before: Landmarks | None, now: Landmarks) -> float:
    """The faster hand's speed, in shoulder widths a second; 0 where it cannot be measured.

    >>> hand_speed(None, Landmarks(0.0))
    0.0
    """
    if before is None or now.pose is None or now.seconds <= before.seconds:
        return 0.0
    shoulders = float(shoulder_width(now.pose, now.aspect))
    if shoulders < 1e-3:
        return 0.0
    ways = [
        float(np.linalg.norm(((b - a)[:, :2] * (now.aspect, 1.0)).mean(axis=0)))
        for a, b in ((before.left_hand, now.left_hand), (before.right_hand, now.right_hand))
        if a is not None and b is not None
    ]
    return max(ways, default=0.0) / shoulders / (now.seconds - before.seconds)


def frame_weight(before: Landmarks | None, now: Landmarks) -> float:
    """How much a frame's face counts by the speed of the hands, 0–1: one half at `HALF_SPEED`.

    >>> frame_weight(None, Landmarks(0.0))
    1.0
    """
    return float(1 / (1 + (hand_speed(before, now) / HALF_SPEED) ** 2))


def log_mean(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted mean log-probability: a frame that rules an emotion out counts for more than one that is unsure.

    Of the means that benchmarks/paired.py compares it reads signs with affect best.

    Args:
        probabilities: (n, classes).
        weights: (n,) with a sum above 0.

    Returns:
        (classes,) probabilities.
    """
    logs = np.log(np.clip(probabilities, SMALLEST, 1.0))
    return softmax((weights[:, None] * logs).sum(axis=0) / weights.sum())


def effective_frames(seconds: np.ndarray, weights: np.ndarray) -> float:
    """How many independent frames a film counts for: neighbouring frames of one face say nearly the same.

    The effective sample size of a weighted mean whose terms are correlated by exp(−|time between| / `CORRELATED_SECONDS`).

    Args:
        seconds: (n,) times.
        weights: (n,) with a sum above 0.

    >>> effective_frames(np.zeros(5), np.ones(5)), round(effective_frames(np.arange(5) * 100.0, np.ones(5)), 6)
    (1.0, 5.0)
    """
    apart = np.abs(seconds[:, None] - seconds[None])
    return float(weights.sum() ** 2 / (weights @ np.exp(-apart / CORRELATED_SECONDS) @ weights))


@dataclass(frozen=True)
class PooledCalibration:
    """What makes a pooled answer's probability right as often as it says (`fusion.training.films.fit_pooling`).

    Attributes:
        temperature: of the pooled logits, for very many independent frames.
        few: what is added to its logarithm, divided by the number of frames that count.
        threshold: the best probability below which there is no answer, 0–1.
    """

    temperature: float = 1.0
    few: float = 0.0
    threshold: float = 0.0

    @classmethod
    def from_card(cls, card: Card) -> "PooledCalibration":
        """Of an emotion card; one that was never calibrated for pooling has only its frames' threshold.

        >>> from kslr.core.cards import read_card
        >>> 0 < PooledCalibration.from_card(read_card("emotion")[0]).threshold < 1
        True
        """
        values = card.calibration
        threshold = values.get("pooled_threshold", values.get("threshold", 0.0))
        return cls(float(values.get("pooled_temperature", 1.0)), float(values.get("pooled_few", 0.0)), float(threshold))

    def apply(self, pooled: np.ndarray, frames: float) -> np.ndarray:
        """(…, classes) of `log_mean` over so many effective frames → calibrated probabilities."""
        return apply_temperature(pooled, self.temperature * float(np.exp(self.few / frames)))


def pool(
    predictions: Sequence[EmotionPrediction], *, calibration: PooledCalibration | None = None, least_weight: float = 0.5
) -> tuple[str | None, dict[str, float]]:
    """The affect of a word.

    Args:
        predictions: of the frames of the word whose face was seen; their `quality` is their weight.
        calibration: of the emotion card; when None the best emotion is always the answer.
        least_weight: the qualities' sum below which the face counts as not seen.

    Returns:
        The emotion, or None, and the seven probabilities by name, empty when the face was not seen.

    >>> pool([])
    (None, {})
    """
    weights = np.array([prediction.quality for prediction in predictions])
    if weights.sum() < least_weight:
        return None, {}
    calibration = calibration or PooledCalibration()
    frames = effective_frames(np.array([p.seconds for p in predictions]), weights)
    probabilities = calibration.apply(log_mean(np.stack([p.probabilities for p in predictions]), weights), frames)
    best = int(probabilities.argmax())
    named = {name: float(p) for name, p in zip(EMOTIONS, probabilities, strict=True)}
    return (EMOTIONS[best] if probabilities[best] >= calibration.threshold else None), named
