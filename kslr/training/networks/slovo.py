"""The keypoint transformer of SLR_SLOVO (Russian signs), smaller by default, in backend-neutral Keras 3.

It reads lips, both hands and one arm. Groups of four points become tokens, and self-attention makes one vector of each part
and frame; a learnt vector replaces a missing part. Hands attend to each other, and lips to the pose; a gate fuses the parts.
Rotary transformer blocks follow, before and after convolutions of 3, 5 and 7 frames, and four kinds of pooling.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from kslr.landmarks import VALUES, columns
from kslr.training.networks.encoder import positions

if TYPE_CHECKING:
    import keras

LIPS = [
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 146, 91, 181, 84, 17, 314, 405, 321, 375,
    78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308,
]  # fmt: skip
PARTS = {
    "lips": columns("face", LIPS, 2),
    "left_hand": columns("left_hand", axes=2),
    "right_hand": columns("right_hand", axes=2),
    "pose": columns("pose", [13, 15, 17, 19, 21], 2),
}
GROUP = 4
# In the order of PARTS, as the network reads them when `values` is their number.
COLUMNS = np.concatenate(list(PARTS.values()))


def slovo_transformer(
    classes: int,
    frames: int = 30,
    values: int = VALUES,
    width: int = 96,
    blocks: int = 2,
    heads: int = 4,
    dropout: float = 0.2,
) -> "keras.Model":
    """Raw contract → probabilities.

    Args:
        values: 1662, or the length of `COLUMNS` for values that were selected before.
        width: of every token (the original has 512).
        blocks: transformer blocks before the convolutions, and as many after (the original has 4).
    """
    import keras
    from keras import layers, ops

    inputs = keras.Input((frames, values))
    parts, seen, first = {}, {}, 0
    for name, where in PARTS.items():
        index = where if values == VALUES else np.arange(first, first + len(where))
        first += len(where)
        x = ops.take(inputs, index, axis=-1)
        seen[name] = ops.cast(ops.max(ops.abs(x), axis=-1, keepdims=True) > 1e-6, "float32")
        parts[name] = _part_vector(_standardise(x, seen[name]), seen[name], width, heads)
    left, right = (
        _cross_attend(parts[a], parts[b], width, heads) for a, b in (("left_hand", "right_hand"), ("right_hand", "left_hand"))
    )
    lips, pose = (_cross_attend(parts[a], parts[b], width, heads) for a, b in (("lips", "pose"), ("pose", "lips")))
    stacked = ops.stack([lips, left, right, pose], axis=2)
    gate = ops.softmax(layers.Dense(4)(ops.reshape(stacked, (-1, frames, 4 * width))), axis=-1)
    x = ops.sum(stacked * ops.expand_dims(gate, -1), axis=2)
    x = layers.Dropout(dropout)(x)
    for _ in range(blocks):
        x = _block(x, frames, width, heads, dropout)
    x = x + layers.Dense(width)(
        ops.concatenate([layers.Conv1D(width // 2, k, padding="same", activation="swish")(x) for k in (3, 5, 7)], axis=-1)
    )
    for _ in range(blocks):
        x = _block(x, frames, width, heads, dropout)
    x = layers.RMSNormalization()(x)
    weight = ops.softmax(layers.Dense(1)(x), axis=1)
    thirds = [ops.mean(x[:, i * frames // 3 : (i + 1) * frames // 3], axis=1) for i in range(3)]
    pooled = ops.concatenate([ops.mean(x, axis=1), ops.max(x, axis=1), ops.sum(x * weight, axis=1), *thirds], axis=-1)
    pooled = layers.Dropout(dropout * 2)(layers.Dense(width * 2, activation="swish")(pooled))
    outputs = layers.Dense(classes, activation="softmax")(pooled)
    return keras.Model(inputs, outputs, name="slovo_transformer")


def _standardise(x: Any, seen: Any) -> Any:
    """Each point less its own mean over the recording, in the part's own spread, clipped to ±5; absent frames zeros."""
    from keras import ops

    count = ops.maximum(ops.sum(seen, axis=1, keepdims=True), 1.0)
    mean = ops.sum(x * seen, axis=1, keepdims=True) / count
    size = x.shape[-1] // 2
    centre = ops.tile(ops.mean(ops.reshape(mean, (-1, 1, size, 2)), axis=2), (1, 1, size))
    spread = ops.sum((x - centre) ** 2 * seen, axis=(1, 2), keepdims=True) / (count * x.shape[-1])
    return ops.clip((x - centre) / ops.sqrt(spread + 1e-6), -5.0, 5.0) * seen


def _part_vector(x: Any, seen: Any, width: int, heads: int) -> Any:
    """(batch, frames, points × 2) → (batch, frames, width) by attention among groups of four points."""
    from keras import layers, ops

    frames, size = x.shape[1], x.shape[2]
    groups = -(-size // (2 * GROUP))
    x = ops.pad(x, ((0, 0), (0, 0), (0, groups * 2 * GROUP - size)))
    x = layers.Dense(width)(ops.reshape(x, (-1, groups, 2 * GROUP)))
    x = x + layers.Embedding(groups, width)(positions(x))
    x = x + layers.MultiHeadAttention(heads, width // heads)(x, x)
    x = ops.reshape(ops.mean(x, axis=1), (-1, frames, width))
    missing = layers.Embedding(1, width)(positions(x) * 0)
    return x * seen + missing * (1 - seen)


def _cross_attend(x: Any, other: Any, width: int, heads: int) -> Any:
    from keras import layers

    return layers.RMSNormalization()(x + layers.MultiHeadAttention(heads, width // heads)(x, other))


def _block(x: Any, frames: int, width: int, heads: int, dropout: float) -> Any:
    """Pre-norm attention with rotary positions, then SwiGLU."""
    from keras import layers, ops

    y = layers.RMSNormalization()(x)
    q, k, v = (ops.reshape(layers.Dense(width, use_bias=False)(y), (-1, frames, heads, width // heads)) for _ in range(3))
    q, k = _rotate(q, frames, width // heads), _rotate(k, frames, width // heads)
    q, k, v = (ops.transpose(t, (0, 2, 1, 3)) for t in (q, k, v))
    weight = ops.softmax(ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / (width // heads) ** 0.5, axis=-1)
    y = ops.reshape(ops.transpose(ops.matmul(weight, v), (0, 2, 1, 3)), (-1, frames, width))
    x = x + layers.Dropout(dropout)(layers.Dense(width, use_bias=False)(y))
    y = layers.RMSNormalization()(x)
    y = layers.Dense(width * 2, activation="swish", use_bias=False)(y) * layers.Dense(width * 2, use_bias=False)(y)
    return x + layers.Dropout(dropout)(layers.Dense(width, use_bias=False)(y))


def _rotate(x: Any, frames: int, width: int) -> Any:
    """Rotary positions (Su et al., 2021) on (batch, frames, heads, width)."""
    from keras import ops

    angle = np.arange(frames)[:, None] / 10000 ** (np.arange(width // 2) * 2 / width)[None]
    cos, sin = (np.tile(f(angle), 2)[None, :, None].astype(np.float32) for f in (np.cos, np.sin))
    half = ops.concatenate([-x[..., width // 2 :], x[..., : width // 2]], axis=-1)
    return x * cos + half * sin
