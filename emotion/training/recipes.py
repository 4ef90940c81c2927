"""How the emotion networks are fitted: everything that changes a result, in one place."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion.training.augment import Jitter
from emotion.training.networks.architectures import emotion_tower, student_cnn
from kslr.core.errors import InputError

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class EmotionRecipe:
    """How one network is fitted.

    Attributes:
        architecture: a name in `ARCHITECTURES`.
        settings: arguments of the architecture's `build`.
        readings: what the network answers, in the order of its outputs: ``ferplus``, what people see (the votes' shares), and
            ``fer``, FER2013's labels. Both stand on the same features; neither is ever a target of the other.
        corrupted: share of the training faces that a camera's fault is made on (`emotion.training.corruptions`), of each
            cycle; three tenths less while the augmentation is eased.
        emphasis: weight of the reading ``fer`` beside ``ferplus``, of each cycle.
        optimizer: ``sgd`` (Nesterov) or ``adamw``.
        rates: peak learning rate of each cycle. It rises over the share `warm_up` of the cycle and falls to zero along a
            cosine. Here and in `votes` and `taught`, the last number holds for all cycles that follow.
        decay: weight decay, decoupled.
        epochs: length of the run.
        restarts: epochs at which a new cycle begins (Loshchilov & Hutter, SGDR, ICLR 2017).
        eased: (from, to) shares of the run in which the augmentation is weak: the last steps of a cycle, at small learning
            rates, then fit faces as they are met.
        jitter: the strongest augmentation. In the first cycle it grows from the share `gentle` of that.
        sizes: (share of the run, side of the picture) pairs, ascending: small pictures first save most of the time.
            A network that does not take any size needs 48 throughout.
        votes: weight of the FER+ votes in the soft targets of the reading ``fer``; FER's own label has the rest.
        taught: weight of a network's answers in the targets of the reading ``fer`` (Furlanello et al., Born-again
            neural networks, ICML 2018): a teacher's in the first cycle, later its own of the best epoch before the
            cycle, averaged over `views` jittered copies of each face and over all answers asked for before. Such a
            cycle mixes pairs of faces with weights from Beta(`mixup`, `mixup`) (Zhang et al., ICLR 2018) unless the
            augmentation is eased, and measures and keeps the mean of the weights over about the last `averaged`
            epochs (Izmailov et al., UAI 2018).
        self_taught: whether later cycles learn from the network itself too; a teacher's answers alone otherwise.
        measured_from: share of the run from which every epoch is measured on PublicTest; before, every fourth.
        seed: of weights, order and augmentation.
    """

    architecture: str = "emotion_net"
    settings: dict[str, Any] = field(default_factory=dict)
    readings: tuple[str, ...] = ("fer",)
    corrupted: tuple[float, ...] = (0.0,)
    emphasis: tuple[float, ...] = (1.0,)
    optimizer: str = "sgd"
    rates: tuple[float, ...] = (0.1,)
    decay: float = 5e-3
    warm_up: float = 0.1
    batch: int = 128
    epochs: int = 30
    restarts: tuple[int, ...] = ()
    eased: tuple[tuple[float, float], ...] = ()
    jitter: Jitter = field(default_factory=Jitter)
    gentle: float = 0.5
    sizes: tuple[tuple[float, int], ...] = ((0.0, 32), (0.45, 40), (0.8, 48))
    votes: tuple[float, ...] = (0.3,)
    taught: tuple[float, ...] = (0.0,)
    self_taught: bool = True
    views: int = 12
    mixup: float = 0.2
    averaged: float = 4.0
    measured_from: float = 0.6
    seed: int = 0

    def build(self, **settings: Any) -> "keras.Model":
        """The recipe's network with new weights, for pictures of any size where it can be.

        Args:
            settings: override the recipe's own.

        Raises:
            InputError: no such architecture.
        """
        architecture = find_architecture(self.architecture)
        free = {"size": None} if architecture.any_size else {}
        return architecture.build(**{**free, **self.arguments(), **settings})

    def arguments(self) -> dict[str, Any]:
        """The arguments of the architecture's `build` that the recipe decides."""
        return self.settings | ({"readings": len(self.readings)} if len(self.readings) > 1 else {})

    def cycle(self, epoch: float) -> tuple[float, int]:
        """Where an epoch lies: the share (0–1) of its cycle that is over, and the cycle's number from 0.

        >>> recipe = EmotionRecipe(epochs=30, restarts=(14,))
        >>> recipe.cycle(7), recipe.cycle(14), recipe.cycle(22)
        ((0.5, 0), (0.0, 1), (0.5, 1))
        """
        edges = [0, *(edge for edge in self.restarts if edge < self.epochs), self.epochs]
        number = max(i for i, edge in enumerate(edges[:-1]) if edge <= epoch)
        return min(1.0, (epoch - edges[number]) / (edges[number + 1] - edges[number])), number

    def learning_rate(self, epoch: float) -> float:
        """The learning rate at a point of the run, in epochs.

        >>> recipe = EmotionRecipe(rates=(1.0, 0.5), warm_up=0.1, epochs=20, restarts=(10,))
        >>> [round(recipe.learning_rate(epoch), 3) for epoch in (0.5, 1, 10, 11, 20)]
        [0.5, 1.0, 0.01, 0.5, 0.0]
        """
        within, number = self.cycle(epoch)
        peak = of_cycle(self.rates, number)
        if within < self.warm_up:
            return peak * max(within / self.warm_up, 0.02)
        return peak * 0.5 * (1 + float(np.cos(np.pi * (within - self.warm_up) / (1 - self.warm_up))))

    def is_eased(self, epoch: float) -> bool:
        """Whether the augmentation is weak at an epoch after the first cycle's beginning."""
        return any(start <= epoch / self.epochs < end for start, end in self.eased)

    def augmentation(self, epoch: float) -> Jitter:
        """The augmentation of an epoch: growing in the first cycle, full later, weak where it is eased.

        >>> recipe = EmotionRecipe(epochs=10, restarts=(5,), gentle=0.5, eased=((0.9, 1.0),), jitter=Jitter(degrees=10))
        >>> [recipe.augmentation(epoch).degrees for epoch in (2, 6, 9)]
        [7.0, 10.0, 5.0]
        """
        within, number = self.cycle(epoch)
        growing = self.gentle + (1 - self.gentle) * within
        return self.jitter.times(self.gentle if self.is_eased(epoch) else 1.0 if number else growing)

    def size(self, epoch: float) -> int:
        """Side of the training pictures in an epoch, in pixels."""
        return [side for start, side in self.sizes if start <= epoch / self.epochs][-1]


def of_cycle(values: tuple[float, ...], number: int) -> float:
    """The value of a cycle, counted from 0; the last one holds for all that follow.

    >>> [of_cycle((0.5, 0.2), number) for number in (0, 1, 2)]
    [0.5, 0.2, 0.2]
    """
    return values[min(number, len(values) - 1)]


@dataclass(frozen=True)
class Architecture:
    """What can be trained under one name.

    Attributes:
        build: settings, ``size`` and ``name`` → a Keras network.
        recipes: of each network in turn. A network learns from the one before it where its first cycle is taught; what is
            shipped averages all of them.
        any_size: whether the network takes pictures of any size when built with ``size=None``.
        in_torch: whether `emotion.training.networks.steps.TorchSteps` computes this network.
    """

    build: Callable[..., "keras.Model"]
    recipes: tuple[EmotionRecipe, ...]
    any_size: bool = False
    in_torch: bool = False


BOTH = ("ferplus", "fer")

# In all cycles of the towers small pictures come first: they cost less, and faces of 48 pixels are learnt from them sooner.
ARCHITECTURES = {
    "emotion_net": Architecture(
        emotion_tower,
        any_size=True,
        in_torch=True,
        recipes=(
            EmotionRecipe(
                readings=BOTH,
                corrupted=(0.5,),
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
            # Narrower and deeper than the first, so that it errs differently.
            EmotionRecipe(
                settings={"filters": (48, 80, 160, 256), "blocks": (1, 2, 1, 0)},
                readings=BOTH,
                corrupted=(0.5,),
                epochs=160,
                votes=(0.25,),
                taught=(0.4,),
                sizes=((0.0, 32), (0.35, 40), (0.75, 48)),
                measured_from=0.75,
            ),
        ),
    ),
    # S4 names its epochs (106) and ReLU; Adam is its framework's default. This plain network learns too little from strong
    # augmentation and memorises faces without any; a second cycle brings what a longer first one would.
    "student_cnn": Architecture(
        student_cnn,
        recipes=(
            EmotionRecipe(
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
    ),
}


def find_architecture(name: str) -> Architecture:
    """The architecture of a name.

    Raises:
        InputError: there is none.
    """
    if name not in ARCHITECTURES:
        raise InputError(f"No architecture is called {name!r}. There are {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name]
