"""How a class reacts, from what its faces show at one moment. Pure functions over arrays; nothing is kept.

The default is the concentration index of Sharma et al., "Student engagement detection using emotion analysis, eye
tracking and head movement with machine learning" (2019, arXiv:1909.12913): the weight of the emotion times the weight
of the gaze, over the greatest product. The emotion's weight is taken as the mean over the seven probabilities, so that
an unsure face counts as unsure. Valence and arousal are the means that Russell and Mehrabian ("Evidence for a
three-factor theory of emotions", 1977) report for the emotions' names; neutral is the origin.

No figure here is attention or learning: both are inside a head. It is how faces look, in the mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from emotion.faces import EMOTIONS
from kslr.core.errors import InputError

FACING, AVERTED, CLOSED, UNKNOWN = 0, 1, 2, -1
VALENCE = {"angry": -0.51, "disgust": -0.60, "fear": -0.64, "happy": 0.76, "sad": -0.63, "surprise": 0.40, "neutral": 0.0}
AROUSAL = {"angry": 0.59, "disgust": 0.35, "fear": 0.60, "happy": 0.48, "sad": -0.27, "surprise": 0.67, "neutral": 0.0}
# The moods of a class. Four emotions are one mood, so that a single angry or frightened face has no column.
MOODS = ("glad", "calm", "surprised", "troubled")
_MOOD = {"happy": "glad", "neutral": "calm", "surprise": "surprised"}
MOOD_MATRIX = np.array([[float(_MOOD.get(emotion, "troubled") == mood) for mood in MOODS] for emotion in EMOTIONS])


@dataclass(frozen=True)
class Weights:
    """What an emotion and a gaze count in the index.

    Attributes:
        emotions: weight of each of EMOTIONS, 0–1, in their order.
        facing, averted, closed: weight of the gaze, on the paper's scale from 0 to 5.
    """

    emotions: tuple[float, ...] = (0.25, 0.2, 0.3, 0.6, 0.3, 0.6, 0.9)
    facing: float = 5.0
    averted: float = 2.0
    closed: float = 0.0

    def __post_init__(self) -> None:
        values = (*self.emotions, self.facing, self.averted, self.closed)
        if len(self.emotions) != len(EMOTIONS) or not np.isfinite(values).all() or min(values) < 0:
            raise InputError("Weights are seven emotions' and three gazes' numbers from 0 on.")
        if max(self.emotions) <= 0 or max(self.facing, self.averted, self.closed) <= 0:
            raise InputError("At least one emotion and one gaze must weigh more than 0.")


def parse_weights(given: Mapping[str, Any]) -> Weights:
    """Weights of a configuration; what is not named keeps its default.

    Args:
        given: emotion names, ``facing``, ``averted`` and ``closed`` with their weights.

    Raises:
        InputError: an unknown name or no number.

    >>> parse_weights({"happy": 0.9, "averted": 3}).emotions[3]
    0.9
    """
    known = {*EMOTIONS, "facing", "averted", "closed"}
    if unknown := sorted(set(given) - known):
        raise InputError(f"There is no weight for {', '.join(map(str, unknown))}. Choose from {', '.join(sorted(known))}.")
    if not all(isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e6 for value in given.values()):
        raise InputError("Every weight is a number.")
    default = Weights()
    emotions = tuple(float(given.get(name, weight)) for name, weight in zip(EMOTIONS, default.emotions, strict=True))
    gazes = {name: float(given.get(name, getattr(default, name))) for name in ("facing", "averted", "closed")}
    return Weights(emotions, **gazes)


def concentration(probabilities: np.ndarray, gaze: np.ndarray, weights: Weights | None = None) -> np.ndarray:
    """The concentration index of faces.

    Args:
        probabilities: (n, 7) in the order of EMOTIONS.
        gaze: (n,) int FACING, AVERTED, CLOSED or UNKNOWN.
        weights: the published ones where none are given.

    Returns:
        (n,) 0–1; NaN where the gaze is unknown.

    >>> concentration(np.eye(7)[[6, 3]], np.array([FACING, AVERTED])).round(3).tolist()
    [1.0, 0.267]
    """
    weights = weights or Weights()
    gazes = np.array([weights.facing, weights.averted, weights.closed, np.nan])
    greatest = max(weights.emotions) * np.nanmax(gazes)
    return np.asarray(probabilities, float) @ np.array(weights.emotions) * gazes[np.asarray(gaze)] / greatest


def valence(probabilities: np.ndarray) -> np.ndarray:
    """(…, 7) probabilities → pleasantness, −1 to 1.

    >>> float(valence(np.eye(7)[3]))
    0.76
    """
    return np.asarray(probabilities, float) @ np.array([VALENCE[name] for name in EMOTIONS])


def arousal(probabilities: np.ndarray) -> np.ndarray:
    """(…, 7) probabilities → how stirred, −1 to 1.

    >>> float(arousal(np.eye(7)[6]))
    0.0
    """
    return np.asarray(probabilities, float) @ np.array([AROUSAL[name] for name in EMOTIONS])


def moods(probabilities: np.ndarray) -> np.ndarray:
    """(…, 7) probabilities → (…, 4) shares in the order of MOODS.

    >>> moods(np.full(7, 1 / 7)).round(2).tolist()
    [0.14, 0.14, 0.14, 0.57]
    """
    return np.asarray(probabilities, float) @ MOOD_MATRIX


def margin(faces: int, quality: float, spread: float = 0.25) -> float:
    """Half the width of the band around a figure, from how many faces it is of and how sharp they are.

    How the faces differ is left out, because it would reveal single ones.

    Args:
        faces: at least so many.
        quality: mean quality of the crops, 0–1; poor ones widen the band up to four times.
        spread: standard deviation between people that is taken for granted.

    >>> round(margin(5, 1.0), 2), round(margin(30, 1.0), 2), round(margin(30, 0.5), 2)
    (0.22, 0.09, 0.18)
    """
    return float(1.96 * spread / np.sqrt(faces) / np.clip(quality, 0.25, 1))


def confidence(faces: int, quality: float) -> float:
    """How far a figure can be relied on, 0–1: one minus the band's whole width, which is 0 from a width of 1 on.

    >>> confidence(30, 1.0) > confidence(30, 0.5) > confidence(5, 0.5)
    True
    """
    return float(np.clip(1 - 2 * margin(faces, quality), 0, 1))
