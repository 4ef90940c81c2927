"""Head direction and eye openness, from the landmarks of faces that are large enough.

MediaPipe's face landmark network (Kartynnik et al., "Real-time facial surface geometry from monocular video on mobile
GPUs", 2019) runs on the detector's boxes, one face after another, without MediaPipe's graphs.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from emotion.detection import LARGER, UP
from emotion.faces import LEFT_EDGE, RIGHT_EDGE
from kslr.core.errors import InputError
from kslr.core.models import LiteModel

SIDE = 192
# The network's view is half as large again as the detector's box, as MediaPipe's own graph cuts it.
VIEW = 1.5 / LARGER
FOREHEAD, CHIN = 10, 152
EYES = ((159, 145, 33, 133), (386, 374, 362, 263))
# Median pitch of FER2013's faces in degrees, taken as straight ahead (benchmarks/classroom.py --heads).
LEVEL = 8.9
# Minimum side of a face's square in pixels, for the head and for the eyes.
LARGE_ENOUGH, EYES_LARGE_ENOUGH = 32.0, 64.0
# Eyes with a smaller openness are shut: in the test clip 0.17–0.19 where the woman closes hers, 0.2 and more elsewhere.
SHUT = 0.19


class HeadPose:
    """The face landmark network; calls from several threads take turns.

    Args:
        threads: CPU threads.

    Raises:
        InputError: mediapipe, whose wheel holds the network, is not installed.

    >>> heads = HeadPose()
    >>> heads.landmarks(np.zeros((120, 160, 3), np.uint8), np.array([[20, 20, 60, 60]])).shape
    (1, 468, 3)
    """

    def __init__(self, threads: int = 2) -> None:
        found = find_spec("mediapipe")
        path = found and Path(found.submodule_search_locations[0]) / "modules/face_landmark/face_landmark.tflite"  # type: ignore[index]
        if not path or not path.is_file():
            raise InputError("The face landmark network is missing. Install mediapipe 0.10.21 again.")
        self._network = LiteModel(path.read_bytes(), threads, "the face landmark network")

    def landmarks(self, rgb: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Landmarks of faces.

        Args:
            rgb: (H, W, 3) uint8.
            boxes: (n, 4) of `FaceDetector`.

        Returns:
            (n, 468, 3) in the picture's pixels, z in the same scale.
        """
        import cv2

        boxes = np.asarray(boxes, float).reshape(-1, 4)
        side = boxes[:, 2] * VIEW
        centre = boxes[:, :2] + boxes[:, 2:] * (0.5, 0.5 + UP / LARGER)
        scale, corner = side / SIDE, centre - side[:, None] / 2
        views = np.zeros((len(boxes), SIDE, SIDE, 3), np.float32)
        for i in range(len(boxes)):
            matrix = np.array([[scale[i], 0, corner[i, 0]], [0, scale[i], corner[i, 1]]])
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            views[i] = cv2.warpAffine(rgb, matrix, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        points = self._network(views / 255).reshape(-1, 468, 3) * scale[:, None, None]
        return points + np.column_stack([corner, np.zeros(len(boxes))])[:, None]


def head_angles(points: np.ndarray) -> np.ndarray:
    """Directions of heads.

    Args:
        points: (n, 468, 3) landmarks in pixels.

    Returns:
        (n, 2) yaw and pitch in degrees, positive towards the picture's right and downwards.
    """
    across, down = points[:, LEFT_EDGE] - points[:, RIGHT_EDGE], points[:, CHIN] - points[:, FOREHEAD]
    yaw = np.degrees(np.arctan2(across[:, 2], np.hypot(across[:, 0], across[:, 1])))
    pitch = np.degrees(np.arctan2(down[:, 2], np.hypot(down[:, 0], down[:, 1]))) - LEVEL
    return np.stack([yaw, pitch], axis=1)


def eye_openness(points: np.ndarray) -> np.ndarray:
    """Openness of the eyes: height over width, the mean of both; about 0.3 open, near 0 shut.

    Args:
        points: (n, 468, 3) landmarks in pixels.
    """

    def length(a: int, b: int) -> np.ndarray:
        return np.linalg.norm(points[:, a] - points[:, b], axis=1)

    return np.mean([length(top, bottom) / np.maximum(length(inner, outer), 1e-6) for top, bottom, inner, outer in EYES], axis=0)
