"""Figures of segmentation, against cases that can be counted by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kslr.landmarks import Landmarks
from kslr.segment import SignSegment
from kslr.training.streams.metrics import best_overlap, decision_delays, match_segments, overlaps, run_segmenter, segment_f1

TRUE = np.array([[0.0, 2.0], [3.0, 4.0], [6.0, 8.0]])


def test_overlap_is_of_the_shared_time_in_the_whole():
    found = np.array([[0.0, 2.0], [1.0, 3.0], [3.25, 3.75], [5.0, 9.0]])
    np.testing.assert_allclose(overlaps(TRUE, found), [[1, 1 / 3, 0, 0], [0, 0, 0.5, 0], [0, 0, 0, 0.5]])
    np.testing.assert_allclose(best_overlap(TRUE, found), [1, 0.5, 0.5])


def test_nothing_true_or_found():
    nothing = np.zeros((0, 2))
    assert overlaps(nothing, TRUE).shape == (0, 3)
    assert match_segments(TRUE, nothing).shape == (0, 2)
    assert best_overlap(TRUE, nothing).tolist() == [0, 0, 0]
    assert decision_delays(nothing, nothing, np.zeros(0)).shape == (0,)
    assert segment_f1(0, 0, 0) == 1
    assert segment_f1(3, 0, 0) == 0


def test_each_segment_meets_one_at_most():
    halves = np.array([[0.0, 1.0], [1.0, 2.0]])
    assert len(match_segments(TRUE[:1], halves)) == 1
    assert len(match_segments(halves, TRUE[:1])) == 1


def test_a_pair_below_the_line_is_no_match():
    assert len(match_segments(TRUE, TRUE + 0.3)) == 3
    assert match_segments(TRUE, TRUE + 0.5).tolist() == [[0, 0], [2, 2]]  # the short one's IoU is 1/3
    assert len(match_segments(TRUE, TRUE + 0.3, least=0.8)) == 0


@settings(deadline=None)  # the first call imports scipy
@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0.1, 5)), max_size=6), st.integers(0, 1000))
def test_matching_is_symmetric_and_no_order_matters(spans: list[tuple[float, float]], seed: int):
    segments = np.array([(a, a + d) for a, d in spans]).reshape(-1, 2)
    generator = np.random.default_rng(seed)
    found = segments[generator.permutation(len(segments))] + generator.normal(0, 0.2, (len(segments), 1))
    assert (
        len(match_segments(segments, found)) == len(match_segments(found, segments)) == len(match_segments(segments[::-1], found))
    )
    assert len(match_segments(segments, segments)) == len(segments)


def test_delays_are_of_the_met_ones_only():
    found, decided = np.array([[10.0, 11.0], [6.0, 8.2], [0.0, 1.5]]), np.array([11.3, 8.5, 1.6])
    np.testing.assert_allclose(sorted(decision_delays(TRUE, found, decided)), [-0.4, 0.5])


class Every:
    """Ends a segment with every third frame, and has one left at the end."""

    def __init__(self) -> None:
        self.frames: list[Landmarks] = []

    def push(self, one: Landmarks) -> SignSegment | None:
        self.frames.append(one)
        return self.flush() if len(self.frames) == 3 else None

    def flush(self) -> SignSegment | None:
        frames, self.frames = self.frames, []
        return SignSegment(frames[0].seconds, frames[-2].seconds, tuple(frames)) if len(frames) > 1 else None


def test_decisions_are_dated_by_the_frame_that_brought_them():
    found, decided = run_segmenter(Every(), (Landmarks(float(t)) for t in range(8)))
    assert found.tolist() == [[0, 1], [3, 4], [6, 6]]
    assert decided.tolist() == [2, 5, 7]
    found, decided = run_segmenter(Every(), [])
    assert found.shape == (0, 2)
    assert decided.shape == (0,)


@pytest.mark.parametrize(("true", "found", "matched", "f1"), [(4, 4, 4, 1.0), (4, 2, 2, 2 / 3), (2, 6, 2, 0.5)])
def test_f1(true: int, found: int, matched: int, f1: float):
    assert segment_f1(true, found, matched) == pytest.approx(f1)
