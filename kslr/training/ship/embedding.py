"""Embedded recordings, from which heads on the encoder are built, and the network of encoder and head that is shipped."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kslr.augment import AugmentStrength, augment_points
from kslr.points import select_points
from kslr.training.datasets import SignData
from kslr.training.networks.encoder import embed_points, symmetric_encoder
from kslr.training.ship.heads import Head
from kslr.training.ship.mixture import FalseAlarms, WordClip

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class EmbeddedRecordings:
    """Embedded recordings and augmented copies of them.

    Attributes:
        embeddings: (n, values) of length 1.
        label: (n,) int.
        group: (n,) str; what stays on one side of a split (a clip, a recorder).
        source: (n,) str.
        own: (n,) whether the row is the recording itself and not a copy.
    """

    embeddings: np.ndarray
    label: np.ndarray
    group: np.ndarray
    source: np.ndarray
    own: np.ndarray


def embed_recordings(
    encoder: "keras.Model",
    x: np.ndarray,
    label: np.ndarray,
    group: np.ndarray,
    source: np.ndarray,
    copies: np.ndarray,
    strength: AugmentStrength | None = None,
    seed: int = 0,
) -> EmbeddedRecordings:
    """Embeds windows and augmented copies of each.

    Args:
        x: (n, frames, 1662), absent parts NaN.
        copies: (n,) int, how many of each.
    """
    points, generator = select_points(x), np.random.default_rng(seed)
    rows = np.repeat(np.arange(len(x)), copies)
    parts = [embed_points(encoder, points)]
    for i in range(0, len(rows), 256):
        parts.append(embed_points(encoder, augment_points(points[rows[i : i + 256]], generator, strength)))
    every = np.concatenate([np.arange(len(x)), rows])
    own = np.arange(len(every)) < len(x)
    return EmbeddedRecordings(np.concatenate(parts), label[every], group[every], source[every], own)


def embed_mixture(
    encoder: "keras.Model", clips: Sequence[WordClip], data: SignData, others: SignData, alarms: FalseAlarms
) -> tuple[EmbeddedRecordings, np.ndarray]:
    """Words, other signs, false alarms and idle parts of clips, embedded; everything but words is the last class.

    Returns:
        The rows, and (n,) str, which rows are left out together (a clip, or one of five parts of the packs' recorders).
    """
    idle = [(c.name, c.idle) for c in clips if len(c.idle)]
    x = np.concatenate([data.x, others.x, alarms.windows, *[windows for _, windows in idle]])
    counts = [len(windows) for _, windows in idle]
    kinds = ["foreign"] * len(others) + ["alarm"] * len(alarms.windows) + ["idle"] * sum(counts)
    label = np.concatenate([data.label, np.full(len(kinds), len(data.names))])
    source = np.concatenate([data.source, kinds])
    group = np.concatenate([data.signer, others.signer, alarms.source, np.repeat([name for name, _ in idle], counts)])
    copies = np.select([source == "rsl", source == "idle"], [12, 6], 1)
    rows = embed_recordings(encoder, x, label, group, source, copies)
    recorders = np.unique(rows.group[np.isin(rows.source, ["ksl30_by_meaning", "foreign", "alarm"])])
    part = {g: f"part {i % 5}" for i, g in enumerate(np.random.default_rng(0).permutation(recorders))}
    return rows, np.array([part.get(g, g) for g in rows.group])


def attach_head(encoder: "keras.Model", head: Head, name: str, frames: int = 30) -> "keras.Model":
    """Encoder (mirrored and averaged) and head as one network, from the raw contract to uncalibrated probabilities."""
    import keras
    from keras import layers

    base: Any = symmetric_encoder(encoder, frames)
    votes = layers.Dense(len(head.rows), activation="softmax", name="votes")
    words = layers.Dense(head.classes, use_bias=False, name="words")
    outputs = words(votes(base.output))
    votes.set_weights([head.sharpness * head.rows.T, np.log(head.weight)])
    words.set_weights([np.eye(head.classes, dtype=np.float32)[head.label]])
    return keras.Model(base.input, outputs, name=name)
