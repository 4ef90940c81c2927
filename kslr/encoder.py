"""The encoder as it is shipped: raw windows → embeddings in which equal signs lie together, on LiteRT.

An embedding is the mean of those of the signer and of the signer in a mirror, so that left-handed signing lies where
right-handed signing does.
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

    Raises:
        InputError: no such encoder, or it is damaged.

    >>> SignEncoder().embed(np.zeros((1, 30, 1662))).shape
    (1, 192)
    """

    def __init__(self, model: str | Path = "sign_encoder", threads: int = 2) -> None:
        loaded = load_model(TASK, model, threads)
        self.card, self._model, self._arrays = loaded.card, loaded.run, loaded.arrays
        if self._model.input_shape[-1:] != (VALUES,):
            raise InputError(f"{model} does not take windows of {VALUES} values. Train the encoder again.")

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
        """(n, values) float32 embeddings of idle hands and of signs at large: what a word must differ from.

        Raises:
            InputError: the model has none.
        """
        background = self._arrays.get("background")
        if background is None or background.ndim != 2 or background.shape[1] != self.values:
            raise InputError(f"{self.card.name} lacks its background. Install or train it again.")
        return background.astype(np.float32)

    def embed(self, x: np.ndarray) -> np.ndarray:
        """(n, frames, 1662) windows, absent parts NaN or zeros → (n, values) of length 1.

        Raises:
            InputError: another shape.
        """
        return self._model(np.nan_to_num(np.asarray(x, np.float32)))
