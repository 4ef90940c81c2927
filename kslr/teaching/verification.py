"""Which word a sign is, and whether it is any of them: nearness to the taught recordings, weighed against other signs.

A sign is near a word when it lies near the word's nearest recording and near the centre of all. How near is near enough
depends on how near other signs come: a bank of signs and idle hands that are no word of the vocabulary (impostors), the
next word, and the word's own recordings, each asked while it is left out. One logistic answer takes all of it; its
coefficients are fitted on words and signers that the encoder never saw (`kslr.training.verification`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kslr.core.errors import InputError

EVIDENCE = ("score", "over bank", "over next", "over impostors", "over own", "one recording", "few recordings")


@dataclass(frozen=True)
class Rule:
    """The constants of the decision.

    Attributes:
        coefficients: one for each of `EVIDENCE`.
        intercept: of the logistic answer.
        nearest: weight (0–1) of the nearest recording; the centre has the rest.
        same: a row of the bank with this cosine or more to a taught recording may be the same sign and is set aside.
        cohort: how many of the nearest impostors count.
        certain: probability from which a word is said.
    """

    coefficients: tuple[float, ...]
    intercept: float
    nearest: float = 0.6
    same: float = 0.75
    cohort: int = 10
    certain: float = 0.8

    @classmethod
    def from_card(cls, extra: Mapping[str, Any]) -> "Rule":
        """The rule in the card of an encoder (``extra["verification"]``).

        Raises:
            InputError: there is none, or it is damaged.
        """
        try:
            raw = extra["verification"]
            coefficients = tuple(float(value) for value in raw["coefficients"])
            intercept, nearest, same = (float(raw[name]) for name in ("intercept", "nearest", "same"))
            rule = cls(coefficients, intercept, nearest, same, int(raw["cohort"]), float(raw.get("certain", cls.certain)))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("The encoder lacks its rule of verification. Install it again.") from error
        if len(coefficients) != len(EVIDENCE) or rule.cohort < 1 or not np.isfinite([*coefficients, rule.intercept]).all():
            raise InputError("The encoder's rule of verification is damaged. Install it again.")
        return rule


@dataclass(frozen=True)
class Verifier:
    """The words of a vocabulary, ready to be asked.

    A word may be signed in several ways. Each way is a variant with recordings of its own; a word is as near as its nearest
    variant. Taught words have one variant each.

    Attributes:
        rows: (n, d) embeddings of the recordings, of length 1.
        label: (n,) int, the variant of each.
        word: (variants,) int, the word of each variant, ascending.
        centres: (variants, d) of length 1.
        count: (variants,) recordings of each.
        own: (variants,) mean score of a variant's recordings, each asked while it is left out; NaN with one recording.
        reach: (variants,) mean score of the nearest impostors.
        bank: (m, d) impostors of length 1, without those that may be a word's own sign.
        rule: constants of the decision.

    >>> rule = Rule((20.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0), -15.0)
    >>> words = Verifier.from_recordings(np.eye(3)[:2], np.array([0, 1]), np.eye(3)[2:], rule)
    >>> words.probabilities(np.eye(3)).round(2)
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """

    rows: np.ndarray
    label: np.ndarray
    word: np.ndarray
    centres: np.ndarray
    count: np.ndarray
    own: np.ndarray
    reach: np.ndarray
    bank: np.ndarray
    rule: Rule

    @classmethod
    def from_recordings(
        cls, rows: np.ndarray, label: np.ndarray, bank: np.ndarray, rule: Rule, word: np.ndarray | None = None
    ) -> "Verifier":
        """Learns the words of some recordings.

        Args:
            rows: (n, d) of length 1.
            label: (n,) int, the variant of each, 0 … variants − 1; each has a recording.
            bank: (m, d) of length 1, m may be 0.
            word: (variants,) int, the word of each, ascending from 0 without gaps; None when every word has one variant.

        Raises:
            InputError: no recordings, or a word without one.
        """
        label = np.asarray(label, int)
        count = np.bincount(label)
        word = np.arange(len(count)) if word is None else np.asarray(word, int)
        if not len(rows) or not count.all():
            raise InputError("Every word needs a recording. Teach it.")
        if len(word) != len(count) or word[0] != 0 or not np.isin(np.diff(word), (0, 1)).all():
            raise InputError("The variants of the words are not in order. Build the vocabulary again.")
        variants = range(len(count))
        centres = unit_vectors(np.stack([rows[label == one].mean(axis=0) for one in variants]))
        own = np.array([_own_score(rows[label == one], rule.nearest) for one in variants], np.float32)
        others = bank[(bank @ rows.T).max(axis=1) < rule.same] if len(bank) else bank
        nearness = _scores(others, rows, label, centres, rule.nearest)
        reach = mean_of_largest(nearness.T, rule.cohort) if len(others) else np.zeros(len(count))
        return cls(rows, label, word, centres, count, own, reach.astype(np.float32), others, rule)

    def scores(self, embeddings: np.ndarray) -> np.ndarray:
        """Nearness to every variant of the words.

        Args:
            embeddings: (q, d) of length 1.

        Returns:
            (q, variants) between −1 and 1: the cosine to the nearest recording and to the centre, weighed.
        """
        return _scores(embeddings, self.rows, self.label, self.centres, self.rule.nearest)

    def evidence(self, embeddings: np.ndarray) -> np.ndarray:
        """What speaks for every variant: (q, variants, 7) float64, in the order of `EVIDENCE`."""
        scores = self.scores(embeddings)
        around = mean_of_largest(embeddings @ self.bank.T, self.rule.cohort) if len(self.bank) else np.full(len(scores), -1.0)
        around = np.broadcast_to(around[:, None], scores.shape)
        return np.stack(
            [
                scores,
                scores - around,
                scores - np.maximum(self._nearest_other_word(scores), around),
                scores - self.reach,
                np.where(np.isfinite(self.own), scores - np.nan_to_num(self.own), 0.0),
                np.broadcast_to(self.count == 1, scores.shape),
                np.broadcast_to(1 / self.count, scores.shape),
            ],
            axis=-1,
        ).astype(np.float64)

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """Calibrated probabilities of the words and, as the last class, of no sign of this vocabulary.

        The nearest word has the probability that the rule gives it. The other words share at most the rest, none of them
        more than the nearest.

        Args:
            embeddings: (q, d) of length 1.

        Returns:
            (q, words + 1), rows sum to 1.
        """
        evidence = self.evidence(embeddings)
        logits = evidence @ np.array(self.rule.coefficients) + self.rule.intercept
        words = np.maximum.reduceat(1 / (1 + np.exp(-np.clip(logits, -50, 50))), self._starts, axis=1)
        rows, best = np.arange(len(words)), self.word[evidence[..., 0].argmax(axis=1)]
        top = words[rows, best]
        words = np.minimum(words, 0.99 * top[:, None])
        words[rows, best] = 0
        shared = words.sum(axis=1)
        words *= np.minimum(1, (1 - top) / np.maximum(shared, 1e-12))[:, None]
        words[rows, best] = top
        return np.concatenate([words, np.clip(1 - words.sum(axis=1, keepdims=True), 0, 1)], axis=1)

    @property
    def _starts(self) -> np.ndarray:
        """(words,) the first variant of each word."""
        return np.searchsorted(self.word, np.arange(self.word[-1] + 1))

    def _nearest_other_word(self, scores: np.ndarray) -> np.ndarray:
        """(q, variants) → for every variant the largest score of the other words; −1 for a single word."""
        words = np.maximum.reduceat(scores, self._starts, axis=1)
        if words.shape[1] == 1:
            return np.full_like(scores, -1.0)
        order, rows = np.argsort(words, axis=1), np.arange(len(words))
        others = np.repeat(words[rows, order[:, -1]][:, None], words.shape[1], axis=1)
        others[rows, order[:, -1]] = words[rows, order[:, -2]]
        return others[:, self.word]

    def without(self, row: int) -> "Verifier":
        """The words without one recording. A variant whose only recording it was is near nothing."""
        variant = int(self.label[row])
        rows, label = np.delete(self.rows, row, axis=0), np.delete(self.label, row)
        rest = rows[label == variant]
        centres, count, own, reach = (part.copy() for part in (self.centres, self.count, self.own, self.reach))
        centres[variant] = unit_vectors(rest.mean(axis=0)) if len(rest) else 0
        count[variant], own[variant] = max(len(rest), 1), _own_score(rest, self.rule.nearest)
        if len(rest) and len(self.bank):
            nearness = _scores(self.bank, rest, np.zeros(len(rest), int), centres[variant][None], self.rule.nearest)
            reach[variant] = mean_of_largest(nearness.T, self.rule.cohort)[0]
        return replace(self, rows=rows, label=label, centres=centres, count=count, own=own, reach=reach)

    def leave_one_out(self) -> np.ndarray:
        """(n, words + 1) `probabilities` of every recording, asked while it is left out."""
        return np.concatenate([self.without(row).probabilities(self.rows[row : row + 1]) for row in range(len(self.rows))])


def unit_vectors(x: np.ndarray) -> np.ndarray:
    """(…, d) → the same directions, of length 1.

    >>> unit_vectors(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-9)


def mean_of_largest(x: np.ndarray, count: int) -> np.ndarray:
    """(n, m) → (n,) the mean of the `count` largest values of each row.

    >>> mean_of_largest(np.array([[1.0, 5.0, 3.0]]), 2)
    array([4.])
    """
    count = min(count, x.shape[1])
    return np.partition(x, -count, axis=1)[:, -count:].mean(axis=1)


def _scores(z: np.ndarray, rows: np.ndarray, label: np.ndarray, centres: np.ndarray, nearest: float) -> np.ndarray:
    order = np.argsort(label, kind="stable")
    words, starts = np.unique(label[order], return_index=True)
    closest = np.full((len(z), len(centres)), -1.0, np.float32)
    if len(words):
        closest[:, words] = np.maximum.reduceat(z @ rows[order].T, starts, axis=1)
    return nearest * closest + (1 - nearest) * (z @ centres.T)


def _own_score(rows: np.ndarray, nearest: float) -> float:
    """Mean score of a word's recordings (k, d), each asked of the others; NaN with one recording."""
    if len(rows) < 2:
        return float("nan")
    cosine = rows @ rows.T
    np.fill_diagonal(cosine, -1)
    centres = unit_vectors(rows.sum(axis=0) - rows)
    return float((nearest * cosine.max(axis=1) + (1 - nearest) * (rows * centres).sum(axis=1)).mean())
