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
from emotion.training.networks.architectures import average_networks, averaged_networks, predict
from emotion.training.recipes import EmotionRecipe, find_architecture
from emotion.training.selection import SHARE, FitRun, calibrate_readings, read_run, save_weights, score
from kslr.core.cards import Card, write_card
from kslr.core.errors import InputError
from kslr.core.files import check_writable
from kslr.core.models import LiteModel
from kslr.core.training import current_commit, require_keras, to_litert

if TYPE_CHECKING:
    import keras

Progress = Callable[[str, float], None]

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
    start: str | Path | None = None,
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
        start: weights (``NAME.weights.h5``) that a short run goes on from (`refine_recipe`); a long run from random
            weights when None.
        resume: go on from the folder's checkpoints.
        progress: called with (text, share done 0–1).

    Returns:
        The report of `emotion.training.evaluation.evaluate_emotion_model` on PrivateTest (on PublicTest when there is none),
        and ``card``, the card's path.

    Raises:
        InputError: Keras is missing, data or folder cannot be used, or the weights to start from are of other networks.
    """
    recipes = find_architecture(architecture).recipes
    require_keras()
    out = Path(out)
    check_writable(out / f"{name}.json")
    splits = load_faces(data)
    if start is not None:
        recipes = tuple(refine_recipe(recipe) for recipe in recipes)
    if any(faces.votes is None for faces in splits.values()):  # Then nobody was asked what people see.
        recipes = tuple(replace(recipe, readings=("fer",)) for recipe in recipes)
    recipes = tuple(replace(one, seed=seed + i, epochs=epochs or one.epochs) for i, one in enumerate(recipes))
    model = None if start is None else load_start(start, recipes)
    folders = fit_networks(splits, out / "checkpoints", recipes, resume, progress, model)
    return save_model(splits, folders, out, name, data=Path(data).name, start=start)


def refine_recipe(recipe: EmotionRecipe, epochs: int = 32) -> EmotionRecipe:
    """The recipe that goes on from trained weights: two short cycles, taught by the weights that the run begins from.

    The second has fewer faults and weighs FER's labels twice, because the first pulls the features towards what people see.
    """
    restart = round(0.69 * epochs)
    return replace(
        recipe,
        epochs=epochs,
        restarts=(restart,) if restart else (),
        rates=(0.03, 0.015),
        warm_up=0.08,
        eased=((0.585, restart / epochs), (0.955, 1.0)),
        corrupted=(0.45, 0.25),
        emphasis=(1.0, 2.0),
        jitter=replace(recipe.jitter, cutout=recipe.jitter.cutout / 2),
        gentle=0.6,
        sizes=((0.0, 40), (0.41, 48)),
        votes=(0.2,),
        taught=(0.6,),
        self_taught=False,
        views=6,
        averaged=2.0,
        measured_from=0.7,
    )


def fit_networks(
    splits: dict[str, FaceData],
    folder: Path,
    recipes: Sequence[EmotionRecipe],
    resume: bool = False,
    progress: Progress | None = None,
    start: "keras.Model | None" = None,
) -> list[Path]:
    """Fits networks in turn, each taught by the one before (by `start`, of `load_start`, where given); returns their folders."""
    total, begins, teacher, folders = sum(recipe.epochs for recipe in recipes), 0, None, []
    weights: list[list[np.ndarray]] = [one.get_weights() for one in averaged_networks(start)] if start else []
    if start:
        teacher = partial(predict, start)
    for i, recipe in enumerate(recipes):

        def tell(text: str, share: float, i: int = i, begins: int = begins, epochs: int = recipe.epochs) -> None:
            if progress:
                text = f"network {i + 1} of {len(recipes)}, {text}" if len(recipes) > 1 else text
                progress(text, min(1.0, (begins + epochs * share) / total))

        folders.append(folder / str(i + 1))
        fitted = fit(splits, folders[-1], recipe, resume, tell, teacher, weights[i] if start else None)
        teacher = teacher if start else partial(predict, fitted)
        begins += recipe.epochs
    return folders


def save_model(
    splits: dict[str, FaceData],
    folders: Sequence[Path],
    out: str | Path,
    name: str,
    data: str = "FER2013",
    start: str | Path | None = None,
) -> dict[str, Any]:
    """Turns the folders of `fit_networks` into weights, card and report; see `train_emotion_model`.

    Raises:
        InputError: a folder holds no run, or `out` cannot be written.
    """
    runs = [read_run(folder) for folder in folders]
    model, readings = assemble_network(runs, folders), runs[0].recipe.readings
    weights = to_litert(model, float16=True)
    network, public = LiteModel(weights), splits["public"]
    answers = np.concatenate([network(public.images[i : i + 64]) for i in range(0, len(public), 64)])
    votes = splits["train"].votes is not None and ("ferplus" in readings or any(any(run.recipe.votes) for run in runs))
    samples = len(splits["train"]) - sum(runs[0].dropped.values())
    card = Card(
        name=name,
        task="emotion",
        labels=EMOTIONS,
        input={"shape": [SIZE, SIZE], "dtype": "uint8", "meaning": "grey face cut by emotion.faces; preprocessing is inside"},
        sources=tuple({**source, "samples": samples} for source in SOURCES[: 1 + votes]),
        protocol=_describe(runs, votes, start),
        figures={},
        calibration=calibrate_readings(answers, public, readings),
        limits=LIMITS,
        commit=current_commit(),
        weights={},
        extra={"architecture": runs[0].recipe.architecture, "readings": list(readings)},
    )
    path = write_card(out, card, weights)
    save_weights(model, Path(out) / f"{name}.weights.h5")
    split = "private" if "private" in splits else "public"
    reports = {
        one: evaluate_emotion_model(splits, path, labels=one, split=split, corruptions=one == readings[0], name=data)
        for one in readings
    }
    figures = {
        **reports.get("fer", reports[readings[0]]),
        "command": f"kslr evaluate emotion DATA --model {name}",
        "public_score": score(answers, public, readings),
    }
    if "ferplus" in reports:
        reports["ferplus"].pop("confusion")  # People read cards: one matrix is enough.
        figures["ferplus"] = {
            **reports["ferplus"],
            "command": f"kslr evaluate emotion DATA --labels ferplus --corruptions --model {name}",
        }
    write_card(out, replace(card, figures=figures), weights)
    return {**reports.get("fer", reports[readings[0]]), "card": str(path)}


def load_start(start: str | Path, recipes: Sequence[EmotionRecipe]) -> "keras.Model":
    """A network with the weights that `save_model` keeps as ``NAME.weights.h5``, to go on from.

    Raises:
        InputError: no such file, or its weights are of other networks.
    """
    networks = [recipe.build(size=SIZE, name=f"network_{i + 1}") for i, recipe in enumerate(recipes)]
    model = average_networks(networks, recipes[0].architecture)
    try:
        model.load_weights(start)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{start} holds no weights of {model.name} with the readings {', '.join(recipes[0].readings)}."
        ) from error
    return model


def assemble_network(runs: Sequence[FitRun], folders: Sequence[Path]) -> "keras.Model":
    """The Keras network that is shipped: the mean of the runs' networks with the weights that each run selected."""
    networks = []
    for i, (run, folder) in enumerate(zip(runs, folders, strict=True)):
        networks.append(run.recipe.build(size=SIZE, name=f"network_{i + 1}"))
        networks[-1].load_weights(folder / run.select().file)
    return average_networks(networks, runs[0].recipe.architecture)


def _describe(runs: Sequence[FitRun], votes: bool, start: str | Path | None) -> str:
    """How the networks were trained, selected and measured, in words."""
    dropped = ", ".join(f"{count} {reason}" for reason, count in runs[0].dropped.items())
    labels = "labels mixed with the FER+ votes" if votes else "labels"
    parts = []
    for run in runs:
        epochs = [str(epoch + 1) for epoch in run.select().epochs]
        kept = f"mean of the weights of epochs {' and '.join(epochs)}" if len(epochs) > 1 else f"epoch {epochs[0]}"
        taught = ", taught by the one before" if run.recipe.taught[0] and run.mixed is None else ""
        kept += f" with {1 - SHARE:.0%} of the weights that the run started from" if run.mixed is not None else ""
        parts.append(f"seed {run.recipe.seed}{taught}, {kept} of {len(run.history)}")
    networks = parts[0] if len(parts) == 1 else f"mean of the probabilities of {len(parts)} networks ({'; '.join(parts)})"
    return (
        f"{runs[0].recipe.architecture}, {networks}, {'from scratch' if start is None else 'from earlier weights'} on FER2013's "
        f"training split ({labels}; dropped: {dropped}), up to {max(runs[0].recipe.corrupted):.0%} of the faces with a camera's "
        "faults; "
        f"readings {' and '.join(runs[0].recipe.readings)}; epochs selected, temperature, bias for rare emotions and threshold "
        "of each reading fitted on PublicTest, PrivateTest measured once, without test-time augmentation unless a figure says so"
    )
