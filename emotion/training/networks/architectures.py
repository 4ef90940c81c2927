"""The emotion networks: functions that return Keras 3 models from raw grey faces to seven probabilities.

Every model takes (n, size, size) uint8 and preprocesses inside, so that training, export and serving see the same
picture. Backend-neutral: only keras.layers and keras.ops.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras


def student_cnn(
    filters: Sequence[int] = (32, 64, 128, 256),
    dense: int = 256,
    kernel: int = 3,
    dropout: float = 0.5,
    classes: int = 7,
    size: int = 48,
    name: str = "student_cnn",
) -> "keras.Model":
    """The CNN of the student-emotions system (S4, 2023): a 3×3 convolution and a 2×2 max-pool per entry, two dense layers.

    Args:
        filters: one entry per convolution.
        dense: units of the hidden dense layer; the second dense layer is the softmax.
        dropout: before each dense layer. The source names none; without it the network memorises FER2013.

    Returns:
        (n, size, size) uint8 → (n, classes) probabilities.
    """
    import keras
    from keras import layers

    face = keras.Input((size, size), dtype="uint8")
    x = layers.Reshape((size, size, 1))(keras.ops.cast(face, "float32") / 255.0)
    for width in filters:
        x = layers.Conv2D(width, kernel, padding="same", activation="relu", kernel_initializer="he_normal")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    x = layers.Dense(dense, activation="relu", kernel_initializer="he_normal")(x)
    x = layers.Dropout(dropout)(x)
    return keras.Model(face, layers.Dense(classes, activation="softmax")(x), name=name)


def emotion_tower(
    stem: int = 24,
    filters: Sequence[int] = (48, 96, 192, 320),
    blocks: Sequence[int] = (0, 1, 1, 0),
    squeeze: int = 8,
    dropout: float = 0.3,
    classes: int = 7,
    readings: int = 1,
    size: int | None = 48,
    name: str = "emotion_tower",
) -> "keras.Model":
    """A small residual network with squeeze-and-excitation that needs few multiplications.

    Most layers work at a half, a quarter and an eighth of the picture's size. Each face is standardised on its own (zero
    mean, unit deviation), so that a camera's light and contrast matter little. He et al., CVPR 2016; Hu et al., CVPR 2018.

    Args:
        stem: filters of the first convolution, at full size.
        filters: of each stage; every stage but the first halves the size.
        blocks: residual blocks (two 3×3 convolutions) of each stage, after its first convolution.
        squeeze: how many times narrower the squeeze layer is; 0 omits squeeze-and-excitation.
        dropout: before the last layer.
        readings: answers to the same classes side by side, each a softmax of its own over the shared features.
        size: side of the picture in pixels; None accepts any, for training on small pictures first.

    Returns:
        (n, size, size) uint8 → (n, readings · classes) probabilities; those of each reading sum to 1.

    Raises:
        ValueError: filters and blocks differ in length.
    """
    import keras
    from keras import layers, ops

    face = keras.Input((size, size), dtype="uint8")
    x = ops.expand_dims(ops.cast(face, "float32"), -1)
    x = x - ops.mean(x, axis=(1, 2, 3), keepdims=True)
    x = x / (ops.sqrt(ops.mean(ops.square(x), axis=(1, 2, 3), keepdims=True)) + 1.0)
    x = layers.MaxPooling2D(2)(_convolve(stem)(x))
    x = layers.ReLU()(_normalise()(x))
    for stage, (width, count) in enumerate(zip(filters, blocks, strict=True)):
        x = _convolve(width, stride=1 if stage == 0 else 2)(x)
        x = layers.ReLU()(_normalise()(x))
        for _ in range(count):
            branch = layers.ReLU()(_normalise()(_convolve(width)(x)))
            # A residual branch that starts at zero lets high learning rates start at once.
            branch = _normalise(gamma_initializer="zeros")(_convolve(width)(branch))
            if squeeze:
                branch = _squeeze_excite(branch, width, max(8, width // squeeze))
            x = layers.ReLU()(layers.Add()([x, branch]))
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.Dropout(dropout)(x)
    # Zero weights: every emotion is equally likely at first, so large pooled features can't make the first steps explode.
    answer = layers.Dense(readings * classes, kernel_initializer="zeros", name="answer")(x)
    if readings == 1:
        return keras.Model(face, ops.softmax(answer), name=name)
    each = ops.softmax(ops.reshape(answer, (-1, readings, classes)), axis=-1)
    return keras.Model(face, ops.reshape(each, (-1, readings * classes)), name=name)


def average_networks(networks: Sequence["keras.Model"], name: str) -> "keras.Model":
    """Networks side by side whose probabilities are averaged: where one errs, another may not.

    Args:
        networks: of the same input and output, each with a name of its own.
        name: of the result.

    Returns:
        (n, size, size) uint8 → (n, classes) probabilities; the network itself where there is only one.
    """
    import keras

    if len(networks) == 1:
        return networks[0]
    face = keras.Input(networks[0].input_shape[1:], dtype="uint8")
    return keras.Model(face, keras.layers.Average()([network(face) for network in networks]), name=name)


def averaged_networks(model: "keras.Model") -> list["keras.Model"]:
    """The networks that `average_networks` put side by side; the model itself where it is one alone."""
    return [layer for layer in model.layers if hasattr(layer, "layers")] or [model]


def predict(model: "keras.Model", images: np.ndarray, batch: int = 256) -> np.ndarray:
    """(n, 48, 48) uint8 → (n, readings · 7) probabilities of a Keras network."""
    import keras

    # Each batch is converted at once: on the torch backend an answer keeps its whole computation, gigabytes in the end.
    parts = (model(images[i : i + batch], training=False) for i in range(0, len(images), batch))
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def _convolve(width: int, stride: int = 1) -> Any:
    from keras import layers

    return layers.Conv2D(width, 3, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal")


def _normalise(**settings: Any) -> Any:
    from keras import layers

    # Low momentum: the statistics must follow when the training pictures change size.
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, **settings)


def _squeeze_excite(x: Any, width: int, narrow: int) -> Any:
    from keras import layers

    # Two axes in the dense layers: with four, the exported network computes shapes at every call.
    weight = layers.Dense(narrow, activation="relu")(layers.GlobalAveragePooling2D()(x))
    weight = layers.Dense(width, activation="sigmoid")(weight)
    return layers.Multiply()([x, layers.Reshape((1, 1, width))(weight)])
