import numpy as np
import pytest

from fusion.classroom.anonymity import STEPS, band, check_k, settle, step_size
from kslr.core.errors import InputError


def test_k_can_only_be_raised():
    assert check_k(5) == 5
    assert check_k(12) == 12
    for fewer in (4, 1, 0, -3):
        with pytest.raises(InputError, match="not lowered"):
            check_k(fewer)


def test_below_k_there_is_no_band():
    assert [band(n) for n in (0, 3, 4)] == [None] * 3
    assert band(7, k=8) is None
    for n in range(5, 60):
        low, high = band(n)
        assert low <= n <= high
        assert high - low == 6


def test_one_who_comes_or_leaves_stays_in_a_band_that_was_just_set():
    for n in range(5, 60):
        found = band(n)
        assert band(n + 1, before=found) == found
        assert band(n - 1, before=found) in (found, None)  # below k nothing is told
        assert band(n + 7, before=found) != found


def test_a_step_is_never_finer_than_one_persons_share():
    for n in range(5, 100):
        assert step_size(band(n)[0]) >= 1 / n - 1e-9
        assert step_size(band(n)[0]) in STEPS


@pytest.mark.parametrize("n", [5, 9, 12, 30])
def test_one_who_leaves_or_enters_moves_no_figure_that_was_just_set(n: int):
    generator = np.random.default_rng(n)
    for _ in range(300):
        size = step_size((band(n) or (0,))[0])
        others = generator.random(n)
        before = settle(float(others.mean()), size)
        stranger = float(generator.integers(0, 2))
        assert settle(float(np.append(others, stranger).mean()), size, before) == before
        if n > 5:  # with one fewer than five nothing is shown at all
            assert settle(float(others[1:].mean()), size, before) == before


def test_a_finer_step_does_not_move_a_figure_by_itself():
    coarse = settle(0.55, 0.2)
    assert coarse.value == 0.6
    assert settle(0.8, 0.05, coarse) == coarse
    assert settle(0.95, 0.05, coarse).value == 0.95


def test_figures_follow_the_class_itself():
    figure, seen = None, []
    for value in (0.2, 0.22, 0.36, 0.51, 0.9):
        figure = settle(value, 0.1, figure)
        seen.append(figure.value)
    assert seen == [0.2, 0.2, 0.4, 0.4, 0.9]
