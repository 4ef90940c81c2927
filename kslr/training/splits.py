"""Who is trained on and who is tested. A split by signer with a signer on both sides raises."""

from collections.abc import Iterator

import numpy as np

from kslr.core.errors import InputError
from kslr.training.datasets import SignData


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


def groups_out(data: SignData, by: str = "signer") -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Leave one signer (source, clip) out: its name, the rows of train and of test, each group once.

    Raises:
        InputError: there is one group only.
    """
    groups = np.unique(getattr(data, by))
    if len(groups) < 2:
        raise InputError(f"{data.name} names one {by} only; leaving one out needs two. Use the random protocol.")
    for group in groups:
        test = getattr(data, by) == group
        train, test = np.flatnonzero(~test), np.flatnonzero(test)
        check_disjoint(data[train], data[test], by)
        yield str(group), train, test
