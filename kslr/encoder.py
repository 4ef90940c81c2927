"""The shipped encoder: raw windows → embeddings in which equal signs lie together, on LiteRT.

An embedding is the mean of those of the signer and of the signer in a mirror, so left-handed and right-handed signing of a
word lie at the same place. The face is left out, here and nowhere else: taught and asked recordings are read alike, and
without it signs are told apart better across people.
"""

from pathlib import Path

import numpy as np

from kslr.core.errors import InputError
from kslr.core.models import load_model
from kslr.landmarks import FACE, VALUES
from kslr.teaching.verification import Rule

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
    (1, 256)
    """

    def __init__(self, model: str | Path = "sign_encoder", threads: int = 2) -> None:
        loaded = load_model(TASK, model, threads)
        self.card, self._run, self._arrays = loaded.card, loaded.run, loaded.arrays
        self.frames, self.values = self._run.input_shape[0], self._run.outputs
        if self._run.input_shape[-1:] != (VALUES,):
            raise InputError(f"{model} does not take windows of {VALUES} values. Train the encoder again.")

    @property
    def bank(self) -> np.ndarray:
        """(m, values) float32 embeddings of other signs and of idle hands, which the words of a vocabulary must differ from.

        Raises:
            InputError: the encoder has none.
        """
        found = self._arrays.get("bank")
        if found is None or found.ndim != 2 or found.shape[1] != self.values:
            raise InputError(f"The encoder {self.card.name} lacks its bank of other signs. Install or train it again.")
        return found.astype(np.float32)

    @property
    def rule(self) -> Rule:
        """How nearness becomes a probability.

        Raises:
            InputError: the encoder's card has no rule.
        """
        return Rule.from_card(self.card.extra)

    def embed(self, x: np.ndarray) -> np.ndarray:
        """(n, frames, 1662) windows, absent parts NaN or zeros → (n, values) of length 1; the face is not read.

        Raises:
            InputError: another shape.
        """
        bare = np.nan_to_num(np.asarray(x, np.float32))
        bare[..., FACE] = 0
        return self._run(bare)
