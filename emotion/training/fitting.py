"""Fits an emotion network, with checkpoints to resume from.

Needs Keras (any backend: ``KERAS_BACKEND=tensorflow`` or ``torch``).
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from emotion.faces import EMOTIONS
from emotion.training import selection
from emotion.training.augment import augment_faces, mix_faces
from emotion.training.corruptions import corrupt_faces
from emotion.training.datasets import FaceData, clean_training_split
from emotion.training.networks.architectures import predict
from emotion.training.networks.steps import TrainingSteps, WeightMean, choose_steps
from emotion.training.recipes import EmotionRecipe, find_architecture, of_cycle
from emotion.training.selection import Epoch, FitRun
from emotion.training.targets import answer_views, load_answers, save_answers, soft_targets, vote_targets
from kslr.core.errors import InputError

if TYPE_CHECKING:
    import keras

Progress = Callable[[str, float], None]
Answer = Callable[[np.ndarray], np.ndarray]
# The answers that are learnt from an epoch on.
ANSWERS = "answers-{}.npz"


def fit(
    splits: dict[str, FaceData],
    folder: str | Path,
    recipe: EmotionRecipe,
    resume: bool = False,
    progress: Progress | None = None,
    teacher: Answer | None = None,
    start: Sequence[np.ndarray] | None = None,
) -> "keras.Model":
    """Trains on the training split and returns the network with the weights that `emotion.training.selection` takes.

    After every epoch the folder holds the last and the best weights and the record of the run, so that a killed run goes
    on with ``resume``: same order, same augmentation.

    Args:
        splits: of `emotion.training.datasets.load_faces`; needs train and public.
        folder: for checkpoints; made when missing.
        recipe: how.
        progress: called with (text, share of the run done 0–1) after each epoch.
        teacher: (n, 48, 48) uint8 → (n, readings · 7) probabilities: another network, whose answers are learnt in the first
            cycle.
        start: the weights to begin from, in the order of ``get_weights``; random ones when None.

    Raises:
        InputError: no PublicTest to select on, an unknown architecture, or a checkpoint of another recipe.
        ValueError: the recipe's first cycle is taught and there is no teacher.
    """
    import keras

    if "ferplus" in recipe.readings and any(faces.votes is None for faces in splits.values()):
        raise InputError("The reading of what people see needs FER+'s votes. Put fer2013new.csv beside fer2013.csv.")
    if "public" not in splits:
        raise InputError("The data has no PublicTest (validation) split to select on. Add public/emotion/picture.")
    find_architecture(recipe.architecture)
    if recipe.taught[0] and teacher is None:
        raise ValueError("A network has no answers of its own before the first cycle: taught begins with 0, or with a teacher.")
    folder, public = Path(folder), splits["public"]
    train, dropped = clean_training_split(splits)
    keras.utils.set_random_seed(recipe.seed)
    fitting = _Fitting(recipe.build(), folder, train, recipe, FitRun(recipe, dropped), progress, teacher)
    if start is not None:
        fitting.model.set_weights(start)
    if resume and (folder / selection.RECORD).is_file():
        fitting.resume()
    else:
        for stale in folder.glob(ANSWERS.format("*")):
            stale.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    run = fitting.train(public)
    model = fitting.model
    run = selection.blend_weights(model, folder, run, public)
    if teacher:
        run = selection.prefer_last(model, teacher(public.images), folder, run, public)
    if start is not None:
        run = selection.mix_start(model, start, folder, run, train.images, public)
    model.load_weights(folder / run.select().file)
    return model


@dataclass
class _Fitting:
    """A run as it goes on."""

    model: "keras.Model"
    folder: Path
    faces: FaceData
    recipe: EmotionRecipe
    run: FitRun
    progress: Progress | None
    teacher: Answer | None
    mean: WeightMean | None = None
    targets: np.ndarray = field(default_factory=lambda: np.zeros((0, len(EMOTIONS)), np.float32))

    def resume(self) -> None:
        """Goes on from the folder's checkpoint.

        Raises:
            InputError: it cannot be read, or is of another recipe.
        """
        run = selection.read_run(self.folder)
        if not run.has_recipe(self.recipe):
            raise InputError(f"{self.folder} holds a run of another recipe. Choose another folder, or start without --resume.")
        self.run = run
        self.model.load_weights(self.folder / selection.LAST)

    def train(self, public: FaceData) -> FitRun:
        """Trains the epochs that are left."""
        recipe, steps = self.recipe, choose_steps(self.model, self.recipe)
        begun = monotonic() - (self.run.history[-1].seconds if self.run.history else 0.0)
        for epoch in range(len(self.run.history), recipe.epochs):
            within, number = recipe.cycle(epoch)
            begins = epoch > 0 and within == 0.0
            if begins or not len(self.targets):
                self._prepare_cycle(epoch, begins)
            loss = self._train_epoch(steps, epoch)
            self.model.set_weights(steps.weights())
            # Early figures choose nothing; measuring them all would cost a twentieth of the run.
            measured = epoch % 4 == 3 or (epoch + 1) / recipe.epochs >= recipe.measured_from
            early = number > 0 and self.mean and measured and recipe.cycle(epoch + 1)[0] <= recipe.warm_up
            done = Epoch(loss, recipe.size(epoch), monotonic() - begun)
            self._checkpoint(done, public if measured else None, bool(early))
            reached = self.run.history[-1].public
            self._tell(
                f"epoch {epoch + 1}: loss {loss:.3f}" + (f", PublicTest {reached:.1%}" if reached is not None else ""), epoch + 1
            )
        return self.run

    def _prepare_cycle(self, epoch: int, begins: bool) -> None:
        """Targets, and the mean of the weights where answers are learnt; `begins` is False in a cycle that is resumed."""
        recipe, number = self.recipe, self.recipe.cycle(epoch)[1]
        taught = of_cycle(recipe.taught, number)
        labelled, self.mean = soft_targets(self.faces.labels, self.faces.votes, of_cycle(recipe.votes, number)), None
        if taught:
            labelled = ((1 - taught) * labelled + taught * self._answers(epoch)).astype(np.float32)
        labelled = labelled * np.float32(of_cycle(recipe.emphasis, number))
        targets = {"fer": labelled} | ({"ferplus": vote_targets(self.faces.votes)} if self.faces.votes is not None else {})
        self.targets = np.concatenate([targets[reading] for reading in recipe.readings], axis=1)
        if taught:
            self.mean = WeightMean(self.model, None if begins or epoch == 0 else self.folder / selection.MEAN)
        if begins:
            self.run = replace(self.run, early=None)

    def _answers(self, epoch: int) -> np.ndarray:
        """The mean of the answers to training faces: the teacher's, and those of the best epochs before each taught cycle."""
        recipe, images, starts = self.recipe, self.faces.images, (0, *self.recipe.restarts)
        begun = [start for i, start in enumerate(starts) if start <= epoch and of_cycle(recipe.taught, i)]
        begun = begun if recipe.self_taught else begun[:1]
        path = self.folder / ANSWERS.format(epoch)
        if epoch in begun and not path.is_file():
            network = self.teacher if epoch == 0 and self.teacher else partial(predict, self.model)
            labelled = np.array(recipe.readings).repeat(len(EMOTIONS)) == "fer"

            def answer(faces: np.ndarray) -> np.ndarray:
                return network(faces)[:, labelled]

            if epoch:
                self.model.load_weights(self.folder / selection.BEST)
            save_answers(path, answer_views(answer, recipe, images, lambda text: self._tell(text, epoch)))
            if epoch:
                self.model.load_weights(self.folder / selection.LAST)
        return np.mean(
            [load_answers(self.folder / ANSWERS.format(start), len(images)) for start in begun], axis=0, dtype=np.float32
        )

    def _train_epoch(self, steps: TrainingSteps, epoch: int) -> float:
        """Trains on every face once, in an order and with an augmentation that only the epoch decides; returns the mean loss."""
        recipe, generator = self.recipe, np.random.default_rng([self.recipe.seed, epoch])
        order = generator.permutation(len(self.faces))
        size, jitter = recipe.size(epoch), recipe.augmentation(epoch)
        batch = min(recipe.batch, len(order))
        count = len(order) // batch
        losses = []
        for step in range(count):
            rows = order[step * batch : (step + 1) * batch]
            images, targets = self.faces.images[rows], self.targets[rows]
            if share := of_cycle(recipe.corrupted, recipe.cycle(epoch)[1]):
                images = corrupt_faces(images, share * (0.7 if recipe.is_eased(epoch) else 1.0), generator)
            images = augment_faces(images, jitter, generator, size)
            if self.mean and recipe.mixup and not recipe.is_eased(epoch):
                images, targets = mix_faces(images, targets, recipe.mixup, generator)
            losses.append(steps(images, targets, recipe.learning_rate(epoch + step / count)))
            if self.mean and step % WeightMean.EVERY == 0:
                self.mean.add(steps.weights(), WeightMean.EVERY / (recipe.averaged * count))
        return float(np.mean(losses))

    def _checkpoint(self, epoch: Epoch, public: FaceData | None, early: bool) -> None:
        """Measures, and saves last, mean, best and the record, the record last: a kill between them costs an epoch at most."""
        selection.save_weights(self.model, self.folder / selection.LAST)
        with self.mean or nullcontext():
            if self.mean:
                selection.save_weights(self.model, self.folder / selection.MEAN)
            if public is not None:
                answers = predict(self.model, public.images)
                epoch = replace(epoch, public=selection.score(answers, public, self.recipe.readings))
            number = len(self.run.history)
            self.run = replace(self.run, history=(*self.run.history, epoch), early=number if early else self.run.early)
            if early:
                selection.save_weights(self.model, self.folder / selection.EARLY)
            if self.run.select().epochs == (number,):
                selection.save_weights(self.model, self.folder / selection.BEST)
        selection.write_run(self.folder, self.run)

    def _tell(self, text: str, epochs: int) -> None:
        if self.progress:
            self.progress(text, epochs / self.recipe.epochs)
