import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from kslr.core.calibration import (
    apply_temperature,
    expected_calibration_error,
    fit_rare_bias,
    fit_temperature,
    risk_coverage,
    softmax,
    threshold_keeping,
    top_answers,
)


def overconfident(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose softmax is right at temperature 1, and labels drawn from it."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 1.5, (n, 5))
    labels = np.array([generator.choice(5, p=p) for p in softmax(logits)])
    return logits, labels


def test_a_sharpened_model_gets_its_temperature_back():
    logits, labels = overconfident(4000)
    assert abs(fit_temperature(softmax(logits * 2.5), labels) - 2.5) < 0.2


def test_calibration_error_falls_when_tempered():
    logits, labels = overconfident(4000)
    sharp = softmax(logits * 3)
    assert expected_calibration_error(*top_answers(sharp, labels)) > 0.15
    assert expected_calibration_error(*top_answers(apply_temperature(sharp, 3.0), labels)) < 0.03


def rare(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Right probabilities of three classes, the last of which is rare, and labels drawn from them."""
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 1.5, (n, 3)) + np.log([0.6, 0.37, 0.03])
    return softmax(logits), np.array([generator.choice(3, p=p) for p in softmax(logits)])


def test_a_rare_class_is_answered_more_often_and_accuracy_stays():
    probabilities, labels = rare(6000)
    bias = fit_rare_bias(probabilities, labels)
    assert bias[2] > bias[1] > bias[0]
    assert np.isclose(bias.mean(), 0)
    before, after = probabilities.argmax(axis=1), apply_temperature(probabilities, 1.0, bias).argmax(axis=1)
    assert (after[labels == 2] == 2).mean() > (before[labels == 2] == 2).mean()
    assert f1_score(labels, after, average="macro") > f1_score(labels, before, average="macro")
    assert (after == labels).mean() > (before == labels).mean() - 0.01


def test_classes_that_are_equally_frequent_get_no_bias():
    logits, labels = overconfident(4000)
    assert np.abs(fit_rare_bias(softmax(logits), labels)).max() < 0.05


def test_a_class_that_never_occurs_keeps_a_bias_that_can_be_used():
    bias = fit_rare_bias(np.full((10, 3), 1 / 3), np.zeros(10, int))
    assert np.isfinite(bias).all()
    assert np.abs(bias).max() < 2
    with pytest.raises(ValueError, match="held-out"):
        fit_rare_bias(np.zeros((0, 3)), np.zeros(0, int))


@given(st.integers(1, 60), st.integers(0, 10_000))
def test_risk_coverage_ends_at_the_error_rate(n, seed):
    generator = np.random.default_rng(seed)
    probabilities = softmax(generator.normal(0, 1, (n, 4)))
    labels = generator.integers(0, 4, n)
    coverage, risk, threshold = risk_coverage(*top_answers(probabilities, labels))
    assert coverage[-1] == 1
    assert np.isclose(risk[-1], (probabilities.argmax(1) != labels).mean())
    assert np.all(np.diff(coverage) > 0)
    assert np.all(np.diff(threshold) <= 0)


@given(st.floats(0.1, 10))
def test_temperature_keeps_the_order(temperature):
    p = np.array([0.5, 0.3, 0.15, 0.05])
    q = apply_temperature(p, temperature)
    assert np.isclose(q.sum(), 1)
    assert np.all(np.diff(q) <= 0)


def test_calibration_error_of_sure_answers_is_how_often_they_are_wrong():
    assert expected_calibration_error(np.ones(10), np.ones(10)) == 0.0
    assert expected_calibration_error(np.ones(10), np.zeros(10)) == 1.0


@given(st.integers(1, 200), st.floats(0.0, 1.0))
def test_a_threshold_keeps_the_share_it_is_asked_for(n, share):
    confidence = np.random.default_rng(n).random(n)
    assert (confidence >= threshold_keeping(confidence, share)).mean() >= share - 1 / n
    assert threshold_keeping(np.array([]), share) == 0.5
