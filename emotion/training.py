"""Trains an emotion network and saves it with its card: `emotion.fitting` fits and selects, this measures.

Training needs Keras (any backend: ``KERAS_BACKEND=tensorflow`` or ``torch``); saving as ``.tflite`` needs TensorFlow,
which is started in a process of its own when Keras runs on another backend.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from emotion.datasets import Faces, load
from emotion.evaluation import evaluate_model, fit_calibration
from emotion.faces import EMOTIONS
from emotion.fitting import STATE, check_state, fit, selected
from emotion.networks import ARCHITECTURES
from emotion.recipes import RECIPES
from models.cards import Card, current_commit, write_card
from models.errors import InputError
from models.files import check_writable, parse_json
from models.runtime import LiteModel

Progress = Callable[[str, float], None]
ROOT = Path(__file__).resolve().parents[1]

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
        check_state(state)
        if not state["history"]:
            raise InputError("no epoch was finished")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{checkpoints / STATE} cannot be read ({error}). Train first.") from error
    recipe = state["recipe"]
    file, epochs, accuracy = selected(state)
    weights = exported(recipe, checkpoints / file)
    public = splits["public"]
    kept = " and ".join(str(epoch + 1) for epoch in epochs)
    kept = f"mean of the weights of epochs {kept}" if len(epochs) > 1 else f"epoch {kept}"
    votes = "labels mixed with the FER+ votes" if any(recipe["votes"]) and splits["train"].votes is not None else "labels"
    dropped = ", ".join(f"{count} {reason}" for reason, count in state["dropped"].items())
    card = Card(
        name=name,
        task="emotion",
        labels=EMOTIONS,
        input={"shape": [48, 48], "dtype": "uint8", "meaning": "grey face cut by emotion.faces; preprocessing is inside"},
        sources=tuple(
            {**source, "samples": len(splits["train"]) - sum(state["dropped"].values())}
            for source in SOURCES[: 1 + any(recipe["votes"])]
        ),
        protocol=(
            f"{recipe['architecture']} from scratch on FER2013's training split ({votes}; dropped: {dropped}), "
            f"seed {recipe['seed']}; {kept} of {len(state['history'])} selected on PublicTest, temperature, "
            "bias for rare emotions and threshold fitted on PublicTest, PrivateTest measured once, without test-time "
            "augmentation unless a figure says so"
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
        "public_accuracy": accuracy,
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
