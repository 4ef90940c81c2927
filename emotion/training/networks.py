"""The emotion networks: functions that return Keras 3 models from raw grey faces to seven probabilities.

Every model takes (n, size, size) uint8 and has its preprocessing inside, so that what was trained, what is exported
and what is served see the same picture. Backend-neutral: only keras.layers and keras.ops.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras


# The second tower of `emotion_net`: narrower and deeper than the first, so that it errs differently.
SECOND: Mapping[str, Any] = {"filters": (48, 80, 160, 256), "blocks": (1, 2, 1, 0)}


def student_cnn(
    filters: Sequence[int] = (32, 64, 128, 256),
    dense: int = 256,
    kernel: int = 3,
    dropout: float = 0.5,
    classes: int = 7,
    size: int = 48,
) -> "keras.Model":
    """The CNN of the student-emotions system (S4, 2023): a 3×3 convolution and a 2×2 max-pool per entry, two dense layers.

    Args:
        filters: one entry per convolution.
        dense: units of the hidden dense layer; the second dense layer is the softmax.
        dropout: before each dense layer (the source names none; without it the network learns FER2013 by heart).

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
    return keras.Model(face, layers.Dense(classes, activation="softmax")(x), name="student_cnn")


def emotion_tower(
    stem: int = 24,
    filters: Sequence[int] = (48, 96, 192, 320),
    blocks: Sequence[int] = (0, 1, 1, 0),
    squeeze: int = 8,
    dropout: float = 0.3,
    classes: int = 7,
    size: int | None = 48,
    name: str = "emotion_tower",
) -> "keras.Model":
    """A small residual network with squeeze-and-excitation, made for few multiplications on a CPU.

    Most of it works at a half, a quarter and an eighth of the picture's size. Each face is standardised on its own
    (zero mean, unit deviation), so that light and contrast of a camera matter little. He et al., CVPR 2016; Hu et al.,
    CVPR 2018.

    Args:
        stem: filters of the first convolution, at full size.
        filters: one stage per entry; every stage but the first halves the size.
        blocks: residual blocks (two 3×3 convolutions) of each stage after its first convolution.
        squeeze: how many times narrower the squeeze layer is; 0 leaves squeeze-and-excitation out.
        dropout: before the last layer.
        size: picture size in pixels; None accepts any, for training on small pictures first.

    Returns:
        (n, size, size) uint8 → (n, classes) probabilities.

    Raises:
        ValueError: filters and blocks differ in length.
    """
    import keras
    from keras import layers, ops

    face = keras.Input((size, size), dtype="uint8")
    x = ops.expand_dims(ops.cast(face, "float32"), -1)
    x = x - ops.mean(x, axis=(1, 2, 3), keepdims=True)
    x = x / (ops.sqrt(ops.mean(ops.square(x), axis=(1, 2, 3), keepdims=True)) + 1.0)
    x = layers.MaxPooling2D(2)(_convolution(stem)(x))
    x = layers.ReLU()(_normalisation()(x))
    for stage, (width, count) in enumerate(zip(filters, blocks, strict=True)):
        x = _convolution(width, stride=1 if stage == 0 else 2)(x)
        x = layers.ReLU()(_normalisation()(x))
        for _ in range(count):
            branch = layers.ReLU()(_normalisation()(_convolution(width)(x)))
            # A residual branch that starts at zero lets high learning rates start at once.
            branch = _normalisation(gamma_initializer="zeros")(_convolution(width)(branch))
            if squeeze:
                branch = _excited(branch, width, max(8, width // squeeze))
            x = layers.ReLU()(layers.Add()([x, branch]))
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.Dropout(dropout)(x)
    # Zeros: every emotion is equally likely at first, so the large pooled features cannot explode the first steps.
    answer = layers.Dense(classes, activation="softmax", kernel_initializer="zeros")(x)
    return keras.Model(face, answer, name=name)


def emotion_net(towers: Sequence[Mapping[str, Any]] = ({}, SECOND), size: int = 48) -> "keras.Model":
    """Small towers side by side, trained apart, whose probabilities are averaged: where one errs the other may not.

    Args:
        towers: the settings of each `emotion_tower`.
        size: picture size in pixels.

    Returns:
        (n, size, size) uint8 → (n, classes) probabilities. Its layers ``tower_1``, ``tower_2`` … are the towers.
    """
    import keras

    face = keras.Input((size, size), dtype="uint8")
    answers = [emotion_tower(**{**one, "size": size}, name=f"tower_{i + 1}")(face) for i, one in enumerate(towers)]
    answer = keras.layers.Average()(answers) if len(answers) > 1 else answers[0]
    return keras.Model(face, answer, name="emotion_net")


def predicted(model: "keras.Model", images: np.ndarray, batch: int = 256) -> np.ndarray:
    """(n, 48, 48) uint8 → (n, 7) probabilities of a Keras network."""
    import keras

    # Each part at once: on the torch backend an answer holds all that was computed for it, gigabytes in the end.
    parts = (model(images[i : i + batch], training=False) for i in range(0, len(images), batch))
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def _convolution(width: int, stride: int = 1) -> Any:
    from keras import layers

    return layers.Conv2D(width, 3, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal")


def _normalisation(**settings: Any) -> Any:
    from keras import layers

    # Short memory: the statistics must follow when the training pictures change their size.
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, **settings)


def _excited(x: Any, width: int, narrow: int) -> Any:
    from keras import layers

    weight = layers.GlobalAveragePooling2D(keepdims=True)(x)
    weight = layers.Dense(narrow, activation="relu")(weight)
    return layers.Multiply()([x, layers.Dense(width, activation="sigmoid")(weight)])


def settings_of(architecture: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a network with what its function takes where they are silent.

    >>> settings_of("student_cnn", {"dense": 64})["dense"], settings_of("student_cnn", {})["classes"]
    (64, 7)
    """
    parameters = inspect.signature(ARCHITECTURES[architecture]).parameters
    return {name: parameter.default for name, parameter in parameters.items()} | dict(settings)


ARCHITECTURES: dict[str, Callable[..., "keras.Model"]] = {"student_cnn": student_cnn, "emotion_tower": emotion_tower}
