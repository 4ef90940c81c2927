import numpy as np
import pytest

from kslr.training.encoder.augmentation import SignerStrength, augment_signers, distort_signers
from kslr.training.encoder.rest import add_resting_hands, hand_shapes, raise_hands, shoulders
from kslr.training.networks.sign_encoder import BODY, LEFT, MATES_READ, RIGHT, WRISTS

FRAMES = 20


def one_handed(n: int = 40, seed: int = 0) -> np.ndarray:
    """Signers whose right hand moves before the chest; the left hand is not seen, its arm hangs."""
    generator = np.random.default_rng(seed)
    p = np.full((n, FRAMES, 51, 3), np.nan, np.float32)
    p[:, :, BODY] = 0
    p[:, :, 3, :2], p[:, :, 4, :2] = (0.85, 0.5), (0.5, 0.5)
    p[:, :, 5, :2], p[:, :, 7, :2] = (0.88, 0.75), (0.88, 0.98)
    way = 0.6 + 0.15 * np.sin(np.linspace(0, 6, FRAMES))[None, :, None]
    hand = generator.normal(0, 0.02, (n, 1, 21, 3)) + np.array([0.55, 0.0, 0.0])
    hand = np.repeat(hand, FRAMES, axis=1)
    hand[..., 1] += way
    p[:, :, RIGHT] = hand
    p[:, :, WRISTS[1], :2] = p[:, :, RIGHT.start, :2]
    return p


@pytest.fixture(scope="module")
def shapes() -> np.ndarray:
    p = one_handed()
    p[:, :, RIGHT] = p[:, :1, RIGHT]  # hands that keep still
    return hand_shapes(p)


def test_shapes_are_right_hands_about_the_wrist_in_palms(shapes: np.ndarray) -> None:
    assert shapes.shape[1:] == (21, 3)
    assert np.abs(shapes[:, 0]).max() < 1e-6
    assert np.allclose(np.linalg.norm(shapes[:, [5, 9, 17], :2], axis=-1).mean(axis=1), 1, atol=1e-4)


def test_an_unused_hand_comes_to_rest_in_view_and_the_signing_hand_stays(shapes: np.ndarray) -> None:
    before = one_handed()
    after = add_resting_hands(before.copy(), np.random.default_rng(0), shapes, rest=1.0, hide=0.0)
    seen = np.isfinite(after[:, :, LEFT.start, 0])
    found = seen.any(axis=1)  # some are lost throughout
    assert found.mean() > 0.9
    after, before, seen = after[found], before[found], seen[found]
    assert np.array_equal(after[:, :, RIGHT], before[:, :, RIGHT])
    wrist = np.nanmean(after[:, :, LEFT.start, 1], axis=1)
    body = shoulders(before)
    assert (wrist > body.middle[:, 1]).all()  # below the shoulders
    moved = np.nanstd(after[:, :, LEFT.start, 1], axis=1)
    assert (moved < 0.5 * np.std(before[:, :, RIGHT.start, 1], axis=1)).all()
    assert np.allclose(after[:, :, WRISTS[0], :2][seen], after[:, :, LEFT.start, :2][seen], atol=0.02)  # the arm goes with it


def test_a_still_hand_can_be_taken_away(shapes: np.ndarray) -> None:
    p = one_handed()
    p[:, :, LEFT] = p[:, :1, RIGHT] + np.float32([0.2, 0.3, 0])
    after = add_resting_hands(p.copy(), np.random.default_rng(0), shapes, rest=0.0, hide=1.0)
    assert np.isnan(after[:, :, LEFT]).all()
    assert np.array_equal(after[:, :, RIGHT], p[:, :, RIGHT])


def test_nothing_changes_without_chances(shapes: np.ndarray) -> None:
    p = one_handed()
    for hand in (LEFT, RIGHT):  # an unseen arm may hang otherwise
        after = add_resting_hands(p.copy(), np.random.default_rng(0), shapes, 0.0, 0.0)
        assert np.array_equal(after[:, :, hand], p[:, :, hand], equal_nan=True)
    assert np.array_equal(raise_hands(p.copy(), np.random.default_rng(0), 0.0), p, equal_nan=True)


def test_hands_come_up_from_below() -> None:
    p = one_handed()
    after = raise_hands(p.copy(), np.random.default_rng(0), 1.0)
    first, middle = after[:, 0, RIGHT.start, 1], after[:, FRAMES // 2, RIGHT.start, 1]
    seen = np.isfinite(first)
    assert seen.any()
    assert (first[seen] > middle[seen]).all()


def test_a_mirrored_signer_keeps_the_parts() -> None:
    assert sorted(MATES_READ.tolist()) == list(range(51))
    assert MATES_READ[LEFT].tolist() == list(range(30, 51))
    p = one_handed(200)
    out = distort_signers(p.copy(), np.random.default_rng(0), SignerStrength())
    left = np.isfinite(out[:, 0, LEFT.start, 0])
    right = np.isfinite(out[:, 0, RIGHT.start, 0])
    assert (left ^ right).all()
    assert 0.35 < left.mean() < 0.65


def test_augmentation_is_seeded_and_leaves_its_input(shapes: np.ndarray) -> None:
    p = one_handed()
    kept = p.copy()
    a, b = (augment_signers(p, np.random.default_rng(3), SignerStrength(), shapes) for _ in range(2))
    assert a.shape == p.shape
    assert a.dtype == np.float32
    assert np.array_equal(a, b, equal_nan=True)
    assert np.array_equal(p, kept, equal_nan=True)
    assert not np.array_equal(a, p, equal_nan=True)
