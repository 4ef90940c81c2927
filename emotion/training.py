"""Fits an emotion network, selects it on PublicTest, and saves it with its card.

Training needs Keras (any backend: ``KERAS_BACKEND=tensorflow`` or ``torch``); saving as ``.tflite`` needs TensorFlow,
which is started in a process of its own when Keras runs on another backend.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion.augment import jittered
from emotion.datasets import Faces, for_training, load
from emotion.evaluation import evaluate_model, fit_calibration
from emotion.faces import EMOTIONS
from emotion.labels import soft_targets
from emotion.networks import ARCHITECTURES
from emotion.recipes import RECIPES, Recipe, cycle, learning_rate, strength
from models.cards import Card, current_commit, write_card
from models.errors import InputError
from models.files import check_writable, parse_json, write_file
from models.runtime import LiteModel

if TYPE_CHECKING:
    import keras

Progress = Callable[[str, float], None]
ROOT = Path(__file__).resolve().parents[1]
CHECKPOINT, BEST, STATE = "last.weights.h5", "best.weights.h5", "training.json"

SOURCES: tuple[dict[str, Any], ...] = (
    {
        "name": "FER2013 (Goodfellow et al., 2013), training split",
        "licence": "made for a research challenge from pictures found on the web; no licence is stated for the pictures",
    },
    {"name": "FER+ votes (Barsoum et al., 2016) of the training split", "licence": "MIT (the labels)"},
)
LIMITS = (
    "Tells what a face shows, not what a person feels. Trained on posed and candid web pictures of mostly frontal faces, "
    "with labels about which people themselves agree in two of three cases; disgust and fear are the weakest. In signing, "
    "brows and mouth also carry grammar and mouthed words, so single frames mislead. Not to be used to judge people; the "
    "EU AI Act, article 5(1)(f), bans inferring emotions at work and in education."
)


def train(
    data: str | Path,
    out: str | Path,
    *,
    architecture: str = "emotion_net",
    name: str = "emotion",
    epochs: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    resume: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Fits a network, selects it on PublicTest, calibrates it there, and measures the saved file once on PrivateTest.

    Args:
        data: what `emotion.datasets.load` reads.
        out: folder for ``NAME.json`` and ``NAME.tflite``; checkpoints lie in ``checkpoints`` in it.
        architecture: ``emotion_net`` or ``student_cnn``.
        name: of the model.
        epochs: length of the run; the recipe's when None.
        minutes: instead of epochs, when the clock is the limit.
        seed: of weights, order and augmentation.
        resume: go on from the folder's checkpoint.
        progress: told (text, share done 0–1).

    Returns:
        The report of `emotion.evaluation.evaluate_model` on PrivateTest (on PublicTest when there is none), and
        ``card``, the card's path.

    Raises:
        InputError: data or folder cannot be used.
    """
    if architecture not in ARCHITECTURES:
        raise InputError(f"No architecture is called {architecture!r}. There are {', '.join(ARCHITECTURES)}.")
    out = Path(out)
    check_writable(out / f"{name}.json")
    splits = load(data)
    recipe = replace(RECIPES[architecture], seed=seed, minutes=minutes)
    recipe = replace(recipe, epochs=epochs) if epochs else recipe
    fit(splits, out / "checkpoints", recipe, resume, progress)
    return save(splits, out / "checkpoints", out, name, data=Path(data).name)


def save(splits: dict[str, Faces], checkpoints: str | Path, out: str | Path, name: str, data: str = "FER2013") -> dict[str, Any]:
    """Turns a checkpoint folder of `fit` into weights, card and report; see `train`."""
    checkpoints, out = Path(checkpoints), Path(out)
    try:
        state = parse_json((checkpoints / STATE).read_bytes())
        _check_state(state)
        if not state["history"]:
            raise InputError("no epoch was finished")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{checkpoints / STATE} cannot be read ({error}). Train first.") from error
    recipe = state["recipe"]
    weights = exported(recipe, checkpoints / BEST)
    public = splits["public"]
    chosen = max(range(len(state["history"])), key=lambda i: state["history"][i]["public"] or 0.0)
    votes = "labels mixed with the FER+ votes" if recipe["votes"] and splits["train"].votes is not None else "labels"
    dropped = ", ".join(f"{count} {reason}" for reason, count in state["dropped"].items())
    card = Card(
        name=name,
        task="emotion",
        labels=EMOTIONS,
        input={"shape": [48, 48], "dtype": "uint8", "meaning": "grey face cut by emotion.faces; preprocessing is inside"},
        sources=tuple(
            {**source, "samples": len(splits["train"]) - sum(state["dropped"].values())}
            for source in SOURCES[: 1 + bool(recipe["votes"])]
        ),
        protocol=(
            f"{recipe['architecture']} from scratch on FER2013's training split ({votes}; dropped: {dropped}), "
            f"seed {recipe['seed']}; epoch {chosen + 1} of {len(state['history'])} selected on PublicTest, temperature, "
            "biases and threshold fitted on PublicTest, PrivateTest measured once, without test-time augmentation unless a "
            "figure says so"
        ),
        figures={},
        calibration=fit_calibration(_lite_probabilities(weights, public.images), public.labels),
        limits=LIMITS,
        commit=current_commit(),
        weights={},
        extra={"recipe": recipe, "history": state["history"]},
    )
    path = write_card(out, card, weights)
    split = "private" if "private" in splits else "public"
    report = evaluate_model(splits, path, split=split, data=data)
    figures = {
        **report,
        "command": f"kslr evaluate emotion DATA --model {name}",
        "public_accuracy": state["history"][chosen]["public"],
    }
    write_card(out, replace(card, figures=figures), weights)
    return {**report, "card": str(path)}


def exported(recipe: dict[str, Any], weights: str | Path) -> bytes:
    """A trained network as ``.tflite``: free batch axis, float16 weights, float32 arithmetic.

    Under another Keras backend than TensorFlow, the conversion runs in a process of its own.
    """
    import keras

    if keras.backend.backend() == "tensorflow":
        return _converted(recipe, weights)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "model.tflite"
        code = "import sys, json; from emotion.training import exported; from pathlib import Path; "
        code += "Path(sys.argv[3]).write_bytes(exported(json.loads(sys.argv[1]), sys.argv[2]))"
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
        command = [sys.executable, "-c", code, json.dumps(recipe), str(weights), str(target)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"TensorFlow could not convert the network: {done.stderr[-2000:]}")
        return target.read_bytes()


def _converted(recipe: dict[str, Any], weights: str | Path) -> bytes:
    import tensorflow

    settings = dict(recipe["settings"])
    model = ARCHITECTURES[recipe["architecture"]](**settings)
    model.load_weights(weights)
    converter = tensorflow.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tensorflow.float16]
    return converter.convert()


def _lite_probabilities(weights: bytes, images: np.ndarray) -> np.ndarray:
    network = LiteModel(weights)
    return np.concatenate([network(images[i : i + 64]) for i in range(0, len(images), 64)])


def fit(
    splits: dict[str, Faces], folder: str | Path, recipe: Recipe, resume: bool = False, progress: Progress | None = None
) -> "keras.Model":
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

    def risen(epochs: float) -> tuple[float, int]:
        return (done(epochs), 0) if recipe.minutes is not None else cycle(recipe, epochs)

    fixed = model.input_shape[1] is not None
    while done(len(state["history"])) < 1.0:
        epoch = len(state["history"])
        share = done(epoch)
        size = int(model.input_shape[1]) if fixed else [side for start, side in recipe.sizes if start <= share][-1]
        generator = np.random.default_rng([recipe.seed, epoch])
        order = generator.permutation(len(train))
        within, number = risen(epoch)
        jitter = recipe.jitter.times(strength(recipe, share, within, number))
        losses = []
        batch = min(recipe.batch, len(order))
        steps = len(order) // batch
        for step in range(steps):
            rows = order[step * batch : (step + 1) * batch]
            within, number = risen(epoch + step / steps)
            model.optimizer.learning_rate = learning_rate(recipe, within) * (recipe.later if number else 1.0)
            faces = jittered(train.images[rows], jitter, generator, size)
            losses.append(float(model.train_on_batch(faces, targets[rows])))
            if recipe.minutes is not None and done(epoch) >= 1.0:
                break
        # Early figures choose nothing; measuring them all would cost a twentieth of the run.
        measured = epoch % 4 == 3 or done(epoch + 1) >= recipe.measured_from
        accuracy = _accuracy(model, splits["public"]) if measured else None
        state["seconds"] = monotonic() - begun
        state["history"].append({"loss": float(np.mean(losses)), "public": accuracy, "size": size, "seconds": state["seconds"]})
        _checkpoint(model, folder, state)
        if progress:
            text = f"epoch {epoch + 1}: loss {np.mean(losses):.3f}"
            progress(text if accuracy is None else f"{text}, PublicTest {accuracy:.1%}", done(epoch + 1))
    model.load_weights(folder / BEST)
    return model


def build(recipe: Recipe) -> "keras.Model":
    """The recipe's network, for pictures of any size where it can be."""
    free = {"size": None} if recipe.architecture == "emotion_net" else {}
    return ARCHITECTURES[recipe.architecture](**{**free, **recipe.settings})


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
    figures = [h["public"] or 0.0 for h in history]
    names = [CHECKPOINT, BEST] if figures[-1] >= max(figures) else [CHECKPOINT]
    for name in names:
        model.save_weights(folder / f"new.{name}")
        os.replace(folder / f"new.{name}", folder / name)
    write_file(folder / STATE, json.dumps(state, indent=1).encode())


def _resumed(folder: Path, fresh: dict[str, Any]) -> dict[str, Any]:
    try:
        state = parse_json((folder / STATE).read_bytes())
        same = state["recipe"] == fresh["recipe"]
        _check_state(state)
        if not state["history"]:
            raise InputError("no epoch was finished")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder / STATE} cannot be read ({error}). Start again without --resume.") from error
    if not same:
        raise InputError(f"{folder} holds a run of another recipe. Choose another folder, or start without --resume.")
    return state


def _check_state(state: dict[str, Any]) -> None:
    """Raises:
    InputError, KeyError, TypeError: it is no checkpoint's.
    """
    numbers = [state["seconds"], *(one[name] for one in state["history"] for name in ("seconds", "size"))]
    measured = [one["public"] for one in state["history"] if one["public"] is not None]
    right = all(isinstance(n, int | float) and abs(n) <= 1e12 for n in (*numbers, *measured))
    if not right or not isinstance(state["dropped"], dict):
        raise InputError("its history is not made of numbers")
