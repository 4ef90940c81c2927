import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.calibration import expected_calibration_error, fit_temperature, risk_coverage, softmax, tempered


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
