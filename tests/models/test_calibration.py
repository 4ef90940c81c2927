import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import (
    expected_calibration_error,
    fit_temperature,
    fit_temperature_and_bias,
    risk_coverage,
    softmax,
    tempered,
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
    assert expected_calibration_error(sharp, labels) > 0.15
    assert expected_calibration_error(tempered(sharp, 3.0), labels) < 0.03


def test_a_network_with_favourites_gets_its_biases_back():
    logits, labels = overconfident(4000)
    favoured = np.array([1.0, -0.5, 0.0, 0.0, -0.5])
    temperature, bias = fit_temperature_and_bias(softmax(2 * (logits + favoured)), labels)
    assert abs(temperature - 2) < 0.2
    assert np.abs(bias + favoured).max() < 0.15
    mended = tempered(softmax(2 * (logits + favoured)), temperature, bias)
    assert expected_calibration_error(mended, labels) < 0.03
    before = (softmax(2 * (logits + favoured)).argmax(axis=1) == labels).mean()
    assert (mended.argmax(axis=1) == labels).mean() > before


def test_a_class_that_never_occurs_keeps_a_bias_that_can_be_used():
    temperature, bias = fit_temperature_and_bias(np.full((10, 3), 1 / 3), np.zeros(10, int))
    assert np.isfinite(bias).all()
    assert np.abs(bias).max() < 2
    assert 0.05 <= temperature <= 20


@given(st.integers(1, 60), st.integers(0, 10_000))
def test_risk_coverage_ends_at_the_error_rate(n, seed):
    generator = np.random.default_rng(seed)
    probabilities = softmax(generator.normal(0, 1, (n, 4)))
    labels = generator.integers(0, 4, n)
    coverage, risk, threshold = risk_coverage(probabilities, labels)
    assert coverage[-1] == 1
    assert np.isclose(risk[-1], (probabilities.argmax(1) != labels).mean())
    assert np.all(np.diff(coverage) > 0)
    assert np.all(np.diff(threshold) <= 0)


@given(st.floats(0.1, 10))
def test_temperature_keeps_the_order(temperature):
    p = np.array([0.5, 0.3, 0.15, 0.05])
    q = tempered(p, temperature)
    assert np.isclose(q.sum(), 1)
    assert np.all(np.diff(q) <= 0)
