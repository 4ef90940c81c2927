"""The shipped sign encoder: it reads body and hands in measures of the signer's own body, and no face, in Keras 3.

The face is left out because it misleads across signers. `kslr.training.networks.torch_encoder` holds the same network in
plain PyTorch, which trains it several times as fast on a CPU.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kslr.core.errors import InputError
from kslr.points import BODY_AND_HANDS, COUNT, MATES
from kslr.training.networks.encoder import INDEX_TIP, PALMS_A_SHOULDER, positions

if TYPE_CHECKING:
    import keras

# Where each part lies among the 51 points that are read (`kslr.points.BODY_AND_HANDS`).
BODY, LEFT, RIGHT = slice(0, 9), slice(9, 30), slice(30, 51)
NOSE, SHOULDERS, ELBOWS, WRISTS = 0, (3, 4), (5, 6), (7, 8)
# The order of the 51 points in a mirror.
MATES_READ = np.searchsorted(BODY_AND_HANDS, MATES[BODY_AND_HANDS])
FINGER_ROOTS = (5, 9, 17)
# Points of a hand whose distance tells its shape however it is turned: tips to wrist, tips to each other, tips to roots.
FROM = [0, 0, 0, 0, 0, 4, 4, 4, 4, 8, 12, 16, 5, 9, 13, 17]
TO = [4, 8, 12, 16, 20, 8, 12, 16, 20, 12, 16, 20, 8, 12, 16, 20]
FASTER = 4.0  # change of place from frame to frame is small beside the place


def _seen(part: Any) -> Any:
    from keras import ops

    return ops.cast(ops.max(ops.abs(part[..., :2]), axis=(2, 3), keepdims=True) > 1e-6, "float32")


def _length(vector: Any) -> Any:
    from keras import ops

    return ops.sqrt(ops.sum(vector**2, axis=-1, keepdims=True) + 1e-9)


def _over_time(x: Any, weight: Any) -> Any:
    from keras import ops

    return ops.sum(x * weight, axis=1, keepdims=True) / ops.maximum(ops.sum(weight, axis=1, keepdims=True), 1e-6)


def _motion(x: Any, seen: Any) -> Any:
    """Change since the frame before, where the part is seen in both."""
    from keras import ops

    change = (x[:, 1:] - x[:, :-1]) * (seen[:, 1:] * seen[:, :-1])
    return ops.concatenate([ops.zeros_like(change[:, :1]), change], axis=1)


def _flat(x: Any) -> Any:
    from keras import ops

    return ops.reshape(ops.clip(x, -5.0, 5.0), (-1, x.shape[1], x.shape[2] * x.shape[3]))


def signer_features(points: Any) -> Any:
    """Points → features a frame, as a graph.

    Args:
        points: (batch, frames, 51, 3) in picture heights, absent parts zeros.

    Returns:
        (batch, frames, 295): the body about the middle of the shoulders in shoulder widths; each hand's shape in palms,
        sixteen distances within it, its place beside shoulders and nose; how all of it moves; where the hands lie to each
        other; what is seen. Palms stand in for shoulders that are not seen. Values are clipped to ±5.
    """
    from keras import ops

    body, hands = points[:, :, BODY], [points[:, :, LEFT], points[:, :, RIGHT]]
    body_seen, seen = _seen(body), [_seen(hand) for hand in hands]
    left, right = (body[:, :, row : row + 1] for row in SHOULDERS)
    roots = [[hand[:, :, r : r + 1] - hand[:, :, :1] for r in FINGER_ROOTS] for hand in hands]
    palms = [sum(_length(root[..., :2]) for root in own) / len(FINGER_ROOTS) for own in roots]
    count = ops.maximum(sum(ops.sum(s, axis=1, keepdims=True) for s in seen), 1e-6)
    palm = sum(ops.sum(p * s, axis=1, keepdims=True) for p, s in zip(palms, seen, strict=True)) / count
    anybody = ops.cast(ops.max(body_seen, axis=1, keepdims=True) > 0.5, "float32")
    width = _over_time(_length((left - right)[..., :2]), body_seen)
    scale = ops.maximum(anybody * width + (1 - anybody) * PALMS_A_SHOULDER * palm, 0.02)
    palm = ops.maximum(palm, 0.005)
    wrists = sum(ops.sum(h[:, :, :1] * s, axis=1, keepdims=True) for h, s in zip(hands, seen, strict=True)) / count
    centre = (anybody * _over_time((left + right) / 2, body_seen) + (1 - anybody) * wrists)[..., :2]
    on_body = (body[..., :2] - centre) / scale * body_seen
    out, places = [_flat(on_body), _flat(_motion(on_body, body_seen) * FASTER)], []
    for hand, s, own in zip(hands, seen, roots, strict=True):
        shape = (hand - hand[:, :, :1]) / palm * s
        size = ops.maximum(sum(_length(root) for root in own) / len(FINGER_ROOTS), 0.005)
        distances = _length(ops.take(hand, FROM, axis=2) - ops.take(hand, TO, axis=2)) / size * s
        place = (ops.mean(hand[..., :2], axis=2, keepdims=True) - centre) / scale * s
        to_nose = (hand[:, :, INDEX_TIP : INDEX_TIP + 1, :2] - body[:, :, NOSE : NOSE + 1, :2]) / scale * s * body_seen
        places.append(place)
        out += [_flat(shape), _flat(distances), _flat(place), _flat(to_nose)]
        out += [_flat(_motion(shape[..., :2], s)), _flat(_motion(place, s) * FASTER)]
    out.append(_flat((places[0] - places[1]) * seen[0] * seen[1]))
    out += [_flat(s) for s in (body_seen, *seen)]
    return ops.concatenate(out, axis=-1)


def sign_encoder(
    frames: int = 30,
    widths: Sequence[int] = (128, 224),
    convolutions: Sequence[int] = (2, 2),
    attentions: int = 2,
    heads: int = 4,
    embedding: int = 256,
    dropout: float = 0.2,
) -> "keras.Model":
    """(frames, 86 × 3) points, absent zeros → (embedding,) of length 1.

    Args:
        frames: an even number.
        widths: channels at full and at half the frame rate.
        convolutions: residual convolution blocks at each.
        attentions: transformer blocks at half the rate.
        dropout: share of channels that are dropped throughout a recording.
    """
    import keras
    from keras import layers, ops

    def normalise(x: Any) -> Any:
        return layers.Activation("swish")(layers.BatchNormalization(momentum=0.95)(x))

    def convolution(x: Any, width: int) -> Any:
        y = normalise(layers.Conv1D(width, 3, padding="same", use_bias=False)(x))
        y = layers.Conv1D(width, 3, padding="same", use_bias=False)(y)
        return layers.Activation("swish")(x + layers.SpatialDropout1D(dropout)(y))

    def attention(x: Any, width: int) -> Any:
        time, each = x.shape[1], width // heads
        y = layers.Dense(3 * width)(layers.LayerNormalization()(x))
        y = ops.transpose(ops.reshape(y, (-1, time, 3, heads, each)), (2, 0, 3, 1, 4))
        weight = ops.softmax(ops.matmul(y[0] * each**-0.5, ops.transpose(y[1], (0, 1, 3, 2))))
        y = ops.reshape(ops.transpose(ops.matmul(weight, y[2]), (0, 2, 1, 3)), (-1, time, width))
        x = x + layers.SpatialDropout1D(dropout)(layers.Dense(width)(y))
        y = layers.Dense(2 * width, activation="swish")(layers.LayerNormalization()(x))
        return x + layers.SpatialDropout1D(dropout)(layers.Dense(width)(y))

    inputs = keras.Input((frames, COUNT * 3))
    x = signer_features(ops.take(ops.reshape(inputs, (-1, frames, COUNT, 3)), BODY_AND_HANDS, axis=2))
    x = normalise(layers.Dense(widths[0], use_bias=False)(x))
    for _ in range(convolutions[0]):
        x = convolution(x, widths[0])
    x = normalise(layers.Conv1D(widths[1], 2, strides=2, use_bias=False)(x))
    for _ in range(convolutions[1]):
        x = convolution(x, widths[1])
    x = x + layers.Embedding(frames // 2, widths[1])(positions(x))
    for _ in range(attentions):
        x = attention(x, widths[1])
    x = layers.LayerNormalization()(x)
    weight = ops.softmax(layers.Dense(1)(x), axis=1)
    pooled = ops.concatenate([ops.mean(x, axis=1), ops.max(x, axis=1), ops.sum(x * weight, axis=1)], axis=-1)
    outputs = layers.UnitNormalization()(layers.Dense(embedding)(layers.Dropout(min(2 * dropout, 0.9))(pooled)))
    return keras.Model(inputs, outputs, name="sign_encoder")


def load_encoder(weights: str | Path, frames: int = 30) -> "keras.Model":
    """A `sign_encoder` with the Keras weights of a file.

    Raises:
        InputError: the file is missing, or holds the weights of another network.
    """
    encoder = sign_encoder(frames)
    try:
        encoder.load_weights(weights)
    except (OSError, ValueError, KeyError) as error:
        text = f"{weights} does not hold this encoder's weights. Train one with python -m kslr.training.ship encoder."
        raise InputError(text) from error
    return encoder
