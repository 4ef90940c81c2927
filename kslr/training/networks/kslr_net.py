"""Our sign network: the encoder and a cosine classifier on it, in backend-neutral Keras 3."""

from typing import TYPE_CHECKING, Any

import numpy as np

from kslr.landmarks import VALUES
from kslr.points import COUNT, ROWS
from kslr.training.networks.encoder import kslr_encoder, raw_to_points

if TYPE_CHECKING:
    import keras


def kslr_net(
    classes: int,
    frames: int = 30,
    values: int = VALUES,
    scale: float = 16.0,
    encoder: "keras.Model | None" = None,
    hands_only: bool = False,
    **numbers: Any,
) -> "keras.Model":
    """Raw contract → probabilities: points, `kslr_encoder`, cosine classifier times `scale`, softmax.

    Args:
        values: 1662, or 258 for points that were selected before, as in training.
        hands_only: body and face count as absent. For training data without them: what the network would make of them is
            chance.
        encoder: a trained one; a new one with `numbers` (see `kslr_encoder`) when None.
    """
    import keras
    from keras import constraints, layers

    encoder = encoder or kslr_encoder(frames, **numbers)
    inputs = keras.Input((frames, values))
    points = inputs if values == COUNT * 3 else raw_to_points(inputs)
    if hands_only:
        read = np.zeros((COUNT, 3), np.float32)
        for hand in ("left_hand", "right_hand"):
            read[ROWS[hand]] = 1.0
        points = points * read.ravel()
    x = encoder(points)
    x = layers.Dense(classes, use_bias=False, kernel_constraint=constraints.UnitNorm(axis=0), name="classes")(x) * scale
    return keras.Model(inputs, layers.Softmax()(x), name="kslr_net")
