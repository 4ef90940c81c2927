"""Builds the shipped sign models on the encoder: the encoder itself, and the thirty Kazakh signs as a head on it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kslr.augment import Strength, augmented
from kslr.encoder import embed_points, symmetric
from kslr.heads import Head, fit_head
from kslr.points import select

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Embedded:
    """Embedded recordings and augmented copies of them.

    Attributes:
        embeddings: (n, values).
        label: (n,) int.
        group: (n,) str; what must stay on one side of a split (a clip, a recorder).
        weight: (n,) how much a row counts.
        own: (n,) whether the row is the recording itself and not a copy.
    """

    embeddings: np.ndarray
    label: np.ndarray
    group: np.ndarray
    weight: np.ndarray
    own: np.ndarray


def embedded(
    encoder: "keras.Model",
    x: np.ndarray,
    label: np.ndarray,
    group: np.ndarray,
    weight: np.ndarray,
    copies: np.ndarray,
    how: Strength | None = None,
    seed: int = 0,
) -> Embedded:
    """Embeds windows and `copies` augmented ones of each.

    Args:
        x: (n, frames, 1662), absent parts NaN.
        weight: (n,) of a recording with all of its copies.
        copies: (n,) int.
    """
    points, generator = select(x), np.random.default_rng(seed)
    rows = np.repeat(np.arange(len(x)), copies)
    parts = [embed_points(encoder, points)]
    for i in range(0, len(rows), 256):
        parts.append(embed_points(encoder, augmented(points[rows[i : i + 256]], generator, how)))
    every = np.concatenate([np.arange(len(x)), rows])
    return Embedded(
        np.concatenate(parts), label[every], group[every], (weight / (copies + 1))[every], np.arange(len(every)) < len(x)
    )


def balanced(label: np.ndarray, source: np.ndarray, emphasis: dict[str, float] | None = None) -> np.ndarray:
    """Weights with which every class counts the same, and in a class every source by its emphasis (1 unless named).

    >>> balanced(np.array([0, 0, 0, 1]), np.array(["a", "a", "b", "a"])).tolist()
    [0.25, 0.25, 0.5, 1.0]
    """
    weight = np.zeros(len(label))
    for c in np.unique(label):
        inside = [(s, (label == c) & (source == s)) for s in np.unique(source[label == c])]
        total = sum((emphasis or {}).get(s, 1.0) for s, _ in inside)
        for s, rows in inside:
            weight[rows] = (emphasis or {}).get(s, 1.0) / total / rows.sum()
    return weight


def left_out(data: Embedded, classes: int, folds: list[np.ndarray], strength: float = 10.0) -> tuple[np.ndarray, np.ndarray]:
    """Answers to recordings whose group the head did not see.

    Args:
        folds: groups that are left out together.

    Returns:
        The rows asked and their (n, classes) probabilities, before calibration.
    """
    rows, answers = [], []
    for groups in folds:
        out = np.isin(data.group, groups)
        asked = np.flatnonzero(out & data.own)
        there = np.unique(data.label[~out])
        asked = asked[np.isin(data.label[asked], there)]
        if not len(asked):
            continue
        head = fit_head(data.embeddings[~out], np.searchsorted(there, data.label[~out]), len(there), data.weight[~out], strength)
        answer = np.zeros((len(asked), classes))
        answer[:, there] = head.probabilities(data.embeddings[asked])
        rows.append(asked)
        answers.append(answer)
    return np.concatenate(rows), np.concatenate(answers)


def with_head(encoder: "keras.Model", head: Head, name: str, frames: int = 30) -> "keras.Model":
    """Encoder (mirrored and averaged) and head as one network from the raw contract to uncalibrated probabilities."""
    import keras
    from keras import layers

    base: Any = symmetric(encoder, frames)
    dense = layers.Dense(head.weights.shape[1], activation="softmax")
    outputs = dense(base.output)
    dense.set_weights([head.weights, head.bias])
    return keras.Model(base.input, outputs, name=name)
