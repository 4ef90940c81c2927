"""Augmentation of hands before, beside and after a sign: they rise and go down, and the unused one may rest in view.

Points are (n, frames, 51, 3) float32, the rows `kslr.points.BODY_AND_HANDS`, absent parts NaN.
Lengths are in shoulder widths.
"""

from dataclasses import dataclass

import numpy as np

from kslr.augment import sample_times
from kslr.training.networks.sign_encoder import ELBOWS, FINGER_ROOTS, LEFT, RIGHT, SHOULDERS, WRISTS

HANDS = (LEFT, RIGHT)
_NAN = np.float32(np.nan)
USUAL = ((2 / 3, 0.5), 0.35)  # middle and width of shoulders that are not seen, in picture heights


@dataclass(frozen=True)
class Shoulders:
    """Where the shoulders are: middle (n, 2), width (n,), and +1 where the signer's left is at larger x (n,)."""

    middle: np.ndarray
    width: np.ndarray
    left: np.ndarray


def shoulders(points: np.ndarray) -> Shoulders:
    """Mean over time; where no body is seen, about the middle of the picture."""
    seen = np.isfinite(points[:, :, SHOULDERS[0], :1])
    count = np.maximum(seen.sum(axis=1), 1).astype(np.float32)
    left, right = (np.nan_to_num(points[:, :, row, :2]).sum(axis=1) / count for row in SHOULDERS)
    middle, width = (left + right) / 2, np.hypot(*(left - right).T)
    unseen = ~seen.any(axis=(1, 2)) | (width < 0.03)
    middle[unseen], width[unseen] = USUAL
    side = np.where(unseen | (left[:, 0] >= right[:, 0]), 1.0, -1.0)
    return Shoulders(middle.astype(np.float32), width.astype(np.float32), side.astype(np.float32))


def activity(points: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How much each hand does.

    Args:
        width: (n,) what distances are measured in.

    Returns:
        (n, 2) share of frames in which it is seen, (n, 2) how far its wrist wanders (2.5 deviations).
    """
    seen, way = [], []
    for hand in HANDS:
        wrist = points[:, :, hand.start, :2]
        there = np.isfinite(wrist[..., :1]).astype(np.float32)
        count, wrist = np.maximum(there.sum(axis=1), 1), np.nan_to_num(wrist)
        mean = (wrist * there).sum(axis=1) / count
        spread = (np.square(wrist - mean[:, None]) * there).sum(axis=1) / count
        seen.append(there.mean(axis=(1, 2)))
        way.append(2.5 * np.sqrt(spread.sum(axis=1)) / width)
    return np.stack(seen, axis=1), np.stack(way, axis=1)


def raise_hands(points: np.ndarray, generator: np.random.Generator, rise: float) -> np.ndarray:
    """Lets hands come up from where they rest, and go down again, in recordings that are cut close to the sign or not.

    Args:
        rise: chance of each, 0–1. Changes `points` in place.
    """
    n, frames = points.shape[:2]
    body = shoulders(points)
    before = np.where(generator.random(n) < rise, generator.integers(2, 8, n), 0)
    after = np.where(generator.random(n) < rise, generator.integers(2, 8, n), 0)
    rows = np.flatnonzero(before + after)
    if not len(rows):
        return points
    before, after, time = before[rows, None], after[rows, None], np.arange(frames)[None]
    middle, width = body.middle[rows], body.width[rows]
    inside = ((time - before) / np.maximum(frames - 1 - before - after, 1)).clip(0, 1)
    x = sample_times(points[rows], inside * (frames - 1))
    up = ((before - time) / np.maximum(before, 1)).clip(0, 1)
    down = ((time - (frames - 1 - after)) / np.maximum(after, 1)).clip(0, 1)
    part = np.maximum(up, down)
    part = (part * part * (3 - 2 * part)).astype(np.float32)
    blind = generator.uniform(0.3, 1.3, (len(rows), 1))  # from this part of the way down the hand is not found
    for h, hand in enumerate(HANDS):
        wrist = x[:, :, hand.start, :2]
        high = np.nan_to_num(wrist[..., 1], nan=9.0).min(axis=1) < middle[:, 1] + 0.9 * width
        side = (1.0 if h == 0 else -1.0) * body.left[rows]
        beside = side * generator.uniform(0.0, 0.9, len(rows)) * width
        rest = middle + np.stack([beside, generator.uniform(1.1, 2.0, len(rows)) * width], axis=1)
        way = np.where((high[:, None] & (part > 0))[..., None], (rest[:, None] - wrist) * part[..., None], 0)
        way = np.nan_to_num(way).astype(np.float32)
        x[:, :, hand, :2] += way[:, :, None]
        x[:, :, WRISTS[h], :2] += way
        x[:, :, ELBOWS[h], :2] += way / 2
        x[:, :, hand][high[:, None] & (part > blind)] = _NAN
    points[rows] = x
    return points


def _resting_hand(
    shapes: np.ndarray, path: np.ndarray, width: np.ndarray, side: np.ndarray, generator: np.random.Generator, left: bool
) -> np.ndarray:
    """Hands (m, frames, 21, 3) of the given shapes whose wrists take a path, seen in most or in some frames."""
    m, frames = path.shape[:2]
    shape = shapes[generator.integers(0, len(shapes), m)].copy()
    shape[..., 0] *= (-side if left else side)[:, None]
    shape[..., :2] = turn(shape[:, None, :, :2], rotation(np.deg2rad(generator.normal(0, 35, m))))[:, 0]
    size = width * generator.uniform(0.2, 0.32, m)
    noise = generator.normal(0, 0.004, (m, frames, 21, 3)).astype(np.float32) * width[:, None, None, None]
    hand = shape[:, None] * size[:, None, None, None].astype(np.float32) + noise
    hand[..., :2] += path[:, :, None]
    time = np.arange(frames)[None]
    lost = generator.random((m, frames)) < generator.choice((0.0, 0.1, 0.4), (m, 1))
    begun, part = generator.uniform(0, frames, (m, 1)), generator.random((m, 1)) < 0.25
    lost |= part & (time < begun) & (generator.random((m, 1)) < 0.5)
    lost |= part & (time > frames - begun / 2)
    hand[lost] = _NAN
    return hand


def add_resting_hands(
    points: np.ndarray, generator: np.random.Generator, shapes: np.ndarray, rest: float, hide: float
) -> np.ndarray:
    """Makes unused hands visible at rest (at the waist, the hip, the chest), and takes still hands away; in place.

    Args:
        shapes: (m, 21, 3) of `hand_shapes`.
        rest, hide: chances (0–1) of the one and of the other.
    """
    out, body = points, shoulders(points)
    seen, way = activity(points, body.width)
    n, frames = points.shape[:2]
    for h, hand in enumerate(HANDS):
        works = (seen[:, 1 - h] > 0.4) & (way[:, 1 - h] > 0.15)
        unused = works & (seen[:, h] < 0.3)
        still = works & (seen[:, h] >= 0.3) & (way[:, h] < 0.4 * way[:, 1 - h]) & (way[:, h] < 0.3)
        chance = generator.random(n)
        hidden = still & (chance < hide)
        out[hidden, :, hand] = _NAN
        hang = hidden | (unused & (generator.random(n) < 0.1))
        make = (unused & (generator.random(n) < rest)) | (still & (chance > 1 - rest / 3))
        for chosen, visible in ((make, True), (hang & ~make, False)):
            rows = np.flatnonzero(chosen)
            if not len(rows):
                continue
            m, width, left = len(rows), body.width[rows], body.left[rows]
            kind = generator.choice(3, m, p=(0.5, 0.3, 0.2)) if visible else np.ones(m, int)
            side = (1.0 if h == 0 else -1.0) * left
            u = generator.uniform
            beside = np.choose(kind, [u(-0.2, 0.4, m), u(0.4, 0.95, m), u(-0.3, 0.6, m)])
            below = np.choose(kind, [u(0.85, 1.6, m), u(1.3, 2.1, m), u(0.2, 0.9, m)])
            wrist = body.middle[rows] + np.stack([side * beside * width, below * width], axis=1)
            drift = np.cumsum(generator.normal(0, 0.006, (m, frames, 2)), axis=1) * generator.choice((0.0, 1.0, 2.0), (m, 1, 1))
            path = wrist[:, None] + drift * width[:, None, None] + generator.normal(0, 0.003, (m, frames, 2))
            path = path.astype(np.float32)
            if visible:
                out[rows, :, hand] = _resting_hand(shapes, path, width, left, generator, h == 0)
            there = np.isfinite(out[rows, :, WRISTS[h], :1])
            bent = np.stack([side * u(0.05, 0.45, m) * width, u(-0.05, 0.35, m) * width], axis=1)
            elbow = (out[rows, :, SHOULDERS[h], :2] + path) / 2 + bent[:, None]
            for row, place in ((WRISTS[h], path), (ELBOWS[h], elbow)):
                out[rows, :, row, :2] = np.where(there, place, _NAN)
    return out


def hand_shapes(points: np.ndarray, seed: int = 0, most: int = 4000) -> np.ndarray:
    """Shapes of hands that keep still, and a few of others, for `add_resting_hands`.

    Returns:
        (m, 21, 3) float32 about the wrist in palms, as right hands.
    """
    generator, out = np.random.default_rng(seed), []
    for i in generator.permutation(len(points)):
        one = points[i : i + 1]
        body = shoulders(one)
        seen, way = activity(one, body.width)
        for h, hand in enumerate(HANDS):
            if seen[0, h] > 0.5 and (way[0, h] < 0.12 or generator.random() < 0.02):
                frame = generator.choice(np.flatnonzero(np.isfinite(one[0, :, hand.start, 0])))
                shape = one[0, frame, hand] - one[0, frame, hand.start]
                palm = np.linalg.norm(shape[list(FINGER_ROOTS), :2], axis=1).mean()
                if palm > 0.005:
                    shape = shape / palm
                    shape[:, 0] *= body.left[0] * (1 if h == 1 else -1)
                    out.append(shape)
        if len(out) >= most:
            break
    return np.stack(out).astype(np.float32)


def turn(xy: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(n, frames, points, 2) times a 2×2 matrix a sample."""
    n, frames, points, _ = xy.shape
    return (xy.reshape(n, -1, 2) @ matrix.transpose(0, 2, 1)).reshape(n, frames, points, 2)


def rotation(angle: np.ndarray) -> np.ndarray:
    """(n,) radians → (n, 2, 2) float32."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([np.stack([cos, -sin], axis=-1), np.stack([sin, cos], axis=-1)], axis=1).astype(np.float32)
