"""Few-shot recognition: words of a source that the encoder never saw, from a few recordings each. Needs no Keras."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from kslr.core.errors import InputError
from kslr.core.scores import absent_classes, bootstrap_interval, build_report, compare_answers, median_milliseconds
from kslr.encoder import SignEncoder
from kslr.points import ROWS
from kslr.training.datasets import SignData, load_signs

NEAREST = 0.75  # weight of the nearest recording beside the prototype; chosen on the validation sources


@dataclass(frozen=True)
class Episode:
    """One few-shot task; rows index the recordings, labels are 0 … ways−1.

    Attributes:
        support: (ways × shots,) rows that are shown.
        support_label: (ways × shots,) their classes.
        query: (m,) rows that are asked.
        query_label: (m,) their classes.
    """

    support: np.ndarray
    support_label: np.ndarray
    query: np.ndarray
    query_label: np.ndarray


def draw_episodes(
    label: np.ndarray, ways: int, shots: int, count: int, seed: int = 0, queries: int = 5, signer: np.ndarray | None = None
) -> list[Episode]:
    """Draws few-shot tasks.

    Args:
        label: (n,) classes of the recordings of one source.
        queries: maximum number of recordings of each class that are asked (of those that the support leaves).
        signer: (n,) str; each task then shows recordings of one signer and asks those of another.

    Raises:
        InputError: fewer than `ways` classes have more than `shots` recordings, or of two signers.
    """
    if signer is not None:
        return _draw_across(label, signer, ways, shots, count, seed, queries)
    classes, sizes = np.unique(label, return_counts=True)
    able = classes[sizes > shots]
    if len(able) < ways:
        needed = f"{ways} words with {shots + 1} recordings or more"
        raise InputError(f"{ways}-way {shots}-shot needs {needed}; {len(able)} have them. Ask for fewer ways.")
    generator, drawn = np.random.default_rng(seed), []
    for _ in range(count):
        rows = [generator.permutation(np.flatnonzero(label == c)) for c in generator.choice(able, ways, replace=False)]
        support, query = [r[:shots] for r in rows], [r[shots : shots + queries] for r in rows]
        labels = (np.repeat(np.arange(ways), [len(r) for r in part]) for part in (support, query))
        drawn.append(Episode(np.concatenate(support), next(labels), np.concatenate(query), next(labels)))
    return drawn


def signer_pairs(label: np.ndarray, signer: np.ndarray, ways: int, shots: int) -> dict[tuple[str, str], np.ndarray]:
    """(shown signer, asked signer) → classes with enough recordings of the first and one of the second, where they are enough.

    >>> signer_pairs(np.array([0, 0, 1, 1, 0, 1]), np.array(list("aaaabb")), 2, 2)
    {('a', 'b'): array([0, 1])}
    """
    classes, names = np.arange(int(label.max()) + 1), np.unique(signer)
    counts = {str(name): np.bincount(label[signer == name], minlength=len(classes)) for name in names}
    able = {(a, b): classes[(counts[a] >= shots) & (counts[b] > 0)] for a, b in permutations(counts, 2)}
    return {pair: found for pair, found in able.items() if len(found) >= ways}


def _draw_across(
    label: np.ndarray, signer: np.ndarray, ways: int, shots: int, count: int, seed: int, queries: int
) -> list[Episode]:
    able = signer_pairs(label, signer, ways, shots)
    if not able:
        raise InputError(
            f"{ways}-way {shots}-shot across signers needs two signers who share {ways} words, {shots} recordings of each by one "
            "of them. Ask for fewer ways or shots, or give data with the array signer."
        )
    generator, drawn, pairs = np.random.default_rng(seed), [], list(able)
    for number in range(count):
        shown, asked = pairs[number % len(pairs)]
        chosen = generator.choice(able[shown, asked], ways, replace=False)
        own = [[generator.permutation(np.flatnonzero((label == c) & (signer == who))) for c in chosen] for who in (shown, asked)]
        support, query = [rows[:shots] for rows in own[0]], [rows[:queries] for rows in own[1]]
        labels = (np.repeat(np.arange(ways), [len(r) for r in part]) for part in (support, query))
        drawn.append(Episode(np.concatenate(support), next(labels), np.concatenate(query), next(labels)))
    return drawn


def prototypes(embeddings: np.ndarray, label: np.ndarray) -> np.ndarray:
    """(classes, values): the mean of each class's embeddings, of length 1 (Snell et al., NeurIPS 2017).

    >>> prototypes(np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([0, 1]))
    array([[1., 0.],
           [0., 1.]])
    """
    means = np.stack([embeddings[label == c].mean(axis=0) for c in range(int(label.max()) + 1)])
    return means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)


def answer_episode(embeddings: np.ndarray, episode: Episode, nearest: float = NEAREST) -> np.ndarray:
    """The classes of the queries: by cosine to the prototype and, with the weight `nearest`, to the nearest recording.

    Args:
        embeddings: (n, values) of length 1.
    """
    support, query, label = embeddings[episode.support], embeddings[episode.query], episode.support_label
    means, cosine = prototypes(support, label), query @ support.T
    closest = np.stack([cosine[:, label == c].max(axis=1) for c in range(len(means))], axis=1)
    return ((1 - nearest) * query @ means.T + nearest * closest).argmax(axis=1)


def episode_accuracies(embeddings: np.ndarray, drawn: list[Episode], nearest: float = NEAREST) -> np.ndarray:
    """(episodes,) accuracy of `answer_episode`."""
    return np.array([(answer_episode(embeddings, one, nearest) == one.query_label).mean() for one in drawn])


def dtw_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Dynamic time warping between two sets of recordings, Euclidean between frames.

    Args:
        a: (n, frames, values), b: (m, frames, values), absent values zeros.

    Returns:
        (n, m) float32.
    """
    n, frames, _ = a.shape
    out = np.empty((n, len(b)), np.float32)
    for i, one in enumerate(a):
        cost = cdist(one, b.reshape(-1, b.shape[-1])).reshape(frames, len(b), -1).astype(np.float32)
        total = np.full((len(b), frames + 1, b.shape[1] + 1), np.inf, np.float32)
        total[:, 0, 0] = 0
        for t in range(1, frames + 1):
            reached = np.minimum(total[:, t - 1, :-1], total[:, t - 1, 1:])
            for u in range(1, b.shape[1] + 1):
                total[:, t, u] = cost[t - 1, :, u - 1] + np.minimum(reached[:, u - 1], total[:, t, u - 1])
        out[i] = total[:, -1, -1]
    return out


def dtw_accuracies(distances: np.ndarray, drawn: list[Episode]) -> np.ndarray:
    """(episodes,) accuracy of the nearest support recording, by the (n, n) `dtw_distances` of all recordings."""
    nearest = [one.support_label[distances[np.ix_(one.query, one.support)].argmin(axis=1)] for one in drawn]
    return np.array([(answer == one.query_label).mean() for answer, one in zip(nearest, drawn, strict=True)])


def body_and_hands(points: np.ndarray) -> np.ndarray:
    """(n, frames, 86, 3) points → (n, frames, 102) x, y of body and hands as they are, absent zeros: what DTW compares."""
    kept = np.concatenate([points[:, :, ROWS[part], :2] for part in ("pose", "left_hand", "right_hand")], axis=2)
    return np.nan_to_num(kept).reshape(*kept.shape[:2], -1)


def evaluate_few_shot(
    data: str | Path | SignData,
    shots: int = 5,
    ways: int = 10,
    count: int = 200,
    encoder: str | Path = "sign_encoder",
    seed: int = 0,
    packs: str | Path | None = None,
    progress: Callable[[str, float], None] | None = None,
    across: bool = False,
    against: str | Path | None = None,
) -> dict[str, Any]:
    """Few-shot accuracy of the shipped encoder, untouched, on recordings of any `load_signs` data.

    Args:
        shots: recordings of each word that are shown.
        ways: words of a task.
        count: tasks, drawn by seed. Where several sources have enough words, each task has words of one source.
        encoder: a shipped encoder or a card.
        progress: called with a line and the done share (0–1).
        across: whether the recordings that are shown and those that are asked are of different signers.
        against: another encoder, whose answers in the very same tasks are compared.

    Returns:
        The report: ``accuracy`` is the mean over episodes, ``interval`` their bootstrap; ``per_source``, ``per_episode``; and
        ``against`` of `compare_answers`, which draws the asked recordings, or whole signers where there are five or more.

    Raises:
        InputError: too few words or recordings.
    """
    signs = data if isinstance(data, SignData) else load_signs(data, packs)
    networks = [SignEncoder(one) for one in (encoder, against) if one is not None]
    embedded: list[list[np.ndarray]] = [[] for _ in networks]
    answered: list[list[np.ndarray]] = [[] for _ in networks]
    for i in range(0, len(signs), 64):
        for network, parts in zip(networks, embedded, strict=True):
            parts.append(network.embed(signs.x[i : i + 64]))
        if progress:
            progress("embedding", (i + 1) / len(signs))
    every = [np.concatenate(parts) for parts in embedded]
    groups = _sources_with_enough(signs, ways, shots, across)
    accuracy, right, asked, per_source = [], [], [], []
    for i, (name, rows) in enumerate(groups):
        share = count // len(groups) + (i < count % len(groups))
        label, own = signs.label[rows], []
        for episode in draw_episodes(label, ways, shots, share, seed, signer=signs.signer[rows] if across else None):
            class_of = label[episode.support[np.searchsorted(episode.support_label, np.arange(ways))]]
            right.append(class_of[episode.query_label])
            asked.append(rows[episode.query])
            for z, answers in zip(every, answered, strict=True):
                answers.append(class_of[answer_episode(z[rows], episode)])
            own.append(float((answered[0][-1] == right[-1]).mean()))
        accuracy += own
        per_source.append({"name": name, "episodes": share, "accuracy": float(np.mean(own)) if own else None})
    found = build_report(
        task="signs",
        data=signs.name,
        protocol=f"few-shot{' across signers' * across}: {ways} ways, {shots} shots, {count} episodes, seed {seed}",
        labels=np.concatenate(right),
        predicted=np.concatenate(answered[0]),
        milliseconds=median_milliseconds(networks[0].embed, [sample[None] for sample in signs.x[:20]]),
        episodes=count,
        ways=ways,
        shots=shots,
        per_source=per_source,
        per_episode=accuracy,
        encoder=networks[0].card.name,
        classes_without_samples=absent_classes(np.concatenate(right), signs.names),
    )
    if against is not None:
        signers = signs.signer[np.concatenate(asked)]
        drawn = signers if len(set(signers)) >= 5 else signs.clip[np.concatenate(asked)]
        ours, theirs = (np.concatenate(one) for one in answered)
        found["against"] = {"model": networks[1].card.name, **compare_answers(np.concatenate(right), ours, theirs, drawn)}
    return found | {"accuracy": float(np.mean(accuracy)), "interval": list(bootstrap_interval(np.array(accuracy)))}


def _sources_with_enough(signs: SignData, ways: int, shots: int, across: bool) -> list[tuple[str, np.ndarray]]:
    """The sources that have enough words with enough recordings, with their rows; all in one when none has, or across signers."""
    groups: list[tuple[str, np.ndarray]] = []
    for source in () if across else np.unique(signs.source):
        rows = np.flatnonzero(signs.source == source)
        if (np.bincount(signs.label[rows]) > shots).sum() >= ways:
            groups.append((str(source), rows))
    return groups or [("all", np.arange(len(signs)))]
