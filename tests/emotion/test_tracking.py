import numpy as np

from emotion.tracking import FaceTracker


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
