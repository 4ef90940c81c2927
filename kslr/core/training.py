"""What training has in common in both branches: Keras → LiteRT, the proof that both agree, and the commit of a card.

Only training imports this module; serving runs without Keras and TensorFlow.
"""

import os
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kslr.core.cards import ROOT
from kslr.core.errors import InputError
from kslr.core.models import LiteModel
from kslr.core.native import filter_stderr

if TYPE_CHECKING:
    import keras

# What TensorFlow says at its import and while it converts, on every machine without a GPU; errors of other kinds are shown.
TENSORFLOW_CHATTER = re.compile(
    rb"\d{4}-\d\d-\d\d [\d:.]+ ([IW] |E external/local_xla/xla/stream_executor/cuda/)"
    rb"|[IWE]\d{4} \S+ +\d+ (cuda_\w+|computation_placer|tf_tfl_flatbuffer_helpers|\w*mlir\w*|reader|loader)\.cc:"
    rb"|WARNING: All log messages before absl::InitializeLog|To enable the following instructions: "
)
INSTALL = "python -m pip install 'kslr[train]'"


def require_keras() -> None:
    """Checks that Keras and TensorFlow are installed, before a long run rather than after it, and imports them quietly.

    Raises:
        InputError: they are not; the message holds the one command that adds them.
    """
    if find_spec("keras") is None or find_spec("tensorflow") is None:
        raise InputError(f"Training needs TensorFlow, which is not installed. Add it with: {INSTALL}", "no-keras")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only
    with filter_stderr(TENSORFLOW_CHATTER):
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            tf.config.list_physical_devices()  # it looks for a GPU at its first use, and complains where there is none


def to_litert(model: "keras.Model", batch: int | None = None, float16: bool = False) -> bytes:
    """Converts a network to ``.tflite`` with built-in operations only.

    Args:
        model: one input, one output. Recurrent layers must be unrolled, because LiteRT fuses only tanh LSTMs.
        batch: a fixed batch size; any size when None.
        float16: weights in half the bytes; the arithmetic stays float32.

    Under another Keras backend than TensorFlow, the network is saved and converted in a child process.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        return _convert_in_child(model, batch, float16)
    import tensorflow as tf

    signature = [tf.TensorSpec((batch, *model.input_shape[1:]), model.inputs[0].dtype)]
    with tempfile.TemporaryDirectory() as folder, filter_stderr(TENSORFLOW_CHATTER):
        model.export(folder, input_signature=signature, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if float16:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        return bytes(converter.convert())


def _convert_in_child(model: "keras.Model", batch: int | None, float16: bool) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        code = (
            "import sys, keras; from kslr.core.training import to_litert; from pathlib import Path; folder = Path(sys.argv[1]); "
            f"weights = to_litert(keras.models.load_model(folder / 'model.keras', compile=False), {batch}, {float16}); "
            "(folder / 'model.tflite').write_bytes(weights)"
        )
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
        done = subprocess.run([sys.executable, "-c", code, folder], cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"TensorFlow could not convert the network: {done.stderr[-2000:]}")
        return (Path(folder) / "model.tflite").read_bytes()


def disagreement(model: "keras.Model", weights: bytes, x: np.ndarray) -> float:
    """The largest absolute difference between the Keras and the LiteRT outputs for (n, …) inputs."""
    ours = np.asarray(model(x, training=False))
    return float(np.abs(ours - LiteModel(weights, name=model.name)(x)).max())


def current_commit() -> str:
    """The commit of the source tree that this package runs from, or ``unknown`` when it is installed from a wheel."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
