import numpy as np
import pytest

from kslr.augment import AugmentStrength, augment_points, distort_space, drop_parts, sample_times, warp_time
from kslr.points import COUNT, ROWS, mirror_points

NOTHING = AugmentStrength(
    speed=(1.0, 1.0), crop=0, pad=0, warp=0, turn=0, stretch=0, shear=0, hand_turn=0, hand_size=0, hand_shift=0, noise=0,
    mirror=0, drop_face=0, drop_body=0, drop_depth=0, drop_hand=0, drop_frames=0, few_frames=0,
)  # fmt: skip


@pytest.fixture
def points() -> np.ndarray:
    p = np.random.default_rng(0).random((6, 30, COUNT, 3)).astype(np.float32)
    p[:, :10, ROWS["left_hand"]] = np.nan
    return p


def test_no_strength_changes_nothing(points: np.ndarray) -> None:
    assert np.allclose(augment_points(points, np.random.default_rng(0), NOTHING), points, atol=1e-5, equal_nan=True)


def test_absent_parts_are_never_invented(points: np.ndarray) -> None:
    points[:, :, ROWS["right_hand"]] = np.nan
    out = augment_points(points, np.random.default_rng(1), AugmentStrength(mirror=0))
    assert np.isnan(out[:, :, ROWS["right_hand"]]).all()
    assert np.isfinite(out[:, :, ROWS["left_hand"]]).any()


def test_the_same_generator_gives_the_same_samples(points: np.ndarray) -> None:
    a, b = (augment_points(points, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(a, b, equal_nan=True)
    assert not np.array_equal(a, augment_points(points, np.random.default_rng(6)), equal_nan=True)


def test_reading_between_frames_interpolates_and_outside_is_absent() -> None:
    x = np.arange(4, dtype=np.float32).reshape(1, 4, 1)
    assert np.allclose(sample_times(x, np.array([[0.5, 3.0, 9.0]])), [[[0.5], [3.0], [np.nan]]], equal_nan=True)
    x[0, 1] = np.nan
    assert np.allclose(sample_times(x, np.array([[0.25, 0.75]])), [[[0.0], [np.nan]]], equal_nan=True)


def test_faces_and_bodies_drop_as_often_as_asked(points: np.ndarray) -> None:
    many = np.repeat(points, 100, axis=0)
    out = drop_parts(many, np.random.default_rng(0), AugmentStrength(drop_face=0.3, drop_body=0.2, drop_frames=0))
    no_body = np.isnan(out[:, :, ROWS["pose"]]).all(axis=(1, 2, 3)).mean()
    no_face = np.isnan(out[:, :, ROWS["face"]]).all(axis=(1, 2, 3)).mean()
    assert abs(no_body - 0.2) < 0.06
    assert abs(no_face - (1 - 0.8 * 0.7)) < 0.07


def test_mirroring_is_the_mirror_of_points(points: np.ndarray) -> None:
    out = distort_space(points, np.random.default_rng(0), AugmentStrength(**{**NOTHING.__dict__, "mirror": 1.0}))
    assert np.allclose(out, mirror_points(points), atol=1e-5, equal_nan=True)


def test_time_stays_inside_the_recording(points: np.ndarray) -> None:
    ramp = np.broadcast_to(np.arange(30, dtype=np.float32)[None, :, None, None], points.shape).copy()
    out = warp_time(np.repeat(ramp, 50, axis=0), np.random.default_rng(0), AugmentStrength())
    seen = out[np.isfinite(out)]
    assert seen.min() >= 0
    assert seen.max() <= 29
    steps = np.diff(out[:, :, 0, 0], axis=1)
    assert (steps[np.isfinite(steps)] >= -1e-3).mean() > 0.98
