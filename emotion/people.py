"""Whether several people are in view: faces that stay where they are, not hands that look like one for a moment.

A face detector that looks for small faces takes a raised hand for a face now and then. A second face therefore counts only
where none of the signer's hands is, when it is not much smaller than the largest one, and when it is seen again at the same
place. `benchmarks/people.py` measures it on clips of one person and pictures of several.
"""

from dataclasses import dataclass, field

import numpy as np

from emotion.detection import FaceDetector
from emotion.tracking import FaceTracker, enlarge_boxes

LEAST_SHARE = 0.4  # side of a face beside the largest one's, 0–1
PERSISTENCE = 0.4  # seconds for which a face must be there
AGAIN = 0.5  # seconds until a second face is looked for again
HAND_GROWTH = 1.2  # by how much a box is enlarged before it is asked whether a hand is in it


@dataclass
class PeopleCounter:
    """Looks now and then whether more than one person is in view. It keeps the boxes of the last look, nothing else.

    Attributes:
        detector: an open one.
        every: seconds between two looks; a look that finds a second face is followed by another soon.

    >>> with FaceDetector() as detector:
    ...     PeopleCounter(detector).look(np.zeros((120, 160, 3), np.uint8), 0.0)
    False
    """

    detector: FaceDetector
    every: float = 2.0
    _tracker: FaceTracker = field(default_factory=FaceTracker)
    _first: dict[int, float] = field(default_factory=dict)
    _next: float = float("-inf")
    _several: bool = False

    def look(self, rgb: np.ndarray, seconds: float, hands: np.ndarray | None = None) -> bool:
        """Whether several people are in view, as far as is known at this frame.

        Args:
            rgb: (H, W, 3) uint8.
            seconds: of the frame. Where they fall, the looks begin anew.
            hands: (n, 2) points of the signer's hands, x and y as shares of width and height.
        """
        if self._next - seconds > max(self.every, AGAIN):
            self._tracker, self._first, self._next = FaceTracker(), {}, float("-inf")
        if seconds < self._next:
            return self._several
        height, width = rgb.shape[:2]
        boxes = drop_hands(self.detector.detect(rgb), np.zeros((0, 2)) if hands is None else hands * (width, height))
        boxes = boxes[boxes[:, 2] >= LEAST_SHARE * boxes[:, 2].max(initial=0)]
        self._tracker.patience = max(1.0, self.every + AGAIN)
        numbers = self._tracker.update(boxes, seconds)
        self._first = {number: self._first.get(number, seconds) for number in numbers}  # at every look since then
        self._several = sum(seconds - self._first[number] >= PERSISTENCE for number in numbers) > 1
        self._next = seconds + (min(self.every, AGAIN) if len(boxes) > 1 and not self._several else self.every)
        return self._several


def drop_hands(boxes: np.ndarray, hands: np.ndarray) -> np.ndarray:
    """The boxes that hold no point of a hand.

    Args:
        boxes: (n, 4) x, y, width, height.
        hands: (m, 2) in the same unit; not finite where a point is not known.

    >>> drop_hands(np.array([[0, 0, 10, 10], [50, 0, 10, 10]]), np.array([[55, 5]])).tolist()
    [[0, 0, 10, 10]]
    """
    large = enlarge_boxes(boxes, HAND_GROWTH)
    corner, opposite = large[:, None, :2], large[:, None, :2] + large[:, None, 2:]
    return boxes[~((hands >= corner) & (hands <= opposite)).all(axis=2).any(axis=1)]
