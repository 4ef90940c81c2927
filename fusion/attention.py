"""Which frames of a face are worth believing: none with a hand over the face, fewer while the hands move fast.

A moving hand blurs the face behind it and mouthing goes with the stroke, so affect reads best when the hands are
slow or down. Positions are aspect-corrected; speeds are in shoulder widths a second, so distance does not matter.
"""

import numpy as np

from kslr.landmarks import LEFT_SHOULDER, RIGHT_SHOULDER, Landmarks

# Brows, eyes, nose and mouth lie inside these mesh points; hair and the chin's edge may be touched.
INNER_FACE = (10, 151, 105, 334, 234, 454, 50, 280, 61, 291, 17, 152)
HALF_SPEED = 3.0  # shoulder widths a second at which a frame counts half


def face_covered(landmarks: Landmarks, points: int = 3) -> bool:
    """Whether a hand lies over the face.

    Args:
        points: how many of a hand's 21 points must lie over it.

    >>> face_covered(Landmarks(0.0))
    False
    """
    if landmarks.face is None:
        return False
    inner = landmarks.face[list(INNER_FACE), :2]
    low, high = inner.min(axis=0), inner.max(axis=0)
    hands = [hand[:, :2] for hand in (landmarks.left_hand, landmarks.right_hand) if hand is not None]
    return any(int(((hand > low) & (hand < high)).all(axis=1).sum()) >= points for hand in hands)


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
    """How much of a frame's face to believe, 0–1: 0 behind a hand, one half at `HALF_SPEED`.

    >>> attention(None, Landmarks(0.0))
    1.0
    """
    if face_covered(now):
        return 0.0
    return float(1 / (1 + (hand_speed(before, now) / HALF_SPEED) ** 2))
