"""Batches of recordings for training across signers: balanced over signs, signers and sources, and augmented."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kslr.training.encoder.augmentation import SignerStrength, augment_signers
from kslr.training.encoder.rest import hand_shapes

EACH = 4  # recordings of a class in a batch


@dataclass(frozen=True)
class SignerData:
    """Recordings by many signers.

    Attributes:
        points: (n, 30, 51, 3) float32, absent parts NaN.
        label: (n,) int; a class is a sign of a language by all its signers.
        signer: (n,) str.
        source: (n,) str, which recorder or data set.
        gloss: (classes,) str, the word of a class; equal ones are neither drawn together nor pushed apart.
    """

    points: np.ndarray
    label: np.ndarray
    signer: np.ndarray
    source: np.ndarray
    gloss: np.ndarray

    def alike(self) -> np.ndarray:
        """(classes, classes) bool: other classes with the same gloss."""
        return (self.gloss[:, None] == self.gloss[None]) & ~np.eye(len(self.gloss), dtype=bool)

    def neighbours(self) -> np.ndarray:
        """(classes, classes) bool: both classes are in one source."""
        names, source = np.unique(self.source, return_inverse=True)
        has = np.zeros((len(self.gloss), len(names)), np.float32)
        has[self.label, source] = 1
        return has @ has.T > 0


@dataclass(frozen=True)
class EncoderRecipe:
    """How the encoder is trained across signers.

    Attributes:
        steps: number of batches.
        minutes: longest time; the learning rate falls with whichever of steps and minutes is nearer its end.
        classes: of a batch, with `EACH` recordings of each.
        rate: highest learning rate of AdamW; it rises for `warm` steps and falls along a cosine.
        decay: weight decay; clip: maximum length of a gradient.
        scale: factor of the cosines to the proxies; margin: what the right class must be nearer, after 1000 steps.
        centres: proxies of a class; a sign has variants.
        own, together: weights of the second and the third loss; sharpness: factor of the cosines of the third.
        augment: strengths of the augmentation.
        numbers: constructor arguments of `sign_encoder` as (name, value) pairs.
    """

    steps: int = 4200
    minutes: float = float("inf")
    classes: int = 64
    rate: float = 2e-3
    decay: float = 0.05
    warm: int = 300
    clip: float = 1.0
    scale: float = 20.0
    margin: float = 0.1
    centres: int = 2
    own: float = 0.5
    together: float = 0.5
    sharpness: float = 10.0
    augment: SignerStrength = field(default_factory=SignerStrength)
    numbers: tuple[tuple[str, Any], ...] = ()


class Sampler:
    """Rows of balanced batches: `EACH` recordings a class, by other signers where there are.

    Half of the classes are drawn at large, more often the more recordings and signers they have; the others ten at a
    time from one source, so that a batch holds signs by the same people that are hard to tell apart.
    """

    def __init__(self, data: SignerData, classes: int, seed: int) -> None:
        self._generator, self._classes = np.random.default_rng(seed), classes
        self._rows = []
        for c in range(len(data.gloss)):
            own = np.flatnonzero(data.label == c)
            self._rows.append([own[data.signer[own] == s] for s in np.unique(data.signer[own])])
        sizes = np.array([sum(map(len, rows)) for rows in self._rows])
        signers = np.array([len(rows) for rows in self._rows])
        weight = sizes**0.5 * np.minimum(signers, 9) ** 0.35
        self._weight = weight / weight.sum()
        found = {s: np.unique(data.label[data.source == s]) for s in np.unique(data.source)}
        self._sources = [found[s] for s in sorted(found) if len(found[s]) >= 6]
        shares = np.array([self._weight[c].sum() for c in self._sources])
        self._shares = shares / shares.sum()

    def __call__(self) -> np.ndarray:
        """(classes · EACH,) rows of a new batch."""
        g = self._generator
        chosen = set(g.choice(len(self._weight), self._classes // 2, replace=False, p=self._weight).tolist())
        while len(chosen) < self._classes:
            own = self._sources[g.choice(len(self._sources), p=self._shares)]
            weight = self._weight[own] / self._weight[own].sum()
            chosen |= set(g.choice(own, min(10, len(own)), replace=False, p=weight).tolist())
        out = []
        for c in list(chosen)[: self._classes]:
            signers = self._rows[c]
            order = g.permutation(len(signers))
            out += [g.choice(signers[order[k % len(signers)]]) for k in range(EACH)]
        return np.array(out)


def batches(data: SignerData, recipe: EncoderRecipe, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Augmented batches without end: (n, 30, 51, 3) float32, absent parts zeros, and the rows of the recordings."""
    order = np.random.default_rng(1).permutation(len(data.points))
    shapes = hand_shapes(data.points[order[:8000]])
    sampler, generator = Sampler(data, recipe.classes, seed), np.random.default_rng(seed + 1)
    while True:
        rows = sampler()
        x = np.nan_to_num(augment_signers(data.points[rows], generator, recipe.augment, shapes))
        yield x.clip(-6, 8).astype(np.float32), rows
