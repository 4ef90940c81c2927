"""How well found segments match the true ones. Pure functions of arrays, and the loop that collects them.

Conventions: segments are (n, 2) start and end in seconds. Intersection over union (IoU) is of two spans of time. A found
segment matches a true one when their IoU is at least 0.5; each is in one pair at most. All figures are in seconds, so they
do not depend on the frame rate (segment F1 at IoU as in Lea et al., CVPR 2017, without classes).
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from kslr.landmarks import Landmarks
    from kslr.segmenter import Segmenter


def overlaps(true: np.ndarray, found: np.ndarray) -> np.ndarray:
    """(true, found) IoU of every pair.

    >>> overlaps(np.array([[0.0, 2.0]]), np.array([[1.0, 3.0], [2.0, 3.0]])).round(3)
    array([[0.333, 0.   ]])
    """
    true, found = np.reshape(true, (-1, 1, 2)), np.reshape(found, (1, -1, 2))
    shared = np.clip(np.minimum(true[..., 1], found[..., 1]) - np.maximum(true[..., 0], found[..., 0]), 0, None)
    either = np.maximum(true[..., 1], found[..., 1]) - np.minimum(true[..., 0], found[..., 0])
    return shared / np.maximum(either, 1e-9)


def match_segments(true: np.ndarray, found: np.ndarray, least: float = 0.5) -> np.ndarray:
    """Pairs (true index, found index) with an IoU of at least `least`; each segment is in one pair at most.

    >>> match_segments(np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[2.1, 3.0]])).tolist()
    [[1, 0]]
    """
    from scipy.optimize import linear_sum_assignment

    iou = overlaps(true, found)
    # One more pair counts more than any overlap.
    rows, columns = linear_sum_assignment(-np.where(iou >= least, 1 + min(iou.shape) + iou, 0))
    good = iou[rows, columns] >= least
    return np.stack([rows[good], columns[good]], axis=1)


def segment_f1(true: int, found: int, matched: int) -> float:
    """F1, 0–1, from the number of true, found and matched segments; 1 where there are none and none was found.

    >>> segment_f1(4, 4, 3)
    0.75
    """
    return 2 * matched / (true + found) if true + found else 1.0


def best_overlap(true: np.ndarray, found: np.ndarray) -> np.ndarray:
    """(true,) IoU of each true segment with the best found one; 0 where none overlaps it."""
    return overlaps(true, found).max(axis=1, initial=0.0)


def decision_delays(true: np.ndarray, found: np.ndarray, decided: np.ndarray, least: float = 0.5) -> np.ndarray:
    """Seconds from the true end of each matched segment to the moment when its end was decided; negative when cut short.

    Args:
        decided: (found,) time of the frame with which each segment became final.

    >>> decision_delays(np.array([[0.0, 1.0]]), np.array([[0.0, 1.1]]), np.array([1.5]))
    array([0.5])
    """
    pairs = match_segments(true, found, least)
    return np.asarray(decided)[pairs[:, 1]] - np.reshape(true, (-1, 2))[pairs[:, 0], 1]


def run_segmenter(segmenter: "Segmenter", landmarks: Iterable["Landmarks"]) -> tuple[np.ndarray, np.ndarray]:
    """Runs a stream through a segmenter.

    Returns:
        (n, 2) spans and (n,) times at which they became final; what the stream's end cuts off is final with its last frame.
    """
    spans, decided, now = [], [], 0.0
    for one in landmarks:
        now, segment = one.seconds, segmenter.push(one)
        if segment:
            spans.append((segment.start, segment.end))
            decided.append(now)
    segment = segmenter.flush()
    if segment:
        spans.append((segment.start, segment.end))
        decided.append(now)
    return np.reshape(spans, (-1, 2)).astype(float), np.array(decided)
