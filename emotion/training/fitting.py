"""Fits an emotion network and selects it on PublicTest, with checkpoints to go on from.

Needs Keras (any backend: ``KERAS_BACKEND=tensorflow`` or ``torch``).
"""

import json
import os
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion.training.augment import jittered, mixed
from emotion.training.datasets import Faces, for_training
from emotion.training.labels import soft_targets
from emotion.training.networks import ARCHITECTURES, predicted
from emotion.training.recipes import Recipe, cycle, is_eased, learning_rate, of_cycle, strength
from emotion.training.self_teaching import Mean, load_answers, many_answers, save_answers
from emotion.training.steps import steps_for
from kslr.core.errors import InputError
from kslr.core.files import parse_json, write_file

if TYPE_CHECKING:
    import keras

Progress = Callable[[str, float], None]
Answer = Callable[[np.ndarray], np.ndarray]
CHECKPOINT, BEST, MEAN, STATE = "last.weights.h5", "best.weights.h5", "mean.weights.h5", "training.json"
# The mean weights early in a cycle, and their mean with the best ones.
EARLY, BLEND = "early.weights.h5", "blend.weights.h5"
# The network's own answers before an epoch.
ANSWERS = "answers-{}.npz"


def fit(
    splits: dict[str, Faces],
    folder: str | Path,
    recipe: Recipe,
    resume: bool = False,
    progress: Progress | None = None,
    teacher: Answer | None = None,
) -> "keras.Model":
    """Trains on the training split and returns the network of the epoch that was best on PublicTest.

    Where the last cycle learns from own answers, that epoch is averaged with one from the cycle's start, if PublicTest has
    the mean of their weights better: both began from the same network and strayed from it differently (Wortsman et al.,
    Model soups, ICML 2022). Beside a teacher the last epoch is taken, if PublicTest has the mean of its and the teacher's
    answers better than that of the best epoch's.

    After every epoch the folder holds the last and the best weights and a ``training.json`` with the history, so that
    a killed run goes on with ``resume``: same order, same augmentation.

    Args:
        splits: of `emotion.training.datasets.load`; needs train and public.
        folder: for checkpoints; made when missing.
        recipe: how.
        progress: told (text, share of the run done 0–1) after each epoch.
        teacher: (n, 48, 48) uint8 → (n, 7) probabilities: another network, whose answers are learnt in the first cycle.

    Raises:
        InputError: no PublicTest to select on, an unknown architecture, or a checkpoint of another recipe.
        ValueError: the recipe's first cycle is taught and there is no teacher.
    """
    import keras

    if "public" not in splits:
        raise InputError("The data has no PublicTest (validation) split to select on. Add public/emotion/picture.")
    if recipe.architecture not in ARCHITECTURES:
        raise InputError(f"No architecture is called {recipe.architecture!r}. There are {', '.join(ARCHITECTURES)}.")
    if recipe.taught[0] and teacher is None:
        raise ValueError("A network has no answers of its own before the first cycle: taught begins with 0, or with a teacher.")
    folder = Path(folder)
    train, dropped = for_training(splits)
    keras.utils.set_random_seed(recipe.seed)
    model = build(recipe)
    state: dict[str, Any] = {"recipe": json.loads(json.dumps(asdict(recipe))), "dropped": dropped, "seconds": 0.0, "history": []}
    if resume and (folder / STATE).is_file():
        state = _resumed(folder, state)
        model.load_weights(folder / CHECKPOINT)
    else:
        for stale in folder.glob(ANSWERS.format("*")):
            stale.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    learner = steps_for(model, recipe)
    begun = monotonic() - state["seconds"]

    def done(epochs: float) -> float:
        if recipe.minutes is not None:
            return min(1.0, (monotonic() - begun) / (60 * recipe.minutes))
        return min(1.0, epochs / recipe.epochs)

    def risen(epochs: float) -> tuple[float, int]:
        return (done(epochs), 0) if recipe.minutes is not None else cycle(recipe, epochs)

    fixed = model.input_shape[1] is not None
    mean: Mean | None = None
    targets: np.ndarray | None = None
    while done(len(state["history"])) < 1.0:
        epoch = len(state["history"])
        within, number = risen(epoch)
        taught, begins = of_cycle(recipe.taught, number), epoch > 0 and within == 0.0
        if targets is None or begins:
            targets, mean = soft_targets(train.labels, train.votes, of_cycle(recipe.votes, number)), None
            if taught:
                own = _answers(model, teacher, folder, recipe, train.images, epoch, progress)
                targets = ((1 - taught) * targets + taught * own).astype(np.float32)
                mean = Mean(model, None if begins or epoch == 0 else folder / MEAN)
            if begins:
                state.pop("early", None)
        share = done(epoch)
        size = int(model.input_shape[1]) if fixed else [side for start, side in recipe.sizes if start <= share][-1]
        generator = np.random.default_rng([recipe.seed, epoch])
        order = generator.permutation(len(train))
        jitter = recipe.jitter.times(strength(recipe, share, within, number))
        losses = []
        batch = min(recipe.batch, len(order))
        steps = len(order) // batch
        for step in range(steps):
            rows = order[step * batch : (step + 1) * batch]
            within, number = risen(epoch + step / steps)
            rate = learning_rate(recipe, within, number)
            faces, wanted = jittered(train.images[rows], jitter, generator, size), targets[rows]
            if taught and recipe.mixup and not is_eased(recipe, share):
                faces, wanted = mixed(faces, wanted, recipe.mixup, generator)
            losses.append(learner(faces, wanted, rate))
            if mean and step % Mean.EVERY == 0:
                mean.add(learner.weights(), Mean.EVERY / (recipe.averaged * steps))
            if recipe.minutes is not None and done(epoch) >= 1.0:
                break
        model.set_weights(learner.weights())
        # Early figures choose nothing; measuring them all would cost a twentieth of the run.
        measured = epoch % 4 == 3 or done(epoch + 1) >= recipe.measured_from
        state["seconds"] = monotonic() - begun
        state["history"].append({"loss": float(np.mean(losses)), "public": None, "size": size, "seconds": state["seconds"]})
        if number and taught and measured and risen(epoch + 1)[0] <= recipe.warm_up:
            state["early"] = epoch
        _checkpoint(model, mean, folder, state, splits["public"] if measured else None)
        accuracy = state["history"][-1]["public"]
        if progress:
            text = f"epoch {epoch + 1}: loss {np.mean(losses):.3f}"
            progress(text if accuracy is None else f"{text}, PublicTest {accuracy:.1%}", done(epoch + 1))
    _blend(model, folder, state, splits["public"])
    if teacher:
        _last(model, teacher, folder, state, splits["public"])
    model.load_weights(folder / selected(state)[0])
    return model


def selected(state: dict[str, Any]) -> tuple[str, tuple[int, ...], float | None]:
    """What a finished run selected: its weights' file, the epochs from 0 whose weights it is the mean of, PublicTest's figure.

    >>> selected({"history": [{"public": None}, {"public": 0.6}, {"public": 0.5}]})
    ('best.weights.h5', (1,), 0.6)
    """
    history = state["history"]
    if "last" in state:
        return MEAN, (len(history) - 1,), state["last"]
    best = max(range(len(history)), key=lambda i: (history[i]["public"] or 0.0, i))
    if "blend" in state:
        return BLEND, (state["early"], best), state["blend"]
    return BEST, (best,), history[best]["public"]


def _blend(model: "keras.Model", folder: Path, state: dict[str, Any], public: Faces) -> None:
    """Averages the best and the early weights, and keeps that if PublicTest has it better."""
    file, epochs, accuracy = selected(state)
    if "early" not in state or file == BLEND or epochs == (state["early"],):
        return
    weights = []
    for name in (BEST, EARLY):
        model.load_weights(folder / name)
        weights.append([np.array(weight) for weight in model.get_weights()])
    model.set_weights([(one + other) / 2 for one, other in zip(*weights, strict=True)])
    blended = _accuracy(model, public)
    if blended > (accuracy or 0.0):
        _save(model, folder / BLEND)
        state["blend"] = blended
        write_file(folder / STATE, json.dumps(state, indent=1).encode())


def _last(model: "keras.Model", teacher: Answer, folder: Path, state: dict[str, Any], public: Faces) -> None:
    """Takes the last weights where PublicTest has them better beside the teacher's answers: the mean of both is shipped."""
    if "last" in state or not (folder / MEAN).is_file():
        return
    theirs, right = teacher(public.images), []
    for file in (selected(state)[0], MEAN):
        model.load_weights(folder / file)
        right.append(((theirs + predicted(model, public.images)).argmax(axis=1) == public.labels).mean())
    if right[1] > right[0]:
        state["last"] = state["history"][-1]["public"]
        write_file(folder / STATE, json.dumps(state, indent=1).encode())


def _answers(
    model: "keras.Model",
    teacher: Answer | None,
    folder: Path,
    recipe: Recipe,
    images: np.ndarray,
    epoch: int,
    progress: Progress | None,
) -> np.ndarray:
    """The mean of the answers to training faces: the teacher's, and those of the best epochs before the cycles that learn so."""
    edges = enumerate((0, *recipe.restarts))
    begun = [edge for number, edge in edges if edge <= epoch and of_cycle(recipe.taught, number)]
    path = folder / ANSWERS.format(epoch)
    if epoch in begun and not path.is_file():
        share = epoch / recipe.epochs
        tell = (lambda text, _: progress(text, share)) if progress else None
        if epoch == 0 and teacher:
            answers = many_answers(teacher, recipe, images, tell)
        else:
            model.load_weights(folder / BEST)
            answers = many_answers(partial(predicted, model), recipe, images, tell)
            model.load_weights(folder / CHECKPOINT)
        save_answers(path, answers)
    return np.mean([load_answers(folder / ANSWERS.format(begin), len(images)) for begin in begun], axis=0, dtype=np.float32)


def build(recipe: Recipe) -> "keras.Model":
    """The recipe's network, for pictures of any size where it can be."""
    free = {"size": None} if recipe.architecture == "emotion_tower" else {}
    return ARCHITECTURES[recipe.architecture](**{**free, **recipe.settings})


def _accuracy(model: "keras.Model", faces: Faces) -> float:
    return float((predicted(model, faces.images).argmax(axis=1) == faces.labels).mean())


def _checkpoint(model: "keras.Model", mean: Mean | None, folder: Path, state: dict[str, Any], public: Faces | None) -> None:
    """Measures, and saves last, mean, best and state, the state last: a kill between them costs an epoch, never the run."""
    _save(model, folder / CHECKPOINT)
    with mean or nullcontext():
        if mean:
            _save(model, folder / MEAN)
        if public is not None:
            state["history"][-1]["public"] = _accuracy(model, public)
        if state.get("early") == len(state["history"]) - 1:
            _save(model, folder / EARLY)
        if selected(state)[1] == (len(state["history"]) - 1,):
            _save(model, folder / BEST)
    write_file(folder / STATE, json.dumps(state, indent=1).encode())


def _save(model: "keras.Model", path: Path) -> None:
    new = path.with_name(f"new.{path.name}")
    model.save_weights(new)
    os.replace(new, path)


def _resumed(folder: Path, fresh: dict[str, Any]) -> dict[str, Any]:
    try:
        state = parse_json((folder / STATE).read_bytes())
        same = state["recipe"] == fresh["recipe"]
        check_state(state)
        if not state["history"]:
            raise InputError("no epoch was finished")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder / STATE} cannot be read ({error}). Start again without --resume.") from error
    if not same:
        raise InputError(f"{folder} holds a run of another recipe. Choose another folder, or start without --resume.")
    return state


def check_state(state: dict[str, Any]) -> None:
    """Raises:
    InputError, KeyError, TypeError: it is no checkpoint's.
    """
    numbers = [state["seconds"], *(one[name] for one in state["history"] for name in ("seconds", "size"))]
    measured = [one["public"] for one in state["history"] if one["public"] is not None]
    measured += [state[name] for name in ("early", "blend", "last") if name in state]
    right = all(isinstance(n, int | float) and abs(n) <= 1e12 for n in (*numbers, *measured))
    if not right or not isinstance(state["dropped"], dict):
        raise InputError("its history is not made of numbers")
