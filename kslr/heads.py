"""Small classifiers on frozen embeddings: prototypes and a linear head together, calibrated, with a no-sign class.

Everything is numpy and scikit-learn on (n, values) embeddings of length 1; a vocabulary of twenty words fits in about
a second.
"""

from dataclasses import dataclass

import numpy as np

from kslr.fewshot import prototypes
from models.calibration import fit_temperature, softmax, tempered

SHARPNESS = 16.0  # cosines become logits by this, as in the encoder's own training


@dataclass(frozen=True)
class Head:
    """A classifier of embeddings.

    Attributes:
        weights: (values, classes), bias: (classes,): log-probabilities before the temperature are
            ``log_softmax(embeddings @ weights + bias)``.
        temperature: softens them.
        threshold: the best word's probability below which no answer is better.
    """

    weights: np.ndarray
    bias: np.ndarray
    temperature: float = 1.0
    threshold: float = 0.0

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """(n, classes), calibrated."""
        return softmax((embeddings @ self.weights + self.bias) / self.temperature)


def fit_head(embeddings: np.ndarray, label: np.ndarray, classes: int, weight: np.ndarray | None = None, strength: float = 10.0) -> Head:
    """Prototypes and logistic regression, their logits added.

    Args:
        embeddings: (n, values) of length 1.
        label: (n,) in 0 … classes−1, each there.
        weight: (n,) of samples; each class counts the same when None.
        strength: of the logistic regression (scikit-learn's C).
    """
    from sklearn.linear_model import LogisticRegression

    means = prototypes(embeddings, label, classes)
    if classes < 2:
        return Head(means.T * SHARPNESS, np.zeros(classes))
    counts = np.bincount(label, minlength=classes)
    weight = (len(label) / classes / counts)[label] if weight is None else weight
    model = LogisticRegression(C=strength, max_iter=200).fit(embeddings, label, weight)
    linear, bias = model.coef_.T, model.intercept_
    if classes == 2:
        linear, bias = np.concatenate([-linear, linear], axis=1) / 2, np.concatenate([-bias, bias]) / 2
    return Head(((means.T * SHARPNESS + linear) / 2).astype(np.float32), (bias / 2).astype(np.float32))


def cross_validated(
    embeddings: np.ndarray, label: np.ndarray, recording: np.ndarray, asked: np.ndarray, classes: int, folds: int = 5, seed: int = 0
) -> np.ndarray:
    """Probabilities of heads that did not see the recording they are asked about, before calibration.

    Args:
        embeddings: (n, values), several views of a recording among them.
        recording: (n,) which recording a row is a view of; negative for rows that always train (the background).
        asked: rows to answer; one view of each recording.
        folds: recordings of a word are dealt into so many parts, as far as there are enough.

    Returns:
        (len(asked), classes).
    """
    generator, out = np.random.default_rng(seed), np.zeros((len(asked), classes))
    fold_of = {}
    for c in np.unique(label[asked]):
        own = generator.permutation(np.unique(recording[asked][label[asked] == c]))
        fold_of |= {r: i % folds for i, r in enumerate(own)}
    fold = np.array([fold_of.get(r, -1) for r in recording])
    for f in range(folds):
        train = fold != f
        questions = np.flatnonzero(fold[asked] == f)
        if not len(questions):
            continue
        there = np.unique(label[train])
        head = fit_head(embeddings[train], np.searchsorted(there, label[train]), len(there))
        out[np.ix_(questions, there)] = head.probabilities(embeddings[asked[questions]])
    return out


def calibrated(head: Head, probabilities: np.ndarray, label: np.ndarray, keep: float = 0.95) -> Head:
    """The head with the temperature that fits cross-validated answers, and a threshold that keeps a share of right ones.

    Args:
        probabilities: (n, classes) of rows the head did not see.
        label: (n,).
        keep: share of the rightly answered samples whose probability is above the threshold.
    """
    temperature = fit_temperature(probabilities, label)
    soft = tempered(probabilities, temperature)
    right = soft.argmax(axis=1) == label
    threshold = float(np.quantile(soft.max(axis=1)[right], 1 - keep)) if right.any() else 0.5
    return Head(head.weights, head.bias, temperature, threshold)
