"""The points that a sign is read from: upper body, brows, eyes, lips, nose and both hands, 86 of the 543 landmarks.

The full face mesh lowers the accuracy on signs and takes most of the 1662 values; nose, lips, eyes and brows keep mouthing
and facial grammar. Points are (…, 86, 3) float32 with x and z multiplied by the picture's aspect (4:3 in the raw
contract), so that all three axes are in heights of the picture and rotation keeps shapes.
"""

import numpy as np

from kslr.landmarks import ASPECT, columns

POSE_POINTS = [0, 7, 8, 11, 12, 13, 14, 15, 16]
_POSE_MATES = [0, 2, 1, 4, 3, 6, 5, 8, 7]
# Left and right partners in the face mesh, then points on its middle line.
_FACE_PAIRS = [
    (61, 291), (40, 270), (37, 267), (91, 321), (84, 314), (78, 308), (81, 311), (178, 402),
    (33, 263), (133, 362), (159, 386), (145, 374), (70, 300), (105, 334), (107, 336),
]  # fmt: skip
_FACE_MIDDLE = [1, 0, 17, 13, 14]
FACE_POINTS = [point for pair in _FACE_PAIRS for point in pair] + _FACE_MIDDLE

# part → its rows among the 86 points
ROWS = {"pose": slice(0, 9), "face": slice(9, 44), "left_hand": slice(44, 65), "right_hand": slice(65, 86)}
COUNT = 86
BODY_AND_HANDS = np.r_[ROWS["pose"], ROWS["left_hand"], ROWS["right_hand"]]  # the rows without the face: 51
_POINTS = {"pose": POSE_POINTS, "face": FACE_POINTS, "left_hand": None, "right_hand": None}
COLUMNS = np.concatenate([columns(part, points, 3) for part, points in _POINTS.items()])
UNITS = np.tile(np.array([ASPECT, 1.0, ASPECT], np.float32), COUNT)
SHOULDERS = (3, 4)
NOSE = 0


def _mates() -> np.ndarray:
    pairs = len(_FACE_PAIRS)
    face = [9 + (i ^ 1) for i in range(2 * pairs)] + [9 + 2 * pairs + i for i in range(len(_FACE_MIDDLE))]
    return np.array([*_POSE_MATES, *face, *range(65, 86), *range(44, 65)])


# The order of the points in a mirror.
MATES = _mates()


def select_points(x: np.ndarray) -> np.ndarray:
    """Raw values → points.

    Args:
        x: (…, 1662); absent parts NaN or zeros, and so they stay.

    Returns:
        (…, 86, 3) float32.

    >>> select_points(np.zeros((2, 30, 1662))).shape
    (2, 30, 86, 3)
    """
    values = np.asarray(x, np.float32)[..., COLUMNS] * UNITS
    return values.reshape(*values.shape[:-1], COUNT, 3)


def mirror_points(points: np.ndarray) -> np.ndarray:
    """(…, 86, 3) points, absent ones NaN → the same signer in a mirror, left and right exchanged."""
    out = points[..., MATES, :].copy()
    out[..., 0] = np.float32(ASPECT) - out[..., 0]
    return out
