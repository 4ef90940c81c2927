"""The face crop: from landmarks or a detector's box to 48×48 grey, the same for training, video and live.

FER2013's faces are squares from a Haar cascade. `emotion.training.framing` runs the face mesh over them and fits where such
a square lies around the landmarks; the constants below are its result. Where a square reaches out of the picture, the
picture's edge is repeated; the aspect ratio never changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kslr.core.errors import InputError

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
SIZE = 48

# Side of FER2013's square in units of the landmarks' spread (root mean square distance from their mean in x, y and z,
# which a turned head changes little), and how far above their mean its centre lies in the same units.
SIDE, RAISE = 3.27, 0.24
# Where the face oval is widest, right and left.
RIGHT_EDGE, LEFT_EDGE = 234, 454
# The face oval, for hands in front of it.
_OVAL_LEFT = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377)
_OVAL_RIGHT = (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
OVAL = [*_OVAL_LEFT, *_OVAL_RIGHT]
# Minimum side of a square in pixels; a smaller face shows nothing.
SMALLEST = 10.0


@dataclass(frozen=True)
class FaceCrop:
    """One face, ready for an emotion network.

    Attributes:
        image: (48, 48) uint8 grey.
        quality: 0–1; 1 is large, sharp, turned to the camera, inside the picture and uncovered.
        seconds: time on the source's own clock.
        box: (x, y, side) of the square in the picture's pixels; it may reach out of the picture.
    """

    image: np.ndarray
    quality: float
    seconds: float
    box: tuple[float, float, float]


def crop_from_landmarks(
    rgb: np.ndarray, face: np.ndarray | None, seconds: float = 0.0, hands: Sequence[np.ndarray | None] = ()
) -> FaceCrop | None:
    """Cuts out a face whose mesh is known.

    Args:
        rgb: (H, W, 3) uint8, the picture the landmarks come from.
        face: (468, 3) MediaPipe's normalised coordinates (x over width, y over height, z in x's scale); None if absent.
        seconds: the frame's time.
        hands: (21, 3) landmarks of the hands in the same coordinates; a hand in front of the face lowers its quality.

    Returns:
        The crop, or None when there is no face, or it is too small or mostly outside the picture.

    Raises:
        InputError: the picture or the landmarks have another shape.

    >>> crop_from_landmarks(np.zeros((480, 640, 3), np.uint8), None) is None
    True
    """
    check_picture(rgb)
    if face is None:
        return None
    face = np.asarray(face, float)
    if face.shape != (468, 3):
        raise InputError(f"A face is (468, 3) landmarks, not {face.shape}.")
    if not np.isfinite(face).all():
        return None
    points = face * (rgb.shape[1], rgb.shape[0], rgb.shape[1])
    x, y, side = square_around(points)
    width = points[LEFT_EDGE] - points[RIGHT_EDGE]
    yaw = abs(float(np.degrees(np.arctan2(width[2], width[0]))))
    facing = float(np.clip((75 - yaw) / 45, 0, 1))
    return _crop(rgb, (x, y, side), seconds, facing * (1 - hidden_share(points[:, :2], hands, rgb.shape)))


def crop_from_box(rgb: np.ndarray, box: Sequence[float] | np.ndarray, seconds: float = 0.0) -> FaceCrop | None:
    """Cuts out a face that a detector found.

    Args:
        rgb: (H, W, 3) uint8.
        box: (x, y, width, height) in pixels, framed as Haar cascades and `emotion.detection.FaceDetector` frame faces;
            the square has its centre and its longer side.
        seconds: the frame's time.

    Returns:
        The crop, or None when it would be too small or mostly outside the picture.

    Raises:
        InputError: the picture has another shape, or the box is not four finite numbers.

    >>> crop_from_box(np.zeros((480, 640, 3), np.uint8), (100, 100, 90, 90)).image.shape
    (48, 48)
    """
    check_picture(rgb)
    box = np.asarray(box, float)
    if box.shape != (4,) or not np.isfinite(box).all():
        raise InputError(f"A face box is (x, y, width, height) in pixels, not {box}.")
    side = float(box[2:].max())
    x, y = box[:2] + box[2:] / 2 - side / 2
    return _crop(rgb, (float(x), float(y), side), seconds, 1.0)


def square_around(points: np.ndarray) -> tuple[float, float, float]:
    """(468, 3) landmarks in pixels → (x, y, side) of the square that FER2013 would show, in pixels."""
    mean = points.mean(axis=0)
    spread = float(np.sqrt(np.square(points - mean).sum(axis=1).mean()))
    side = SIDE * spread
    return float(mean[0] - side / 2), float(mean[1] - RAISE * spread - side / 2), side


def cut_square(picture: np.ndarray, box: tuple[float, float, float]) -> np.ndarray:
    """Cuts a square of a picture as 48×48 grey; every crop ends here.

    Args:
        picture: (H, W, 3) uint8 RGB or (H, W) uint8 grey.
        box: (x, y, side) in pixels; outside the picture its edge is repeated.

    Returns:
        (48, 48) uint8. A 48-pixel square on whole pixels comes out unchanged.
    """
    import cv2

    height, width = picture.shape[:2]
    side = max(1, round(box[2]))
    left, top = round(box[0] + (box[2] - side) / 2), round(box[1] + (box[2] - side) / 2)
    inside = picture[max(0, top) : max(0, top + side), max(0, left) : max(0, left + side)]
    grey = cv2.cvtColor(np.ascontiguousarray(inside), cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else inside
    missing = (max(0, -top), max(0, top + side - height), max(0, -left), max(0, left + side - width))
    if any(missing):
        grey = cv2.copyMakeBorder(grey, *missing, cv2.BORDER_REPLICATE)
    return cv2.resize(grey, (SIZE, SIZE), interpolation=cv2.INTER_AREA if side > SIZE else cv2.INTER_LINEAR)


def sharpness(image: np.ndarray) -> float:
    """Fine detail of a 48×48 face relative to its contrast: about 0.1 when blurred, above 0.3 when sharp."""
    import cv2

    contrast = float(image.std())
    return float(np.abs(cv2.Laplacian(image, cv2.CV_32F)).mean()) / contrast if contrast > 1 else 0.0


def hidden_share(face: np.ndarray, hands: Sequence[np.ndarray | None], shape: tuple[int, ...]) -> float:
    """Share of the face that hands hide, 0–1, from the share of its oval that the hands' hulls fill; a third counts as all.

    Args:
        face: (468, 2) in pixels.
        hands: (21, 3) normalised landmarks, or None.
        shape: of the picture.
    """
    import cv2

    oval = face[OVAL].astype(np.float32)
    area = cv2.contourArea(oval)
    hidden = 0.0
    for hand in hands:
        if hand is not None and np.isfinite(hand).all() and area > 0:
            hull = cv2.convexHull((np.asarray(hand)[:, :2] * (shape[1], shape[0])).astype(np.float32))
            hidden += cv2.intersectConvexConvex(cv2.convexHull(oval), hull)[0]
    return min(1.0, 3 * hidden / area) if area > 0 else 0.0


def _crop(rgb: np.ndarray, box: tuple[float, float, float], seconds: float, visible: float) -> FaceCrop | None:
    x, y, side = box
    height, width = rgb.shape[:2]
    inside = (
        max(0.0, min(x + side, width) - max(x, 0)) * max(0.0, min(y + side, height) - max(y, 0)) / side**2 if side > 0 else 0.0
    )
    if side < SMALLEST or inside < 0.5:
        return None
    image = cut_square(rgb, box)
    large = np.clip((side - SMALLEST) / (SIZE - SMALLEST), 0, 1)
    sharp = np.clip(sharpness(image) / 0.25, 0, 1)
    whole = np.clip((inside - 0.5) / 0.4, 0, 1)
    return FaceCrop(image, float(visible * large * sharp * whole), seconds, box)


def check_picture(rgb: np.ndarray) -> None:
    """Raises InputError unless the picture is (H, W, 3) RGB in uint8."""
    if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.size == 0:
        found = f"{rgb.dtype} {rgb.shape}" if isinstance(rgb, np.ndarray) else type(rgb).__name__
        raise InputError(f"A picture is (height, width, 3) RGB in uint8, not {found}.")
