"""The table of all sign networks: how each is built, what it reads, how it is trained and exported."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kslr.augment import AugmentStrength
from kslr.core.errors import InputError
from kslr.landmarks import VALUES
from kslr.points import COLUMNS, UNITS
from kslr.training.networks import slovo
from kslr.training.networks.kslr_net import kslr_net
from kslr.training.networks.recurrent import krsl_lstm, paper_lstm
from kslr.training.packs import LAYOUTS
from kslr.training.recipes import SignRecipe

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Architecture:
    """A sign network.

    Attributes:
        name: as commands and cards call it.
        build_network: (classes, frames=, values=, **numbers) → an uncompiled network. With `VALUES` values it takes the
            raw contract, with ``len(columns)`` what `prepare` returns; the weights are the same.
        recipe: how it is trained unless something else is asked for.
        columns: which of the 1662 values it reads, in its own order.
        units: (len(columns),) factors of these values; none when None.
        recurrent: whether its LSTM layers must be unrolled, and its batch fixed to 1, for LiteRT.
        on_encoder: whether it can start from a pretrained `kslr.training.networks.sign_encoder.sign_encoder`.
    """

    name: str
    build_network: Callable[..., "keras.Model"]
    recipe: SignRecipe
    columns: np.ndarray
    units: np.ndarray | None = None
    recurrent: bool = False
    on_encoder: bool = False

    def prepare(self, x: np.ndarray) -> np.ndarray:
        """(n, frames, 1662) samples, absent parts NaN → (n, frames, len(columns)) float32, absent parts zeros."""
        values = x[..., self.columns]
        return np.nan_to_num(values if self.units is None else values * self.units, copy=False)

    def build(self, classes: int, frames: int, recipe: SignRecipe | None = None, raw: bool = False, **more: Any) -> "keras.Model":
        """A new network.

        Args:
            recipe: whose ``numbers`` are used; the architecture's own when None.
            raw: whether it takes the raw contract instead of what `prepare` returns.
            more: further constructor arguments.

        Raises:
            InputError: the network does not have such constructor arguments.
        """
        numbers = {**dict((recipe or self.recipe).numbers), **more, "values": VALUES if raw else len(self.columns)}
        try:
            return self.build_network(classes, frames=frames, **numbers)
        except TypeError as error:
            raise InputError(f"{self.name} cannot be built with {numbers}: {error}.") from error


# The papers' own settings: Adam, up to 150 epochs with patience 10 (KSLR); 250 epochs (K-RSL). As printed (ReLU, L2 0.01,
# raw values) the KSLR network does not learn holistic59: 27 % on test. Its three numbers here are what it takes.
_TABLE = (
    Architecture(
        "paper_lstm",
        paper_lstm,
        SignRecipe(150, patience=10, numbers=(("activation", "tanh"), ("l2", 1e-4), ("standardised", True))),
        LAYOUTS[VALUES],
        recurrent=True,
    ),
    Architecture("krsl_lstm", krsl_lstm, SignRecipe(250, batch=64), LAYOUTS[84], recurrent=True),
    Architecture("slovo_transformer", slovo.slovo_transformer, SignRecipe(60, 64, decay=0.05, smoothing=0.1), slovo.COLUMNS),
    Architecture(
        "kslr_net",
        kslr_net,
        SignRecipe(60, rate=2e-3, decay=0.05, smoothing=0.1, augment=AugmentStrength(mirror=0.0)),
        COLUMNS,
        UNITS,
        on_encoder=True,
    ),
)
ARCHITECTURES = {one.name: one for one in _TABLE}


def find_architecture(name: str) -> Architecture:
    """The architecture of a name.

    Raises:
        InputError: no such network.
    """
    if name not in ARCHITECTURES:
        raise InputError(f"No network is called {name!r}. There are {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name]
