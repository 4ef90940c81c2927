"""The network of `kslr.segmenter` and its training on stretches of joined streams, in backend-neutral Keras 3.

Dilated causal convolutions with residuals, as in WaveNet (van den Oord et al., 2016) but without gates.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from kslr.landmarks import Landmarks
from kslr.segmenter import AHEAD, HAND_VALUES, STEP_VALUES, WINDOW, HandSteps

if TYPE_CHECKING:
    import keras

STRETCH = 128  # steps of a training sample
FILTERS, DILATIONS = 40, (1, 2, 4, 8)
NEAR = 0.14  # seconds from a sign's start that count as its beginning


def tagger_net(steps: int, mean: np.ndarray, deviation: np.ndarray, last_only: bool = False) -> "keras.Model":
    """(steps, STEP_VALUES) → (steps, 2) probabilities, or (2,) of the last step. One answer depends on 33 steps.

    Args:
        mean, deviation: (STEP_VALUES,) that the values are standardised with.
    """
    import keras
    from keras import layers

    inputs = keras.Input((steps, STEP_VALUES))
    x = (inputs - mean) / deviation
    x = layers.Conv1D(FILTERS, 3, padding="causal", activation="relu")(x)
    for dilation in DILATIONS:
        y = layers.Conv1D(FILTERS, 3, padding="causal", dilation_rate=dilation, activation="relu")(x)
        x = x + layers.Conv1D(FILTERS, 1)(layers.Dropout(0.1)(y))
    x = layers.Activation("relu")(x)
    outputs = layers.Dense(2, activation="sigmoid")(x[:, -1] if last_only else x)
    return keras.Model(inputs, outputs, name="segmenter")


def read_steps(landmarks: Iterable[Landmarks]) -> tuple[np.ndarray, np.ndarray]:
    """A stream → (n,) seconds and (n, STEP_VALUES) of its steps."""
    stepper = HandSteps()
    rows = [step for one in landmarks for step in stepper.push(one)]
    return np.array([seconds for seconds, _ in rows]), np.stack([row for _, row in rows])


def training_samples(seconds: np.ndarray, rows: np.ndarray, spans: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A stream as training samples.

    Args:
        spans: (signs, 2) start and end in seconds.

    Returns:
        (n, STRETCH, STEP_VALUES) and (n, STRETCH, 3): in a sign, a sign begins, whether the step counts. Each sample begins
        with `WINDOW` steps of what came before (the first row where nothing did), which do not count.
    """
    truth = np.zeros((len(rows), 2), np.float32)
    for start, end in np.reshape(spans, (-1, 2)):
        truth[(seconds >= start) & (seconds <= end), 0] = 1
        truth[np.abs(seconds - start) <= NEAR, 1] = 1
    x = np.concatenate([rows[:1].repeat(WINDOW, axis=0), rows])
    y = np.zeros((len(x), 3), np.float32)
    y[WINDOW + AHEAD :, :2], y[WINDOW + AHEAD :, 2] = truth[: len(truth) - AHEAD], 1
    xs, ys = [], []
    for first in range(0, len(x) - WINDOW, STRETCH - WINDOW):
        a, b = np.zeros((STRETCH, STEP_VALUES), np.float32), np.zeros((STRETCH, 3), np.float32)
        piece = slice(first, first + STRETCH)
        a[: len(x[piece])], b[: len(y[piece])] = x[piece], y[piece]
        b[:WINDOW, 2] = 0
        xs.append(a)
        ys.append(b)
    return np.stack(xs), np.stack(ys)


def mirror_steps(rows: np.ndarray) -> np.ndarray:
    """(…, STEP_VALUES) → the same in a mirror: the hands change places, and so do left and right of each."""
    hands = np.array(rows).reshape(*rows.shape[:-1], 2, HAND_VALUES)[..., ::-1, :].copy()
    hands[..., 3] = np.where(hands[..., 1] > 0.5, -hands[..., 3], hands[..., 3])
    hands[..., 5] *= -1
    return hands.reshape(rows.shape)


def fit_tagger(x: np.ndarray, y: np.ndarray, epochs: int = 25, seed: int = 0, verbose: Any = 0) -> "keras.Model":
    """Trains on samples and their mirrored copies.

    Args:
        x: (n, STRETCH, STEP_VALUES), y: (n, STRETCH, 3) of `training_samples`.

    Returns:
        The network for windows: (WINDOW, STEP_VALUES) → (2,) of the last step.
    """
    import keras
    from keras import ops

    keras.utils.set_random_seed(seed)
    x, y = np.concatenate([x, mirror_steps(x)]), np.concatenate([y, y])
    mean, deviation = x.mean(axis=(0, 1)), x.std(axis=(0, 1)) + 0.05
    model = tagger_net(STRETCH, mean, deviation)

    def loss(target: Any, predicted: Any) -> Any:
        truth, counts, p = target[..., :2], target[..., 2:], ops.clip(predicted, 1e-5, 1 - 1e-5)
        # Beginnings are rare: each counts three times, and the whole task half.
        missed = -(truth * ops.log(p) * np.array([1.0, 3.0], np.float32) + (1 - truth) * ops.log(1 - p))
        return ops.sum(missed * np.array([1.0, 0.5], np.float32) * counts) / ops.maximum(ops.sum(counts), 1)

    rate = keras.optimizers.schedules.CosineDecay(3e-3, epochs * (len(x) // 32 + 1))
    model.compile(keras.optimizers.AdamW(rate, weight_decay=0.01), loss)
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=verbose)
    served = tagger_net(WINDOW, mean, deviation, last_only=True)
    served.set_weights(model.get_weights())
    return served
