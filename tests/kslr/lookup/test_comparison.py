import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.landmarks import HANDS, LEFT_HAND, RIGHT_HAND
from kslr.lookup.comparison import LookUpRule, nearest_words, read_parts, without_still_hand


def two_hands(left: float, right: float) -> np.ndarray:
    """A window in which each hand moves so far to and fro, in shares of the picture's height."""
    x = np.full((1, 30, 1662), np.nan, np.float32)
    for columns, reach in ((LEFT_HAND, left), (RIGHT_HAND, right)):
        way = 0.5 + reach * np.sin(np.linspace(0, 6, 30))
        x[0, :, columns] = way[:, None] + np.random.default_rng(0).normal(0, 1e-3, 63)
    return x


def test_the_hand_that_rests_is_left_out_and_two_busy_hands_stay():
    x = np.concatenate([two_hands(0.02, 0.2), two_hands(0.2, 0.02), two_hands(0.2, 0.15)])
    bare, changed = without_still_hand(x, 0.4)
    assert changed.tolist() == [True, True, False]
    assert np.isnan(bare[0, :, LEFT_HAND]).all()
    assert np.isfinite(bare[0, :, RIGHT_HAND]).all()
    assert np.isnan(bare[1, :, RIGHT_HAND]).all()
    assert np.isfinite(bare[2, :, HANDS]).all()
    assert not without_still_hand(x, 0.0)[1].any()


def test_one_still_hand_alone_is_the_sign():
    x = two_hands(0.0, 0.2)
    x[:, :, RIGHT_HAND] = np.nan
    assert not without_still_hand(x, 0.4)[1].any()


def test_parts_are_stretched_over_the_window_and_both_readings_are_asked():
    x = np.concatenate([two_hands(0.02, 0.2), two_hands(0.2, 0.2)])
    half = read_parts(x, ((0.5, 1.0),), 0.0)
    assert np.allclose(half[:, -1], x[:, -1], equal_nan=True)
    assert np.allclose(half[1, 0, RIGHT_HAND], x[1, 14:16, RIGHT_HAND].mean(axis=0), atol=1e-5)
    assert len(read_parts(x, ((0.0, 1.0), (0.2, 1.0)), 0.4)) == 4
    assert len(read_parts(x, ((0.0, 1.0),), 0.4, both=True)) == 3  # only one of them has a still hand


def test_a_crowded_recording_is_less_near():
    rows = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    near = nearest_words(np.array([[0.9, np.sqrt(0.19)]]), rows, np.array([0, 1, 1]), np.array([0.0, 0.2, 0.0]))
    assert near.shape == (1, 2)
    assert near[0, 0] > near[0, 1]


@pytest.mark.parametrize("rule", [None, {}, {"shown": [[0, 1]]}, {"shown": [[1, 0]], "asked": [[0, 1]]}])
def test_a_damaged_rule_is_told(rule):
    rest = {"still": 0.4, "both": True, "crowding": 1.0}
    with pytest.raises(InputError, match="rule of comparison"):
        LookUpRule.from_card({} if rule is None else {"rule": rule | rest if rule else rule})
