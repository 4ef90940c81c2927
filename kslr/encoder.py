"""The encoder as it is shipped: raw windows → embeddings in which equal signs lie together, on LiteRT.

An embedding is the mean of those of the signer and of the signer in a mirror, so that left-handed signing lies where
right-handed signing does.
"""

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kslr.core.cards import shipped
from kslr.core.errors import InputError
from kslr.core.runtime import LiteModel
from kslr.core.trial import read_tried
from kslr.landmarks import VALUES

if TYPE_CHECKING:
    import keras

TASK = "sign encoder"


class SignEncoder:
    """Windows → embeddings.

    Args:
        model: a shipped encoder's name, or the path of a card.
        threads: CPU threads of one call.

    Raises:
        InputError: no such encoder, or it is damaged.

    >>> SignEncoder().embed(np.zeros((1, 30, 1662))).shape
    (1, 192)
    """

    def __init__(self, model: str | Path = "sign_encoder", threads: int = 2) -> None:
        path = Path(model)
        path = path if path.suffix == ".json" else shipped(str(model))
        self.card, weights = read_tried(path)
        if self.card.task != TASK:
            raise InputError(f"{path} is a model of {self.card.task}, not a {TASK}.")
        self._model = LiteModel(weights, threads, self.card.name)
        if self._model.input_shape[-1:] != (VALUES,):
            raise InputError(f"{path} does not take windows of {VALUES} values. Train the encoder again.")

    @property
    def frames(self) -> int:
        """Frames of a window."""
        return self._model.input_shape[0]

    @property
    def values(self) -> int:
        """Length of an embedding."""
        return self._model.outputs

    @property
    def background(self) -> np.ndarray:
        """(n, values) embeddings of idle hands and of signs at large: what a word must be told from."""
        try:
            packed = base64.b64decode(self.card.extra["background"])
            return np.frombuffer(packed, "<f2").reshape(-1, self._model.outputs).astype(np.float32)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"The card of {self.card.name} lacks its background. Install or train it again.") from error

    def embed(self, x: np.ndarray) -> np.ndarray:
        """(n, frames, 1662) windows, absent parts NaN or zeros → (n, values) of length 1.

        Raises:
            InputError: another shape.
        """
        return self._model(np.nan_to_num(np.asarray(x, np.float32)))


def packed(background: np.ndarray) -> str:
    """Embeddings as they stand in the card: half precision, little-endian, base64."""
    return base64.b64encode(np.asarray(background, "<f2").tobytes()).decode()


def symmetric(encoder: "keras.Model", frames: int = 30, raw: bool = True) -> "keras.Model":
    """The encoder from the raw contract (or from points), mirrored and averaged, as a network to export."""
    import keras
    from keras import layers, ops

    from kslr.points import COUNT
    from kslr.training.networks.kslr_net import mirrored_points, raw_to_points

    inputs = keras.Input((frames, VALUES if raw else COUNT * 3))
    points = raw_to_points(inputs) if raw else inputs
    both = encoder(ops.concatenate([points, mirrored_points(points)], axis=0))
    half = ops.split(both, 2, axis=0)
    return keras.Model(inputs, layers.UnitNormalization()(half[0] + half[1]), name="sign_encoder")


def embed_points(encoder: "keras.Model", points: np.ndarray, batch: int = 256) -> np.ndarray:
    """(n, frames, 86, 3) points, absent NaN → (n, values) symmetric embeddings, by a Keras encoder (while training)."""
    from kslr.points import mirrored

    out = []
    for i in range(0, len(points), batch):
        part = points[i : i + batch]
        both = np.nan_to_num(np.concatenate([part, mirrored(part)])).reshape(2 * len(part), part.shape[1], -1)
        z = np.asarray(encoder(both, training=False))
        z = z[: len(part)] + z[len(part) :]
        out.append(z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-9))
    return np.concatenate(out)
