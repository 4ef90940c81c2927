"""Few-shot recognition: words of a source that nobody has seen, from a few recordings each. Pure functions of arrays."""

import numpy as np

from kslr.core.errors import InputError
from kslr.points import ROWS

# Weight of the nearest recording beside the prototype; chosen on the validation sources.
NEAREST = 0.75


def episodes(
    label: np.ndarray, ways: int, shots: int, count: int, seed: int = 0, queries: int = 5
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Draws few-shot tasks.

    Args:
        label: (n,) classes of the recordings of one source.
        queries: recordings of each class that are asked, at most (what the support leaves).

    Returns:
        `count` times (support rows, their classes 0 … ways−1, query rows, their classes).

    Raises:
        InputError: fewer than `ways` classes have more than `shots` recordings.
    """
    classes, sizes = np.unique(label, return_counts=True)
    able = classes[sizes > shots]
    if len(able) < ways:
        raise InputError(
            f"{ways}-way {shots}-shot needs {ways} words with {shots + 1} recordings or more; {len(able)} have them. "
            "Ask for fewer ways."
        )
    generator, out = np.random.default_rng(seed), []
    for _ in range(count):
        support, query = [], []
        for c in generator.choice(able, ways, replace=False):
            rows = generator.permutation(np.flatnonzero(label == c))
            support.append(rows[:shots])
            query.append(rows[shots : shots + queries])
        out.append(
            (
                np.concatenate(support),
                np.repeat(np.arange(ways), [len(r) for r in support]),
                np.concatenate(query),
                np.repeat(np.arange(ways), [len(r) for r in query]),
            )
        )
    return out


def prototypes(embeddings: np.ndarray, label: np.ndarray, classes: int) -> np.ndarray:
    """(classes, values): the mean of each class's embeddings, of length 1 (Snell et al., NeurIPS 2017).

    >>> prototypes(np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([0, 1]), 2)
    array([[1., 0.],
           [0., 1.]])
    """
    means = np.stack([embeddings[label == c].mean(axis=0) for c in range(classes)])
    return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)


Task = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def episode_answers(embeddings: np.ndarray, task: Task, nearest: float = NEAREST) -> np.ndarray:
    """The classes of a task's queries: by cosine to the prototype and, with the weight `nearest`, to the nearest recording.

    Args:
        embeddings: (n, values) of length 1.
    """
    support, label, query, _ = task
    means = prototypes(embeddings[support], label, int(label.max()) + 1)
    cosine = embeddings[query] @ embeddings[support].T
    closest = np.stack([cosine[:, label == c].max(axis=1) for c in range(len(means))], axis=1)
    return ((1 - nearest) * embeddings[query] @ means.T + nearest * closest).argmax(axis=1)


def episode_accuracies(embeddings: np.ndarray, tasks: list[Task], nearest: float = NEAREST) -> np.ndarray:
    """(episodes,) accuracy of `episode_answers`."""
    return np.array([(episode_answers(embeddings, task, nearest) == task[3]).mean() for task in tasks])


def dtw_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dynamic time warping between two sets of recordings, Euclidean between frames.

    Args:
        a: (n, frames, values), b: (m, frames, values), absent values zeros.

    Returns:
        (n, m) float32.
    """
    n, frames, _ = a.shape
    out = np.empty((n, len(b)), np.float32)
    squares = (b**2).sum(axis=-1)
    for i, one in enumerate(a):
        cost = np.sqrt(
            np.maximum((one**2).sum(axis=-1)[None, :, None] + squares[:, None] - 2 * np.einsum("tv,muv->mtu", one, b), 0)
        )
        total = np.full((len(b), frames + 1, b.shape[1] + 1), np.inf, np.float32)
        total[:, 0, 0] = 0
        for t in range(1, frames + 1):
            reached = np.minimum(total[:, t - 1, :-1], total[:, t - 1, 1:])
            for u in range(1, b.shape[1] + 1):
                total[:, t, u] = cost[:, t - 1, u - 1] + np.minimum(reached[:, u - 1], total[:, t, u - 1])
        out[i] = total[:, -1, -1]
    return out


def dtw_accuracies(x: np.ndarray, tasks: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]) -> np.ndarray:
    """(episodes,) accuracy of the nearest support recording by dynamic time warping on raw landmarks.

    Args:
        x: (n, frames, points × 3) body and hands, absent zeros.
    """
    distance = dtw_distances(x, x)
    return np.array([(sl[distance[np.ix_(q, s)].argmin(axis=1)] == ql).mean() for s, sl, q, ql in tasks])


def body_and_hands(points: np.ndarray) -> np.ndarray:
    """(n, frames, 86, 3) points → (n, frames, 102) x, y of body and hands as they are, absent zeros: what DTW compares."""
    kept = np.concatenate([points[:, :, ROWS[part], :2] for part in ("pose", "left_hand", "right_hand")], axis=2)
    return np.nan_to_num(kept).reshape(*kept.shape[:2], -1)
