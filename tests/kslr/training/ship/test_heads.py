import numpy as np
import pytest

from kslr.core.calibration import apply_temperature, expected_calibration_error, top_answers
from kslr.core.errors import InputError
from kslr.training.ship.heads import Head, balance_weights, calibrate_head, leave_out


def clusters(classes: int, each: int, spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    label = np.repeat(np.arange(classes), each)
    z = generator.normal(0, 1, (classes, 24))[label] + generator.normal(0, spread, (classes * each, 24))
    return z / np.linalg.norm(z, axis=1, keepdims=True), label


@pytest.mark.parametrize("classes", [2, 6])
def test_a_head_reads_new_samples(classes: int) -> None:
    z, label = clusters(classes, 20, 0.5)
    train = np.arange(len(label)) % 2 == 0
    head = Head(z[train], label[train], balance_weights(label[train]))
    probabilities = head.probabilities(z[~train])
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == label[~train]).mean() > 0.9


def test_leaving_out_is_as_if_the_recording_had_never_been_there() -> None:
    z, label = clusters(4, 6, 1.0)
    group = np.repeat(np.arange(12), 2)
    head = Head(z, label, balance_weights(label))
    answers = leave_out(head, group, np.array([4, 5]))
    without = group != 2
    same = Head(z[without], label[without], head.weight[without]).probabilities(z[4:6])
    assert np.allclose(answers, same, atol=1e-6)


def test_random_labels_stay_at_chance_when_views_are_left_out() -> None:
    z = np.random.default_rng(0).normal(0, 1, (80, 24))
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    z, label, group = np.repeat(z, 3, axis=0), np.repeat(np.arange(80) % 4, 3), np.repeat(np.arange(80), 3)
    asked = np.arange(0, 240, 3)
    head = Head(z, label, balance_weights(label))
    assert (leave_out(head, group, asked).argmax(axis=1) == label[asked]).mean() < 0.45
    assert (head.probabilities(z[asked]).argmax(axis=1) == label[asked]).mean() > 0.9


def test_calibration_lowers_the_error_and_the_threshold_keeps_its_share() -> None:
    z, label = clusters(6, 30, 1.6)
    head = Head(z, label, balance_weights(label), sharpness=60.0)
    answers = leave_out(head, np.arange(len(label)), np.arange(len(label)))
    better = calibrate_head(head, answers, label, keep=0.9)
    soft = apply_temperature(answers, better.temperature)
    error_before = expected_calibration_error(*top_answers(answers, label))
    assert expected_calibration_error(*top_answers(soft, label)) <= error_before + 0.02
    right = soft.argmax(axis=1) == label
    assert abs((soft.max(axis=1)[right] >= better.threshold).mean() - 0.9) < 0.05
    with pytest.raises(InputError, match="two recordings"):
        calibrate_head(head, answers[:0], label[:0])
