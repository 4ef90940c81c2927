"""Calibration of probabilities: temperature, expected calibration error, and what abstaining buys.

Conventions: ``probabilities`` are (n, classes) rows that sum to 1, ``labels`` (n,) integers. Logits and
log-probabilities are interchangeable here, because a softmax ignores a constant added to a row.
"""

import numpy as np
from scipy.optimize import minimize, minimize_scalar


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, stable for large values.

    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    z = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return z / z.sum(axis=-1, keepdims=True)


def tempered(probabilities: np.ndarray, temperature: float, bias: np.ndarray | float = 0.0) -> np.ndarray:
    """Probabilities after dividing their logits by a temperature (above 1 softens) and adding a bias to each class.

    >>> tempered(np.array([0.8, 0.2]), 1.0).round(3)
    array([0.8, 0.2])
    >>> tempered(np.array([0.8, 0.2]), 1.0, np.log([0.5, 2.0])).round(3)
    array([0.5, 0.5])
    """
    return softmax(np.log(np.clip(probabilities, 1e-12, 1.0)) / temperature + bias)


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature that minimises the negative log-likelihood on held-out data (Guo et al., ICML 2017).

    >>> fit_temperature(np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([0, 1])) > 5
    True
    """
    labels = np.asarray(labels, int)
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        p = tempered(probabilities, float(np.exp(log_temperature)))
        return float(-np.log(np.clip(p[rows, labels], 1e-12, 1)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded").x))


def fit_temperature_and_bias(probabilities: np.ndarray, labels: np.ndarray, spread: float = 0.5) -> tuple[float, np.ndarray]:
    """The temperature and the bias of each class that fit held-out data best.

    A network that was regularised answers its favourite classes too often, and rare ones too seldom. A bias a class
    mends that; with the temperature this is what Alexandari et al. (ICML 2020) call bias-corrected temperature scaling.

    Args:
        probabilities: (n, classes).
        labels: (n,) classes.
        spread: how large biases are expected to be; few rows stay close to none.

    Returns:
        The temperature (0.05–20), and (classes,) biases of logits whose mean is 0.

    >>> generator = np.random.default_rng(0)
    >>> logits = generator.normal(0, 2, (5000, 2))
    >>> labels = (generator.random(5000) < softmax(logits)[:, 1]).astype(int)
    >>> temperature, bias = fit_temperature_and_bias(softmax(logits + [0.0, 1.0]), labels)
    >>> round(temperature, 1), bias.round(1)
    (1.0, array([ 0.5, -0.5]))
    """
    labels = np.asarray(labels, int)
    rows = np.arange(len(labels))

    def loss(values: np.ndarray) -> float:
        p = tempered(probabilities, float(np.exp(values[0])), values[1:])
        return float(-np.log(np.clip(p[rows, labels], 1e-12, 1)).sum() + (values[1:] ** 2).sum() / (2 * spread**2))

    start = np.zeros(1 + probabilities.shape[1])
    start[0] = np.log(fit_temperature(probabilities, labels))
    limits = [(np.log(0.05), np.log(20.0))] + [(-10.0, 10.0)] * probabilities.shape[1]
    found = minimize(loss, start, method="L-BFGS-B", bounds=limits).x
    return float(np.exp(found[0])), found[1:] - found[1:].mean()


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over equal-width confidence bins, weighted by their size (0–1).

    >>> expected_calibration_error(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 0]))
    0.0
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == np.asarray(labels)
    index = np.clip((confidence * bins).astype(int), 0, bins - 1)
    gaps = [abs(confidence[index == b].mean() - correct[index == b].mean()) * (index == b).mean() for b in np.unique(index)]
    return float(sum(gaps))


def risk_coverage(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is wrong among the kept, as fewer are kept, most confident first.

    Returns:
        coverage (n,) ascending in (0, 1], risk (n,) error rate among the kept, threshold (n,) the lowest kept confidence.

    >>> coverage, risk, _ = risk_coverage(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 1]))
    >>> coverage, risk
    (array([0.5, 1. ]), array([0. , 0.5]))
    """
    confidence = probabilities.max(axis=1)
    wrong = probabilities.argmax(axis=1) != np.asarray(labels)
    order = np.argsort(-confidence, kind="stable")
    kept = np.arange(1, len(order) + 1)
    return kept / len(order), np.cumsum(wrong[order]) / kept, confidence[order]
