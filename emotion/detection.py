"""All faces of a picture, near and far: MediaPipe's full-range detector on the whole picture and on overlapping tiles.

Chosen by recall on group photographs (tests/emotion/test_detection.py counts the faces): the whole picture alone gives 15
of 20 faces, with tiles 17, both without a false one; a Haar cascade gives 15 with four false ones.
"""

from contextlib import suppress
from typing import Any

import numpy as np

from emotion.faces import check_picture
from kslr.core.native import MEDIAPIPE_CHATTER, filter_stderr, load_mediapipe

# From the detector's box to FER2013's (a Haar cascade's) framing: how much larger, and how far up in box heights.
# Fitted as in emotion.training.framing: the median box on FER2013 faces is 42.6 pixels wide and 1.9 below the centre.
LARGER, UP = 1.127, 0.044
FULL_RANGE = 1
CONFIDENCE = 0.5  # lowest score of a face, 0–1
# A border around the picture lets the detector find faces that its edge cuts.
MARGIN = 0.2
OVERLAP = 0.25


class FaceDetector:
    """Finds every face; a context manager. Not for calls from several threads at once.

    Args:
        tile: side in pixels of the tiles that are searched besides the whole picture (at least two across); 0 searches
            only the whole, which is several times faster and misses small faces.
        margin: width of the border around the picture, as a share of its longer side; 0 needs about half the tiles and
            misses some faces that the edge cuts.

    >>> with FaceDetector() as detector:
    ...     detector.detect(np.zeros((120, 160, 3), np.uint8)).shape
    (0, 4)
    """

    def __init__(self, tile: int = 640, margin: float = MARGIN) -> None:
        self._tile, self._margin = tile, margin
        self._solution: Any = None

    def __enter__(self) -> "FaceDetector":
        mediapipe = load_mediapipe()
        with filter_stderr(MEDIAPIPE_CHATTER):
            self._solution = mediapipe.solutions.face_detection.FaceDetection(
                min_detection_confidence=CONFIDENCE, model_selection=FULL_RANGE
            )
            self._solution.process(np.zeros((64, 64, 3), np.uint8))
        return self

    def __exit__(self, *_: object) -> None:
        solution, self._solution = self._solution, None
        if solution is not None:
            with suppress(ValueError):  # detect() has already raised the error of a broken graph
                solution.close()

    def detect(self, rgb: np.ndarray) -> np.ndarray:
        """Finds the faces of one picture, the surest first.

        Args:
            rgb: (H, W, 3) uint8.

        Returns:
            (n, 4) float x, y, width, height in pixels, squares in FER2013's framing; they may reach out of the picture.

        Raises:
            InputError: the picture has another shape.
            RuntimeError: the detector is not open.
        """
        import cv2

        check_picture(rgb)
        if self._solution is None:
            raise RuntimeError("This FaceDetector is not open; use it in a with statement.")
        margin = round(self._margin * max(rgb.shape[:2]))
        padded = cv2.copyMakeBorder(rgb, margin, margin, margin, margin, cv2.BORDER_CONSTANT)
        found = self._boxes(padded, 0, 0)
        if self._tile:
            across = max(2, round(max(padded.shape[:2]) / self._tile))
            for x, y, side in tile_squares(padded.shape[1], padded.shape[0], across):
                found += self._boxes(np.ascontiguousarray(padded[y : y + side, x : x + side]), x, y)
        boxes = remove_doubles(np.array(found).reshape(-1, 5))
        side = boxes[:, 2:].max(axis=1, initial=0, keepdims=True) * LARGER
        centre = boxes[:, :2] + boxes[:, 2:] * (0.5, 0.5 - UP) - margin
        return np.concatenate([centre - side / 2, side, side], axis=1)

    def _boxes(self, picture: np.ndarray, left: int, top: int) -> list[tuple[float, ...]]:
        height, width = picture.shape[:2]
        found: list[tuple[float, ...]] = []
        for detection in self._solution.process(picture).detections or []:
            box = detection.location_data.relative_bounding_box
            corner = (box.xmin * width + left, box.ymin * height + top)
            found.append((*corner, box.width * width, box.height * height, detection.score[0]))
        return found


def tile_squares(width: int, height: int, across: int) -> list[tuple[int, int, int]]:
    """Overlapping squares (x, y, side) that cover a picture, `across` of them along its longer side.

    >>> tile_squares(100, 50, 2)
    [(0, 0, 62), (38, 0, 62)]
    """
    side = max(1, int(max(width, height) / across * (1 + OVERLAP)))
    step = side * (1 - OVERLAP)

    def starts(length: int) -> list[int]:
        return [int(s) for s in np.linspace(0, length - side, int(np.ceil((length - side) / step)) + 1)] if length > side else [0]

    return [(x, y, side) for x in starts(width) for y in starts(height)]


def remove_doubles(boxes: np.ndarray, most: float = 0.6) -> np.ndarray:
    """Keeps only the surest box of each face.

    Args:
        boxes: (n, 5) x, y, width, height, score.
        most: two boxes are one face when they overlap by more than this share of the smaller one.

    Returns:
        (m, 4), the surest first.
    """
    kept: list[np.ndarray] = []
    for box in boxes[np.argsort(-boxes[:, 4], kind="stable")]:
        if all(overlap(box, other) <= most for other in kept):
            kept.append(box)
    return np.array(kept).reshape(-1, 5)[:, :4]


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Share of the smaller of two boxes that the other covers, 0–1.

    >>> overlap(np.array([0, 0, 10, 10]), np.array([5, 0, 10, 10]))
    0.5
    """
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    smaller = min(a[2] * a[3], b[2] * b[3])
    return float(max(0, across) * max(0, down) / smaller) if smaller > 0 else 0.0
