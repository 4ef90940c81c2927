"""Takes of made-up signs, as landmarks: one right hand on a path of its own a word."""

from dataclasses import replace

import numpy as np

from kslr.recordings import Recording
from tests.signers import signer

# Where the hand is beside its usual way, in shares of the picture, by how much of the sign is done.
PATHS = {
    "circle": lambda done: (0.08 * np.sin(12 * done), 0.1 * np.cos(12 * done)),
    "pump": lambda done: (0.0, 0.16 * np.sin(20 * done)),
    "wipe": lambda done: (0.14 * np.sin(7 * done), -0.08),
}


def take(word: str, number: int = 0, seconds: float = 1.6, rests: float = 1.0, size: float = 1.0, lost: float = 0.0) -> Recording:
    """Somebody whose right hand rises, moves and goes down again.

    Args:
        word: a key of `PATHS`.
        number: another one is another take of it.
        seconds: of the sign.
        rests: seconds before and after it.
        size: of the person in the picture.
        lost: share of the sign's frames in which the hand is not found.
    """
    generator = np.random.default_rng(number)
    times, frames = np.arange(0, seconds + 2 * rests, 1 / 25), []
    middle = np.array([0.5, 0.5, 0.0], np.float32)
    # Each word has a hand shape of its own.
    shape = np.random.default_rng(sum(map(ord, word))).normal(0, 0.02, (21, 3))
    for t in times:
        one = signer(float(t), ((rests + 0.3, rests + seconds - 0.3),))
        done = np.clip((t - rests) / seconds, 0, 1)
        way = np.append(PATHS[word](done), 0.0) * np.sin(np.pi * done) + generator.normal(0, 0.002, 3)
        pose = one.pose.copy()
        pose[16, :3] += way
        hand = None if one.right_hand is None or generator.random() < lost else one.right_hand + way + shape
        pose[:, :3] = middle + (pose[:, :3] - middle) * size
        hand = None if hand is None else (middle + (hand - middle) * size).astype(np.float32)
        frames.append(replace(one, pose=pose, right_hand=hand))
    return Recording(times, np.stack([frame.values() for frame in frames]), frames[0].aspect, f"{word}{number}.npz")
