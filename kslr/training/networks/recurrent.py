"""Recurrent sign networks of the literature, in backend-neutral Keras 3.

Every function returns an uncompiled `keras.Model` from the raw contract, (frames, 1662) float32 with absent parts
zeros, to class probabilities.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kslr.core.errors import InputError
from kslr.landmarks import VALUES
from kslr.training.packs import LAYOUTS

if TYPE_CHECKING:
    import keras

STANDARDISED = "standardised"


def paper_lstm(
    classes: int,
    frames: int = 30,
    values: int = VALUES,
    units: Sequence[int] = (128, 128, 128),
    dense: Sequence[int] = (64, 32),
    activation: str = "relu",
    dropout: float = 0.4,
    l2: float = 0.01,
    standardised: bool = False,
    unroll: bool = False,
) -> "keras.Model":
    """The KSLR paper's network: three LSTM layers, three dense layers, softmax (Herald of KBTU 4(75), 2025).

    Dropout follows the first LSTM layer, half of it the next two; L2 is on the second and third LSTM layer's and the
    two hidden dense layers' kernels, four layers as in the paper. Known variants of `units`: 64/128/64, 128/256/128.

    Args:
        standardised: every value minus its mean, over its deviation, within ±3. The two are weights of the layer
            ``standardised``, which `kslr.training.fitting.fit` fills from the training split. On raw values (most of them near
            0.5, depth near 0) this network learns next to nothing; with ReLU it leaves the numbers' range.
    """
    import keras
    from keras import layers, ops, regularizers

    if len(units) != 3:
        raise InputError(f"This network has three LSTM layers, not {len(units)}.")
    inputs = keras.Input((frames, values))
    x = inputs
    if standardised:
        # Batch normalization that is never trained is a standardisation whose numbers are saved with the weights.
        frozen = layers.BatchNormalization(center=False, scale=False, epsilon=1e-6, trainable=False, name=STANDARDISED)
        x = ops.clip(frozen(x), -3.0, 3.0)
    for i, width in enumerate(units):
        x = layers.LSTM(
            width,
            activation=activation,
            return_sequences=i < 2,
            kernel_regularizer=regularizers.L2(l2) if i else None,
            unroll=unroll,
        )(x)
        x = layers.Dropout(dropout if i == 0 else dropout / 2)(x)
    for width in dense:
        x = layers.Dense(width, activation=activation, kernel_regularizer=regularizers.L2(l2))(x)
    outputs = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="paper_lstm")


def krsl_lstm(
    classes: int = 20,
    frames: int = 30,
    values: int = VALUES,
    units: Sequence[int] = (64,) * 7,
    unroll: bool = False,
) -> "keras.Model":
    """Seven LSTM layers of 64 over the x, y of both hands, then softmax (Nazarbayev University's K-RSL network).

    With 84 values and 20 classes it has 237,588 parameters. From 1662 values the hands are taken in the graph.
    """
    import keras
    from keras import layers, ops

    inputs = keras.Input((frames, values))
    x = inputs if values == 84 else ops.take(inputs, LAYOUTS[84], axis=-1)
    for i, width in enumerate(units):
        x = layers.LSTM(width, return_sequences=i < len(units) - 1, unroll=unroll)(x)
    outputs = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(inputs, outputs, name="krsl_lstm")
