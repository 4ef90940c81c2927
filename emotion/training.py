"""Fits an emotion network, selects it on PublicTest, and saves it with its card.

Training needs Keras (any backend: ``KERAS_BACKEND=tensorflow`` or ``torch``); saving as ``.tflite`` needs TensorFlow,
which is started in a process of its own when Keras runs on another backend.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion.augment import Jitter, jittered
from emotion.datasets import Faces, for_training, load
from emotion.labels import soft_targets
from emotion.networks import ARCHITECTURES
from models.cards import write_file
from models.errors import InputError

if TYPE_CHECKING:
    import keras

Progress = Callable[[str, float], None]
CHECKPOINT, BEST, STATE = "last.weights.h5", "best.weights.h5", "training.json"


@dataclass(frozen=True)
class Recipe:
    """How a network is fitted.

    Attributes:
        optimizer: ``sgd`` (Nesterov) or ``adamw``.
        rate: peak learning rate; it rises over `warm_up` of the run and falls to zero along a cosine.
        decay: weight decay, decoupled.
        jitter: augmentation at its strongest; it starts at `gentle` of that and grows over the run.
        sizes: (share of the run from which, picture side) pairs, ascending: small pictures first save most of the time.
            Networks with a fixed input size train at 48 only.
        epochs: length of the run, and of its schedules.
        minutes: instead of epochs: the schedules follow the clock, for a machine that others use as well.
        votes: share of the FER+ votes in the soft targets.
        measured_from: share of the run from which every epoch is measured on PublicTest; before, every fourth.
        seed: of weights, order and augmentation.
    """

    architecture: str = "emotion_net"
    settings: dict[str, Any] = field(default_factory=dict)
    optimizer: str = "sgd"
    rate: float = 0.1
    decay: float = 5e-3
    warm_up: float = 0.1
    batch: int = 128
    epochs: int = 30
    minutes: float | None = None
    jitter: Jitter = Jitter()
    gentle: float = 0.5
    sizes: tuple[tuple[float, int], ...] = ((0.0, 32), (0.45, 40), (0.8, 48))
    votes: float = 0.3
    measured_from: float = 0.6
    seed: int = 0


# S4 names its epochs (106) and ReLU; Adam is its framework's default choice.
RECIPES = {
    "emotion_net": Recipe(),
    "student_cnn": Recipe("student_cnn", optimizer="adamw", rate=1e-3, decay=1e-4, epochs=40, sizes=((0.0, 48),), votes=0.0),
}


def fit(splits: dict[str, Faces], folder: str | Path, recipe: Recipe, resume: bool = False, progress: Progress | None = None) -> "keras.Model":
    """Trains on the training split and returns the network of the epoch that was best on PublicTest.

    After every epoch the folder holds the last and the best weights and a ``training.json`` with the history, so that
    a killed run goes on with ``resume``: same order, same augmentation.

    Args:
        splits: of `emotion.datasets.load`; needs train and public.
        folder: for checkpoints; made when missing.
        recipe: how.
        progress: told (text, share of the run done 0–1) after each epoch.

    Raises:
        InputError: no PublicTest to select on, an unknown architecture, or a checkpoint of another recipe.
    """
    import keras

    if "public" not in splits:
        raise InputError("The data has no PublicTest (validation) split to select on. Add public/emotion/picture.")
    if recipe.architecture not in ARCHITECTURES:
        raise InputError(f"No architecture is called {recipe.architecture!r}. There are {', '.join(ARCHITECTURES)}.")
    folder = Path(folder)
    train, dropped = for_training(splits)
    targets = soft_targets(train.labels, train.votes, recipe.votes)
    keras.utils.set_random_seed(recipe.seed)
    model = build(recipe)
    model.compile(_optimizer(recipe), keras.losses.CategoricalCrossentropy(), jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    state: dict[str, Any] = {"recipe": json.loads(json.dumps(asdict(recipe))), "dropped": dropped, "seconds": 0.0, "history": []}
    if resume and (folder / STATE).is_file():
        state = _resumed(folder, state)
        model.load_weights(folder / CHECKPOINT)
    folder.mkdir(parents=True, exist_ok=True)
    begun = monotonic() - state["seconds"]

    def done(epochs: float) -> float:
        if recipe.minutes is not None:
            return min(1.0, (monotonic() - begun) / (60 * recipe.minutes))
        return min(1.0, epochs / recipe.epochs)

    fixed = model.input_shape[1] is not None
    while done(len(state["history"])) < 1.0:
        epoch = len(state["history"])
        share = done(epoch)
        size = int(model.input_shape[1]) if fixed else [side for start, side in recipe.sizes if start <= share][-1]
        generator = np.random.default_rng([recipe.seed, epoch])
        order = generator.permutation(len(train))
        jitter = recipe.jitter.times(recipe.gentle + (1 - recipe.gentle) * share)
        losses = []
        steps = len(order) // recipe.batch
        for step in range(steps):
            rows = order[step * recipe.batch : (step + 1) * recipe.batch]
            model.optimizer.learning_rate = learning_rate(recipe, done(epoch + step / steps))
            faces = jittered(train.images[rows], jitter, generator, size)
            losses.append(float(model.train_on_batch(faces, targets[rows])))
            if recipe.minutes is not None and done(epoch) >= 1.0:
                break
        # Early figures choose nothing; measuring them all would cost a twentieth of the run.
        measured = epoch % 4 == 3 or done(epoch + 1) >= recipe.measured_from
        accuracy = _accuracy(model, splits["public"]) if measured else 0.0
        state["seconds"] = monotonic() - begun
        state["history"].append({"loss": float(np.mean(losses)), "public": accuracy, "size": size, "seconds": state["seconds"]})
        _checkpoint(model, folder, state)
        if progress:
            text = f"epoch {epoch + 1}: loss {np.mean(losses):.3f}, PublicTest {accuracy:.1%}"
            progress(text, done(epoch + 1))
    model.load_weights(folder / BEST)
    return model


def build(recipe: Recipe) -> "keras.Model":
    """The recipe's network, for pictures of any size where it can be."""
    free = {"size": None} if recipe.architecture == "emotion_net" else {}
    return ARCHITECTURES[recipe.architecture](**{**free, **recipe.settings})


def learning_rate(recipe: Recipe, share: float) -> float:
    """The learning rate after a share (0–1) of the run.

    >>> recipe = Recipe(rate=1.0, warm_up=0.1)
    >>> [round(learning_rate(recipe, share), 3) for share in (0.05, 0.1, 1.0)]
    [0.5, 1.0, 0.0]
    """
    if share < recipe.warm_up:
        return recipe.rate * max(share / recipe.warm_up, 0.02)
    return recipe.rate * 0.5 * (1 + float(np.cos(np.pi * (share - recipe.warm_up) / (1 - recipe.warm_up))))


def _optimizer(recipe: Recipe) -> Any:
    import keras

    settings: dict[str, Any] = {"learning_rate": recipe.rate, "weight_decay": recipe.decay}
    if recipe.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(**settings)
    else:
        optimizer = keras.optimizers.SGD(momentum=0.9, nesterov=True, **settings)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def predicted(model: "keras.Model", images: np.ndarray, batch: int = 256) -> np.ndarray:
    """(n, 48, 48) uint8 → (n, 7) probabilities of a Keras network."""
    import keras

    parts = [model(images[i : i + batch], training=False) for i in range(0, len(images), batch)]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def _accuracy(model: "keras.Model", faces: Faces) -> float:
    return float((predicted(model, faces.images).argmax(axis=1) == faces.labels).mean())


def _checkpoint(model: "keras.Model", folder: Path, state: dict[str, Any]) -> None:
    """Last, best and state, the state last: a kill between them costs an epoch, never the run."""
    history = state["history"]
    names = [CHECKPOINT] if history[-1]["public"] < max(h["public"] for h in history) else [CHECKPOINT, BEST]
    for name in names:
        model.save_weights(folder / f"new.{name}")
        os.replace(folder / f"new.{name}", folder / name)
    write_file(folder / STATE, json.dumps(state, indent=1).encode())


def _resumed(folder: Path, fresh: dict[str, Any]) -> dict[str, Any]:
    try:
        state = json.loads((folder / STATE).read_text())
        same = state["recipe"] == fresh["recipe"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder / STATE} cannot be read ({error}). Start again without --resume.") from error
    if not same:
        raise InputError(f"{folder} holds a run of another recipe. Choose another folder, or start without --resume.")
    return state
