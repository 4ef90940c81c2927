"""Builds the shipped sign models on the encoder: the encoder itself, and the thirty Kazakh signs as a head on it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kslr.augment import Strength, augmented
from kslr.encoder import embed_points, symmetric
from kslr.points import select
from kslr.teaching.heads import Head

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Embedded:
    """Embedded recordings and augmented copies of them.

    Attributes:
        embeddings: (n, values).
        label: (n,) int.
        group: (n,) str; what must stay on one side of a split (a clip, a recorder).
        source: (n,) str.
        own: (n,) whether the row is the recording itself and not a copy.
    """

    embeddings: np.ndarray
    label: np.ndarray
    group: np.ndarray
    source: np.ndarray
    own: np.ndarray


def embedded(
    encoder: "keras.Model",
    x: np.ndarray,
    label: np.ndarray,
    group: np.ndarray,
    source: np.ndarray,
    copies: np.ndarray,
    how: Strength | None = None,
    seed: int = 0,
) -> Embedded:
    """Embeds windows and `copies` augmented ones of each.

    Args:
        x: (n, frames, 1662), absent parts NaN.
        copies: (n,) int.
    """
    points, generator = select(x), np.random.default_rng(seed)
    rows = np.repeat(np.arange(len(x)), copies)
    parts = [embed_points(encoder, points)]
    for i in range(0, len(rows), 256):
        parts.append(embed_points(encoder, augmented(points[rows[i : i + 256]], generator, how)))
    every = np.concatenate([np.arange(len(x)), rows])
    return Embedded(np.concatenate(parts), label[every], group[every], source[every], np.arange(len(every)) < len(x))


def with_head(encoder: "keras.Model", head: Head, name: str, frames: int = 30) -> "keras.Model":
    """Encoder (mirrored and averaged) and head as one network, from the raw contract to uncalibrated probabilities."""
    import keras
    from keras import layers

    base: Any = symmetric(encoder, frames)
    votes = layers.Dense(len(head.rows), activation="softmax", name="votes")
    words = layers.Dense(head.classes, use_bias=False, name="words")
    outputs = words(votes(base.output))
    votes.set_weights([head.sharpness * head.rows.T, np.log(head.weight)])
    words.set_weights([np.eye(head.classes, dtype=np.float32)[head.label]])
    return keras.Model(base.input, outputs, name=name)
