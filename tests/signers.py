"""Drawn people who sign, as landmarks."""

import numpy as np

from kslr.landmarks import ASPECT, Landmarks


def signer(seconds: float, ups: tuple[tuple[float, float], ...] = ((1.0, 3.0),), hand: bool = True) -> Landmarks:
    """Someone whose right hand lies, and at some times is up, moves to and fro and bends its fingers."""
    height, across = -1.5, -0.4
    for start, end in ups:
        up = np.interp(seconds, [start - 0.3, start, end, end + 0.3], [0, 1, 1, 0])
        height = max(height, -1.5 + up * (1.7 + 0.25 * np.cos(4 * (seconds - start))))
        across += 0.3 * up * np.sin(4 * (seconds - start))
    pose = np.zeros((33, 4), np.float32)
    for point, (x, y) in {0: (0, 0.7), 11: (0.5, 0), 12: (-0.5, 0), 15: (0.5, -1.5), 16: (across, height)}.items():
        pose[point] = (0.5 + 0.25 * x / ASPECT, 0.5 - 0.25 * y, 0.0, 0.9)
    joint, finger = np.arange(20) % 4 + 1, np.arange(20) // 4 - 2
    bent = 1 + 0.2 * np.sin(5 * seconds + finger)
    fingers = np.zeros((21, 3))
    fingers[1:, 0], fingers[1:, 1] = 0.012 * finger * joint / ASPECT, -0.022 * joint * bent
    fingers += np.random.default_rng(int(seconds * 1000)).normal(0, 0.001, fingers.shape)
    seen = hand and height > -1.2
    return Landmarks(seconds, pose=pose, right_hand=(pose[16, :3] + fingers).astype(np.float32) if seen else None)
