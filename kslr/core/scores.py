"""Figures of every report, from arrays of right and predicted labels."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

FEW = 4  # fewer samples have no percentage
FEW_DIFFERENCES = 10  # groups in which two models differ, below which a bootstrap of the difference knows too little


def bootstrap_interval(
    values: np.ndarray, groups: np.ndarray | Sequence[Any] | None = None, draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of a mean: percentile bootstrap, or Wilson's where single answers are right or wrong.

    A few right answers alone, or groups that are all right, don't make 100–100 %: there Wilson's interval holds, of the groups.

    Args:
        values: (n,) numbers, such as 1.0 for right and 0.0 for wrong.
        groups: (n,) what varies together (signers, clips) and is drawn as a whole; each value alone when None.

    >>> low, high = bootstrap_interval(np.array([0.0, 1.0] * 50))
    >>> low < 0.5 < high
    True
    """
    values = np.asarray(values, float)
    count = len(values) if groups is None else len(set(np.asarray(groups).tolist()))
    if np.isin(values, (0, 1)).all() and (groups is None or values.min() == values.max()):
        return wilson_interval(float(values.mean()) * count, count)
    generator = np.random.default_rng(seed)
    if groups is None:
        means = values[generator.integers(0, len(values), (draws, len(values)))].mean(axis=1)
    else:
        _, index = np.unique(np.asarray(groups), return_inverse=True)
        sums, counts = np.bincount(index, values), np.bincount(index)
        drawn = generator.integers(0, len(sums), (draws, len(sums)))
        means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def wilson_interval(right: float, count: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, 1927), which holds for few trials too; 0 to 1 of none.

    >>> [round(one, 2) for one in wilson_interval(5, 5)]
    [0.57, 1.0]
    """
    if not count:
        return 0.0, 1.0
    z, share = 1.96, right / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    width = z / (1 + z * z / count) * float(np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)))
    return max(0.0, middle - width), min(1.0, middle + width)


def share_text(share: float | None, count: int, few: str = "{right} of {count}", none: str = "not measured") -> str:
    """A share for people: a percentage, or "2 of 2" where there are too few to tell one; in English or in the given words.

    >>> share_text(1.0, 2), share_text(0.5, 80)
    ('2 of 2', '50.0%')
    """
    if share is None:
        return none
    return f"{share:.1%}" if count >= FEW else few.format(right=round(share * count), count=count)


def build_report(
    *,
    task: str,
    data: str,
    protocol: str,
    labels: np.ndarray | Sequence[Any],
    predicted: np.ndarray | Sequence[Any],
    milliseconds: float | None,
    groups: np.ndarray | Sequence[Any] | None = None,
    **special: Any,
) -> dict[str, Any]:
    """A report: what all reports have in common, then the special entries.

    Args:
        labels: (n,) right classes of all test samples, those of several seeds one after another.
        predicted: (n,) answers.
        milliseconds: time of one sample in LiteRT; None where nothing could be timed.
        groups: (n,) what the bootstrap draws as a whole: the sample when several seeds test it, or the signer.

    Returns:
        ``task, data, protocol, samples, accuracy, macro_f1, interval, milliseconds`` and the special entries.
    """
    head = {"task": task, "data": data, "protocol": protocol}
    return {**head, **accuracy_figures(labels, predicted, groups), "milliseconds": milliseconds, **special}


def accuracy_figures(
    labels: np.ndarray | Sequence[Any],
    predicted: np.ndarray | Sequence[Any],
    groups: np.ndarray | Sequence[Any] | None = None,
) -> dict[str, Any]:
    """How many samples were answered and how well: ``samples, accuracy, macro_f1, interval``; arguments as of `build_report`.

    Macro-F1 is over the classes that occur among the labels; an answer of another class is simply wrong.

    >>> accuracy_figures([0, 1, 1, 1], [0, 1, 1, 0])["accuracy"]
    0.75
    """
    from sklearn.metrics import f1_score  # Every command imports this module, and scikit-learn is slow to load.

    correct = np.asarray(labels) == np.asarray(predicted)
    return {
        "samples": len(correct),
        "accuracy": float(correct.mean()),
        "macro_f1": float(f1_score(labels, predicted, labels=np.unique(labels), average="macro", zero_division=0)),
        "interval": list(bootstrap_interval(correct, groups)),
    }


def absent_classes(labels: np.ndarray | Sequence[Any], names: Sequence[str]) -> list[str]:
    """The classes that no sample has: macro-F1 is without them, and a report names them.

    Args:
        labels: (n,) right classes, as names or as indices into `names`.

    >>> absent_classes([0, 2], ["su", "it", "bet"]), absent_classes(["su"], ["su", "it"])
    (['it'], ['it'])
    """
    there = {names[label] if isinstance(label, int) else label for label in np.asarray(labels).tolist()}
    return [name for name in names if name not in there]


def compare_answers(
    labels: np.ndarray | Sequence[Any],
    ours: np.ndarray | Sequence[Any],
    theirs: np.ndarray | Sequence[Any],
    groups: np.ndarray | Sequence[Any] | None = None,
    draws: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """Two models' answers to the very same samples: how much better ours is, with paired 95 % intervals.

    The intervals are percentiles of a bootstrap that draws samples (or whole groups) with both models' answers to them. Where
    fewer than `FEW_DIFFERENCES` groups differ, the accuracies' difference has the interval of Agresti and Min (2005) instead,
    and that of macro-F1 none.

    Args:
        labels: (n,) right classes.
        ours, theirs: (n,) answers of the two models.
        groups: (n,) what varies together (signers, clips, copies) and is drawn as a whole; each sample alone when None.

    Returns:
        ``samples``, ``groups`` (how many were drawn from), ``own_accuracy`` and ``own_macro_f1``, ``accuracy`` and
        ``macro_f1`` of theirs; ``accuracy_difference`` and
        ``macro_f1_difference`` (ours minus theirs), each with ``value`` and ``interval``; ``only_ours_right`` and
        ``only_theirs_right``.

    >>> found = compare_answers([0, 1] * 50, [0, 1] * 50, [0, 0] * 50)
    >>> found["accuracy_difference"]["value"], found["only_ours_right"]
    (0.5, 50)
    """
    labels, ours, theirs = (np.asarray(one) for one in (labels, ours, theirs))
    _, group = np.unique(np.arange(len(labels)) if groups is None else np.asarray(groups), return_inverse=True)
    count, classes = int(group.max()) + 1, np.unique(labels)
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), draws)
    weights = np.concatenate([np.ones((1, count)), drawn]).astype(float)  # the first row is the data themselves
    sizes = weights @ np.bincount(group, minlength=count)
    right = [labels == answers for answers in (ours, theirs)]
    gained = np.bincount(group, right[0].astype(float) - right[1], minlength=count)
    accuracy = weights @ gained / sizes
    f1 = [_weighted_f1(labels, answers, classes, group, weights) for answers in (ours, theirs)]
    low, high = np.percentile(accuracy[1:], [2.5, 97.5])
    few = (gained != 0).sum() < FEW_DIFFERENCES
    if few:
        better, worse = int((gained > 0).sum()), int((gained < 0).sum())
        middle = (better - worse) / (count + 2)
        half = 1.96 * np.sqrt(better + worse + 1 - (better - worse) ** 2 / (count + 2)) / (count + 2)
        low, high = max(-1.0, min(middle - half, accuracy[0])), min(1.0, max(middle + half, accuracy[0]))
    return {
        "samples": len(labels),
        "groups": count,
        "own_accuracy": float(right[0].mean()),
        "own_macro_f1": float(f1[0][0]),
        "accuracy": float(right[1].mean()),
        "macro_f1": float(f1[1][0]),
        "accuracy_difference": {"value": float(accuracy[0]), "interval": [float(low), float(high)]},
        "macro_f1_difference": {
            "value": float(f1[0][0] - f1[1][0]),
            "interval": None if few else np.percentile((f1[0] - f1[1])[1:], [2.5, 97.5]).tolist(),
        },
        "only_ours_right": int((right[0] & ~right[1]).sum()),
        "only_theirs_right": int((right[1] & ~right[0]).sum()),
    }


def _weighted_f1(
    labels: np.ndarray, answers: np.ndarray, classes: np.ndarray, group: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """(draws,) macro-F1 over the classes that are drawn, for (draws, groups) weights."""

    def drawn(each: np.ndarray) -> np.ndarray:
        return weights @ np.bincount(group, each, weights.shape[1])

    parts = [(labels == one, answers == one) for one in classes]
    scores = np.stack([2 * drawn(is_ & said) / np.maximum(drawn(is_) + drawn(said), 1e-9) for is_, said in parts], axis=1)
    there = np.stack([drawn(is_) > 0 for is_, _ in parts], axis=1)
    return np.asarray((scores * there).sum(axis=1) / np.maximum(there.sum(axis=1), 1))


def difference_text(difference: dict[str, Any]) -> str:
    """A difference of `compare_answers` for people, in points of a hundred.

    >>> difference_text({"value": 0.0123, "interval": [-0.004, 0.0287]})
    '+1.2 points (95 % −0.4 to +2.9)'
    """
    value, *ends = (f"{100 * one:+.1f}".replace("-", "−") for one in (difference["value"], *(difference["interval"] or ())))
    return f"{value} points (" + (f"95 % {ends[0]} to {ends[1]})" if ends else "too few samples differ for an interval)")


def median_milliseconds(call: Callable[[Any], Any], samples: Sequence[Any] | np.ndarray, warmup: int = 3) -> float:
    """Median wall-clock milliseconds of one call a sample, after a warm-up."""
    from time import perf_counter

    for sample in samples[:warmup]:
        call(sample)
    times = []
    for sample in samples:
        start = perf_counter()
        call(sample)
        times.append(perf_counter() - start)
    return float(np.median(times) * 1000)


def count_confusions(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """(classes, classes) counts; a row is the right class, a column the answer.

    >>> count_confusions(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    flat = np.asarray(labels) * classes + np.asarray(predicted)
    return np.bincount(flat, minlength=classes**2).reshape(classes, classes)


def most_confused(matrix: np.ndarray, names: Sequence[str], most: int = 10) -> list[dict[str, Any]]:
    """The pairs of classes that are confused most often, as ``right``, ``answered`` and ``times``.

    >>> most_confused(np.array([[3, 2], [0, 4]]), ["a", "b"])
    [{'right': 'a', 'answered': 'b', 'times': 2}]
    """
    wrong = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = [divmod(int(i), len(names)) for i in order]
    return [{"right": names[a], "answered": names[b], "times": int(wrong[a, b])} for a, b in pairs if wrong[a, b]]
