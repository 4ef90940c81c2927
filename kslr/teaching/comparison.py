"""How near a learner's sign is to an example of it: which hand deviates most, when, and in what direction. Pure functions.

Both signs are placed on the signer's body (origin between the shoulders, x to the picture's right, y up, in shoulder
widths), cut to where a hand is up, read at the same number of moments, and aligned by dynamic time warping (Sakoe & Chiba,
IEEE Trans. ASSP 26, 1978). So place and size in the picture, frame rate and pace don't count. A left-handed learner is also
compared in the mirror, and the better result counts.

The score reads the distance on a scale measured on recordings of many signers (benchmarks/practice.py): 100 is the example
itself, 80 is usual for repetitions by the same person, at 50 a repetition and another word are equally likely, 20 is usual
for another word.
"""

from dataclasses import dataclass

import numpy as np

from kslr.landmarks import absent_as_nan, mirror
from kslr.teaching.figure import FRAMES, SignOnBody, read_sign

HAND_NAMES = ("left_hand", "right_hand")
SHAPE = 2.0  # weight of the fingers' distances beside the hand's
REACH = 1.0  # maximum distance of a hand that counts, so that one lost hand does not outweigh all else
BAND = 0.34  # maximum drift in time between the two, as a share of the sign
LOOSE = 4  # moments at either end of either sign that may have no partner, because nobody can say where exactly it begins
SMOOTH = 5  # moments that a deviation is averaged over, so that one bad frame decides nothing
NOTABLE = 0.3  # minimum deviation that is reported, in shoulder widths; see benchmarks/practice.py
# distance → score, at the distances measured by benchmarks/practice.py
SCALE = ((0.0, 100.0), (0.39, 80.0), (0.97, 50.0), (1.73, 20.0), (2.6, 0.0))


@dataclass(frozen=True)
class Deviation:
    """Where one hand deviates most.

    Attributes:
        hand: ``left_hand`` or ``right_hand``, the learner's own.
        kind: ``higher``, ``lower``, ``left``, ``right`` (as the signer sees it), ``shape``, ``missing`` or ``extra``.
        seconds: when, on the example's clock.
        own_seconds: when, on the learner's clock.
        size: how far, in shoulder widths.
    """

    hand: str
    kind: str
    seconds: float
    own_seconds: float
    size: float


@dataclass(frozen=True)
class Comparison:
    """A learner's sign beside the example.

    Attributes:
        distance: mean over the aligned moments, in shoulder widths.
        score: 0–100, see the module.
        mirrored: whether the learner's sign is compared in the mirror.
        deviations: at most one a hand, the greatest first; empty when both hands are near enough.
        seconds: (FRAMES,) the moments on the example's clock.
        example, own: (FRAMES, POINTS, 2) both figures at those moments, on the body, absent points NaN; ``own`` is the
            mirrored one where `mirrored`.
        course: (2, FRAMES) how far the example's left and right hand are from the learner's.
    """

    distance: float
    score: float
    mirrored: bool
    deviations: tuple[Deviation, ...]
    seconds: np.ndarray
    example: np.ndarray
    own: np.ndarray
    course: np.ndarray


def compare(example: np.ndarray, example_seconds: float, own: np.ndarray, own_seconds: float) -> Comparison:
    """Compares a learner's sign with an example of it.

    Args:
        example, own: (n, 1662) each, evenly spaced over the sign, in the 4:3 aspect, absent parts NaN or zeros.
        example_seconds, own_seconds: how long they lasted.

    Raises:
        InputError: no shoulders or no raised hands are seen in one of them, or another shape.
    """
    shown = read_sign(example, example_seconds)
    candidates = []
    for mirrored in (False, True):
        x = absent_as_nan(np.nan_to_num(np.asarray(own, np.float32)))
        sign = read_sign(mirror(x) if mirrored else x, own_seconds)
        cost = _costs(shown, sign)
        path = align(cost, LOOSE)
        candidates.append((float(cost[path[:, 0], path[:, 1]].mean()), mirrored, sign, path))
    distance, mirrored, sign, path = min(candidates, key=lambda candidate: candidate[:2])
    partner = np.round(_average(path[:, 1].astype(float), path)).astype(int)
    hands = [_compare_hand(shown, sign, path, hand) for hand in (0, 1)]
    found = [_deviation(shown, sign, path, hand, mirrored, *hands[hand]) for hand in (0, 1)]
    return Comparison(
        distance=distance,
        score=score(distance),
        mirrored=mirrored,
        deviations=tuple(sorted((one for one in found if one), key=lambda one: -one.size)),
        seconds=shown.seconds,
        example=shown.figure,
        own=sign.figure[partner],
        course=np.stack([_size(*one) for one in hands]),
    )


def score(distance: float) -> float:
    """0–100 for a distance; the module says what the numbers mean.

    >>> score(0.0), score(99.0)
    (100.0, 0.0)
    """
    at, value = zip(*SCALE, strict=True)
    return float(np.interp(distance, at, value))


def align(cost: np.ndarray, loose: int = 0) -> np.ndarray:
    """The cheapest way through two recordings by dynamic time warping, inside a band.

    Args:
        cost: (n, m) between every two moments.
        loose: number of moments at either end of one of them that may be left out.

    Returns:
        (k, 2) pairs of moments, none of which goes back, from (0, 0) to (n − 1, m − 1) unless loose.

    >>> align(np.array([[0.0, 9.0], [0.0, 9.0], [9.0, 0.0]])).tolist()
    [[0, 0], [1, 0], [2, 1]]
    """
    n, m = cost.shape
    across = np.abs(np.arange(n)[:, None] / max(n - 1, 1) - np.arange(m) / max(m - 1, 1))
    allowed = np.where(across <= max(BAND, 1 / max(n - 1, 1), 1 / max(m - 1, 1)), cost, np.inf).tolist()
    total = [[0.0 if i * j == 0 and i + j <= loose else np.inf for j in range(m + 1)] for i in range(n + 1)]
    for i in range(1, n + 1):
        above, row, costs = total[i - 1], total[i], allowed[i - 1]
        for j in range(1, m + 1):
            row[j] = costs[j - 1] + min(above[j - 1], above[j], row[j - 1])
    ends = [(n - k, m) for k in range(loose + 1) if n > k] + [(n, m - k) for k in range(1, loose + 1) if m > k]
    i, j = min(ends, key=lambda end: total[end[0]][end[1]])
    path = []
    while i and j:
        path.append((i - 1, j - 1))
        _, i, j = min((total[i - 1][j - 1], i - 1, j - 1), (total[i - 1][j], i - 1, j), (total[i][j - 1], i, j - 1))
    return np.array(path[::-1])


def _costs(one: SignOnBody, other: SignOnBody) -> np.ndarray:
    """(FRAMES, FRAMES) distances between every two moments, both hands together."""
    place = np.minimum(np.linalg.norm(one.place[:, None] - other.place[None], axis=-1), REACH)
    return np.asarray((place + _shape_distance(one.shape[:, None], other.shape[None])).sum(axis=-1))


def _shape_distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(…) weighted mean distance of the fingers' points from the wrist; 0 where one of the hands is not seen."""
    return np.asarray(SHAPE * np.nan_to_num(np.linalg.norm(one - other, axis=-1)).mean(axis=-1))


def _average(values: np.ndarray, path: np.ndarray) -> np.ndarray:
    """(k, …) values of the path's pairs → (FRAMES, …) their mean at each of the example's moments; the ends are held."""
    moments = np.clip(np.arange(FRAMES), path[0, 0], path[-1, 0])
    return np.stack([values[path[:, 0] == i].mean(axis=0) for i in moments])


def _smooth(values: np.ndarray, path: np.ndarray) -> np.ndarray:
    """The same, smoothed over SMOOTH moments."""
    from scipy.ndimage import uniform_filter1d

    return np.asarray(uniform_filter1d(_average(values, path), SMOOTH, axis=0, mode="nearest"))


def _compare_hand(shown: SignOnBody, sign: SignOnBody, path: np.ndarray, hand: int) -> tuple[np.ndarray, np.ndarray]:
    """(FRAMES, 2) how far a hand is from its partner, and (FRAMES,) the weighted distance of their shapes."""
    moved = _smooth(sign.place[path[:, 1], hand] - shown.place[path[:, 0], hand], path)
    return moved, _smooth(_shape_distance(shown.shape[path[:, 0], hand], sign.shape[path[:, 1], hand]), path)


def _size(moved: np.ndarray, bent: np.ndarray) -> np.ndarray:
    """(FRAMES,) the greater of the distances of place and shape."""
    return np.maximum(np.linalg.norm(moved, axis=-1), bent)


def _deviation(
    shown: SignOnBody, sign: SignOnBody, path: np.ndarray, hand: int, mirrored: bool, moved: np.ndarray, bent: np.ndarray
) -> Deviation | None:
    """Where a hand deviates most, or None when it is near enough throughout."""
    size = _size(moved, bent)
    at = int(size.argmax())
    if size[at] < NOTABLE:
        return None
    asked, seen = shown.up[path[:, 0], hand], sign.up[path[:, 1], hand]
    if asked.mean() > 0.3 and seen[asked].mean() < 0.3:
        kind = "missing"
    elif seen.mean() > 0.3 and asked[seen].mean() < 0.3:
        kind = "extra"
    elif bent[at] >= size[at]:
        kind = "shape"
    else:
        x, y = moved[at]
        # The picture's right is the signer's left, unless the sign is mirrored.
        sideways = "left" if (x > 0) != mirrored else "right"
        kind = sideways if abs(x) > abs(y) else "higher" if y > 0 else "lower"
    own_seconds = _smooth(sign.seconds[path[:, 1]], path)[at]
    name = HAND_NAMES[1 - hand if mirrored else hand]
    return Deviation(name, kind, float(shown.seconds[at]), float(own_seconds), float(size[at]))
