"""How sign networks are trained: one frozen record that networks, fitting and reports share."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from kslr.augment import AugmentStrength
from kslr.core.errors import InputError


@dataclass(frozen=True)
class SignRecipe:
    """How a sign network is trained.

    Attributes:
        epochs: maximum number of passes over the data.
        batch: samples a step.
        rate: the highest learning rate.
        patience: epochs without a better validation loss before training stops and the best epoch is taken. With 0,
            training follows a cosine schedule to its end and takes the moving average of the weights.
        decay: weight decay of AdamW; with 0 the optimizer is Adam.
        clip: maximum length of a gradient. ReLU LSTMs explode without it.
        smoothing: label smoothing, 0–1.
        augment: strengths of the augmentation; none when None.
        numbers: constructor arguments of the network as (name, value) pairs.
    """

    epochs: int
    batch: int = 32
    rate: float = 1e-3
    patience: int = 0
    decay: float = 0.0
    clip: float = 1.0
    smoothing: float = 0.0
    augment: AugmentStrength | None = None
    numbers: tuple[tuple[str, Any], ...] = ()

    def override(self, **values: Any) -> "SignRecipe":
        """The recipe with those of `values` that are not None.

        >>> SignRecipe(10).override(epochs=None, batch=8)
        SignRecipe(epochs=10, batch=8, ...)
        """
        return replace(self, **{key: value for key, value in values.items() if value is not None})

    def with_numbers(self, texts: Sequence[str]) -> "SignRecipe":
        """The recipe with constructor arguments of the network from ``name=value`` texts; values are read as JSON.

        >>> SignRecipe(1, numbers=(("l2", 0.1),)).with_numbers(["activation=relu", "l2=0.01", "units=[64,128,64]"]).numbers
        (('l2', 0.01), ('activation', 'relu'), ('units', [64, 128, 64]))

        Raises:
            InputError: a text is not ``name=value``.
        """
        values = dict(self.numbers)
        for text in texts:
            key, equals, value = text.partition("=")
            if not equals or not key.strip().isidentifier():
                raise InputError(f"{text!r} is not NAME=VALUE, for example units=[64,128,64] or activation=tanh.")
            try:
                values[key.strip()] = json.loads(value)
            except ValueError:
                values[key.strip()] = value.strip()
        return replace(self, numbers=tuple(values.items()))
