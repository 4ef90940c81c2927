"""Trains an emotion network and saves it with its card: `emotion.training.fitting` fits, this calibrates, exports and measures.

Training needs Keras (any backend: ``KERAS_BACKEND=tensorflow`` or ``torch``); saving as ``.tflite`` needs TensorFlow.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion.faces import EMOTIONS, SIZE
from emotion.training.datasets import FaceData, load_faces
from emotion.training.evaluation import evaluate_emotion_model
from emotion.training.fitting import fit
from emotion.training.networks import average_networks, predict
from emotion.training.recipes import EmotionRecipe, find_architecture
from emotion.training.selection import FitRun, read_run
from kslr.core.calibration import apply_temperature, fit_rare_bias, fit_temperature, risk_coverage, top_answers
from kslr.core.cards import Card, write_card
from kslr.core.files import check_writable
from kslr.core.models import LiteModel
from kslr.core.training import current_commit, require_keras, to_litert

if TYPE_CHECKING:
    import keras

Progress = Callable[[str, float], None]
# Of the answers above the threshold; on PublicTest, where it is chosen, a little more than is promised.
KEPT_ACCURACY, MARGIN = 0.85, 0.01

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


def train_emotion_model(
    data: str | Path,
    out: str | Path,
    *,
    architecture: str = "emotion_net",
    name: str = "emotion",
    epochs: int | None = None,
    seed: int = 0,
    resume: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Fits a network, selects it on PublicTest, calibrates it there, and measures the saved file once on PrivateTest.

    Args:
        data: what `emotion.training.datasets.load_faces` reads.
        out: folder for ``NAME.json`` and ``NAME.tflite``; ``checkpoints`` in it holds the run of each network.
        architecture: ``emotion_net`` or ``student_cnn``.
        name: of the model.
        epochs: length of the run of each network; the recipe's when None.
        seed: of weights, order and augmentation.
        resume: go on from the folder's checkpoints.
        progress: called with (text, share done 0–1).

    Returns:
        The report of `emotion.training.evaluation.evaluate_emotion_model` on PrivateTest (on PublicTest when there is none),
        and ``card``, the card's path.

    Raises:
        InputError: Keras is missing, or data or folder cannot be used.
    """
    recipes = find_architecture(architecture).recipes
    require_keras()
    out = Path(out)
    check_writable(out / f"{name}.json")
    splits = load_faces(data)
    recipes = tuple(replace(one, seed=seed + i, epochs=epochs or one.epochs) for i, one in enumerate(recipes))
    folders = fit_networks(splits, out / "checkpoints", recipes, resume, progress)
    return save_model(splits, folders, out, name, data=Path(data).name)


def fit_networks(
    splits: dict[str, FaceData],
    folder: Path,
    recipes: Sequence[EmotionRecipe],
    resume: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Fits networks in turn, each with the one before as its teacher, and returns their folders."""
    total, begins, teacher, folders = sum(recipe.epochs for recipe in recipes), 0, None, []
    for i, recipe in enumerate(recipes):

        def tell(text: str, share: float, i: int = i, begins: int = begins, epochs: int = recipe.epochs) -> None:
            if progress:
                text = f"network {i + 1} of {len(recipes)}, {text}" if len(recipes) > 1 else text
                progress(text, min(1.0, (begins + epochs * share) / total))

        folders.append(folder / str(i + 1))
        teacher = partial(predict, fit(splits, folders[-1], recipe, resume, tell, teacher))
        begins += recipe.epochs
    return folders


def save_model(
    splits: dict[str, FaceData], folders: Sequence[Path], out: str | Path, name: str, data: str = "FER2013"
) -> dict[str, Any]:
    """Turns the folders of `fit_networks` into weights, card and report; see `train_emotion_model`.

    Raises:
        InputError: a folder holds no run, or `out` cannot be written.
    """
    runs = [read_run(folder) for folder in folders]
    weights = to_litert(assemble_network(runs, folders), float16=True)
    network, public = LiteModel(weights), splits["public"]
    answers = np.concatenate([network(public.images[i : i + 64]) for i in range(0, len(public), 64)])
    votes = splits["train"].votes is not None and any(any(run.recipe.votes) for run in runs)
    samples = len(splits["train"]) - sum(runs[0].dropped.values())
    card = Card(
        name=name,
        task="emotion",
        labels=EMOTIONS,
        input={"shape": [SIZE, SIZE], "dtype": "uint8", "meaning": "grey face cut by emotion.faces; preprocessing is inside"},
        sources=tuple({**source, "samples": samples} for source in SOURCES[: 1 + votes]),
        protocol=_describe(runs, votes),
        figures={},
        calibration=fit_calibration(answers, public.labels),
        limits=LIMITS,
        commit=current_commit(),
        weights={},
        extra={"architecture": runs[0].recipe.architecture},
    )
    path = write_card(out, card, weights)
    report = evaluate_emotion_model(splits, path, split="private" if "private" in splits else "public", name=data)
    figures = {
        **report,
        "command": f"kslr evaluate emotion DATA --model {name}",
        "public_accuracy": float((answers.argmax(axis=1) == public.labels).mean()),
    }
    write_card(out, replace(card, figures=figures), weights)
    return {**report, "card": str(path)}


def assemble_network(runs: Sequence[FitRun], folders: Sequence[Path]) -> "keras.Model":
    """The Keras network that is shipped: the mean of the runs' networks with the weights that each run selected."""
    networks = []
    for i, (run, folder) in enumerate(zip(runs, folders, strict=True)):
        networks.append(run.recipe.build(size=SIZE, name=f"network_{i + 1}"))
        networks[-1].load_weights(folder / run.select().file)
    return average_networks(networks, runs[0].recipe.architecture)


def _describe(runs: Sequence[FitRun], votes: bool) -> str:
    """How the networks were trained, selected and measured, in words."""
    dropped = ", ".join(f"{count} {reason}" for reason, count in runs[0].dropped.items())
    labels = "labels mixed with the FER+ votes" if votes else "labels"
    parts = []
    for run in runs:
        epochs = [str(epoch + 1) for epoch in run.select().epochs]
        kept = f"mean of the weights of epochs {' and '.join(epochs)}" if len(epochs) > 1 else f"epoch {epochs[0]}"
        taught = ", taught by the one before" if run.recipe.taught[0] else ""
        parts.append(f"seed {run.recipe.seed}{taught}, {kept} of {len(run.history)}")
    networks = parts[0] if len(parts) == 1 else f"mean of the probabilities of {len(parts)} networks ({'; '.join(parts)})"
    return (
        f"{runs[0].recipe.architecture}, {networks}, from scratch on FER2013's training split ({labels}; dropped: {dropped}); "
        "epochs selected, temperature, bias for rare emotions and threshold fitted on PublicTest, PrivateTest measured once, "
        "without test-time augmentation unless a figure says so"
    )


def fit_calibration(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Fits temperature, biases, and the lowest confidence above which answers are right often enough, on PublicTest.

    Args:
        probabilities: (n, 7) of the network.
        labels: (n,) indices into EMOTIONS.

    Returns:
        ``temperature``, ``bias_EMOTION`` of each emotion's logit, and ``threshold`` (on calibrated probabilities).
    """
    bias = fit_rare_bias(probabilities, labels)
    temperature = fit_temperature(apply_temperature(probabilities, 1.0, bias), labels)
    bias = bias / temperature
    _, risk, confidence = risk_coverage(*top_answers(apply_temperature(probabilities, temperature, bias), labels))
    enough = np.flatnonzero(risk <= 1 - KEPT_ACCURACY - MARGIN)
    biases = {f"bias_{emotion}": float(value) for emotion, value in zip(EMOTIONS, bias, strict=True)}
    return {"temperature": temperature, **biases, "threshold": float(confidence[enough[-1]]) if len(enough) else 1.0}
