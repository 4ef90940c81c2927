"""Three movements that mean nothing, drawn by geometry: somebody without a vocabulary can try the Practice page with them."""

from collections.abc import Callable
from functools import cache

import numpy as np

from kslr.landmarks import ASPECT, Landmarks
from kslr.teaching.vocabularies import Exemplar, TaughtVocabulary
from kslr.vocabulary import Sign

WARMUP = "*"  # its name, which no vocabulary of a person can have
FRAMES, SECONDS = 32, 2.0
WIDTH = 0.25  # of the shoulders, in heights of the picture
HEAD = {0: (0.0, 0.72), 7: (0.2, 0.76), 8: (-0.2, 0.76)}
SHOULDERS = {11: (0.5, 0.0), 12: (-0.5, 0.0)}
DOWN = np.array([0.6, -1.5])  # of the left hand, as a hand that hangs
Place = np.ndarray
_MOVEMENTS: tuple[tuple[Sign, Callable[[float], tuple[Place | None, Place | None]]], ...] = (
    # share of the movement that is done (0–1) → right and left wrist in shoulder widths from between the shoulders
    (
        Sign("wave", "Бұлғау", "bulgau", "Wave", "Махать"),
        lambda t: (np.array([-0.75 + 0.22 * np.sin(4 * np.pi * t), 0.45]), None),
    ),
    (
        Sign("circle", "Шеңбер", "shenber", "Circle", "Круг"),
        lambda t: (np.array([-0.55 + 0.35 * np.sin(2 * np.pi * t), 0.05 + 0.35 * np.cos(2 * np.pi * t)]), None),
    ),
    (
        Sign("both_up", "Екі қол жоғары", "eki qol jogary", "Both hands up", "Обе руки вверх"),
        lambda t: (np.array([-0.75, 0.9 * np.sin(np.pi * t) - 0.3]), np.array([0.75, 0.9 * np.sin(np.pi * t) - 0.3])),
    ),
)


def _point(place: Place | tuple[float, float]) -> np.ndarray:
    """A place on the body as a point of the picture (x, y, z)."""
    return np.array([0.5 + WIDTH * place[0] / ASPECT, 0.5 - WIDTH * place[1], 0.0], np.float32)


def _hand(wrist: Place, side: int) -> np.ndarray:
    """(21, 3) an open hand that points up; side: 1 for the left one."""
    finger, joint = np.arange(20) // 4, np.arange(20) % 4 + 1
    across = side * (finger - 2) * (0.045 + 0.02 * joint) - side * 0.1 * (finger == 0)
    up = np.where(finger == 0, 0.07, 0.13) * joint
    places = np.concatenate([[wrist], np.asarray(wrist) + np.stack([-across, up], axis=1)])
    return np.stack([_point(place) for place in places])


def _frame(seconds: float, right: Place | None, left: Place | None) -> Landmarks:
    pose = np.zeros((33, 4), np.float32)
    wrists = {15: DOWN if left is None else left, 16: DOWN * (-1, 1) if right is None else right}
    elbows = {n - 2: (np.asarray(SHOULDERS[n - 4]) + wrist) / 2 + (0.12 * np.sign(wrist[0]), -0.3) for n, wrist in wrists.items()}
    for point, place in {**HEAD, **SHOULDERS, **wrists, **elbows}.items():
        pose[point] = (*_point(place), 0.9)
    hands = [None if wrist is None else _hand(wrist, side) for wrist, side in ((left, 1), (right, -1))]
    return Landmarks(seconds, pose=pose, left_hand=hands[0], right_hand=hands[1])


@cache
def warmup_vocabulary() -> TaughtVocabulary:
    """The movements as a vocabulary that has examples and no recordings, so that nothing reads its words.

    >>> [sign.en for sign in warmup_vocabulary().signs]
    ['Wave', 'Circle', 'Both hands up']
    """
    exemplars = {}
    for sign, place in _MOVEMENTS:
        frames = [_frame(SECONDS * t, *place(float(t))).values() for t in np.linspace(0, 1, FRAMES)]
        exemplars[sign.id] = Exemplar(0, SECONDS, np.stack(frames).astype(np.float16))
    return TaughtVocabulary(WARMUP, "", tuple(sign for sign, _ in _MOVEMENTS), exemplars=exemplars)
