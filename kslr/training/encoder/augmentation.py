"""Augmentation that gives a recording another signer: another body, other hands, another camera.

Points are (n, frames, 51, 3) float32, the rows `kslr.points.BODY_AND_HANDS`, absent parts NaN; a
numpy `Generator` decides. Lengths are in shoulder widths unless noted.
"""

from dataclasses import dataclass, field

import numpy as np

from kslr.augment import AugmentStrength, warp_time
from kslr.landmarks import ASPECT
from kslr.training.encoder.rest import HANDS, USUAL, Shoulders, add_resting_hands, raise_hands, rotation, shoulders, turn
from kslr.training.networks.sign_encoder import BODY, ELBOWS, LEFT, MATES_READ, RIGHT, WRISTS

_NAN = np.float32(np.nan)
_HEAD = slice(0, 3)  # nose and ears


@dataclass(frozen=True)
class SignerStrength:
    """How much of each; angles in degrees, factors as deviations of their logarithm.

    Attributes:
        time: speed, cut ends and the like, see `kslr.augment`.
        rise: chance that hands first come up from below, and as often go down at the end.
        rest: chance that an unused hand becomes a visible one at rest; hide: that a still hand is taken away.
        turn, stretch, shear, yaw: of the camera.
        hand_turn, hand_tilt, hand_size, hand_shift, finger: of each hand about its wrist.
        reach: how much farther from the shoulders the hands work; lift: how much higher.
        noise: of every point in picture heights at the usual distance; coarse: chance of four times that.
        drop_body, drop_depth, drop_hand, many_lost, drop_frames: chances.
    """

    time: AugmentStrength = field(default_factory=lambda: AugmentStrength(few_frames=0.3, crop=0.22))
    rise: float = 0.3
    rest: float = 0.4
    hide: float = 0.35
    turn: float = 12.0
    stretch: float = 0.0882
    shear: float = 0.12
    yaw: float = 12.5
    hand_turn: float = 10.0
    hand_tilt: float = 13.3
    hand_size: float = 0.1
    hand_shift: float = 0.03
    finger: float = 0.08
    reach: float = 0.1
    lift: float = 0.12
    noise: float = 0.004
    coarse: float = 0.2
    drop_body: float = 0.1
    drop_depth: float = 0.2
    drop_hand: float = 0.2
    many_lost: float = 0.12
    drop_frames: float = 0.3


def distort_signers(points: np.ndarray, generator: np.random.Generator, how: SignerStrength) -> np.ndarray:
    """Another camera, other bodies, other hands; half of the signers in a mirror."""
    n, normal = len(points), generator.normal
    swap = generator.random(n) < 0.5
    mirror = points[swap][:, :, MATES_READ]
    mirror[..., 0] = np.float32(ASPECT) - mirror[..., 0]
    points[swap] = mirror
    body = shoulders(points)
    middle = body.middle[:, None, None]
    reach = np.exp(normal(0, how.reach, (n, 2))).astype(np.float32)[:, None, None]
    lift = np.stack([normal(0, how.lift / 2, n), normal(0, how.lift, n)], axis=1).astype(np.float32)
    for h, hand in enumerate(HANDS):
        wrist = points[:, :, hand.start : hand.start + 1].copy()
        x = points[:, :, hand] - wrist
        fingers = np.ones((n, 21), np.float32)
        fingers[:, 1:] = np.repeat(np.exp(normal(0, how.finger, (n, 5))), 4, axis=1)
        x = x * fingers[:, None, :, None] * np.exp(normal(0, how.hand_size, (n, 1, 1, 1))).astype(np.float32)
        for axes, angle in (([0, 1], how.hand_turn), ([0, 2], how.hand_tilt), ([1, 2], how.hand_tilt)):
            x[..., axes] = turn(x[..., axes], rotation(np.deg2rad(normal(0, angle, n))))
        place = wrist[..., :2]
        shift = ((lift + normal(0, how.hand_shift, (n, 2))) * body.width[:, None]).astype(np.float32)[:, None, None]
        moved = middle + (place - middle) * reach + shift
        wrist[..., :2] = moved
        points[:, :, hand] = x + wrist
        way = (moved - place)[:, :, 0]
        for row, share in ((WRISTS[h], 1.0), (ELBOWS[h], 0.5)):
            arm = points[:, :, row, :2]
            target = middle[:, 0] + (arm - middle[:, 0]) * reach[:, 0] + (lift * body.width[:, None])[:, None]
            points[:, :, row, :2] = arm + share * np.where(np.isfinite(way), way, target - arm)
    head = np.exp(normal(0, 0.08, (n, 1, 1, 2))).astype(np.float32)
    points[:, :, _HEAD, :2] = middle + (points[:, :, _HEAD, :2] - middle) * head
    return _move_camera(points, body, generator, how)


def _move_camera(points: np.ndarray, body: Shoulders, generator: np.random.Generator, how: SignerStrength) -> np.ndarray:
    n, middle = len(points), body.middle[:, None, None]
    yaw = np.deg2rad(generator.normal(0, how.yaw, n)).astype(np.float32)
    for hand in HANDS:
        wrist = points[:, :, hand.start : hand.start + 1].copy()
        x = points[:, :, hand] - wrist
        x[..., [0, 2]] = turn(x[..., [0, 2]], rotation(yaw))
        points[:, :, hand] = x + wrist
    points[..., 0] = middle[..., 0] + (points[..., 0] - middle[..., 0]) * np.cos(yaw)[:, None, None]
    sx, sy = np.exp(generator.normal(0, how.stretch, (2, n)))
    angle, shear = np.deg2rad(generator.uniform(-how.turn, how.turn, n)), generator.uniform(-how.shear, how.shear, n)
    cos, sin = np.cos(angle), np.sin(angle)
    rows = [np.stack([cos * sx, -sin * sy + shear], axis=-1), np.stack([sin * sx, cos * sy], axis=-1)]
    points[..., :2] = turn(points[..., :2] - middle, np.stack(rows, axis=1).astype(np.float32)) + middle
    coarse = np.where(generator.random(n) < how.coarse, 4.0, 1.0)
    rough = (coarse * how.noise * generator.uniform(0.2, 1.0, n) * body.width / USUAL[1]).astype(np.float32)[:, None, None, None]
    points[..., :2] += rough * generator.standard_normal((n, 1, points.shape[2], 2), np.float32)
    points += np.float32(0.7) * rough * generator.standard_normal(points.shape, np.float32)
    return points


def lose_parts(points: np.ndarray, generator: np.random.Generator, how: SignerStrength) -> np.ndarray:
    """Bodies and depth absent throughout; hands and whole frames lost for a while; most of a hand's frames lost."""
    n, frames = points.shape[:2]
    points[generator.random(n) < how.drop_body, :, BODY] = _NAN
    points[generator.random(n) < how.drop_depth, ..., 2] *= 0
    time, everything = np.arange(frames)[None], slice(0, points.shape[2])
    for part, chance, longest in (
        (LEFT, how.drop_hand, 0.4),
        (RIGHT, how.drop_hand, 0.4),
        (everything, how.drop_frames, 0.25),
    ):
        first = generator.uniform(0, frames, (n, 1))
        lost = (time >= first) & (time < first + generator.uniform(0, longest, (n, 1)) * frames)
        points[:, :, part][lost & (generator.random((n, 1)) < chance)] = _NAN
    many = generator.random((n, 1)) < how.many_lost
    most = generator.uniform(0.2, 0.75, (n, 1))
    rate = np.where(many, most, np.where(generator.random((n, 1)) < how.drop_hand, 0.12, 0.0))
    for hand in HANDS:
        points[:, :, hand][generator.random((n, frames)) < rate] = _NAN
    return points


def augment_signers(points: np.ndarray, generator: np.random.Generator, how: SignerStrength, shapes: np.ndarray) -> np.ndarray:
    """All of it: (n, frames, 51, 3), absent parts NaN → a new array of the same shape.

    Args:
        shapes: (m, 21, 3) of `kslr.training.encoder.rest.hand_shapes`.
    """
    out = warp_time(np.array(points, np.float32), generator, how.time).astype(np.float32)
    out = add_resting_hands(raise_hands(out, generator, how.rise), generator, shapes, how.rest, how.hide)
    return lose_parts(distort_signers(out, generator, how), generator, how)
