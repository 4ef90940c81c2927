"""What counts as attending: the camera, a direction, or a place in the picture. Pure geometry.

A Deaf pupil who looks at an interpreter at the side, at a classmate who signs, or down at the notebook is attending.
So the targets are the operator's choice. Angles are those of the head against the line to the camera, in degrees:
yaw towards the picture's right and pitch downwards are positive.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kslr.core.errors import InputError

# A face's square in FER2013's framing is about this wide.
FACE_METRES = 0.19
# Half the width of the picture over the distance to the camera for an opening of 65°, as classroom cameras have.
HALF_OPENING = 0.64
FARTHEST = 8.0


@dataclass(frozen=True)
class AttentionTarget:
    """Something to look at; who looks there attends.

    Attributes:
        kind: ``direction`` or ``region``.
        place: (yaw, pitch) in degrees, or (x, y, width, height) in shares of the picture.
        tolerance: degrees that a head may be off; eyes go further than heads.
    """

    kind: str
    place: tuple[float, ...]
    tolerance: float = 30.0


CAMERA = AttentionTarget("direction", (0.0, 0.0), 30.0)
DESK = AttentionTarget("direction", (0.0, 40.0), 30.0)


def parse_target(text: str) -> AttentionTarget:
    """A target as it is written on a command line or in a form.

    Args:
        text: ``camera``, ``desk``, ``direction:YAW,PITCH`` or ``region:X,Y,WIDTH,HEIGHT``; the last two with
            ``,TOLERANCE`` after them if wanted.

    Raises:
        InputError: none of these.

    >>> parse_target("direction:40,0").place, parse_target("region:0.7,0.1,0.3,0.6,20").tolerance
    ((40.0, 0.0), 20.0)
    """
    kind, _, rest = text.strip().partition(":")
    if kind in ("camera", "desk") and not rest:
        return CAMERA if kind == "camera" else DESK
    size = {"direction": 2, "region": 4}.get(kind, 0)
    try:
        numbers = tuple(float(part) for part in rest.split(","))
    except ValueError:
        numbers = ()
    place, tolerance = numbers[:size], numbers[size:]
    inside = kind != "region" or (
        len(place) == 4 and min(place) >= 0 and place[0] + place[2] <= 1.001 and place[1] + place[3] <= 1.001
    )
    if not size or len(place) != size or len(tolerance) > 1 or not np.isfinite(numbers).all() or not inside:
        raise InputError(
            f"{text} is no target. Write camera, desk, direction:YAW,PITCH (degrees; right and down are positive) "
            "or region:X,Y,WIDTH,HEIGHT (shares of the picture)."
        )
    if tolerance and not 0 < tolerance[0] <= 90:
        raise InputError("A target's tolerance is more than 0 and at most 90 degrees.")
    return AttentionTarget(kind, place, *(tolerance or (30.0,)))


def is_attending(
    angles: np.ndarray, boxes: np.ndarray, size: tuple[int, int], targets: Sequence[AttentionTarget] = (CAMERA,)
) -> np.ndarray:
    """Whether heads are turned to one of the targets.

    Args:
        angles: (n, 2) yaw and pitch in degrees.
        boxes: (n, 4) x, y, width, height of the faces in pixels.
        size: the picture's width and height.
        targets: any of which will do.

    Returns:
        (n,) bool.

    >>> box = np.array([[600, 300, 80, 80]])
    >>> is_attending(np.array([[50.0, 0.0]]), box, (1280, 720)).tolist()
    [False]
    >>> is_attending(np.array([[50.0, 0.0]]), box, (1280, 720), [parse_target("region:0.8,0.2,0.2,0.6")]).tolist()
    [True]
    """
    angles, boxes = np.asarray(angles, float).reshape(-1, 2), np.asarray(boxes, float).reshape(-1, 4)
    out = np.zeros(len(angles), bool)
    for one in targets:
        if one.kind == "direction":
            out |= _between(_vectors(angles), _vectors(np.array([one.place]))) <= one.tolerance
        else:
            out |= _towards(angles, boxes, size, one)
    return out


def _towards(angles: np.ndarray, boxes: np.ndarray, size: tuple[int, int], region: AttentionTarget) -> np.ndarray:
    """Whether the region is within the tolerance of where the heads point, at whatever distance it may be."""
    width, height = size
    focal = width / 2 / HALF_OPENING
    centre = boxes[:, :2] + boxes[:, 2:] / 2
    depth = np.minimum(focal * FACE_METRES / np.maximum(boxes[:, 2], 1), 2 * FARTHEST)
    eye = _points(centre, depth, size, focal)
    # The angles are against the line to the camera, which is not the camera's axis at the picture's sides.
    side = np.degrees(np.stack([np.arctan2(eye[:, 0], eye[:, 2]), -np.arctan2(eye[:, 1], eye[:, 2])], axis=1))
    look = _vectors(angles + side * (-1, 1))
    x, y, w, h = region.place
    out = np.zeros(len(angles), bool)
    # Where the person or thing in the region stands is unknown: nowhere in particular, from the camera to the back.
    for metres in np.linspace(0.5, FARTHEST, 12):
        left_top, right_bottom = np.array([x * width, y * height]), np.array([(x + w) * width, (y + h) * height])
        # The region's point nearest to the ray stands for it: where the ray itself meets that distance, if inside.
        along = (metres - eye[:, 2]) / np.where(np.abs(look[:, 2]) < 1e-3, 1e-3, look[:, 2])
        ahead = eye + look * np.clip(along, 0, 2 * FARTHEST)[:, None]
        aim = ahead[:, :2] / np.maximum(ahead[:, 2:], 0.1) * focal + (width / 2, height / 2)
        nearest = _points(np.clip(aim, left_top, right_bottom), np.full(len(eye), metres), size, focal)
        out |= _between(look, nearest - eye) <= region.tolerance
    return out


def _points(pixels: np.ndarray, depth: np.ndarray, size: tuple[int, int], focal: float) -> np.ndarray:
    return np.column_stack([(pixels - (size[0] / 2, size[1] / 2)) / focal * depth[:, None], depth])


def _vectors(angles: np.ndarray) -> np.ndarray:
    """(n, 2) yaw and pitch → (n, 3) directions: x right, y down, z away from the camera."""
    yaw, pitch = np.radians(angles).T
    return np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), -np.cos(yaw) * np.cos(pitch)], axis=1)


def _between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Degrees between rows."""
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.degrees(np.arccos(np.clip((a * b).sum(axis=1) / np.maximum(lengths, 1e-9), -1, 1)))
