"""Classifiers on frozen embeddings: every recording votes for its word, the nearer the more. Nothing is trained.

The probability of a class is the share of its recordings in a softmax over all of them: ``exp(sharpness · cosine)`` times
each recording's weight. Words are added and removed with their rows, leave-one-out is exact and costs one matrix product,
and the exported network is two matrix products. On recordings of new signers this head was more accurate than prototypes
or a regularised logistic regression on the same embeddings.
"""

from dataclasses import dataclass, replace

import numpy as np

from kslr.core.calibration import apply_temperature, fit_temperature, softmax, threshold_keeping, top_answers
from kslr.core.errors import InputError

SHARPNESS = 40.0


@dataclass(frozen=True)
class Head:
    """A classifier of embeddings.

    Attributes:
        rows: (n, values) embeddings of length 1 of the known recordings.
        label: (n,) int, the class of each row.
        weight: (n,) positive, how much each row counts.
        sharpness: how much more nearer rows count.
        temperature: softens the probabilities; calibrated on leave-one-out answers.
        threshold: minimum probability of an answer; below it no answer is given.
    """

    rows: np.ndarray
    label: np.ndarray
    weight: np.ndarray
    sharpness: float = SHARPNESS
    temperature: float = 1.0
    threshold: float = 0.0

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.label.max()) + 1

    def probabilities(self, embeddings: np.ndarray, ignored: np.ndarray | None = None) -> np.ndarray:
        """Calibrated class probabilities.

        Args:
            embeddings: (m, values) of length 1.
            ignored: (m, n) whether a row has no vote for an embedding, such as rows of its own recording.

        Returns:
            (m, classes); classes whose rows are all ignored get 0.
        """
        votes = self.sharpness * embeddings @ self.rows.T + np.log(self.weight)
        if ignored is not None:
            votes = np.where(ignored, -1e9, votes)
        answer = softmax(votes) @ np.eye(self.classes, dtype=np.float32)[self.label]
        return answer if self.temperature == 1.0 else apply_temperature(answer, self.temperature)


def balance_weights(label: np.ndarray, source: np.ndarray | None = None, prior: dict[int, float] | None = None) -> np.ndarray:
    """Weights that give every class the same sum, and every source the same sum within its class.

    Args:
        prior: class → sum of its weights; 1 unless named.

    >>> balance_weights(np.array([0, 0, 0, 1]), np.array(["a", "a", "b", "a"]), {1: 3.0}).tolist()
    [0.25, 0.25, 0.5, 3.0]
    """
    source = np.zeros(len(label), int) if source is None else source
    weight = np.zeros(len(label))
    for c in np.unique(label):
        inside = [(label == c) & (source == s) for s in np.unique(source[label == c])]
        for rows in inside:
            weight[rows] = (prior or {}).get(int(c), 1.0) / len(inside) / rows.sum()
    return weight


def leave_out(head: Head, group: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Answers of the head to some of its own rows, in which rows of the same group have no vote.

    Args:
        group: (n,) rows that are left out together: views of a recording, recordings of a signer.
        asked: rows to answer.

    Returns:
        (len(asked), classes).
    """
    group = np.asarray(group)
    return head.probabilities(head.rows[asked], group[asked][:, None] == group[None])


def calibrate_head(head: Head, answers: np.ndarray, label: np.ndarray, keep: float = 0.95) -> Head:
    """The head with the temperature that fits leave-one-out answers, and a threshold that keeps most correct ones.

    Args:
        answers: (n, classes) by the head with temperature 1.
        label: (n,) correct classes.
        keep: share of the correct answers whose probability is above the threshold.

    Raises:
        InputError: there are no answers.
    """
    if not len(label):
        raise InputError("Calibration needs words with at least two recordings.")
    temperature = fit_temperature(answers, label)
    confidence, right = top_answers(apply_temperature(answers, temperature), label)
    return replace(head, temperature=temperature, threshold=threshold_keeping(confidence[right], keep))
