"""What cameras do to 48×48 faces: blur, coarse coding, little light, uneven light, few pixels, things before the face.

`TRAINED` are met in training; `MEASURED` are the suite on which networks are compared. Some of its kinds are never met
in training, so that the suite also shows what was not learnt by heart. After Hendrycks & Dietterich, "Benchmarking neural
network robustness to common corruptions and perturbations", ICLR 2019, with kinds that fit small grey faces.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from PIL import Image

from emotion.faces import EMOTIONS
from emotion.training.augment import move_faces

Answer = Callable[[np.ndarray], np.ndarray]
Corruption = Callable[[np.ndarray, np.random.Generator, float], np.ndarray]


def blur(face: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """A picture out of focus: a Gaussian of up to 1.8 pixels."""
    return cv2.GaussianBlur(face, (0, 0), 0.5 + 1.3 * strength)


def shake(face: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """A moving head: the mean along a line of up to 9 pixels in any direction."""
    length = 3 + round(6 * strength)
    kernel = np.zeros((length, length), np.float32)
    angle, half = generator.uniform(0, np.pi), length // 2
    ends = [(round(half + sign * half * np.cos(angle)), round(half + sign * half * np.sin(angle))) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], [1.0])
    return cv2.filter2D(face, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def compress(face: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """A coarse JPEG: quality 40 down to 5."""
    code = io.BytesIO()
    Image.fromarray(face).save(code, "JPEG", quality=round(40 - 35 * strength))
    return np.asarray(Image.open(code))


def darken(face: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """Little light: few photons a pixel, hence noise, then the camera's gain."""
    photons = 60 - 50 * strength
    return np.clip(generator.poisson(face / 255 * photons) * (255 / photons) * (1 - 0.5 * strength), 0, 255).astype(np.uint8)


def add_noise(face: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """Noise of a sensor, up to 30 grey levels, with grains of two pixels in half of the pictures."""
    side = face.shape[0] // generator.integers(1, 3)
    noise = cv2.resize(generator.normal(0, 8 + 22 * strength, (side, side)).astype(np.float32), face.shape[::-1])
    return np.clip(face + noise, 0, 255).astype(np.uint8)


def shade(face: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """Light from one side: a ramp across the face in any direction."""
    angle, steps = generator.uniform(0, 2 * np.pi), np.linspace(-1, 1, face.shape[0], dtype=np.float32)
    ramp = np.cos(angle) * steps[None] + np.sin(angle) * steps[:, None]
    return np.clip(face * np.exp((0.4 + 0.8 * strength) * ramp), 0, 255).astype(np.uint8)


def overexpose(face: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """A window behind the camera's back: a bright spot that burns out a part of the face."""
    side = face.shape[0]
    x, y = generator.uniform(0.2, 0.8, 2) * side
    rows, columns = np.mgrid[:side, :side]
    spot = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (side / 4) ** 2))
    return np.clip(face * (1 + 0.5 * strength) + (60 + 160 * strength) * spot, 0, 255).astype(np.uint8)


def shrink(face: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """A face far away: 28 down to 12 pixels, scaled up again."""
    side = round(28 - 16 * strength)
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, face.shape[::-1], interpolation=cv2.INTER_LINEAR)


def cover_mouth(face: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """A hand before the chin: a skin-grey ellipse over the lower part, up to the lips."""
    side, out = face.shape[0], face.copy()
    grey = float(np.clip(face.mean() + generator.uniform(-30, 30), 0, 255))
    middle = (round(side * generator.uniform(0.25, 0.75)), round(side * (1.02 - 0.1 * strength)))
    axes = (round(side * generator.uniform(0.15, 0.3)), round(side * (0.12 + 0.12 * strength)))
    return cv2.ellipse(out, middle, axes, generator.uniform(-30, 30), 0, 360, [grey], -1)


def wear_glasses(face: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """Two frames before the eyes, darkened glass at more strength."""
    side, out = face.shape[0], face.copy()
    height, width = side * generator.uniform(0.34, 0.42), side * generator.uniform(0.11, 0.15)
    for x in (0.31, 0.69):
        middle, axes = (round(side * x), round(height)), (round(width), round(0.75 * width))
        if strength > 0.5:
            glass = cv2.ellipse(np.zeros_like(out), middle, axes, 0, 0, 360, [255.0], -1) > 0
            out[glass] = (out[glass] * (1.4 - strength)).astype(np.uint8)
        cv2.ellipse(out, middle, axes, 0, 0, 360, [float(generator.uniform(0, 60))], 1)
    return out


def cross_hand(face: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """A forearm or hand that crosses the face: a bar with soft grey, anywhere and in any direction."""
    side, out = face.shape[0], face.copy()
    angle, middle = generator.uniform(0, np.pi), generator.uniform(0.15, 0.85, 2) * side
    along = side * np.array([np.cos(angle), np.sin(angle)])
    ends = [tuple(int(v) for v in middle + sign * along) for sign in (-1, 1)]
    grey = float(np.clip(face.mean() + generator.uniform(-40, 40), 0, 255))
    return cv2.line(out, ends[0], ends[1], [grey], max(3, round(side * (0.08 + 0.14 * strength))))


def turn_head(face: np.ndarray, generator: np.random.Generator, strength: float) -> np.ndarray:
    """A head turned aside or up: one edge of the picture comes nearer, the other goes away."""
    side, depth = face.shape[0], 0.06 + 0.16 * strength
    near, square = side * depth, np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * (side - 1)
    moved = square + near * np.array([[1, 1], [0, 0], [0, 0], [1, -1]], np.float32)
    moved = np.roll(moved - square, generator.integers(0, 4), axis=0) + square
    matrix = cv2.getPerspectiveTransform(moved.astype(np.float32), square)
    return cv2.warpPerspective(face, matrix, face.shape[::-1], borderMode=cv2.BORDER_REPLICATE)


TRAINED: tuple[Corruption, ...] = (blur, compress, darken, shade, shrink, cover_mouth, wear_glasses, turn_head)
# Never met in training.
UNSEEN: tuple[Corruption, ...] = (shake, add_noise, overexpose, cross_hand)
MEASURED: tuple[Corruption, ...] = (*TRAINED, *UNSEEN)
STRENGTHS = (0.2, 0.5, 0.8)
# By how much crops are moved: share of the side, factor, degrees.
JITTERS = {"shift": (0.05, 0.1, 0.15, 0.2), "scale": (0.8, 0.9, 1.1, 1.2), "degrees": (5.0, 10.0, 15.0, 20.0)}


def corrupt_faces(
    images: np.ndarray, share: float, generator: np.random.Generator, kinds: tuple[Corruption, ...] = TRAINED
) -> np.ndarray:
    """Corrupts a share of the faces, each by one kind (in a quarter of them by two) at a random strength.

    Args:
        images: (n, side, side) uint8.
        share: of the faces (0–1).

    Returns:
        (n, side, side) uint8, new.

    >>> corrupt_faces(np.zeros((2, 48, 48), np.uint8), 1.0, np.random.default_rng(0)).shape
    (2, 48, 48)
    """
    out = images.copy()
    for row in np.flatnonzero(generator.random(len(images)) < share):
        for _ in range(1 + (generator.random() < 0.25)):
            out[row] = kinds[generator.integers(len(kinds))](out[row], generator, generator.random())
    return out


def corruption_scores(
    answer: Answer, images: np.ndarray, labels: np.ndarray, progress: Callable[[float], None] = lambda share: None
) -> dict[str, Any]:
    """Accuracy on faces with a camera's faults: every kind of `MEASURED` on every face, a third of them at each strength.

    Args:
        answer: (n, 48, 48) uint8 → (n,) classes.
        images, labels: (n, 48, 48) uint8 and (n,).
        progress: called with the share done.

    Returns:
        ``kinds`` (name → accuracy), their ``mean``, ``unseen``, the mean of the kinds that no training has met, and
        ``recall`` (emotion → share found, over all kinds; of emotions with a face).
    """
    right = np.zeros((len(MEASURED), len(labels)))
    for number, kind in enumerate(MEASURED):
        generator = np.random.default_rng(number)
        strengths = np.resize(STRENGTHS, len(images))
        made = [kind(image, generator, strength) for image, strength in zip(images, strengths, strict=True)]
        right[number] = answer(np.stack(made)) == labels
        progress((number + 1) / len(MEASURED))
    kinds = {kind.__name__: float(part.mean()) for kind, part in zip(MEASURED, right, strict=True)}
    return {
        "kinds": kinds,
        "mean": float(right.mean()),
        "unseen": float(np.mean([kinds[kind.__name__] for kind in UNSEEN])),
        "recall": {EMOTIONS[label]: float(right[:, labels == label].mean()) for label in np.unique(labels)},
    }


def jitter_curve(
    answer: Answer,
    images: np.ndarray,
    labels: np.ndarray,
    amounts: Mapping[str, Sequence[float]] = JITTERS,
    progress: Callable[[float], None] = lambda share: None,
) -> dict[str, dict[str, float]]:
    """Accuracy when the crop is cut a little wrong.

    Args:
        answer: (n, 48, 48) uint8 → (n,) classes.
        images, labels: (n, 48, 48) uint8 and (n,).
        amounts: of ``shift`` (share of the side, mean of the four directions), ``scale`` (factor) and ``degrees`` (mean of
            both directions).
        progress: called with the share done.

    Returns:
        Kind → amount → accuracy.
    """
    curve: dict[str, dict[str, float]] = {kind: {} for kind in amounts}
    cases = [(kind, amount) for kind, several in amounts.items() for amount in several]
    for number, (kind, amount) in enumerate(cases):
        directions: dict[str, list[Any]] = {
            "shift": [(amount, 0), (-amount, 0), (0, amount), (0, -amount)],
            "scale": [amount],
            "degrees": [amount, -amount],
        }
        moved = [move_faces(images, **{kind: value}) for value in directions[kind]]
        curve[kind][f"{amount:g}"] = float(np.mean([answer(one) == labels for one in moved]))
        progress((number + 1) / len(cases))
    return curve
