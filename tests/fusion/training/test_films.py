"""Films of held-out faces and the calibration of their pooled answers, on answers whose truth is known."""

import numpy as np
import pytest

from fusion.pooling import PooledCalibration
from fusion.training.films import (
    answer_films,
    answer_memory,
    film_faces,
    film_frames,
    fit_pooling,
    pool_films,
    score_pooled,
)

SECONDS = 0.1


def test_films_move_as_their_correlation_says():
    faces = np.random.default_rng(0).integers(0, 256, (6, 48, 48), dtype=np.uint8)

    def change(correlation: float) -> float:
        films = film_faces(faces, 12, correlation, np.random.default_rng(1)).astype(float)
        assert films.shape == (6, 12, 48, 48)
        return float(np.abs(np.diff(films, axis=1)).mean())

    assert 0 < change(0.98) < change(0.8) < change(0.0)
    same = [film_faces(faces, 3, 0.5, np.random.default_rng(2)) for _ in range(2)]
    assert (same[0] == same[1]).all()


def test_answers_keep_their_film_and_frame():
    films = np.arange(2 * 3, dtype=np.uint8).reshape(2, 3, 1, 1) * np.ones((1, 1, 4, 4), np.uint8)

    def mean_grey(faces: np.ndarray) -> np.ndarray:
        return faces.mean(axis=(1, 2))[:, None] / 10

    assert np.allclose(answer_films(mean_grey, films)[..., 0], [[0, 0.1, 0.2], [0.3, 0.4, 0.5]])


def _answers(n: int, frames: int, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A network that sees each face's truth through a noise of the face and one of the frame."""
    labels = generator.integers(0, 7, n)
    logits = 2.2 * np.eye(7)[labels] + generator.normal(0, 1, (n, 7))
    rows = logits[:, None] + generator.normal(0, 1.2, (n, frames, 7))
    rows = np.exp(rows)
    return rows / rows.sum(axis=2, keepdims=True), labels


def test_the_fitted_calibration_holds_for_other_faces_and_lengths():
    generator = np.random.default_rng(0)
    answers, labels = _answers(4000, 40, generator)
    fitted = fit_pooling({n: pool_films(answers[:, :n]) for n in (1, 3, 10, 40)}, labels, kept=0.85)
    calibration = PooledCalibration(fitted["pooled_temperature"], fitted["pooled_few"], fitted["pooled_threshold"])
    others, truth = _answers(4000, 20, generator)
    for frames in (2, 6, 20):
        pooled = pool_films(others[:, :frames])
        raw = score_pooled(pooled, truth, 0.5)
        score = score_pooled(calibration.apply(pooled, film_frames(frames)), truth, calibration.threshold)
        assert score.calibration_error < max(0.05, raw.calibration_error)
        assert score.accuracy == raw.accuracy
        assert score.accuracy_of_said > 0.8
    assert film_frames(1) == pytest.approx(1)
    assert 1 < film_frames(10) < film_frames(40) < 40


def test_memory_of_answers_is_found_again():
    generator, memory = np.random.default_rng(0), 0.5
    clips, times = [], []
    for _ in range(20):
        correlation, state, rows = np.exp(-SECONDS / memory), generator.normal(), []
        for _ in range(300):
            state = correlation * state + np.sqrt(1 - correlation**2) * generator.normal()
            best = np.exp(-0.7 + 0.2 * state)
            rows.append([best, *[(1 - best) / 6] * 6])
        clips.append(np.array(rows))
        times.append(np.arange(300) * SECONDS)
    found, strayed = answer_memory(clips, times)
    assert found == pytest.approx(memory, rel=0.2)
    assert strayed == pytest.approx(0.2, rel=0.2)
