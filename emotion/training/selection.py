"""The record of a training run, and which of its weights are taken: those that PublicTest has best."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from emotion.training.datasets import FaceData
from emotion.training.networks import predict
from emotion.training.recipes import EmotionRecipe
from kslr.core.errors import InputError
from kslr.core.files import write_file

if TYPE_CHECKING:
    import keras

RECORD = "training.json"
# The weights after the last epoch, of the best epoch, and their mean over the last epochs.
LAST, BEST, MEAN = "last.weights.h5", "best.weights.h5", "mean.weights.h5"
# The mean weights early in a cycle, and their mean with the best ones.
EARLY, BLEND = "early.weights.h5", "blend.weights.h5"

Number = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10**12)]


@dataclass(frozen=True)
class Epoch:
    """One epoch of a run.

    Attributes:
        loss: mean of the training batches.
        size: side of the pictures in pixels.
        seconds: of training since the run began, pauses excluded.
        public: accuracy on PublicTest (0–1); None where it was not measured.
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
        public: their accuracy on PublicTest (0–1).
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
        blended: PublicTest's accuracy of `BLEND`, where that is taken.
        last: whether the last mean weights are taken.
    """

    recipe: EmotionRecipe
    dropped: dict[str, Count]
    history: tuple[Epoch, ...] = ()
    early: Count | None = None
    blended: Number | None = None
    last: bool = False

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


def accuracy(model: "keras.Model", faces: FaceData) -> float:
    """Share of the faces that a network answers rightly."""
    return float((predict(model, faces.images).argmax(axis=1) == faces.labels).mean())


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
    blended = accuracy(model, public)
    if blended <= (chosen.public or 0.0):
        return run
    save_weights(model, folder / BLEND)
    return write_run(folder, replace(run, blended=blended))


def prefer_last(model: "keras.Model", answers: np.ndarray, folder: Path, run: FitRun, public: FaceData) -> FitRun:
    """Takes the last mean weights, if PublicTest has them better beside the teacher's answers: the mean of both is shipped.

    Args:
        answers: (n, 7) of the teacher to PublicTest.
    """
    if run.last or not (folder / MEAN).is_file():
        return run
    right = []
    for file in (run.select().file, MEAN):
        model.load_weights(folder / file)
        right.append(((answers + predict(model, public.images)).argmax(axis=1) == public.labels).mean())
    return write_run(folder, replace(run, last=True)) if right[1] > right[0] else run
