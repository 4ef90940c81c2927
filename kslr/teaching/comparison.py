"""How near a learner's sign is to an example of it: which hand, when, and in what direction it deviates most. Pure functions.

Both are brought onto the signer's body (origin between the shoulders, x to the picture's right, y up, in shoulder
widths), cut to where a hand is up, read at the same number of moments, and aligned by dynamic time warping (Sakoe & Chiba,
IEEE Trans. ASSP 26, 1978). So neither place nor size in the picture, frame rate or pace counts. A left-handed learner is
compared in the mirror as well, and the better of the two counts.

The score is a reading of the distance on a scale measured on recordings of many signers (benchmarks/practice.py):
100 is the example itself, 80 what the same person's own repetitions usually reach, 50 where as many repetitions lie below as
other words above, 20 what another word usually reaches.
"""

from dataclasses import dataclass

import numpy as np

from kslr.core.errors import InputError
from kslr.landmarks import ASPECT, absent_as_nan, columns, mirror, resample

FRAMES = 40  # moments that two signs are compared at
HANDS = ("left_hand", "right_hand")
# The points of a drawn figure: nose, ears, shoulders, elbows, wrists, then both hands.
BODY = (0, 7, 8, 11, 12, 13, 14, 15, 16)
POINTS = len(BODY) + 42
_SHOULDERS, _WRISTS = (3, 4), (7, 8)
_HAND_ROWS = (slice(9, 30), slice(30, 51))
_COLUMNS = np.concatenate([columns("pose", list(BODY), 2), columns("left_hand", axes=2), columns("right_hand", axes=2)])
_VISIBILITY = columns("pose")[3::4]
_ARMS = [5, 6, 7, 8]  # elbows and wrists, which leave the picture

DOWN = -1.0  # a hand below this height takes no part, in shoulder widths under the shoulders
REST = np.array([[0.6, -1.5], [-0.6, -1.5]])  # where a hand is taken to be that takes no part
VISIBLE = 0.5  # a wrist of the pose counts where its hand is not seen from this visibility (0–1) on
SHAPE = 2.0  # weight of the fingers' distances beside the hand's
REACH = 1.0  # a hand that is farther away than this counts no more: one lost hand must not outweigh all else
BAND = 0.34  # how far the two may drift apart in time, in parts of the sign
LOOSE = 4  # moments at either end of either sign that may have no partner: where exactly it begins, nobody can say
SMOOTH = 5  # moments that a deviation is averaged over, so that one bad frame decides nothing
NOTABLE = 0.3  # a smaller deviation is not worth telling, in shoulder widths; see benchmarks/practice.py
# distance → score, at the distances measured by benchmarks/practice.py
SCALE = ((0.0, 100.0), (0.39, 80.0), (0.97, 50.0), (1.73, 20.0), (2.6, 0.0))


@dataclass(frozen=True)
class Deviation:
    """Where one hand differs most.

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
        mirrored: whether the learner's sign was compared in the mirror.
        deviations: at most one a hand, the greatest first; empty when all is near enough.
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


@dataclass(frozen=True)
class _Sign:
    """One sign ready to be compared: times, the figure, places and shapes of its hands, and which of them are up."""

    seconds: np.ndarray
    figure: np.ndarray
    place: np.ndarray
    shape: np.ndarray
    up: np.ndarray


def figure(x: np.ndarray) -> np.ndarray:
    """A signer on the signer's own body.

    Args:
        x: (n, 1662) raw values in the 4:3 aspect, absent parts NaN or zeros.

    Returns:
        (n, POINTS, 2) float32 x to the picture's right, y up, in shoulder widths from between the shoulders; NaN where absent.

    Raises:
        InputError: another shape, or no shoulders are seen.

    >>> x = np.zeros((1, 1662)); x[0, 44:46], x[0, 48:50] = (0.6, 0.5), (0.4, 0.5)
    >>> figure(x)[0, 3:5].round(3).tolist()
    [[0.5, 0.0], [-0.5, 0.0]]
    """
    x = np.asarray(x, np.float32)
    if x.ndim != 2 or x.shape[1] != columns("right_hand")[-1] + 1 or len(x) == 0:
        raise InputError(f"A sign is (frames, 1662) values, not {x.shape}.")
    points = absent_as_nan(np.nan_to_num(x))[:, _COLUMNS].reshape(len(x), POINTS, 2) * np.array([ASPECT, -1.0], np.float32)
    arms = points[:, _ARMS]
    arms[~(x[:, _VISIBILITY[[BODY[i] for i in _ARMS]]] > 0.1)] = np.nan
    points[:, _ARMS] = arms
    shoulders = points[:, _SHOULDERS]
    widths = np.linalg.norm(shoulders[:, 0] - shoulders[:, 1], axis=1)
    seen = np.isfinite(widths) & (widths > 1e-4)
    if not seen.any():
        raise InputError("The shoulders are not seen. Film the signer from the front, from the hips up.")
    middle = shoulders.mean(axis=1)
    middle = _filled(np.where(seen[:, None], middle, np.nan))
    return ((points - middle[:, None]) / np.median(widths[seen])).astype(np.float32)


def compare(example: np.ndarray, example_seconds: float, own: np.ndarray, own_seconds: float) -> Comparison:
    """Compares a learner's sign with an example of it.

    Args:
        example, own: (n, 1662) each, evenly spaced over the sign, in the 4:3 aspect, absent parts NaN or zeros.
        example_seconds, own_seconds: how long they lasted.

    Raises:
        InputError: no shoulders or no raised hands are seen in one of them, or another shape.
    """
    shown = _sign(example, example_seconds)
    candidates = []
    for mirrored in (False, True):
        x = absent_as_nan(np.nan_to_num(np.asarray(own, np.float32)))
        sign = _sign(mirror(x) if mirrored else x, own_seconds)
        cost = _costs(shown, sign)
        path = align(cost, LOOSE)
        candidates.append((float(cost[path[:, 0], path[:, 1]].mean()), mirrored, sign, path))
    distance, mirrored, sign, path = min(candidates, key=lambda candidate: candidate[:2])
    partner = np.round(_each(path[:, 1].astype(float), path)).astype(int)
    return Comparison(
        distance=distance,
        score=score(distance),
        mirrored=mirrored,
        deviations=_deviations(shown, sign, path, mirrored),
        seconds=shown.seconds,
        example=shown.figure,
        own=sign.figure[partner],
        course=np.stack([_apart(shown, sign, path, hand) for hand in (0, 1)]),
    )


def score(distance: float) -> float:
    """0–100 for a distance; what the numbers mean is told in the module.

    >>> score(0.0), score(99.0)
    (100.0, 0.0)
    """
    at, value = zip(*SCALE, strict=True)
    return float(np.interp(distance, at, value))


def align(cost: np.ndarray, loose: int = 0) -> np.ndarray:
    """The cheapest way through two recordings by dynamic time warping, inside a band.

    Args:
        cost: (n, m) between every two moments.
        loose: how many moments at either end of one of them may be left out.

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


def _sign(x: np.ndarray, seconds: float) -> _Sign:
    """Cuts a recording to where a hand is up and reads it at FRAMES moments."""
    x = absent_as_nan(np.nan_to_num(np.asarray(x, np.float32)))
    points = figure(x)
    wrist = points[:, _WRISTS].copy()
    wrist[~(x[:, _VISIBILITY[[15, 16]]] > VISIBLE)] = np.nan
    hands = np.stack([points[:, rows] for rows in _HAND_ROWS], axis=1)
    place = np.where(np.isfinite(hands[:, :, 0]), hands[:, :, 0], wrist)
    up = np.nan_to_num(place[..., 1], nan=-np.inf) > DOWN
    held = np.flatnonzero(up.any(axis=1) & np.isfinite(hands[..., 0, 0]).any(axis=1))
    if len(held) < 2:
        raise InputError("No raised hands are seen. Sign with the hands inside the picture.")
    first, last = held[0], held[-1]
    times = np.linspace(0.0, seconds, len(x))[first : last + 1]

    def read(values: np.ndarray) -> np.ndarray:
        cut = values[first : last + 1]
        return resample(times, cut.reshape(len(cut), -1), FRAMES).reshape(FRAMES, *values.shape[1:])

    up_now = read(up.astype(np.float32)) > 0.5
    filled = np.stack([_filled(np.where(up[:, h, None], place[:, h], np.nan), REST[h]) for h in (0, 1)], axis=1)
    place = np.where(up_now[..., None], read(filled), REST)
    shape = read(np.where(up[..., None, None], hands - hands[:, :, :1], np.nan))
    return _Sign(np.linspace(times[0], times[-1], FRAMES), read(points), place, shape, up_now)


def _filled(track: np.ndarray, otherwise: np.ndarray | None = None) -> np.ndarray:
    """(n, values) with gaps interpolated and ends held; `otherwise` where nothing is known at all."""
    known = np.flatnonzero(np.isfinite(track).all(axis=1))
    if not len(known):
        return np.broadcast_to(np.zeros(track.shape[1]) if otherwise is None else otherwise, track.shape)
    return np.stack([np.interp(np.arange(len(track)), known, column[known]) for column in track.T], axis=1)


def _costs(one: _Sign, other: _Sign) -> np.ndarray:
    """(FRAMES, FRAMES) distances between every two moments, both hands together."""
    place = np.minimum(np.linalg.norm(one.place[:, None] - other.place[None], axis=-1), REACH)
    return np.asarray((place + SHAPE * _shapes(one.shape[:, None], other.shape[None])).sum(axis=-1))


def _shapes(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(…) mean distance of the fingers' points from the wrist; 0 where one of the hands has none to compare."""
    return np.asarray(np.nan_to_num(np.linalg.norm(one - other, axis=-1)).mean(axis=-1))


def _each(values: np.ndarray, path: np.ndarray) -> np.ndarray:
    """(k, …) values of the path's pairs → (FRAMES, …) their mean at each of the example's moments; the ends are held."""
    moments = np.clip(np.arange(FRAMES), path[0, 0], path[-1, 0])
    return np.stack([values[path[:, 0] == i].mean(axis=0) for i in moments])


def _along(values: np.ndarray, path: np.ndarray) -> np.ndarray:
    """The same, smoothed."""
    mean = _each(values, path)
    padded = np.pad(mean, [(SMOOTH // 2, SMOOTH // 2), *[(0, 0)] * (mean.ndim - 1)], mode="edge")
    return np.mean([padded[k : k + FRAMES] for k in range(SMOOTH)], axis=0)


def _apart(one: _Sign, other: _Sign, path: np.ndarray, hand: int) -> np.ndarray:
    """(FRAMES,) how far a hand is from its partner: the greater of place and weighted shape."""
    moved = np.linalg.norm(_along(other.place[path[:, 1], hand] - one.place[path[:, 0], hand], path), axis=-1)
    bent = _along(SHAPE * _shapes(one.shape[path[:, 0], hand], other.shape[path[:, 1], hand]), path)
    return np.maximum(moved, bent)


def _deviations(shown: _Sign, sign: _Sign, path: np.ndarray, mirrored: bool) -> tuple[Deviation, ...]:
    found = []
    own_times = _along(sign.seconds[path[:, 1]], path)
    for hand in (0, 1):
        asked, seen = shown.up[path[:, 0], hand], sign.up[path[:, 1], hand]
        moved = _along(sign.place[path[:, 1], hand] - shown.place[path[:, 0], hand], path)
        bent = _along(SHAPE * _shapes(shown.shape[path[:, 0], hand], sign.shape[path[:, 1], hand]), path)
        apart = np.maximum(np.linalg.norm(moved, axis=-1), bent)
        at = int(apart.argmax())
        if apart[at] < NOTABLE:
            continue
        if asked.mean() > 0.3 and seen[asked].mean() < 0.3:
            kind = "missing"
        elif seen.mean() > 0.3 and asked[seen].mean() < 0.3:
            kind = "extra"
        elif bent[at] >= apart[at]:
            kind = "shape"
        else:
            x, y = moved[at]
            # The picture's right is the signer's left, unless it was mirrored.
            sideways = "left" if (x > 0) != mirrored else "right"
            kind = sideways if abs(x) > abs(y) else "higher" if y > 0 else "lower"
        own_hand = HANDS[1 - hand if mirrored else hand]
        found.append(Deviation(own_hand, kind, float(shown.seconds[at]), float(own_times[at]), float(apart[at])))
    return tuple(sorted(found, key=lambda one: -one.size))
