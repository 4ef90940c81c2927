import numpy as np
import pytest

from kslr.heads import calibrated, cross_validated, fit_head
from models.calibration import expected_calibration_error


def clusters(classes: int, each: int, spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    label = np.repeat(np.arange(classes), each)
    z = generator.normal(0, 1, (classes, 24))[label] + generator.normal(0, spread, (classes * each, 24))
    return z / np.linalg.norm(z, axis=1, keepdims=True), label


@pytest.mark.parametrize("classes", [2, 6])
def test_a_head_reads_new_samples(classes: int) -> None:
    z, label = clusters(classes, 20, 0.5)
    train = np.arange(len(label)) % 2 == 0
    head = fit_head(z[train], label[train], classes)
    probabilities = head.probabilities(z[~train])
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == label[~train]).mean() > 0.9


def test_cross_validation_never_sees_the_recording_it_asks() -> None:
    generator = np.random.default_rng(0)
    z = generator.normal(0, 1, (40, 24))
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    z, label, recording = np.repeat(z, 3, axis=0), np.repeat(np.arange(40) % 4, 3), np.repeat(np.arange(40), 3)
    asked = np.arange(0, 120, 3)
    answers = cross_validated(z, label, recording, asked, 4)
    # Labels are random here: whoever does better than chance by much has seen the views of what is asked.
    assert (answers.argmax(axis=1) == label[asked]).mean() < 0.5
    assert (fit_head(z, label, 4).probabilities(z[asked]).argmax(axis=1) == label[asked]).mean() > 0.9


def test_calibration_lowers_the_error_and_the_threshold_keeps_its_share() -> None:
    z, label = clusters(6, 30, 1.6)
    recording = np.arange(len(label))
    answers = cross_validated(z, label, recording, recording, 6)
    head = calibrated(fit_head(z, label, 6), answers, label, keep=0.9)
    from models.calibration import tempered

    soft = tempered(answers, head.temperature)
    assert expected_calibration_error(soft, label) <= expected_calibration_error(answers, label) + 0.02
    right = soft.argmax(axis=1) == label
    assert abs((soft.max(axis=1)[right] >= head.threshold).mean() - 0.9) < 0.05
