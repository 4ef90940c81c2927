"""Augmentation of 48×48 training faces: changes that keep the emotion, in one warp a face."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Jitter:
    """How far a training face may be changed; each is a uniform ± range.

    Attributes:
        degrees: rotation.
        scale: share by which it grows or shrinks.
        shift: share of the picture's side, each axis.
        cutout: probability that a square is painted over.
        contrast: share by which contrast changes, and gamma with it.
    """

    degrees: float = 12.0
    scale: float = 0.12
    shift: float = 0.08
    cutout: float = 0.3
    contrast: float = 0.15

    def times(self, strength: float) -> "Jitter":
        """Every range multiplied.

        >>> Jitter(degrees=10).times(0.5).degrees
        5.0
        """
        return Jitter(*(strength * value for value in (self.degrees, self.scale, self.shift, self.cutout, self.contrast)))


def augment_faces(images: np.ndarray, jitter: Jitter, generator: np.random.Generator, size: int | None = None) -> np.ndarray:
    """Randomly mirrors, rotates, scales and shifts faces, and resizes them.

    Args:
        images: (n, side, side) uint8.
        size: side of the result; the images' own when None.

    Returns:
        (n, size, size) uint8. What lies outside the picture repeats its edge, as in the crop.

    >>> augment_faces(np.zeros((2, 48, 48), np.uint8), Jitter(), np.random.default_rng(0), 32).shape
    (2, 32, 32)
    """
    n, side, _ = images.shape
    size = size or side
    matrices = affine(
        side,
        size,
        degrees=generator.uniform(-1, 1, n) * jitter.degrees,
        scale=np.exp(generator.uniform(-1, 1, n) * np.log1p(jitter.scale)),
        shift=generator.uniform(-1, 1, (n, 2)) * jitter.shift,
        mirror=generator.random(n) < 0.5,
    )
    out = warp_faces(images, matrices, size)
    if jitter.contrast:
        gamma = np.exp(generator.uniform(-1, 1, n) * np.log1p(2 * jitter.contrast))
        table = (255 * (np.arange(256) / 255)[None] ** gamma[:, None]).round().astype(np.uint8)
        out = np.stack([row[image] for row, image in zip(table, out, strict=True)])
    for i in np.flatnonzero(generator.random(n) < jitter.cutout):
        half = int(size * generator.uniform(0.08, 0.18))
        y, x = generator.integers(0, size, 2)
        out[i, max(0, y - half) : y + half, max(0, x - half) : x + half] = generator.integers(0, 256)
    return out


def mix_faces(
    images: np.ndarray, targets: np.ndarray, mixup: float, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Blends each face and its target with another of the batch (Zhang et al., mixup, ICLR 2018).

    Args:
        images: (n, side, side) uint8.
        targets: (n, classes) float.
        mixup: both parameters of the Beta distribution of a pair's weights; the face itself has the larger weight.

    Returns:
        Images and targets of the same shapes and types.

    >>> faces, targets = np.zeros((2, 48, 48), np.uint8), np.eye(2, dtype=np.float32)
    >>> mix_faces(faces, targets, 0.2, np.random.default_rng(0))[1].sum(axis=1).tolist()
    [1.0, 1.0]
    """
    n = len(images)
    weight = generator.beta(mixup, mixup, n)
    weight = np.maximum(weight, 1 - weight).astype(np.float32)
    other = generator.permutation(n)
    own = weight[:, None, None]
    blended = own * images + (1 - own) * images[other]
    return (
        blended.round().astype(images.dtype),
        (weight[:, None] * targets + (1 - weight[:, None]) * targets[other]).astype(targets.dtype),
    )


def affine(side: int, size: int, degrees: np.ndarray, scale: np.ndarray, shift: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """(n, 2, 3) matrices from source pixels (side) to result pixels (size), about the picture's centre.

    Args:
        degrees, scale, mirror: (n,), shift: (n, 2) x, y as a share of the side.
    """
    angle = np.deg2rad(degrees)
    zoom = scale * size / side
    cos, sin = np.cos(angle) * zoom, np.sin(angle) * zoom
    flip = np.where(mirror, -1.0, 1.0)
    linear = np.stack([np.stack([cos * flip, -sin], -1), np.stack([sin * flip, cos], -1)], -2)
    source, target = (side - 1) / 2, (size - 1) / 2
    offset = target + shift * size - linear @ np.full(2, source)
    return np.concatenate([linear, offset[..., None]], -1)


def warp_faces(images: np.ndarray, matrices: np.ndarray, size: int) -> np.ndarray:
    """(n, side, side) uint8 and (n, 2, 3) source → result matrices → (n, size, size) uint8, edges repeated."""
    import cv2

    return np.stack(
        [
            cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            for image, matrix in zip(images, matrices, strict=True)
        ]
    )


def move_faces(
    images: np.ndarray, shift: tuple[float, float] = (0.0, 0.0), scale: float = 1.0, degrees: float = 0.0
) -> np.ndarray:
    """Shifts (share of the side), scales and turns (n, 48, 48) faces; edges are repeated."""
    n, side, _ = images.shape
    fill = np.full(n, 1.0)
    matrices = affine(side, side, fill * degrees, fill * scale, np.tile(shift, (n, 1)), np.zeros(n, bool))
    return warp_faces(images, matrices, side)
