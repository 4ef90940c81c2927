import numpy as np

from kslr.landmarks import ASPECT, VALUES, columns, mirror
from kslr.points import COLUMNS, COUNT, FACE_POINTS, MATES, POSE_POINTS, ROWS, mirror_points, select_points


def test_select_takes_the_named_points_in_heights() -> None:
    x = np.random.default_rng(0).random((2, 3, VALUES)).astype(np.float32)
    points = select_points(x)
    assert points.shape == (2, 3, COUNT, 3)
    wrist = x[..., columns("right_hand", [0], 3)]
    assert np.allclose(points[:, :, ROWS["right_hand"].start], wrist * [ASPECT, 1, ASPECT])
    assert len(set(COLUMNS.tolist())) == COUNT * 3
    assert len(set(FACE_POINTS)) == len(FACE_POINTS)
    assert len(POSE_POINTS) == 9


def test_mirroring_twice_is_nothing_and_mirrors_what_landmarks_mirror() -> None:
    x = np.random.default_rng(1).random((4, VALUES)).astype(np.float32)
    points = select_points(x)
    assert np.allclose(mirror_points(mirror_points(points)), points, atol=1e-6)
    assert (MATES[MATES] == np.arange(COUNT)).all()
    other = select_points(mirror(x))
    for part in ("pose", "left_hand", "right_hand"):
        assert np.allclose(mirror_points(points)[:, ROWS[part]], other[:, ROWS[part]], atol=1e-5), part
