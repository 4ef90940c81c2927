"""How the emotion networks are fitted: everything that changes a result, in one place."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emotion.training.augment import Jitter
from emotion.training.networks import SECOND


@dataclass(frozen=True)
class Recipe:
    """How a network is fitted.

    Attributes:
        optimizer: ``sgd`` (Nesterov) or ``adamw``.
        rates: peak learning rate of each cycle; it rises over `warm_up` of the cycle and falls to zero along a cosine. Here
            and in `votes` and `taught`, one number a cycle; the last holds for all that follow.
        decay: weight decay, decoupled.
        jitter: augmentation at its strongest; it starts at `gentle` of that and grows over the run.
        sizes: (share of the run from which, picture side) pairs, ascending: small pictures first save most of the time.
            Networks with a fixed input size train at 48 only.
        epochs: length of the run, and of its schedules.
        restarts: epochs at which the schedule of the learning rate begins again (Loshchilov & Hutter, SGDR, ICLR 2017).
        eased: (from, to) pairs, shares of the run in which the augmentation is gentle again: the last steps of a cycle, at
            small learning rates, then fit faces as they are met.
        minutes: instead of epochs: the schedules follow the clock, for a machine that others use as well.
        votes: share of the FER+ votes in the soft targets; FER's own label has the rest.
        taught: part of the targets that a network's answers are (Furlanello et al., Born-again neural networks, ICML 2018):
            a teacher's in the first cycle, later its own of the best epoch before the cycle, averaged over `views` jittered
            copies of each face and over those that were asked for before. In such a cycle, pairs of faces are mixed with
            weights from Beta(`mixup`, `mixup`) (Zhang et al., ICLR 2018) unless the augmentation is eased, and what is
            measured and kept is the mean of the weights over about the last `averaged` epochs (Izmailov et al., UAI 2018).
        measured_from: share of the run from which every epoch is measured on PublicTest; before, every fourth.
        seed: of weights, order and augmentation.
    """

    architecture: str = "emotion_tower"
    settings: dict[str, Any] = field(default_factory=dict)
    optimizer: str = "sgd"
    rates: tuple[float, ...] = (0.1,)
    decay: float = 5e-3
    warm_up: float = 0.1
    batch: int = 128
    epochs: int = 30
    restarts: tuple[int, ...] = ()
    eased: tuple[tuple[float, float], ...] = ()
    minutes: float | None = None
    jitter: Jitter = field(default_factory=Jitter)
    gentle: float = 0.5
    sizes: tuple[tuple[float, int], ...] = ((0.0, 32), (0.45, 40), (0.8, 48))
    votes: tuple[float, ...] = (0.3,)
    taught: tuple[float, ...] = (0.0,)
    views: int = 12
    mixup: float = 0.2
    averaged: float = 4.0
    measured_from: float = 0.6
    seed: int = 0


# How each network of an architecture is fitted, in turn; each learns from the answers of the one before it, if it is taught
# in its first cycle. In all cycles of the towers small pictures come first: they cost less, and faces of 48 pixels are
# learnt from them sooner.
RECIPES = {
    "emotion_net": (
        Recipe(
            epochs=240,
            restarts=(51, 90, 154, 197),
            rates=(0.1, 0.05, 0.05, 0.05, 0.03),
            eased=((0.5896, 0.6396), (0.8021, 0.8187), (0.9812, 1.0)),
            votes=(0.5, 0.5, 0.5, 0.5, 0.2),
            taught=(0.0, 0.0, 0.0, 0.5, 0.3),
            sizes=(
                *((0.0, 32), (0.1271, 40), (0.1855, 48), (0.2104, 40), (0.3313, 48), (0.373, 40)),
                *((0.5771, 48), (0.6396, 40), (0.7229, 48), (0.8188, 40), (0.9354, 48)),
            ),
            measured_from=0.966,
        ),
        Recipe(
            settings=dict(SECOND),
            epochs=160,
            votes=(0.25,),
            taught=(0.4,),
            sizes=((0.0, 32), (0.35, 40), (0.75, 48)),
            measured_from=0.75,
        ),
    ),
    # S4 names its epochs (106) and ReLU; Adam is its framework's default choice. This plain network learns too little from
    # strong augmentation and too much by heart from none, and a second cycle brings what a longer first one would.
    "student_cnn": (
        Recipe(
            "student_cnn",
            settings={"dropout": 0.35},
            optimizer="adamw",
            rates=(1e-3,),
            decay=1e-4,
            epochs=30,
            restarts=(14,),
            jitter=Jitter(degrees=8.0, scale=0.08, shift=0.05, cutout=0.0, contrast=0.1),
            sizes=((0.0, 48),),
            votes=(0.0,),
            measured_from=0.0,
        ),
    ),
}


def of_cycle(values: tuple[float, ...], number: int) -> float:
    """What holds in a cycle, counted from 0.

    >>> [of_cycle((0.5, 0.2), number) for number in (0, 1, 2)]
    [0.5, 0.2, 0.2]
    """
    return values[min(number, len(values) - 1)]


def learning_rate(recipe: Recipe, within: float, number: int = 0) -> float:
    """The learning rate after a share (0–1) of a cycle.

    >>> recipe = Recipe(rates=(1.0, 0.5), warm_up=0.1)
    >>> [round(learning_rate(recipe, within), 3) for within in (0.05, 0.1, 1.0)]
    [0.5, 1.0, 0.0]
    >>> learning_rate(recipe, 0.1, 1)
    0.5
    """
    peak = of_cycle(recipe.rates, number)
    if within < recipe.warm_up:
        return peak * max(within / recipe.warm_up, 0.02)
    return peak * 0.5 * (1 + float(np.cos(np.pi * (within - recipe.warm_up) / (1 - recipe.warm_up))))


def cycle(recipe: Recipe, epoch: float) -> tuple[float, int]:
    """Where an epoch lies: the share (0–1) of its cycle that is over, and the cycle's number from 0.

    >>> recipe = Recipe(epochs=30, restarts=(14,))
    >>> cycle(recipe, 7), cycle(recipe, 14), cycle(recipe, 22)
    ((0.5, 0), (0.0, 1), (0.5, 1))
    """
    edges = [0, *(edge for edge in recipe.restarts if edge < recipe.epochs), recipe.epochs]
    number = max(i for i, edge in enumerate(edges[:-1]) if edge <= epoch)
    return min(1.0, (epoch - edges[number]) / (edges[number + 1] - edges[number])), number


def is_eased(recipe: Recipe, share: float) -> bool:
    """Whether the augmentation is gentle after a share (0–1) of the run."""
    return any(start <= share < end for start, end in recipe.eased)


def strength(recipe: Recipe, share: float, within: float, number: int) -> float:
    """How strong the augmentation is, 0–1.

    Args:
        share: of the run that is over, 0–1.
        within: share of its cycle that is over, 0–1.
        number: of the cycle, from 0: in the first the augmentation grows.

    >>> recipe = Recipe(gentle=0.5, eased=((0.9, 1.0),))
    >>> strength(recipe, 0.2, 0.4, 0), strength(recipe, 0.6, 0.4, 1), strength(recipe, 0.95, 0.9, 1)
    (0.7, 1.0, 0.5)
    """
    if is_eased(recipe, share):
        return recipe.gentle
    return 1.0 if number else recipe.gentle + (1 - recipe.gentle) * within
