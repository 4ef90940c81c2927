"""The shipped encoder: raw windows → embeddings in which equal signs lie together, on LiteRT.

An embedding is the mean of those of the signer and of the signer in a mirror, so left-handed and right-handed signing of a
word lie at the same place.
"""

from pathlib import Path

import numpy as np

from kslr.core.errors import InputError
from kslr.core.models import load_model
from kslr.landmarks import VALUES

TASK = "sign encoder"


class SignEncoder:
    """Windows → embeddings.

    Args:
        model: a shipped encoder's name, or the path of a card.
        threads: CPU threads of one call.

    Attributes:
        card: what the encoder is.
        frames: number of frames of a window.
        values: length of an embedding.

    Raises:
        InputError: no such encoder, or it is damaged.

    >>> SignEncoder().embed(np.zeros((1, 30, 1662))).shape
    (1, 192)
    """

    def __init__(self, model: str | Path = "sign_encoder", threads: int = 2) -> None:
        loaded = load_model(TASK, model, threads)
        self.card, self._run, self._arrays = loaded.card, loaded.run, loaded.arrays
        self.frames, self.values = self._run.input_shape[0], self._run.outputs
        if self._run.input_shape[-1:] != (VALUES,):
            raise InputError(f"{model} does not take windows of {VALUES} values. Train the encoder again.")

    @property
    def background(self) -> np.ndarray:
        """(n, values) float32 embeddings of idle hands: what a word must be distinguished from.

        Raises:
            InputError: the encoder has none.
        """
        found = self._arrays.get("background")
        if found is None or found.ndim != 2 or found.shape[1] != self.values:
            raise InputError(f"The encoder {self.card.name} lacks its background. Install or train it again.")
        return found.astype(np.float32)

    def embed(self, x: np.ndarray) -> np.ndarray:
        """(n, frames, 1662) windows, absent parts NaN or zeros → (n, values) of length 1.

        Raises:
            InputError: another shape.
        """
        return self._run(np.nan_to_num(np.asarray(x, np.float32)))
