"""Which recordings are trained on and which are tested. A split by signer with a signer on both sides raises an error."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kslr.core.errors import InputError
from kslr.training.datasets import SignData

PROTOCOLS = ("random", "signer", "clip")


@dataclass(frozen=True)
class Split:
    """One division of a data set.

    Attributes:
        name: for reports, such as ``seed 0`` or the signer that is tested.
        train: (n,) rows to learn from.
        test: (m,) rows to measure on.
        seed: of the split and of the training that follows.
    """

    name: str
    train: np.ndarray
    test: np.ndarray
    seed: int = 0


def check_disjoint(train: SignData, test: SignData, by: str = "signer") -> None:
    """Raises:
    InputError: a signer (or source, or clip) is on both sides.
    """
    both = sorted(set(getattr(train, by)) & set(getattr(test, by)))
    if both:
        raise InputError(f"The {by} {both[0]} is on both sides of the split. Split whole {by}s.")


def random_split(data: SignData, test_size: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of train and test, stratified by class; copies (equal `clip`) stay on one side.

    Raises:
        InputError: too few recordings of a class, or a test size out of range.
    """
    from sklearn.model_selection import train_test_split

    if not 0 < test_size < 1:
        raise InputError(f"The test size is a part of the data between 0 and 1, not {test_size}.")
    clips, first = np.unique(data.clip, return_index=True)
    try:
        train, test = train_test_split(clips, test_size=test_size, random_state=seed, stratify=data.label[first])
    except ValueError as error:
        raise InputError(f"{data.name} cannot be split at random ({error}). Record more of each word or test more.") from error
    return np.flatnonzero(np.isin(data.clip, train)), np.flatnonzero(np.isin(data.clip, test))


def leave_one_out(data: SignData, by: str = "signer") -> Iterator[Split]:
    """Splits that test each signer (source, clip) once.

    Raises:
        InputError: there is only one.
    """
    groups = np.unique(getattr(data, by))
    if len(groups) < 2:
        raise InputError(f"{data.name} names one {by} only; leaving one out needs two. Use the random protocol.")
    for group in groups:
        test = getattr(data, by) == group
        split = Split(str(group), np.flatnonzero(~test), np.flatnonzero(test))
        check_disjoint(data[split.train], data[split.test], by)
        yield split


def splits_of(data: SignData, protocol: str, test_size: float = 0.1, seeds: int = 3) -> list[Split]:
    """The splits of a protocol: ``random`` once a seed, else each signer, or each clip of words with several, left out once.

    Raises:
        InputError: no such protocol, or the data cannot be split by it.
    """
    if protocol not in PROTOCOLS:
        raise InputError(f"No protocol is called {protocol!r}. There are {', '.join(PROTOCOLS)}.")
    if seeds < 1:
        raise InputError("At least one seed is needed.")
    if protocol == "random":
        return [Split(f"seed {seed}", *random_split(data, test_size, seed), seed) for seed in range(seeds)]
    if protocol == "signer":
        return list(leave_one_out(data))
    clips_of = [{str(k) for k in data.clip[data.label == c]} for c in range(len(data.names))]
    several = {clip for clips in clips_of if len(clips) > 1 for clip in clips}
    if not several:
        raise InputError(f"{data.name} has one clip of each word only; leaving a clip out leaves nothing to learn it from.")
    return [split for split in leave_one_out(data, "clip") if split.name in several]


def validation_split(data: SignData, rows: np.ndarray, by_signer: bool, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Training rows → rows to train on and rows for early stopping: a tenth at random, or one whole signer."""
    inside = data[rows]
    signers = sorted(set(inside.signer))
    if by_signer and len(signers) > 2:
        held_out = inside.signer == signers[seed % len(signers)]
        return rows[~held_out], rows[held_out]
    train, valid = random_split(inside, 0.1, seed)
    return rows[train], rows[valid]
