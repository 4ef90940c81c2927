import numpy as np
import pytest

from kslr.training.streams.tape import LEFT_HAND, RIGHT_HAND, Tape, locate_body, lose_hands, move_body, transition


def frames(count: int, shift: float = 0.0) -> np.ndarray:
    """(count, 258) a body with shoulders a quarter of the height apart, and a right hand."""
    x = np.full((count, 258), 0.5, np.float32)
    pose = x[:, :132].reshape(count, 33, 4)
    pose[:, 11, :2], pose[:, 12, :2], pose[:, 0, :2] = (0.6 + shift, 0.5), (0.4 + shift, 0.5), (0.5 + shift, 0.3)
    x[:, LEFT_HAND] = np.nan
    return x


def test_recordings_are_laid_one_after_another_with_ways_between() -> None:
    tape = Tape((np.array([0.6667, 0.5]), 0.26), np.random.default_rng(0))
    tape.add(frames(10), 10)
    assert tape.now == pytest.approx(0.9)
    tape.go_to(frames(5, 0.1))
    assert 1.1 < tape.now < 1.5
    seconds, seen = tape.film(fps=20)
    assert seen.shape == (len(seconds), 258)
    assert (np.diff(seconds) > 0).all()
    assert seconds[-1] < tape.now


def test_moved_recordings_have_their_shoulders_at_home() -> None:
    home = np.array([0.5, 0.4]), 0.4
    middle, unit = locate_body(move_body(frames(4, 0.2), home))
    assert np.allclose(middle, home[0], atol=1e-4)
    assert np.allclose(unit, home[1], atol=1e-3)


def test_a_way_lies_between_its_ends() -> None:
    a, b = frames(1)[0], frames(1, 0.2)[0]
    way = transition(a, b, 0.4, np.random.default_rng(0))
    noses = way[:, 0]
    assert (np.diff(noses) > 0).all()
    assert a[0] < noses[0] < noses[-1] < b[0]


def test_hands_are_lost_for_moments_only() -> None:
    times = np.arange(0, 60, 0.05)
    seen = lose_hands(frames(len(times)), times, 60.0, np.random.default_rng(0))[:, RIGHT_HAND]
    away = np.isnan(seen).all(axis=1)
    assert 0 < away.mean() < 0.1
