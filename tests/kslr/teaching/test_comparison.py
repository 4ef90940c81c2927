from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kslr.core.errors import InputError
from kslr.landmarks import HANDS, PARTS, RIGHT_HAND, columns, mirror
from kslr.segment import SignSegment
from kslr.teaching.comparison import NOTABLE, SCALE, align, compare, score
from kslr.teaching.figure import FRAMES, POINTS
from tests.signers import signer

WRIST = columns("pose", [16], 2)


def take(fps: float = 30.0, frames: int = 30, pace: float = 1.0) -> tuple[np.ndarray, float]:
    """A drawn signer's one sign, and how long it is."""
    seconds = 2.6 / pace
    times = np.arange(0, seconds + 1e-9, 1 / fps)
    landmarks = tuple(replace(signer(0.7 + pace * float(t)), seconds=float(t)) for t in times)
    return SignSegment(0.0, float(times[-1]), tuple(landmarks)).window(frames), seconds


def moved(x: np.ndarray, to: tuple[float, float], when: slice = slice(None)) -> np.ndarray:
    """The right hand elsewhere, in shoulder widths (a quarter of the picture's height) to the picture's right and up."""
    out = x.copy()
    step = np.array([0.25 * to[0] * 0.75, -0.25 * to[1]], np.float32)
    out[when, RIGHT_HAND.start : RIGHT_HAND.stop : 3] += step[0]
    out[when, RIGHT_HAND.start + 1 : RIGHT_HAND.stop : 3] += step[1]
    out[when, WRIST] += step
    return out


@pytest.fixture(scope="module")
def sign() -> tuple[np.ndarray, float]:
    return take()


def test_the_example_itself_scores_one_hundred(sign):
    x, seconds = sign
    found = compare(x, seconds, x, seconds)
    assert found.score == 100
    assert found.distance == 0
    assert not found.mirrored
    assert found.deviations == ()
    assert found.seconds.shape == (FRAMES,)
    assert found.example.shape == found.own.shape == (FRAMES, POINTS, 2)
    assert found.course.shape == (2, FRAMES)


@settings(max_examples=12, deadline=None)
@given(x=st.floats(-0.2, 0.2), y=st.floats(-0.2, 0.2), size=st.floats(0.5, 1.5))
def test_neither_place_nor_size_in_the_picture_counts(x, y, size):
    shown, seconds = take()
    other = shown.copy()
    for part in PARTS.values():
        block, width = other[:, part.values], part.width
        block[:, 0::width] = (block[:, 0::width] - 0.5) * size + 0.5 + x
        block[:, 1::width] = (block[:, 1::width] - 0.5) * size + 0.5 + y
    assert compare(shown, seconds, other, seconds).score > 99.9


@settings(max_examples=8, deadline=None)
@given(fps=st.sampled_from([12.0, 15.0, 25.0, 60.0]), pace=st.floats(0.6, 1.7), frames=st.integers(24, 60))
def test_neither_frame_rate_nor_pace_counts(fps, pace, frames):
    shown, seconds = take()
    found = compare(shown, seconds, *take(fps, frames, pace))
    assert found.score > 90
    assert not found.mirrored
    assert found.deviations == ()


def test_uneven_pace_is_aligned_away(sign):
    x, seconds = sign
    uneven = np.linspace(0, 1, 30) ** 1.5 * 29
    found = compare(x, seconds, x[np.round(uneven).astype(int)], seconds)
    assert found.score > 90
    assert found.deviations == ()


def test_a_left_handed_learner_is_compared_in_the_mirror(sign):
    x, seconds = sign
    found = compare(x, seconds, mirror(x), seconds)
    assert found.mirrored
    assert found.score > 99.9
    np.testing.assert_allclose(found.own, found.example, atol=1e-3)


@pytest.mark.parametrize(("to", "kind"), [((0, 0.6), "higher"), ((0, -0.6), "lower"), ((0.6, 0), "left"), ((-0.6, 0), "right")])
def test_a_hand_elsewhere_is_told_with_hand_time_and_direction(sign, to, kind):
    x, seconds = sign
    found = compare(x, seconds, moved(x, to, slice(12, 18)), seconds)
    worst = found.deviations[0]
    assert (worst.hand, worst.kind) == ("right_hand", kind)
    assert 12 / 29 * seconds - 0.15 < worst.seconds < 17 / 29 * seconds + 0.15
    assert worst.size == pytest.approx(0.6, abs=0.2)
    assert found.score < 100
    assert not found.mirrored


def test_told_to_a_left_handed_learner_it_is_their_own_hand_and_side(sign):
    x, seconds = sign
    found = compare(x, seconds, mirror(moved(x, (0.6, 0), slice(12, 18))), seconds)
    assert found.mirrored
    # To the picture's right, which is the signer's left; in the mirror it is the other hand and the other side.
    assert (found.deviations[0].hand, found.deviations[0].kind) == ("left_hand", "right")


@settings(max_examples=10, deadline=None)
@given(one=st.floats(0.05, 0.45), more=st.floats(0.1, 0.5))
def test_the_farther_off_the_lower_the_score(one, more):
    x, seconds = take()
    near, far = (compare(x, seconds, moved(x, (0, by)), seconds) for by in (one, one + more))
    assert near.score > far.score
    assert near.distance < far.distance


def test_another_hand_shape_is_told(sign):
    x, seconds = sign
    fist = x.copy()
    hand = fist[:, RIGHT_HAND].reshape(30, 21, 3)
    hand[:, 1:] = hand[:, :1] + 0.15 * (hand[:, 1:] - hand[:, :1])
    found = compare(x, seconds, fist, seconds)
    assert [(one.hand, one.kind) for one in found.deviations] == [("right_hand", "shape")]
    assert found.deviations[0].size >= NOTABLE


def test_a_hand_too_few_and_a_hand_too_many_are_told(sign):
    x, seconds = sign
    both = x.copy()
    reflected = mirror(x)
    for part in (columns("left_hand"), columns("pose", [15])):
        both[:, part] = reflected[:, part]
    missing = compare(both, seconds, x, seconds)
    assert {one.kind for one in missing.deviations} == {"missing"}
    extra = compare(x, seconds, both, seconds)
    assert {one.kind for one in extra.deviations} == {"extra"}
    assert max(missing.score, extra.score) < 50


def test_a_hand_that_is_lost_for_a_moment_is_no_deviation(sign):
    x, seconds = sign
    lost = x.copy()
    lost[13:16, RIGHT_HAND] = np.nan
    found = compare(x, seconds, lost, seconds)
    assert found.deviations == ()
    assert found.score > 80


def test_zeros_and_nan_both_mean_absent(sign):
    x, seconds = sign
    assert compare(x, seconds, np.nan_to_num(x), seconds).score == 100
    kept = x.copy()
    compare(x, seconds, x, seconds)
    np.testing.assert_array_equal(x, kept)


def test_what_cannot_be_compared_is_said(sign):
    x, seconds = sign
    nobody, handless = np.full((30, 1662), np.nan), x.copy()
    handless[:, HANDS] = np.nan
    for own, message in ((nobody, "shoulders"), (handless, "hands"), (x[:, :100], "1662"), (x[:0], "1662")):
        with pytest.raises(InputError, match=message):
            compare(x, seconds, own, seconds)


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 12), st.integers(3, 12), st.integers(0, 2**32 - 1))
def test_an_alignment_goes_from_corner_to_corner_and_never_back(n, m, seed):
    cost = np.random.default_rng(seed).random((n, m))
    path = align(cost)
    assert path[0].tolist() == [0, 0]
    assert path[-1].tolist() == [n - 1, m - 1]
    steps = np.diff(path, axis=0)
    assert ((steps >= 0) & (steps <= 1)).all()
    assert (steps.sum(axis=1) >= 1).all()
    loose = align(cost, 2)
    assert cost[tuple(loose.T)].sum() <= cost[tuple(path.T)].sum() + 1e-9
    assert min(loose[0]) == 0
    assert max(loose[0]) <= 2
    assert (loose[-1] >= [n - 3, m - 3]).all()


def test_the_score_falls_from_one_hundred_to_nothing():
    distances = np.linspace(0, 3, 50)
    values = [score(d) for d in distances]
    assert values == sorted(values, reverse=True)
    assert [round(score(at)) for at, _ in SCALE] == [100, 80, 50, 20, 0]
