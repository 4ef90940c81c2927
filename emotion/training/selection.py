"""What PublicTest decides of a training run: which of its weights are taken, and how their answers are calibrated."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from emotion.faces import EMOTIONS
from emotion.training.datasets import FaceData
from emotion.training.networks.architectures import predict
from emotion.training.recipes import EmotionRecipe
from emotion.training.targets import majority
from kslr.core.calibration import apply_temperature, fit_rare_bias, fit_temperature, risk_coverage, top_answers
from kslr.core.errors import InputError
from kslr.core.files import write_file

if TYPE_CHECKING:
    import keras

RECORD = "training.json"
# The weights after the last epoch, of the best epoch, and their mean over the last epochs.
LAST, BEST, MEAN = "last.weights.h5", "best.weights.h5", "mean.weights.h5"
# Of the answers above the threshold; on PublicTest, where it is chosen, a little more than is promised.
KEPT_ACCURACY, MARGIN = 0.85, 0.01
# The mean weights early in a cycle, and their mean with the best ones.
EARLY, BLEND = "early.weights.h5", "blend.weights.h5"
# The weights that were taken, mixed with those that the run started from, and their share.
MIXED, SHARE = "mixed.weights.h5", 0.8

Number = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10**12)]


@dataclass(frozen=True)
class Epoch:
    """One epoch of a run.

    Attributes:
        loss: mean of the training batches.
        size: side of the pictures in pixels.
        seconds: of training since the run began, pauses excluded.
        public: `score` on PublicTest (0–1); None where it was not measured.
    """

    loss: Number
    size: Count
    seconds: Number
    public: Number | None = None


class Selection(NamedTuple):
    """Which weights of a run are taken.

    Attributes:
        file: their name in the run's folder.
        epochs: from 0, whose weights they are the mean of.
        public: their `score` on PublicTest (0–1).
    """

    file: str
    epochs: tuple[int, ...]
    public: float | None


@dataclass(frozen=True)
class FitRun:
    """What is known of a run; `RECORD` in its folder is the same as JSON.

    Attributes:
        recipe: how it is fitted.
        dropped: reason → training faces that were left out.
        history: its epochs so far.
        early: the epoch whose weights `EARLY` holds.
        blended: PublicTest's `score` of `BLEND`, where that is taken.
        last: whether the last mean weights are taken.
        mixed: PublicTest's `score` of `MIXED`, which is taken where a run started from trained weights.
    """

    recipe: EmotionRecipe
    dropped: dict[str, Count]
    history: tuple[Epoch, ...] = ()
    early: Count | None = None
    blended: Number | None = None
    last: bool = False
    mixed: Number | None = None

    def select(self) -> Selection:
        """The weights that are taken; of equally good epochs the latest.

        Raises:
            InputError: no epoch was finished.

        >>> epochs = tuple(Epoch(1.0, 48, 1.0, public) for public in (None, 0.6, 0.5))
        >>> FitRun(EmotionRecipe(), {}, epochs).select()
        Selection(file='best.weights.h5', epochs=(1,), public=0.6)
        """
        if not self.history:
            raise InputError("no epoch was finished")
        if self.mixed is not None:
            return Selection(MIXED, replace(self, mixed=None).select().epochs, self.mixed)
        if self.last:
            return Selection(MEAN, (len(self.history) - 1,), self.history[-1].public)
        best = max(range(len(self.history)), key=lambda i: (self.history[i].public or 0.0, i))
        if self.blended is not None and self.early is not None:
            return Selection(BLEND, (self.early, best), self.blended)
        return Selection(BEST, (best,), self.history[best].public)

    def has_recipe(self, recipe: EmotionRecipe) -> bool:
        """Whether the run is fitted by this recipe; in JSON, where tuples and lists are the same."""
        return _RECIPE.dump_json(self.recipe) == _RECIPE.dump_json(recipe)


_RECIPE, _RUN = TypeAdapter(EmotionRecipe), TypeAdapter(FitRun)


def write_run(folder: Path, run: FitRun) -> FitRun:
    """Writes the record of a run in one step, and returns the run."""
    write_file(folder / RECORD, _RUN.dump_json(run, indent=1))
    return run


def read_run(folder: Path) -> FitRun:
    """Reads the record of a run that finished an epoch.

    Raises:
        InputError: there is none, or it is not one.
    """
    try:
        run = _RUN.validate_json((folder / RECORD).read_bytes())
        run.select()
    except (OSError, ValueError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise InputError(f"{folder / RECORD} cannot be read ({reason}). Train first, or again without --resume.") from error
    return run


def save_weights(model: "keras.Model", path: Path) -> None:
    """Saves weights in one step: a kill leaves the old file or the new one."""
    new = path.with_name(f"new.{path.name}")
    model.save_weights(new)
    os.replace(new, path)


def score(answers: np.ndarray, faces: FaceData, readings: Sequence[str]) -> float:
    """How right answers are: the accuracy of each reading against its own labels, averaged.

    Args:
        answers: (n, readings · 7) probabilities.
        readings: of `EmotionRecipe.readings`; ``ferplus`` is measured on the faces that have a majority.

    >>> faces = FaceData(np.zeros((2, 48, 48), np.uint8), np.array([0, 3]))
    >>> score(np.eye(7)[[0, 6]], faces, ("fer",))
    0.5
    """
    accuracies = []
    for row, reading in zip(answers.reshape(len(answers), len(readings), -1).swapaxes(0, 1), readings, strict=True):
        right = majority(faces.votes) if reading == "ferplus" and faces.votes is not None else faces.labels
        accuracies.append((row.argmax(axis=1) == right)[right >= 0].mean() if (right >= 0).any() else 0.0)
    return float(np.mean(accuracies))


def blend_weights(model: "keras.Model", folder: Path, run: FitRun, public: FaceData) -> FitRun:
    """Takes the mean of the best and the early weights, if PublicTest has it better.

    Both began from the same network and strayed from it differently (Wortsman et al., Model soups, ICML 2022).
    """
    chosen = run.select()
    if run.early is None or chosen.file != BEST or chosen.epochs == (run.early,):
        return run
    weights = []
    for name in (BEST, EARLY):
        model.load_weights(folder / name)
        weights.append([np.array(weight) for weight in model.get_weights()])
    model.set_weights([(one + other) / 2 for one, other in zip(*weights, strict=True)])
    blended = score(predict(model, public.images), public, run.recipe.readings)
    if blended <= (chosen.public or 0.0):
        return run
    save_weights(model, folder / BLEND)
    return write_run(folder, replace(run, blended=blended))


def prefer_last(model: "keras.Model", answers: np.ndarray, folder: Path, run: FitRun, public: FaceData) -> FitRun:
    """Takes the last mean weights, if PublicTest has them better beside the teacher's answers: the mean of both is shipped.

    Args:
        answers: (n, readings · 7) of the teacher to PublicTest.
    """
    if run.last or not (folder / MEAN).is_file():
        return run
    right = []
    for file in (run.select().file, MEAN):
        model.load_weights(folder / file)
        right.append(score(answers + predict(model, public.images), public, run.recipe.readings))
    return write_run(folder, replace(run, last=True)) if right[1] > right[0] else run


def mix_start(
    model: "keras.Model", start: Sequence[np.ndarray], folder: Path, run: FitRun, images: np.ndarray, public: FaceData
) -> FitRun:
    """Mixes the taken weights with those that the run started from, so that what the start knew is kept.

    Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022. The statistics of the normalisation are made anew.

    Args:
        start: the weights before the run; `SHARE` of the new ones are taken.
        images: (n, 48, 48) uint8 training faces for the statistics.
    """
    model.load_weights(folder / run.select().file)
    weights = zip(model.get_weights(), start, strict=True)
    model.set_weights([SHARE * new + (1 - SHARE) * old for new, old in weights])
    rows = np.random.default_rng(0).permutation(len(images))[:1536]
    for batch in np.array_split(rows, max(1, len(rows) // 256)) * 4:
        model(images[batch], training=True)
    save_weights(model, folder / MIXED)
    return write_run(folder, replace(run, mixed=score(predict(model, public.images), public, run.recipe.readings)))


def calibrate_readings(answers: np.ndarray, public: FaceData, readings: Sequence[str]) -> dict[str, float]:
    """`fit_calibration` of each reading against its own labels; names of all but the first reading begin with the reading's."""
    values: dict[str, float] = {}
    for i, reading in enumerate(readings):
        right = public.labels if reading == "fer" or public.votes is None else majority(public.votes)
        rows = answers[right >= 0, i * len(EMOTIONS) : (i + 1) * len(EMOTIONS)]
        fitted = fit_calibration(rows, right[right >= 0])
        values |= {name if i == 0 else f"{reading}_{name}": value for name, value in fitted.items()}
    return values


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
