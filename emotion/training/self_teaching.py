"""What a network needs to learn from itself: the mean of its weights, and its own answers averaged over many views."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emotion.faces import EMOTIONS
from emotion.training.augment import jittered
from emotion.training.recipes import Recipe
from kslr.core.arrays import read_arrays
from kslr.core.errors import InputError
from kslr.core.files import write_file

if TYPE_CHECKING:
    import keras


def _copied(model: "keras.Model") -> list[np.ndarray]:
    """The weights as they are now: what Keras gives may share its memory with the network."""
    return [np.array(weight) for weight in model.get_weights()]


class Mean:
    """The exponential mean of a network's weights, statistics of its normalisation included."""

    # Neighbouring steps differ little; adding each would cost time and change nothing.
    EVERY = 8

    def __init__(self, model: "keras.Model", saved: Path | None) -> None:
        """
        Args:
            saved: weights to go on from; the model's own when None.
        """
        self._model = model
        if saved is not None:
            own = _copied(model)
            model.load_weights(saved)
            self._weights = _copied(model)
            model.set_weights(own)
        else:
            self._weights = _copied(model)

    def add(self, weights: Sequence[np.ndarray], share: float) -> None:
        """Moves the mean by `share` (0–1) towards the network's weights as they are now."""
        for kept, now in zip(self._weights, weights, strict=True):
            kept += min(share, 1.0) * (now - kept)

    def __enter__(self) -> None:
        """The network has the mean's weights inside the ``with``."""
        self._own = _copied(self._model)
        self._model.set_weights(self._weights)

    def __exit__(self, *_: object) -> None:
        self._model.set_weights(self._own)


def many_answers(
    answer: Callable[[np.ndarray], np.ndarray],
    recipe: Recipe,
    images: np.ndarray,
    progress: Callable[[str, float], None] | None = None,
) -> np.ndarray:
    """What a network answers to training faces, averaged over `recipe.views` jittered views of each.

    Args:
        answer: the network: (n, side, side) uint8 → (n, 7) probabilities.
        images: (n, side, side) uint8.
        progress: told (text, share of the views done 0–1).

    Returns:
        (n, 7) float32, rows sum to 1.
    """
    jitter = replace(recipe.jitter, cutout=0.0).times(recipe.gentle)
    total = np.zeros((len(images), len(EMOTIONS)))
    for view in range(recipe.views):
        total += answer(jittered(images, jitter, np.random.default_rng([recipe.seed, recipe.epochs, view])))
        if progress:
            progress(f"answers, view {view + 1} of {recipe.views}", (view + 1) / recipe.views)
    return (total / recipe.views).astype(np.float32)


def save_answers(path: Path, answers: np.ndarray) -> None:
    """Keeps them for a run that goes on, in one step."""
    written = io.BytesIO()
    np.savez(written, answers=answers)
    write_file(path, written.getvalue())


def load_answers(path: Path, faces: int) -> np.ndarray:
    """Those of `save_answers`.

    Raises:
        InputError: it cannot be read, or is of another number of faces.
    """
    shape = (faces, len(EMOTIONS))
    try:
        answers = read_arrays(path, 8 * faces * len(EMOTIONS))["answers"]
        if answers.shape != shape or answers.dtype != np.float32 or not np.isfinite(answers).all():
            raise InputError(f"no numbers of the shape {shape}")
    except (OSError, KeyError, InputError) as error:
        raise InputError(f"{path} cannot be read ({error}). Start again without --resume.") from error
    return answers
