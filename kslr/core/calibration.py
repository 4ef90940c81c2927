"""Calibration of probabilities: temperature, class bias, calibration error, and thresholds for abstaining.

Conventions: ``probabilities`` are (n, classes) rows that sum to 1, ``labels`` (n,) integers. Logits and
log-probabilities can replace each other here, because softmax ignores a constant added to a row.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, stable for large values.

    >>> softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    z = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return z / z.sum(axis=-1, keepdims=True)


def apply_temperature(probabilities: np.ndarray, temperature: float, bias: np.ndarray | float = 0.0) -> np.ndarray:
    """Probabilities after dividing their logits by a temperature (above 1 softens) and adding a bias to each class.

    >>> apply_temperature(np.array([0.8, 0.2]), 1.0).round(3)
    array([0.8, 0.2])
    >>> apply_temperature(np.array([0.8, 0.2]), 1.0, np.log([0.5, 2.0])).round(3)
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
        p = apply_temperature(probabilities, float(np.exp(log_temperature)))
        return float(-np.log(np.clip(p[rows, labels], 1e-12, 1)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded").x))


STRENGTHS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)


def fit_rare_bias(probabilities: np.ndarray, labels: np.ndarray, strengths: Sequence[float] = STRENGTHS) -> np.ndarray:
    """The bias of each class that makes a network answer rare classes often enough, from held-out data.

    A network prefers frequent classes, so the recall of rare ones is low. Each class gets −strength · log(its share of the
    labels) (logit adjustment, Menon et al., ICLR 2021). The strength is the one with the highest mean of accuracy and
    macro-F1: one fitted number for all classes, so that few rows are enough.

    Args:
        probabilities: (n, classes).
        labels: (n,) classes.
        strengths: candidates; the first wins a tie.

    Returns:
        (classes,) biases of the logits whose mean is 0; add them before a temperature.

    Raises:
        ValueError: no labels.

    >>> generator = np.random.default_rng(0)
    >>> labels = (generator.random(5000) < 0.05).astype(int)
    >>> logits = generator.normal(0, 1, (5000, 2)) + np.eye(2)[labels] + np.log([0.95, 0.05])
    >>> frequent, seldom = fit_rare_bias(softmax(logits), labels)
    >>> bool(seldom > 0 > frequent)
    True
    """
    # Imported here because serving needs only `apply_temperature`, and scikit-learn is slow to load.
    from sklearn.metrics import f1_score

    labels = np.asarray(labels, int)
    if not len(labels):
        raise ValueError("There are no labels to fit to. Give held-out rows.")
    # A class that never occurs counts as half a row, so that its bias stays finite.
    counts = np.maximum(np.bincount(labels, minlength=probabilities.shape[1]), 0.5)
    rarity = -np.log(counts / counts.sum())
    rarity -= rarity.mean()
    logits = np.log(np.clip(probabilities, 1e-12, 1.0))

    def balance(strength: float) -> float:
        answers = (logits + strength * rarity).argmax(axis=1)
        return float((answers == labels).mean() + f1_score(labels, answers, average="macro", zero_division=0.0))

    return max(strengths, key=balance) * rarity


def top_answers(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Confidence and correctness of the most probable class.

    Args:
        probabilities: (n, classes).
        labels: (n,) right classes.

    Returns:
        (n,) probability of the best class, and (n,) bool, whether it is the right one.

    >>> top_answers(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 1]))
    (array([0.9, 0.6]), array([ True, False]))
    """
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == np.asarray(labels)


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighted by bin size, 0–1 (Guo et al., ICML 2017).

    Args:
        confidence: (n,) probabilities of the answers, 0–1.
        correct: (n,) whether each answer is right.
        bins: number of bins between 0 and 1.

    >>> expected_calibration_error(np.array([0.75, 0.75, 0.75, 0.75]), np.array([1, 1, 1, 0]))
    0.0
    """
    index = np.clip((confidence * bins).astype(int), 0, bins - 1)
    gaps = [abs(confidence[index == b].mean() - correct[index == b].mean()) * (index == b).mean() for b in np.unique(index)]
    return float(sum(gaps))


def risk_coverage(confidence: np.ndarray, correct: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Error rate among the kept answers as fewer are kept, most confident first (El-Yaniv & Wiener, JMLR 2010).

    Args:
        confidence: (n,) any numbers that grow with certainty.
        correct: (n,) whether each answer is right.

    Returns:
        coverage (n,) ascending in (0, 1], risk (n,) error rate among the kept, threshold (n,) lowest kept confidence.

    >>> coverage, risk, _ = risk_coverage(np.array([0.9, 0.6]), np.array([True, False]))
    >>> coverage, risk
    (array([0.5, 1. ]), array([0. , 0.5]))
    """
    order = np.argsort(-confidence, kind="stable")
    kept = np.arange(1, len(order) + 1)
    return kept / len(order), np.cumsum(~np.asarray(correct, bool)[order]) / kept, confidence[order]


def coverage_at(confidence: np.ndarray, correct: np.ndarray, accuracies: Sequence[float] = (0.85, 0.9)) -> dict[str, float]:
    """The largest share of the answers, most confident first, of which so many are right; 0 where none is.

    >>> coverage_at(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, False]), (0.6,))
    {'0.6': 0.75}
    """
    coverage, risk, _ = risk_coverage(confidence, correct)
    return {f"{wanted:g}": float(coverage[risk <= 1 - wanted].max(initial=0.0)) for wanted in accuracies}


def threshold_keeping(confidence: np.ndarray, share: float) -> float:
    """The threshold that a given share of answers reaches; 0.5 when there are no answers.

    Args:
        confidence: (n,) probabilities of the answers to keep, usually the right ones.
        share: 0–1.

    >>> round(threshold_keeping(np.linspace(0, 1, 101), 0.95), 2)
    0.05
    """
    return float(np.quantile(confidence, 1 - share)) if len(confidence) else 0.5
