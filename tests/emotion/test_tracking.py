from itertools import pairwise

import numpy as np
import pytest

from emotion.detection import FaceDetector
from emotion.tracking import FaceTracker
from kslr.video import VideoFile


def _box(x: float, y: float = 0) -> list[float]:
    return [x, y, 100, 100]


def test_faces_keep_their_numbers_while_they_move_and_change_places_in_the_list():
    tracker = FaceTracker()
    for step in range(20):
        left, right = _box(step * 10), _box(600 - step * 10)
        boxes, right_order = ([left, right], [0, 1]) if step % 2 == 0 else ([right, left], [1, 0])
        assert tracker.update(np.array(boxes), step / 10) == right_order


def test_a_missed_face_is_known_again_and_one_away_for_long_is_not():
    tracker = FaceTracker(patience=1.0)
    assert tracker.update(np.array([_box(0)]), 0.0) == [0]
    assert tracker.update(np.zeros((0, 4)), 0.5) == []
    assert tracker.update(np.array([_box(10)]), 0.9) == [0]
    assert tracker.update(np.array([_box(10)]), 3.0) == [1]


def test_a_face_elsewhere_is_another_face():
    tracker = FaceTracker()
    tracker.update(np.array([_box(0)]), 0.0)
    assert tracker.update(np.array([_box(300)]), 0.1) == [1]


# Three walkers of the crowd clip by eye: frame number → where the middle of the face is (x, y), pixels of 1280×720.
# Where a face is hidden or turned away for a while, nothing is said of it.
WALKERS = {
    "red-haired": {
        0: (472, 390),
        20: (478, 428),
        36: (441, 447),
        48: (411, 446),
        72: (366, 428),
        80: (333, 444),
        100: (292, 399),
    },
    "boy": {0: (628, 447), 16: (673, 473), 36: (687, 505), 48: (667, 505), 60: (629, 493), 72: (601, 479), 100: (523, 490)},
    "white-haired": {24: (201, 481), 36: (186, 487), 48: (167, 491), 60: (159, 485), 72: (152, 486), 76: (151, 475)},
}


@pytest.fixture(scope="module")
def crowd(shared_data, detector: FaceDetector) -> list[tuple[float, np.ndarray]]:
    """(seconds, boxes) of every fourth frame of a street crowd."""
    with VideoFile(shared_data / "media/faces/facenet-pytorch__video.mp4", max_side=1280) as video:
        return [(frame.seconds, detector.detect(frame.rgb)) for i, frame in enumerate(video) if i % 4 == 0]


@pytest.mark.parametrize(("every", "most"), [(1, 0), (2, 1), (3, 1)])
def test_walkers_keep_their_numbers_in_a_crowd(crowd, every: int, most: int):
    tracker, numbers = FaceTracker(), {name: [] for name in WALKERS}
    for i in range(0, len(crowd), every):
        seconds, boxes = crowd[i]
        found = tracker.update(boxes, seconds)
        for name, places in WALKERS.items():
            if 4 * i in places and len(boxes):
                off = np.linalg.norm(boxes[:, :2] + boxes[:, 2:] / 2 - places[4 * i], axis=1)
                if off.min() < 15:
                    numbers[name].append(found[int(off.argmin())])
    assert sum(len(seen) for seen in numbers.values()) >= 5
    switches = sum(a != b for seen in numbers.values() for a, b in pairwise(seen))
    assert switches <= most, numbers
