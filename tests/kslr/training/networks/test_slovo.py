import numpy as np

from kslr.training.networks.slovo import COLUMNS, LIPS, PARTS, slovo_transformer


def test_its_points_are_those_of_the_original() -> None:
    assert len(LIPS) == len(set(LIPS)) == 40
    assert {name: len(c) // 2 for name, c in PARTS.items()} == {"lips": 40, "left_hand": 21, "right_hand": 21, "pose": 5}
    assert len(COLUMNS) == 174


def test_a_missing_part_is_not_a_part_at_zero() -> None:
    model = slovo_transformer(4, frames=8, width=16, blocks=1)
    x = np.random.default_rng(0).uniform(0.3, 0.7, (1, 8, 1662)).astype(np.float32)
    without = x.copy()
    without[..., 1536:1599] = 0
    moved = without.copy()
    moved[..., 1599:] += 0.1
    a, b, c = (np.asarray(model(v, training=False)) for v in (x, without, moved))
    assert not np.allclose(a, b, atol=1e-5)
    # Every part is standardised about its own centre, so where the hand is in the picture changes nothing.
    assert np.allclose(b, c, atol=1e-4)
