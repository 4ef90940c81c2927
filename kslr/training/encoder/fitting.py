"""Trains the encoder across signers: the schedule, the moving average of the weights, and files to go on from."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kslr.core.files import write_file
from kslr.training.encoder.sampling import EncoderRecipe, SignerData, batches
from kslr.training.encoder.steps import EncoderSteps, choose_steps
from kslr.training.fitting import Progress
from kslr.training.networks.sign_encoder import sign_encoder

if TYPE_CHECKING:
    import keras

SAVE_EVERY, REPORT_EVERY = 200, 100  # steps
MEAN_EVERY = 4  # steps: neighbours differ little, and each addition takes time
MARGIN_STEPS = 1000  # until the margin is whole


def learning_rate(recipe: EncoderRecipe, step: int, done: float) -> float:
    """The rate of a step: up over `warm` steps, and down along a cosine of the done share (0–1).

    >>> recipe = EncoderRecipe(rate=1.0, warm=10)
    >>> [round(learning_rate(recipe, step, done), 3) for step, done in ((0, 0.0), (9, 0.0), (500, 0.5), (999, 1.0))]
    [0.1, 1.0, 0.5, 0.0]
    """
    return recipe.rate * min(1, (step + 1) / recipe.warm) * float(0.5 + 0.5 * np.cos(np.pi * min(1.0, done))) + 1e-6


class WeightAverage:
    """The moving average of an encoder's weights over the steps; it begins short and reaches five hundred steps."""

    def __init__(self, weights: Sequence[np.ndarray]) -> None:
        self.weights = [weight.astype(np.float32) for weight in weights]

    def add(self, weights: Sequence[np.ndarray], step: int) -> None:
        """Moves towards the weights after a step."""
        keep = min(0.998, 1 - 1 / (step / 5 + 1)) ** MEAN_EVERY
        for mean, now in zip(self.weights, weights, strict=True):
            mean += (1 - keep) * (now - mean)


def fit_encoder(
    data: SignerData,
    recipe: EncoderRecipe,
    checkpoint: Path | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    make_steps: Callable[[SignerData, EncoderRecipe, int], EncoderSteps] = choose_steps,
) -> "keras.Model":
    """Trains the encoder, and goes on from the checkpoint where there is one.

    Args:
        data: the training part alone.
        checkpoint: an ``.npz`` that is written every 200 steps.
        progress: called with a line and the done share (0–1).
        make_steps: what computes the steps.

    Returns:
        The encoder with the moving average of the weights.
    """
    steps = make_steps(data, recipe, seed)
    average, step, spent = WeightAverage(steps.weights()), 0, 0.0
    if checkpoint and checkpoint.is_file():
        step, spent = _read_checkpoint(checkpoint, steps, average)
    began, sums, done = time.monotonic(), np.zeros(3), 0.0
    made = batches(data, recipe, seed * 1000 + step)
    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(next, made)
        while done < 1:
            minutes = (spent + time.monotonic() - began) / 60
            done = max(step / recipe.steps, minutes / recipe.minutes)
            x, rows = coming.result()
            coming = ahead.submit(next, made)
            margin = recipe.margin * min(1.0, step / MARGIN_STEPS)
            sums += steps(x, rows, learning_rate(recipe, step, done), margin)
            step += 1
            if step % MEAN_EVERY == 0:
                average.add(steps.weights(), step)
            if progress and step % REPORT_EVERY == 0:
                losses = " ".join(f"{loss / REPORT_EVERY:.3f}" for loss in sums)
                progress(f"step {step}, losses of all, of the source, within the batch: {losses}", min(done, 1.0))
                sums[:] = 0
            if checkpoint and (step % SAVE_EVERY == 0 or done >= 1):
                _write_checkpoint(checkpoint, steps, average, step, spent + time.monotonic() - began)
    encoder = sign_encoder(data.points.shape[1], **dict(recipe.numbers))
    encoder.set_weights(average.weights)
    return encoder


def _write_checkpoint(path: Path, steps: EncoderSteps, average: WeightAverage, step: int, spent: float) -> None:
    lists = {"state": steps.state(), "mean": average.weights}
    arrays = {f"{name}_{i}": value for name, values in lists.items() for i, value in enumerate(values)}
    buffer = BytesIO()
    np.savez(buffer, step=step, spent=spent, **arrays)
    write_file(path, buffer.getvalue())


def _read_checkpoint(path: Path, steps: EncoderSteps, average: WeightAverage) -> tuple[int, float]:
    with np.load(path) as arrays:
        state, mean = ([arrays[f"{n}_{i}"] for i in range(sum(k.startswith(n) for k in arrays))] for n in ("state", "mean"))
        steps.restore(state)
        average.weights = mean
        return int(arrays["step"]), float(arrays["spent"])
