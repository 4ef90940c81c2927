"""Augmentation: changes recordings at random, so that what learns from them learns the sign and not the recording.

Pure functions of points, (n, frames, 86, 3) float32 as `kslr.points.select_points` gives them, absent parts NaN, and a numpy
`Generator`. The kinds and strengths follow the winners of the Kaggle isolated-sign contest (2023).
"""

from dataclasses import dataclass

import numpy as np

from kslr.points import ROWS, mirror_points


@dataclass(frozen=True)
class AugmentStrength:
    """How strong each change is. Angles are in degrees, lengths in shares of the recording or of the picture's height.

    Attributes:
        speed: factors of the playing speed, slowest and fastest.
        fill: probability (0–1) that a recording fills the window; otherwise it keeps its own length.
        crop: maximum share of the recording that is cut off at each end.
        pad: maximum share of the window that is empty or held still at each end.
        warp: how unevenly the recording plays, as a share of its length.
        turn, stretch, shear: of the whole picture.
        hand_turn, hand_size, hand_shift: of each hand about its wrist.
        noise: of every point, in heights.
        mirror, drop_face, drop_body, drop_depth, drop_hand, drop_frames, few_frames: probabilities (0–1).
    """

    speed: tuple[float, float] = (0.6, 1.6)
    fill: float = 0.6
    crop: float = 0.15
    pad: float = 0.3
    warp: float = 0.06
    turn: float = 15.0
    stretch: float = 0.2
    shear: float = 0.15
    hand_turn: float = 12.0
    hand_size: float = 0.12
    hand_shift: float = 0.02
    noise: float = 0.003
    mirror: float = 0.5
    drop_face: float = 0.3
    drop_body: float = 0.15
    drop_depth: float = 0.2
    drop_hand: float = 0.2
    drop_frames: float = 0.4
    few_frames: float = 0.25


def sample_times(x: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Reads recordings at fractional frames.

    Args:
        x: (n, frames, …), absent values NaN.
        positions: (n, new frames) in frames; NaN is read outside the recording.

    Returns:
        (n, new frames, …): interpolated between two present values; beside an absent one the value of the nearer frame.
    """
    frames = x.shape[1]
    inside = np.clip(positions, 0, frames - 1)
    low = np.floor(inside).astype(int)
    high = np.minimum(low + 1, frames - 1)
    rows = np.arange(len(x))[:, None]
    shape = positions.shape + (1,) * (x.ndim - 2)
    weight = (inside - low).astype(np.float32).reshape(shape)
    before, after = x[rows, low], x[rows, high]
    mixed = before * (1 - weight) + after * weight
    mixed = np.where(np.isfinite(mixed), mixed, np.where(weight < 0.5, before, after))
    outside = (positions < -0.5) | (positions > frames - 0.5)
    return np.where(outside.reshape(shape), np.float32(np.nan), mixed)


def warp_time(points: np.ndarray, generator: np.random.Generator, how: AugmentStrength) -> np.ndarray:
    """Changes the speed, cuts the ends, pads them (empty or held still), warps the pace and drops to fewer frames a second."""
    n, frames = points.shape[:2]
    used = np.isfinite(points[:, :, :, 0]).any(axis=2)
    length = np.where(used.any(axis=1), frames - used[:, ::-1].argmax(axis=1), frames).astype(float)[:, None]
    span = length - 1
    start = generator.uniform(-0.3, 1, (n, 1)).clip(0) * how.crop * span
    end = span - generator.uniform(-0.3, 1, (n, 1)).clip(0) * how.crop * span
    # A recording fills the window, or keeps its own length and leaves an end empty.
    fills = generator.random((n, 1)) < how.fill
    pace = np.exp(generator.uniform(float(np.log(how.speed[0])), float(np.log(how.speed[1])), (n, 1)))
    new_length = np.where(fills, frames, np.clip((end - start + 1) / pace, 4, frames))
    lead = np.where(generator.random((n, 1)) < 0.5, 0, generator.uniform(0, how.pad, (n, 1)) * frames).round()
    lead = np.minimum(lead, frames - 4)
    new_length = np.minimum(new_length, frames - lead)
    tail = np.where(fills & (generator.random((n, 1)) < 0.5), generator.uniform(0, how.pad, (n, 1)) * new_length, 0)
    new_length = np.maximum(4, new_length - tail)
    phase = (np.arange(frames)[None] - lead) / np.maximum(new_length - 1, 1)
    outside = (phase < -1e-6) | (phase > 1 + 1e-6)
    phase = phase.clip(0, 1)
    phase = phase + how.warp * generator.normal(0, 0.5, (n, 1)) * np.sin(np.pi * phase)
    phase = phase + how.warp * generator.normal(0, 0.5, (n, 1)) * np.sin(2 * np.pi * phase)
    positions = start + phase.clip(0, 1) * (end - start)
    step = np.where(generator.random((n, 1)) < how.few_frames, generator.integers(2, 4, (n, 1)), 1)
    positions = np.where(step > 1, np.round(positions / step) * step, positions).clip(0, span)
    out = sample_times(points, positions)
    still = generator.random((n, 1)) < 0.5
    return np.where((outside & ~still)[:, :, None, None], np.float32(np.nan), out)


def distort_space(points: np.ndarray, generator: np.random.Generator, how: AugmentStrength) -> np.ndarray:
    """Mirrors, turns, stretches and shears the picture; turns, scales and moves each hand; adds noise."""
    n = len(points)
    out = np.array(points, np.float32)
    swap = generator.random(n) < how.mirror
    out[swap] = mirror_points(out[swap])
    angle = np.deg2rad(generator.uniform(-how.turn, how.turn, n))
    sx, sy = generator.uniform(1 - how.stretch, 1 + how.stretch, (2, n))
    shear = generator.uniform(-how.shear, how.shear, n)
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.stack([np.stack([cos * sx, -sin * sy + shear], -1), np.stack([sin * sx, cos * sy], -1)], 1).astype(np.float32)
    middle = np.array([2 / 3, 0.5], np.float32)
    out[..., :2] = _transform(out[..., :2] - middle, matrix) + middle
    for hand in ("left_hand", "right_hand"):
        h = out[:, :, ROWS[hand]]
        angle = np.deg2rad(generator.uniform(-how.hand_turn, how.hand_turn, n))
        size = generator.uniform(1 - how.hand_size, 1 + how.hand_size, n)
        cos, sin = np.cos(angle) * size, np.sin(angle) * size
        matrix = np.stack([np.stack([cos, -sin], -1), np.stack([sin, cos], -1)], 1).astype(np.float32)
        wrist = h[:, :, :1, :2].copy()
        moved = generator.normal(0, how.hand_shift, (n, 1, 1, 2)).astype(np.float32)
        h[..., :2] = _transform(h[..., :2] - wrist, matrix) + wrist + moved
    out[..., :2] += generator.normal(0, how.noise, (n, 1, out.shape[2], 2)).astype(np.float32)
    out[..., :2] += np.float32(how.noise / 2) * generator.standard_normal((*out.shape[:3], 2), np.float32)
    return out


def _transform(xy: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(n, frames, points, 2) times the (n, 2, 2) matrix of each sample."""
    n, frames, points, _ = xy.shape
    return (xy.reshape(n, -1, 2) @ matrix.transpose(0, 2, 1)).reshape(n, frames, points, 2)


def drop_parts(points: np.ndarray, generator: np.random.Generator, how: AugmentStrength) -> np.ndarray:
    """Removes faces, bodies and depth throughout, and hands and whole frames for a while."""
    n, frames = points.shape[:2]
    out = np.array(points, np.float32)
    body = generator.random(n) < how.drop_body
    out[body, :, ROWS["pose"]] = np.nan
    out[body | (generator.random(n) < how.drop_face), :, ROWS["face"]] = np.nan
    flat = generator.random(n) < how.drop_depth
    out[flat, ..., 2] = np.where(np.isfinite(out[flat, ..., 2]), np.float32(0), np.float32(np.nan))
    time = np.arange(frames)[None]
    for part, chance, longest in (
        ("left_hand", how.drop_hand, 0.4),
        ("right_hand", how.drop_hand, 0.4),
        (None, how.drop_frames, 0.25),
    ):
        first = generator.uniform(0, frames, (n, 1))
        lost = (time >= first) & (time < first + generator.uniform(0, longest, (n, 1)) * frames)
        lost &= generator.random((n, 1)) < chance
        rows = ROWS[part] if part else slice(None)
        block = out[:, :, rows]
        block[lost] = np.nan
    flicker = generator.random((n, frames)) < np.where(generator.random((n, 1)) < how.drop_hand, 0.15, 0.0)
    for part in ("left_hand", "right_hand"):
        out[:, :, ROWS[part]][flicker & (generator.random((n, frames)) < 0.5)] = np.nan
    return out


def augment_points(points: np.ndarray, generator: np.random.Generator, how: AugmentStrength | None = None) -> np.ndarray:
    """Applies all changes: (n, frames, 86, 3) → the same shape, absent parts NaN."""
    how = how or AugmentStrength()
    return drop_parts(distort_space(warp_time(points, generator, how), generator, how), generator, how)
