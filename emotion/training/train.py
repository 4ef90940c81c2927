"""Trains an emotion network and saves it with its card: `emotion.training.fitting` fits and selects, this measures.

Training needs Keras (any backend: ``KERAS_BACKEND=tensorflow`` or ``torch``); saving as ``.tflite`` needs TensorFlow,
which is started in a process of its own when Keras runs on another backend.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion.faces import EMOTIONS
from emotion.training.datasets import Faces, load
from emotion.training.evaluation import evaluate_model, fit_calibration
from emotion.training.fitting import STATE, check_state, fit, selected
from emotion.training.networks import ARCHITECTURES, emotion_net, predicted
from emotion.training.recipes import RECIPES, Recipe
from kslr.core.cards import Card, current_commit, write_card
from kslr.core.errors import InputError
from kslr.core.files import check_writable, parse_json
from kslr.core.runtime import LiteModel

if TYPE_CHECKING:
    import keras

Progress = Callable[[str, float], None]
ROOT = Path(__file__).resolve().parents[2]

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
        data: what `emotion.training.datasets.load` reads.
        out: folder for ``NAME.json`` and ``NAME.tflite``; the checkpoints of each network lie in ``checkpoints`` in it.
        architecture: ``emotion_net`` or ``student_cnn``.
        name: of the model.
        epochs: length of the run of each network; the recipe's when None.
        minutes: instead of epochs, when the clock is the limit.
        seed: of weights, order and augmentation.
        resume: go on from the folder's checkpoint.
        progress: told (text, share done 0–1).

    Returns:
        The report of `emotion.training.evaluation.evaluate_model` on PrivateTest (on PublicTest when there is none), and
        ``card``, the card's path.

    Raises:
        InputError: data or folder cannot be used.
    """
    if architecture not in RECIPES:
        raise InputError(f"No architecture is called {architecture!r}. There are {', '.join(RECIPES)}.")
    out = Path(out)
    check_writable(out / f"{name}.json")
    splits = load(data)
    folders = fit_all(splits, out / "checkpoints", RECIPES[architecture], epochs, minutes, seed, resume, progress)
    return save(splits, folders, out, name, data=Path(data).name)


def fit_all(
    splits: dict[str, Faces],
    folder: str | Path,
    recipes: Sequence[Recipe],
    epochs: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    resume: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Fits the networks of an architecture in turn, each with the one before as its teacher; returns their folders."""
    recipes = [
        replace(recipe, seed=seed + i, epochs=epochs or recipe.epochs, minutes=minutes and minutes / len(recipes))
        for i, recipe in enumerate(recipes)
    ]
    lengths = [recipe.epochs for recipe in recipes]
    folders = []
    teacher = None
    for i, recipe in enumerate(recipes):
        begins, length = sum(lengths[:i]) / sum(lengths), recipe.epochs / sum(lengths)

        def tell(text: str, share: float, begins: float = begins, length: float = length, i: int = i) -> None:
            assert progress
            text = f"network {i + 1} of {len(recipes)}, {text}" if len(recipes) > 1 else text
            progress(text, min(1.0, begins + length * share))

        folders.append(Path(folder) / str(i + 1))
        teacher = partial(predicted, fit(splits, folders[-1], recipe, resume, tell if progress else None, teacher))
    return folders


def save(
    splits: dict[str, Faces], checkpoints: Sequence[str | Path], out: str | Path, name: str, data: str = "FER2013"
) -> dict[str, Any]:
    """Turns the checkpoint folders of `fit_all` into weights, card and report; see `train`."""
    states = [_state(Path(folder)) for folder in checkpoints]
    weights = exported(
        [state["recipe"] for state in states],
        [Path(folder) / selected(state)[0] for folder, state in zip(checkpoints, states, strict=True)],
    )
    public = splits["public"]
    votes = splits["train"].votes is not None and any(any(state["recipe"]["votes"]) for state in states)
    dropped = states[0]["dropped"]
    card = Card(
        name=name,
        task="emotion",
        labels=EMOTIONS,
        input={"shape": [48, 48], "dtype": "uint8", "meaning": "grey face cut by emotion.faces; preprocessing is inside"},
        sources=tuple({**source, "samples": len(splits["train"]) - sum(dropped.values())} for source in SOURCES[: 1 + votes]),
        protocol=_protocol(states, votes),
        figures={},
        calibration=fit_calibration(_lite_probabilities(weights, public.images), public.labels),
        limits=LIMITS,
        commit=current_commit(),
        weights={},
        extra={"networks": [{"recipe": state["recipe"], "history": state["history"]} for state in states]},
    )
    path = write_card(out, card, weights)
    split = "private" if "private" in splits else "public"
    report = evaluate_model(splits, path, split=split, data=data)
    figures = {
        **report,
        "command": f"kslr evaluate emotion DATA --model {name}",
        "public_accuracy": float((_lite_probabilities(weights, public.images).argmax(axis=1) == public.labels).mean()),
    }
    write_card(out, replace(card, figures=figures), weights)
    return {**report, "card": str(path)}


def _state(folder: Path) -> dict[str, Any]:
    try:
        state = parse_json((folder / STATE).read_bytes())
        check_state(state)
        if not state["history"]:
            raise InputError("no epoch was finished")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder / STATE} cannot be read ({error}). Train first.") from error
    return state


def _protocol(states: Sequence[dict[str, Any]], votes: bool) -> str:
    """How the networks were trained, selected and measured, in words."""
    dropped = ", ".join(f"{count} {reason}" for reason, count in states[0]["dropped"].items())
    labels = "labels mixed with the FER+ votes" if votes else "labels"
    told = []
    for state in states:
        epochs = [str(epoch + 1) for epoch in selected(state)[1]]
        kept = f"mean of the weights of epochs {' and '.join(epochs)}" if len(epochs) > 1 else f"epoch {epochs[0]}"
        recipe = state["recipe"]
        taught = ", taught by the one before" if recipe["taught"][0] else ""
        told.append(f"{recipe['architecture']}, seed {recipe['seed']}{taught}, {kept} of {len(state['history'])}")
    networks = told[0] if len(told) == 1 else f"mean of the probabilities of {len(told)} networks ({'; '.join(told)})"
    return (
        f"{networks}, from scratch on FER2013's training split ({labels}; dropped: {dropped}); epochs selected, temperature, "
        "bias for rare emotions and threshold fitted on PublicTest, PrivateTest measured once, without test-time "
        "augmentation unless a figure says so"
    )


def exported(recipes: Sequence[dict[str, Any]], weights: Sequence[str | Path]) -> bytes:
    """Trained networks as one ``.tflite``: free batch axis, float16 weights, float32 arithmetic.

    Under another Keras backend than TensorFlow, the conversion runs in a process of its own.

    Args:
        recipes: of each network, as they are in its ``training.json``.
        weights: the file of each network's weights.
    """
    import keras

    if keras.backend.backend() == "tensorflow":
        return _converted(recipes, weights)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "model.tflite"
        code = "import sys, json; from emotion.training.train import exported; from pathlib import Path; "
        code += "Path(sys.argv[3]).write_bytes(exported(json.loads(sys.argv[1]), json.loads(sys.argv[2])))"
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
        command = [sys.executable, "-c", code, json.dumps(recipes), json.dumps([str(file) for file in weights]), str(target)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"TensorFlow could not convert the network: {done.stderr[-2000:]}")
        return target.read_bytes()


def whole(recipes: Sequence[dict[str, Any]], weights: Sequence[str | Path]) -> "keras.Model":
    """The Keras network that is shipped, with its weights: the mean of the towers, or the one network there is."""
    if recipes[0]["architecture"] == "emotion_tower":
        model = emotion_net([recipe["settings"] for recipe in recipes])
        for i, file in enumerate(weights):
            model.get_layer(f"tower_{i + 1}").load_weights(file)
        return model
    model = ARCHITECTURES[recipes[0]["architecture"]](**recipes[0]["settings"])
    model.load_weights(weights[0])
    return model


def _converted(recipes: Sequence[dict[str, Any]], weights: Sequence[str | Path]) -> bytes:
    import tensorflow

    converter = tensorflow.lite.TFLiteConverter.from_keras_model(whole(recipes, weights))
    converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tensorflow.float16]
    return converter.convert()


def _lite_probabilities(weights: bytes, images: np.ndarray) -> np.ndarray:
    network = LiteModel(weights)
    return np.concatenate([network(images[i : i + 64]) for i in range(0, len(images), 64)])
