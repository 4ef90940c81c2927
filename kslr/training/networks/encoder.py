"""The encoder of networks that are trained from scratch, and what every encoder needs, in backend-neutral Keras 3.

`features` turns 86 points of body, face and hands into values that do not depend on where the signer sits or how far the
camera is; `kslr_encoder` reads them with convolutions and attention. (The shipped encoder is
`kslr.training.networks.sign_encoder`.) Exported encoders average the signer and the signer in a mirror
(`symmetric_encoder`), so that left-handed signing lies where right-handed signing does.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kslr.landmarks import ASPECT, VALUES
from kslr.points import COLUMNS, COUNT, MATES, NOSE, ROWS, SHOULDERS, UNITS, mirror_points

if TYPE_CHECKING:
    import keras

# A shoulder width is about four palms (wrist to finger roots). Palms replace it when no body is seen.
PALMS_A_SHOULDER = 4.0
FINGER_ROOTS = [5, 9, 17]
INDEX_TIP = 8


def _mean(x: Any, weight: Any) -> Any:
    """Weighted mean over time (axis 1), kept as an axis of length 1."""
    from keras import ops

    return ops.sum(x * weight, axis=1, keepdims=True) / ops.maximum(ops.sum(weight, axis=1, keepdims=True), 1e-6)


def features(points: Any, placed: bool = False) -> Any:
    """Points → features a frame, as a graph.

    Args:
        points: (batch, frames, 86, 3), absent parts zeros (`kslr.points.select_points`).
        placed: whether to add where in the picture both hands are.

    Returns:
        (batch, frames, 336, or 420 when placed): for pose, face and each hand its shape about its own centre and its
        place relative to the shoulders in shoulder widths (palms stand in for shoulders that are not seen), how both
        change from frame to frame, and which parts are seen. Values are clipped to ±5.
    """
    from keras import ops

    def part(name: str) -> tuple[Any, Any]:
        p = points[:, :, ROWS[name]]
        seen = ops.cast(ops.max(ops.abs(p[..., :2]), axis=(2, 3), keepdims=True) > 1e-6, "float32")
        return p, seen

    def length(v: Any) -> Any:
        return ops.sqrt(ops.sum(v[..., :2] ** 2, axis=-1, keepdims=True) + 1e-9)

    pose, pose_seen = part("pose")
    face, face_seen = part("face")
    hands = [part("left_hand"), part("right_hand")]
    left, right = pose[:, :, SHOULDERS[0] : SHOULDERS[0] + 1], pose[:, :, SHOULDERS[1] : SHOULDERS[1] + 1]
    palms = [
        ops.mean(ops.stack([length(h[:, :, r : r + 1] - h[:, :, :1]) for r in FINGER_ROOTS], axis=0), axis=0) for h, _ in hands
    ]
    hand_sum = sum(ops.sum(seen, axis=1, keepdims=True) for _, seen in hands)
    palm = sum(ops.sum(p * s, axis=1, keepdims=True) for p, (_, s) in zip(palms, hands, strict=True)) / ops.maximum(
        hand_sum, 1e-6
    )
    body = ops.cast(ops.max(pose_seen, axis=1, keepdims=True) > 0.5, "float32")
    shoulders = _mean(length(left - right), pose_seen)
    scale = ops.maximum(body * shoulders + (1 - body) * PALMS_A_SHOULDER * palm, 0.02)
    palm = ops.maximum(palm, 0.005)
    wrists = sum(ops.sum(h[:, :, :1] * s, axis=1, keepdims=True) for h, s in hands) / ops.maximum(hand_sum, 1e-6)
    centre = body * _mean((left + right) / 2, pose_seen) + (1 - body) * wrists

    def flat(x: Any) -> Any:
        return ops.reshape(ops.clip(x, -5.0, 5.0), (-1, x.shape[1], x.shape[2] * x.shape[3]))

    def motion(x: Any, seen: Any) -> Any:
        both = seen[:, 1:] * seen[:, :-1]
        change = (x[:, 1:] - x[:, :-1]) * both
        return ops.concatenate([ops.zeros_like(change[:, :1]), change], axis=1)

    body_xy = (pose[..., :2] - centre[..., :2]) / scale * pose_seen
    out = [flat(body_xy), flat(motion(body_xy, pose_seen) * 4.0)]
    face_centre = ops.mean(face[..., :2], axis=2, keepdims=True)
    face_size = ops.maximum(
        _mean(ops.mean(length(face - ops.mean(face, axis=2, keepdims=True)), axis=2, keepdims=True), face_seen), 0.005
    )
    out.append(flat((face[..., :2] - face_centre) / face_size * face_seen))
    out.append(flat((face_centre - centre[..., :2]) / scale * face_seen * body))
    places = []
    for h, seen in hands:
        shape = (h - h[:, :, :1]) / palm * seen
        place = (ops.mean(h[..., :2], axis=2, keepdims=True) - centre[..., :2]) / scale * seen
        to_nose = (h[:, :, INDEX_TIP : INDEX_TIP + 1, :2] - pose[:, :, NOSE : NOSE + 1, :2]) / scale * seen * pose_seen
        places.append(place)
        out += [flat(shape), flat(place), flat(to_nose), flat(motion(shape[..., :2], seen)), flat(motion(place, seen) * 4.0)]
    out.append(flat((places[0] - places[1]) * hands[0][1] * hands[1][1]))
    if placed:
        out += [flat((h[..., :2] - 0.5) * 4.0 * seen) for h, seen in hands]
    out += [flat(seen) for seen in (pose_seen, face_seen, hands[0][1], hands[1][1])]
    return ops.concatenate(out, axis=-1)


def positions(x: Any) -> Any:
    """(batch, n, …) → (batch, n) positions 0 … n − 1, as a part of the graph.

    A layer called on a constant is not a part of the model: its weights are neither trained nor saved.
    """
    from keras import ops

    # Added as floats: LiteRT cannot add a constant to integers whose batch size is free.
    return ops.cast(ops.zeros_like(x[:, :, 0]) + np.arange(x.shape[1], dtype=np.float32), "int32")


def kslr_encoder(
    frames: int = 30,
    widths: Sequence[int] = (80, 128),
    convolutions: Sequence[int] = (1, 1),
    attentions: int = 1,
    heads: int = 4,
    embedding: int = 192,
    dropout: float = 0.2,
    placed: bool = False,
) -> "keras.Model":
    """(frames, 86 × 3) points, absent zeros → (embedding,) of length 1.

    Args:
        widths: channels at full and at half the frame rate.
        convolutions: residual convolution blocks at each.
        attentions: transformer blocks at half the rate.
        placed: whether it also sees where in the picture the hands are. Another camera or seat then reads as another
            sign, so this is only for data where training and use share both.
    """
    import keras
    from keras import layers, ops

    def convolution(x: Any, width: int) -> Any:
        y = layers.Conv1D(width, 3, padding="same", use_bias=False)(x)
        y = layers.Activation("swish")(layers.BatchNormalization(momentum=0.95)(y))
        y = layers.Conv1D(width, 3, padding="same", use_bias=False)(y)
        y = layers.BatchNormalization(momentum=0.95)(y)
        return layers.Activation("swish")(layers.Add()([x, layers.Dropout(dropout)(y)]))

    def attention(x: Any, width: int) -> Any:
        y = layers.LayerNormalization()(x)
        y = layers.MultiHeadAttention(heads, width // heads, dropout=dropout / 2)(y, y)
        x = layers.Add()([x, layers.Dropout(dropout)(y)])
        y = layers.Dense(width * 2, activation="swish")(layers.LayerNormalization()(x))
        return layers.Add()([x, layers.Dropout(dropout)(layers.Dense(width)(y))])

    inputs = keras.Input((frames, COUNT * 3))
    x = features(ops.reshape(inputs, (-1, frames, COUNT, 3)), placed)
    x = layers.Dense(widths[0], use_bias=False)(x)
    x = layers.Activation("swish")(layers.BatchNormalization(momentum=0.95)(x))
    for _ in range(convolutions[0]):
        x = convolution(x, widths[0])
    x = layers.Conv1D(widths[1], 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.Activation("swish")(layers.BatchNormalization(momentum=0.95)(x))
    for _ in range(convolutions[1]):
        x = convolution(x, widths[1])
    x = x + layers.Embedding((frames + 1) // 2, widths[1])(positions(x))
    for _ in range(attentions):
        x = attention(x, widths[1])
    x = layers.LayerNormalization()(x)
    weight = ops.softmax(layers.Dense(1)(x), axis=1)
    pooled = ops.concatenate([ops.mean(x, axis=1), ops.max(x, axis=1), ops.sum(x * weight, axis=1)], axis=-1)
    pooled = layers.Dropout(dropout * 2)(pooled)
    outputs = layers.UnitNormalization()(layers.Dense(embedding)(pooled))
    return keras.Model(inputs, outputs, name="kslr_encoder")


def raw_to_points(inputs: Any) -> Any:
    """(batch, frames, 1662) raw values, absent zeros → (batch, frames, 258) points, as a graph."""
    from keras import ops

    return ops.take(inputs, COLUMNS, axis=-1) * UNITS


def mirrored_points(points: Any) -> Any:
    """(batch, frames, 258) points, absent zeros → the same signer in a mirror, as a graph."""
    from keras import ops

    p = ops.take(ops.reshape(points, (-1, points.shape[1], COUNT, 3)), MATES, axis=2)
    flipped = []
    for rows in ROWS.values():
        part = p[:, :, rows]
        seen = ops.cast(ops.max(ops.abs(part), axis=(2, 3), keepdims=True) > 1e-6, "float32")
        flipped.append(ops.concatenate([ASPECT * seen - part[..., :1], part[..., 1:]], axis=-1))
    return ops.reshape(ops.concatenate(flipped, axis=2), (-1, points.shape[1], COUNT * 3))


def symmetric_encoder(encoder: "keras.Model", frames: int = 30) -> "keras.Model":
    """The mean of an encoder's embeddings of the signer and of the mirrored signer, from the raw contract, for export."""
    import keras
    from keras import layers, ops

    inputs = keras.Input((frames, VALUES))
    points = raw_to_points(inputs)
    both = encoder(ops.concatenate([points, mirrored_points(points)], axis=0))
    half = ops.split(both, 2, axis=0)
    return keras.Model(inputs, layers.UnitNormalization()(half[0] + half[1]), name="sign_encoder")


def embed_points(encoder: "keras.Model", points: np.ndarray, batch: int = 256) -> np.ndarray:
    """(n, frames, 86, 3) points, absent parts NaN → (n, values) embeddings as `symmetric_encoder` gives them."""
    out = []
    for i in range(0, len(points), batch):
        part = points[i : i + batch]
        both = np.nan_to_num(np.concatenate([part, mirror_points(part)])).reshape(2 * len(part), part.shape[1], -1)
        z = np.asarray(encoder(both, training=False))
        z = z[: len(part)] + z[len(part) :]
        out.append(z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-9))
    return np.concatenate(out)
