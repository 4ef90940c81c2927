import numpy as np
import pytest

from emotion.training.augment import Jitter, affine, augment_faces, move_faces, warp_faces


@pytest.fixture
def faces() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 48, 48), dtype=np.uint8)


def _still(n: int, **move) -> dict:
    still = {"degrees": np.zeros(n), "scale": np.ones(n), "shift": np.zeros((n, 2)), "mirror": np.zeros(n, bool)}
    return {**still, **move}


def test_no_move_changes_nothing(faces):
    assert np.array_equal(warp_faces(faces, affine(48, 48, **_still(6)), 48), faces)


def test_shift_is_a_share_of_the_side_and_repeats_the_edge(faces):
    moved = warp_faces(faces, affine(48, 48, **_still(6, shift=np.tile((0.25, 0.0), (6, 1)))), 48)
    assert np.array_equal(moved[:, :, 12:], faces[:, :, :36])
    assert (moved[:, :, :12] == faces[:, :, :1]).all()


def test_the_mirror_swaps_left_and_right(faces):
    assert np.array_equal(warp_faces(faces, affine(48, 48, **_still(6, mirror=np.ones(6, bool))), 48), faces[:, :, ::-1])


def test_a_quarter_turn(faces):
    turned = warp_faces(faces, affine(48, 48, **_still(6, degrees=np.full(6, 90.0))), 48)
    assert np.array_equal(turned, np.rot90(faces, -1, axes=(1, 2)))


def test_scale_zooms_about_the_centre():
    face = np.zeros((1, 48, 48), np.uint8)
    face[0, 12:36, 12:36] = 255
    large = warp_faces(face, affine(48, 48, **_still(1, scale=np.array([2.0]))), 48)
    assert (large[0, 1:-1, 1:-1] > 200).all()


def test_jitter_keeps_shape_and_type_and_follows_its_seed(faces):
    once, again = (augment_faces(faces, Jitter(), np.random.default_rng(3), 32) for _ in range(2))
    assert once.shape == (6, 32, 32)
    assert once.dtype == np.uint8
    assert np.array_equal(once, again)
    assert not np.array_equal(once, augment_faces(faces, Jitter(), np.random.default_rng(4), 32))


def test_without_strength_only_the_mirror_is_left(faces):
    out = augment_faces(faces, Jitter().times(0.0), np.random.default_rng(0))
    for face, got in zip(faces, out, strict=True):
        assert np.array_equal(got, face) or np.array_equal(got, face[:, ::-1])


def test_moved_faces(faces):
    assert np.array_equal(move_faces(faces), faces)
    assert np.array_equal(move_faces(faces, shift=(0, 0.125))[:, 6:], faces[:, :-6])
