"""A sign on the signer's own body: the drawn figure, and where the hands are at an even number of moments.

Places are in shoulder widths from between the shoulders, x to the picture's right, y up, so that neither place nor size in
the picture counts.
"""

from dataclasses import dataclass

import numpy as np

from kslr.core.errors import InputError
from kslr.landmarks import LEFT_WRIST, PARTS, RIGHT_WRIST, VALUES, absent_as_nan, resample, shoulder_width
from kslr.points import ROWS, SHOULDERS, select_points

FRAMES = 40  # moments at which a sign is read
# The points of a drawn figure: nose, ears, shoulders, elbows, wrists, then both hands.
_ROWS = np.r_[ROWS["pose"], ROWS["left_hand"], ROWS["right_hand"]]
POINTS = len(_ROWS)
_HAND_ROWS = (slice(9, 30), slice(30, 51))
_ARMS = {5: 13, 6: 14, 7: LEFT_WRIST, 8: RIGHT_WRIST}  # elbows and wrists, which may leave the picture: row → pose point
_WRIST_ROWS = (7, 8)
DOWN = -1.0  # a hand below this height takes no part, in shoulder widths from the shoulders
REST = np.array([[0.6, -1.5], [-0.6, -1.5]])  # the place of a hand that takes no part
VISIBLE = 0.5  # minimum visibility (0–1) at which a wrist of the pose stands for a hand that is not seen


@dataclass(frozen=True)
class SignOnBody:
    """One sign at FRAMES moments, ready to be compared; the axis of hands is left, right."""

    seconds: np.ndarray  # (FRAMES,)
    figure: np.ndarray  # (FRAMES, POINTS, 2)
    place: np.ndarray  # (FRAMES, 2, 2) of each hand
    shape: np.ndarray  # (FRAMES, 2, 21, 2) of each hand about its wrist
    up: np.ndarray  # (FRAMES, 2) whether the hand takes part


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
    x = np.nan_to_num(np.asarray(x, np.float32))
    if x.ndim != 2 or x.shape[1] != VALUES or len(x) == 0:
        raise InputError(f"A sign is (frames, {VALUES}) values, not {x.shape}.")
    pose = PARTS["pose"].points(x)
    points = select_points(absent_as_nan(x))[:, _ROWS, :2] * np.array([1.0, -1.0], np.float32)
    for row, point in _ARMS.items():
        points[~(pose[:, point, 3] > 0.1), row] = np.nan
    widths = shoulder_width(pose)
    seen = widths > 1e-4
    if not seen.any():
        raise InputError("The shoulders are not seen. Film the signer from the front, from the hips up.")
    middle = _fill(np.where(seen[:, None], points[:, SHOULDERS].mean(axis=1), np.nan))
    return ((points - middle[:, None]) / np.median(widths[seen])).astype(np.float32)


def read_sign(x: np.ndarray, seconds: float) -> SignOnBody:
    """Cuts a recording to where a hand is up and reads it at FRAMES moments.

    Args:
        x: (n, 1662) evenly spaced over the recording, in the 4:3 aspect, absent parts NaN or zeros.
        seconds: how long it lasts.

    Raises:
        InputError: no shoulders or no raised hands are seen, or another shape.
    """
    x = absent_as_nan(np.nan_to_num(np.asarray(x, np.float32)))
    points = figure(x)
    visible = PARTS["pose"].points(x)[:, [LEFT_WRIST, RIGHT_WRIST], 3] > VISIBLE
    wrists = np.where(visible[..., None], points[:, _WRIST_ROWS], np.nan)
    hands = np.stack([points[:, rows] for rows in _HAND_ROWS], axis=1)
    place = np.where(np.isfinite(hands[:, :, 0]), hands[:, :, 0], wrists)
    up = np.nan_to_num(place[..., 1], nan=-np.inf) > DOWN
    held = np.flatnonzero(up.any(axis=1) & np.isfinite(hands[..., 0, 0]).any(axis=1))
    if len(held) < 2:
        raise InputError("No raised hands are seen. Sign with the hands inside the picture.", "no-hands")
    first, last = held[0], held[-1]
    times = np.linspace(0.0, seconds, len(x))[first : last + 1]

    def read(values: np.ndarray) -> np.ndarray:
        cut = values[first : last + 1]
        return resample(times, cut.reshape(len(cut), -1), FRAMES).reshape(FRAMES, *values.shape[1:])

    up_now = read(up.astype(np.float32)) > 0.5
    filled = np.stack([_fill(np.where(up[:, h, None], place[:, h], np.nan), REST[h]) for h in (0, 1)], axis=1)
    place = np.where(up_now[..., None], read(filled), REST)
    shape = read(np.where(up[..., None, None], hands - hands[:, :, :1], np.nan))
    return SignOnBody(np.linspace(times[0], times[-1], FRAMES), read(points), place, shape, up_now)


def _fill(track: np.ndarray, default: np.ndarray | float = 0.0) -> np.ndarray:
    """(n, values) with gaps interpolated and ends held; `default` throughout where nothing is known."""
    known = np.flatnonzero(np.isfinite(track).all(axis=1))
    if not len(known):
        return np.broadcast_to(default, track.shape)
    return np.stack([np.interp(np.arange(len(track)), known, column[known]) for column in track.T], axis=1)
