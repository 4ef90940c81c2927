"""Which frames of a face are worth believing: those where the hands move slowly.

Mouthing goes with the stroke and fast hands blur what is behind them, so affect reads best when the hands are slow or
down. (A hand in front of the face already takes the crop's quality away.) Positions are aspect-corrected; speeds are
in shoulder widths a second, so distance does not matter.
"""

import numpy as np

from kslr.landmarks import LEFT_SHOULDER, RIGHT_SHOULDER, Landmarks

HALF_SPEED = 3.0  # shoulder widths a second at which a frame counts half


def hand_speed(before: Landmarks | None, now: Landmarks) -> float:
    """The faster hand's speed, in shoulder widths a second; 0 where it cannot be told.

    >>> hand_speed(None, Landmarks(0.0))
    0.0
    """
    if before is None or now.pose is None or now.seconds <= before.seconds:
        return 0.0
    stretch = np.array([now.aspect, 1.0])
    shoulders = np.linalg.norm((now.pose[LEFT_SHOULDER, :2] - now.pose[RIGHT_SHOULDER, :2]) * stretch)
    if shoulders < 1e-3:
        return 0.0
    moved = [
        float(np.linalg.norm(((b - a)[:, :2] * stretch).mean(axis=0)))
        for a, b in ((before.left_hand, now.left_hand), (before.right_hand, now.right_hand))
        if a is not None and b is not None
    ]
    return max(moved, default=0.0) / float(shoulders) / (now.seconds - before.seconds)


def attention(before: Landmarks | None, now: Landmarks) -> float:
    """How much of a frame's face to believe by its hands' speed, 0–1: one half at `HALF_SPEED`.

    >>> attention(None, Landmarks(0.0))
    1.0
    """
    return float(1 / (1 + (hand_speed(before, now) / HALF_SPEED) ** 2))
