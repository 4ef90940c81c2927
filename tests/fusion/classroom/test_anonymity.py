import numpy as np
import pytest

from fusion.classroom.anonymity import STEPS, band, check_k, round_to_step, step_size
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
        assert high - low == 4


def test_a_step_is_never_finer_than_one_persons_share():
    for n in range(5, 100):
        assert step_size(band(n)[0]) >= 1 / n - 1e-9
        assert step_size(band(n)[0]) in STEPS


@pytest.mark.parametrize("n", [5, 9, 12, 30])
def test_one_who_leaves_or_enters_moves_no_figure_that_the_class_has_settled(n: int):
    # The class sits on its figure; then somebody quite unlike it leaves, or enters, and comes back.
    generator = np.random.default_rng(n)
    for _ in range(300):
        size = step_size(band(n)[0])
        value = round(float(generator.integers(0, round(1 / size) + 1)) * size, 6)
        others = np.clip(generator.normal(value, 0.05, n), 0, 1)
        others += value - others.mean()
        before = round_to_step(float(others.mean()), size)
        stranger = float(generator.integers(0, 2))
        entered = float(np.append(others, stranger).mean())
        assert round_to_step(entered, size, before) == before
        if n > 5:  # with one fewer than five nothing is shown at all
            left = float(others[1:].mean())
            assert round_to_step(left, max(size, step_size(band(n - 1)[0])), before) == before


def test_figures_follow_the_class_itself():
    figure, seen = None, []
    for value in (0.2, 0.22, 0.36, 0.51, 0.9):
        figure = round_to_step(value, 0.1, figure)
        seen.append(figure)
    assert seen == [0.2, 0.2, 0.4, 0.5, 0.9]
