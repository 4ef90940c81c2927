"""Keras networks → LiteRT bytes, and the proof that both say the same."""

from typing import TYPE_CHECKING

import numpy as np

from kslr.core.runtime import LiteModel

if TYPE_CHECKING:
    import keras


def to_litert(model: "keras.Model", batch: int | None = None) -> bytes:
    """Converts a network to ``.tflite`` with built-in operations only.

    Args:
        model: one input, one output. Recurrent layers must be unrolled, since LiteRT fuses only tanh LSTMs.
        batch: a fixed batch size; free when None.
    """
    import tempfile

    import tensorflow as tf

    signature = [tf.TensorSpec((batch, *model.input_shape[1:]), tf.float32)]
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, input_signature=signature, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        return bytes(converter.convert())


def disagreement(model: "keras.Model", weights: bytes, x: np.ndarray) -> float:
    """The largest absolute difference between Keras and LiteRT over the outputs for (n, …) inputs."""
    ours = np.asarray(model(x, training=False))
    return float(np.abs(ours - LiteModel(weights, name=model.name)(x)).max())
