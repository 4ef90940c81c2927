"""How far the affect of a word can be trusted: many frames of one face, pooled as the product pools them.

A face that is held out becomes a short film: it turns, comes nearer, shifts, and the light and the focus change, all with
a memory from frame to frame. What the network answers to its frames is pooled by `fusion.pooling`, and the
pooled answer is compared with the face's label.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from emotion.training.augment import affine, warp_faces
from fusion.pooling import effective_frames, log_mean
from kslr.core.calibration import apply_temperature, expected_calibration_error, fit_temperature, risk_coverage, top_answers

FRAME_SECONDS = 0.1  # The app asks the network at most ten times a second.
# How far a face strays from its own mean in a film, as standard deviations: degrees, log scale, shift (share of the side),
# log gamma, and pixels of blur. A film has one expression; people's real answers stray further, because theirs changes.
DEGREES, SCALE, SHIFT, GAMMA, BLUR = 5.0, 0.06, 0.04, 0.2, 0.6
Answer = Callable[[np.ndarray], np.ndarray]


def film_faces(images: np.ndarray, frames: int, correlation: float, generator: np.random.Generator) -> np.ndarray:
    """Makes a film of each face.

    Args:
        images: (n, side, side) uint8.
        frames: of each film.
        correlation: of a frame's turn, place, size, light and focus with those of the frame before, 0 to below 1.

    Returns:
        (n, frames, side, side) uint8.

    >>> film_faces(np.zeros((2, 48, 48), np.uint8), 3, 0.9, np.random.default_rng(0)).shape
    (2, 3, 48, 48)
    """
    n, side, _ = images.shape
    made = np.empty((n, frames, side, side), np.uint8)
    state = generator.normal(size=(n, 6))
    for frame in range(frames):
        if frame:
            state = correlation * state + np.sqrt(1 - correlation**2) * generator.normal(size=(n, 6))
        degrees, scale, right, down, light, focus = state.T
        matrices = affine(
            side,
            side,
            degrees * DEGREES,
            np.exp(scale * SCALE),
            SHIFT * np.stack([right, down], axis=-1),
            np.zeros(n, bool),
        )
        moved = warp_faces(images, matrices, side)
        tables = (255 * (np.arange(256) / 255) ** np.exp(light * GAMMA)[:, None]).round().astype(np.uint8)
        for row in range(n):
            lit, blur = tables[row][moved[row]], abs(focus[row]) * BLUR
            made[row, frame] = cv2.GaussianBlur(lit, (0, 0), blur) if blur > 0.3 else lit
    return made


def answer_films(answer: Answer, films: np.ndarray) -> np.ndarray:
    """(n, frames, side, side) films → (n, frames, classes) probabilities of a network that takes (n, side, side) faces."""
    rows = answer(films.reshape(-1, *films.shape[2:]))
    return rows.reshape(*films.shape[:2], -1)


def pool_films(answers: np.ndarray) -> np.ndarray:
    """(n, frames, classes) → (n, classes): each film's answers pooled with equal weights, not yet calibrated."""
    return np.stack([log_mean(rows, np.ones(len(rows))) for rows in answers])


def film_frames(frames: int) -> float:
    """How many independent frames a film counts for, as the product counts them from its times."""
    return effective_frames(np.arange(frames) * FRAME_SECONDS, np.ones(frames))


def fit_pooling(pooled: dict[int, np.ndarray], labels: np.ndarray, kept: float) -> dict[str, float]:
    """The calibration of pooled answers, from held-out faces.

    The temperature depends on how many frames count: log temperature = a + b / effective frames, because the mean of many
    answers is surer to be right than its own probabilities say.

    Args:
        pooled: frames of a film → (n, classes) of `pool_films`, for at least two lengths.
        labels: (n,) classes.
        kept: share of right answers among those above the threshold.

    Returns:
        ``pooled_temperature`` (a, as a temperature), ``pooled_few`` (b) and ``pooled_threshold``.
    """
    lengths = sorted(pooled)
    logs = [np.log(fit_temperature(pooled[length], labels)) for length in lengths]
    b, a = np.polyfit([1 / film_frames(length) for length in lengths], logs, 1)
    calibrated = np.concatenate([apply_temperature(pooled[n], float(np.exp(a + b / film_frames(n)))) for n in lengths])
    _, risk, confidence = risk_coverage(*top_answers(calibrated, np.tile(labels, len(lengths))))
    enough = np.flatnonzero(risk <= 1 - kept)
    return {
        "pooled_temperature": float(np.exp(a)),
        "pooled_few": float(b),
        "pooled_threshold": float(confidence[enough[-1]]) if len(enough) else 1.0,
    }


@dataclass(frozen=True)
class PooledScore:
    """How good pooled answers are.

    Attributes:
        accuracy: of all films, 0–1.
        calibration_error: of the best emotion's probability, 0–1.
        coverage: share of the films with an answer.
        accuracy_of_said: of those with an answer; None when there is none.
    """

    accuracy: float
    calibration_error: float
    coverage: float
    accuracy_of_said: float | None


def score_pooled(probabilities: np.ndarray, labels: np.ndarray, threshold: float) -> PooledScore:
    """Scores calibrated pooled answers (n, classes) against (n,) classes.

    >>> score_pooled(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 1]), 0.8).coverage
    0.5
    """
    confidence, right = top_answers(probabilities, labels)
    said = confidence >= threshold
    error = expected_calibration_error(confidence, right)
    return PooledScore(float(right.mean()), error, float(said.mean()), float(right[said].mean()) if said.any() else None)


def answer_memory(answers: Sequence[np.ndarray], seconds: Sequence[np.ndarray]) -> tuple[float, float]:
    """How long answers to one face remember, and how far they stray, from real clips.

    Args:
        answers: of each clip, (frames, classes) probabilities of one person.
        seconds: of each clip, (frames,) times.

    Returns:
        The time in seconds after which the correlation of the best emotion's log-probability has fallen to 1/e (of an
        exponential through neighbouring frames), and the standard deviation of it around the clip's mean.
    """
    products, squares, gaps = [], [], []
    for rows, times in zip(answers, seconds, strict=True):
        best = np.log(np.clip(rows[:, rows.mean(axis=0).argmax()], 1e-4, 1))
        strayed = best - best.mean()
        products += list(strayed[1:] * strayed[:-1])
        squares += list(strayed**2)
        gaps += list(np.diff(times))
    correlation = float(np.clip(np.mean(products) / max(np.mean(squares), 1e-9), 1e-3, 0.999))
    return -float(np.median(gaps)) / np.log(correlation), float(np.sqrt(np.mean(squares)))
