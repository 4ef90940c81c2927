"""Trains the encoder (`kslr_encoder`) to tell signs apart within every recorder's own vocabulary.

The packs hold many small vocabularies, each by one recorder with one camera. A softmax over all classes would learn to
tell recorders apart, so a recording competes with the classes of its own source only (and, with a small weight, with all).
Held-out sources are in no training part, so neither recorder nor vocabulary is known at the test.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kslr.points import COUNT, select_points
from kslr.training.datasets import load_pack
from kslr.training.fitting import Progress, augmented_batches, build_optimizer, report_epochs
from kslr.training.packs import pack_names, read_pack
from kslr.training.recipes import SignRecipe

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class SourceData:
    """Recordings of many recorders.

    Attributes:
        points: (n, 30, 86, 3) float32, absent parts NaN.
        label: (n,) int over (source, word) pairs.
        source: (n,) str; a recording competes with the classes of its source.
        word: (n,) str, as the source names it.
    """

    points: np.ndarray
    label: np.ndarray
    source: np.ndarray
    word: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> "SourceData":
        """Some rows (indices or a mask); labels are numbered anew."""
        label = np.unique(self.label[rows], return_inverse=True)[1]
        return SourceData(self.points[rows], label, self.source[rows], self.word[rows])


def read_sources(names: Sequence[str], packs: str | Path | None = None) -> SourceData:
    """The packs' recordings as points; a class is a source with one of its own words."""
    points, source, word = [], [], []
    for name in [n for n in names if n in pack_names(packs)]:
        data = load_pack(name, packs)
        own = read_pack(name, packs)["original_label"] if name == "ksl30_by_meaning" else np.array(data.names)[data.label]
        points.append(select_points(data.x))
        source.append(data.source)
        word.append(own)
    all_source, all_word = np.concatenate(source), np.concatenate(word)
    keys = np.char.add(np.char.add(all_source, "|"), all_word)
    return SourceData(np.concatenate(points), np.unique(keys, return_inverse=True)[1], all_source, all_word)


def choose_held_out(data: SourceData, count: int = 6, classes: int = 10, seed: int = 0) -> list[str]:
    """Sources to test on: `count` of those with at least `classes` words, chosen by seed."""
    counts = {s: len(set(data.word[data.source == s])) for s in np.unique(data.source)}
    several = {s for s in counts if counts[s] >= classes and (data.source == s).sum() < 1000}
    return [str(s) for s in np.random.default_rng(seed).permutation(sorted(several))[:count]]


def pretrain(
    data: SourceData,
    recipe: SignRecipe,
    seed: int = 0,
    weight_of_all: float = 0.2,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> "keras.Model":
    """Trains the encoder.

    Args:
        data: without the held-out sources.
        recipe: with `augment`; its numbers are constructor arguments of the encoder.
        weight_of_all: weight of the loss over the classes of all sources.
        checkpoint: file that gets the weights after every epoch.

    Returns:
        The encoder: (frames, 258) points, absent zeros → embedding.
    """
    import keras
    from keras import constraints, layers, ops

    from kslr.training.networks.encoder import kslr_encoder

    keras.utils.set_random_seed(seed)
    classes = int(data.label.max()) + 1
    encoder = kslr_encoder(data.points.shape[1], **dict(recipe.numbers))
    inputs = keras.Input((data.points.shape[1], COUNT * 3))
    logits = layers.Dense(classes, use_bias=False, kernel_constraint=constraints.UnitNorm(axis=0))(encoder(inputs)) * 16.0
    model = keras.Model(inputs, logits)
    _, source = np.unique(data.source, return_inverse=True)
    source_of = np.zeros(classes, int)
    source_of[data.label] = source
    elsewhere = np.where(source_of[:, None] == source_of[None], 0.0, -1e4).astype(np.float32)

    def loss(target: Any, predicted: Any) -> Any:
        own = predicted + ops.matmul(target, elsewhere)
        return _cross_entropy(target, own) + weight_of_all * _cross_entropy(target, predicted)

    def accuracy(target: Any, predicted: Any) -> Any:
        own = predicted + ops.matmul(target, elsewhere)
        return ops.cast(ops.equal(ops.argmax(own, axis=-1), ops.argmax(target, axis=-1)), "float32")

    batches = augmented_batches(data.points, np.eye(classes, dtype=np.float32)[data.label], recipe, seed)
    optimizer = build_optimizer(recipe, len(batches))
    model.compile(optimizer, loss, metrics=[accuracy])
    callbacks: list[Any] = [report_epochs(progress, recipe.epochs)] if progress else []
    if checkpoint:
        callbacks.append(keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: encoder.save_weights(checkpoint)))
    model.fit(batches, epochs=recipe.epochs, callbacks=callbacks, verbose=0)
    optimizer.finalize_variable_values(model.trainable_variables)
    return encoder


def _cross_entropy(target: Any, logits: Any) -> Any:
    from keras import ops

    return -ops.sum(target * ops.log_softmax(logits, axis=-1), axis=-1)
