"""MediaPipe Holistic landmarks: one frame of them, their layout as 1662 values, and lengths on the body.

Coordinates are MediaPipe's normalised image coordinates: x is 0–1 over the picture's width, y 0–1 over its height
(downwards), z is depth in x's scale, smaller is nearer. Pose has a fourth value, visibility (0–1). An absent part
is None in `Landmarks`, NaN in arrays inside the package, and zeros only in the 1662 values of the raw contract.

Source of the layout: the KSLR paper (Herald of KBTU 4(75), 2025), the same as in the widespread 30×1662 recordings.
"""

from dataclasses import dataclass

import numpy as np

from kslr.core.errors import InputError

VALUES = 1662


@dataclass(frozen=True)
class Part:
    """Where one part lies among the 1662 values: its first value, its number of points, and the values of one point."""

    start: int
    count: int
    width: int

    @property
    def values(self) -> slice:
        """The part's place among the 1662 values.

        >>> PARTS["face"].values
        slice(132, 1536, None)
        """
        return slice(self.start, self.start + self.count * self.width)

    def points(self, x: np.ndarray) -> np.ndarray:
        """(…, 1662) → (…, points, values a point) of this part; a view where the last axis of `x` is contiguous."""
        block = x[..., self.values]
        return block.reshape(*block.shape[:-1], self.count, self.width)


PARTS = {
    "pose": Part(0, 33, 4),
    "face": Part(132, 468, 3),
    "left_hand": Part(1536, 21, 3),
    "right_hand": Part(1599, 21, 3),
}
POSE, FACE, LEFT_HAND, RIGHT_HAND = (part.values for part in PARTS.values())
HANDS = slice(LEFT_HAND.start, RIGHT_HAND.stop)

# The webcams of the training recordings were 4:3; pictures of another aspect are brought to this one first.
ASPECT = 4 / 3

NOSE = 0
LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_WRIST, RIGHT_WRIST, LEFT_HIP, RIGHT_HIP = 11, 12, 15, 16, 23, 24


@dataclass(frozen=True)
class Landmarks:
    """The landmarks of one frame.

    Attributes:
        seconds: time of the frame, on the source's own clock.
        pose: (33, 4) float32 x, y, z, visibility; None when nobody is seen.
        face: (468, 3) float32; None when absent.
        left_hand: (21, 3) float32, the signer's own left; None when absent.
        right_hand: (21, 3) float32; None when absent.
        aspect: width / height of the picture.

    >>> Landmarks(0.0).vector().shape
    (1662,)
    """

    seconds: float
    pose: np.ndarray | None = None
    face: np.ndarray | None = None
    left_hand: np.ndarray | None = None
    right_hand: np.ndarray | None = None
    aspect: float = ASPECT

    def vector(self) -> np.ndarray:
        """The 1662 values of the raw contract, float32; absent parts are zeros."""
        return np.nan_to_num(self.values(), nan=0.0)

    def values(self) -> np.ndarray:
        """The same 1662 values with NaN where a part is absent."""
        out = np.full(VALUES, np.nan, np.float32)
        for name, where in PARTS.items():
            part = getattr(self, name)
            if part is not None:
                out[where.values] = np.asarray(part, np.float32).reshape(-1)
        return out

    @classmethod
    def from_vector(cls, vector: np.ndarray, seconds: float = 0.0, aspect: float = ASPECT) -> "Landmarks":
        """The landmarks of 1662 values; a part that is all zeros or holds NaN is absent.

        Raises:
            InputError: not 1662 values.
        """
        vector = np.asarray(vector, np.float32)
        if vector.shape != (VALUES,):
            raise InputError(f"A landmark vector has {VALUES} values, this array has the shape {vector.shape}.")
        parts = {name: where.points(vector) for name, where in PARTS.items()}
        present = {name: part.copy() for name, part in parts.items() if np.isfinite(part).all() and part.any()}
        return cls(seconds=seconds, aspect=aspect, **present)

    @property
    def hands(self) -> int:
        """Number of hands that are seen, 0–2."""
        return (self.left_hand is not None) + (self.right_hand is not None)


def shoulder_width(pose: np.ndarray, aspect: float = ASPECT) -> np.ndarray:
    """The distance between the shoulders, the unit of lengths on a body.

    Args:
        pose: (…, 33, 2 or more) points; x and y are used.
        aspect: width / height of the picture.

    Returns:
        (…) in heights of the picture; NaN where the pose is absent.

    >>> pose = np.zeros((33, 4))
    >>> pose[[LEFT_SHOULDER, RIGHT_SHOULDER], 0] = 0.65, 0.35
    >>> round(float(shoulder_width(pose)), 3)
    0.4
    """
    apart = pose[..., LEFT_SHOULDER, :2] - pose[..., RIGHT_SHOULDER, :2]
    return np.asarray(np.linalg.norm(apart * (aspect, 1.0), axis=-1))


def body_frame(pose: np.ndarray, aspect: float = ASPECT) -> tuple[np.ndarray, np.ndarray]:
    """Where a body is in the picture and how large it is, also from the side.

    From the side the shoulders lie behind each other; then the distance to the nose, times 1.3, tells the size.

    Args:
        pose: (…, 33, 2 or more) points; x and y are used.
        aspect: width / height of the picture.

    Returns:
        (…, 2) the middle of the shoulders and (…) one shoulder width, both in heights of the picture.
    """
    xy = pose[..., :2] * (aspect, 1.0)
    middle = (xy[..., LEFT_SHOULDER, :] + xy[..., RIGHT_SHOULDER, :]) / 2
    return middle, np.maximum(shoulder_width(pose, aspect), 1.3 * np.linalg.norm(xy[..., NOSE, :] - middle, axis=-1))


def columns(part: str, points: list[int] | None = None, axes: int | None = None) -> np.ndarray:
    """Indices into the 1662 values of some points of a part.

    Args:
        part: a key of `PARTS`.
        points: which points; all when None.
        axes: how many of each point's values, from x on; all when None.

    >>> columns("right_hand", [0], axes=2)
    array([1599, 1600])
    """
    where = PARTS[part]
    rows = np.arange(where.count) if points is None else np.asarray(points)
    return (where.start + rows[:, None] * where.width + np.arange(where.width if axes is None else axes)).reshape(-1)


def absent_as_nan(x: np.ndarray) -> np.ndarray:
    """(…, 1662) raw values → the same with NaN for every part that is all zeros."""
    x = np.array(x, np.float32)
    for where in PARTS.values():
        part = x[..., where.values]
        part[~part.any(axis=-1)] = np.nan
    return x


def to_aspect(x: np.ndarray, aspect: float, target: float = ASPECT) -> np.ndarray:
    """Rewrites coordinates as if the picture had been padded or cut to another aspect about its centre.

    The height stays; x, and z in x's scale, shrink or grow. So a portrait phone clip and a 4:3 webcam give the same
    signer the same values.

    Args:
        x: (…, 1662), absent parts NaN.
        aspect: width / height of the picture the values come from.

    Returns:
        (…, 1662) a new array.
    """
    out = np.array(x, np.float32)
    scale = np.float32(aspect / target)
    for where in PARTS.values():
        block, width = out[..., where.values], where.width
        block[..., 0::width] = (block[..., 0::width] - 0.5) * scale + 0.5
        block[..., 2::width] *= scale
    return out


def mirror(x: np.ndarray) -> np.ndarray:
    """The signer in a mirror: x flips, and left and right change places in pose and hands.

    The face mesh keeps the order of its points, so whoever uses pairs of face points must exchange them.

    Args:
        x: (…, 1662), absent parts NaN.
    """
    out = np.array(x, np.float32)
    for where in PARTS.values():
        block = out[..., where.values]
        block[..., 0 :: where.width] = 1 - block[..., 0 :: where.width]
    out[..., POSE] = PARTS["pose"].points(out)[..., POSE_MIRROR, :].reshape(out[..., POSE].shape)
    left, right = out[..., LEFT_HAND].copy(), out[..., RIGHT_HAND].copy()
    out[..., LEFT_HAND], out[..., RIGHT_HAND] = right, left
    return out


# Left and right partners of the 33 BlazePose points.
POSE_MIRROR = np.array(
    [0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 18, 17, 20, 19, 22, 21, 24, 23, 26, 25, 28, 27, 30, 29, 32, 31]
)


def resample(
    seconds: np.ndarray, x: np.ndarray, frames: int = 30, start: float | None = None, end: float | None = None
) -> np.ndarray:
    """A recording at any, even a varying, frame rate → a fixed number of frames, evenly spaced in time.

    Args:
        seconds: (n,) ascending times.
        x: (n, values), absent values NaN.
        frames: number of frames to return.
        start, end: the span; the recording's own when None.

    Returns:
        (frames, values) float32. A value between two present ones is interpolated; beside an absent one it is that of
        the nearest frame, absent or not.

    Raises:
        InputError: no frames, or times that don't match.
    """
    seconds, x = np.asarray(seconds, float), np.asarray(x, np.float32)
    if x.ndim != 2 or len(x) == 0 or seconds.shape != (len(x),):
        raise InputError(f"A recording is (frames, values) with one time a frame, not {x.shape} with {seconds.shape}.")
    times = np.linspace(seconds[0] if start is None else start, seconds[-1] if end is None else end, frames)
    after = np.clip(np.searchsorted(seconds, times), 0, len(seconds) - 1)
    before = np.clip(np.where(seconds[after] > times, after - 1, after), 0, None)
    gap = seconds[after] - seconds[before]
    weight = np.where(gap > 0, (times - seconds[before]) / np.where(gap > 0, gap, 1), 0.0).clip(0, 1).astype(np.float32)[:, None]
    mixed = x[before] * (1 - weight) + x[after] * weight
    nearest = np.where(weight < 0.5, x[before], x[after])
    return np.where(np.isfinite(mixed), mixed, nearest)
