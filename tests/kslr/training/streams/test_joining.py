"""Joined streams: what is true of them must be so, and what is real must stay as it was."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.landmarks import ASPECT, LEFT_SHOULDER, LEFT_WRIST, RIGHT_SHOULDER, RIGHT_WRIST
from kslr.segmenter import Segmenter
from kslr.training.streams.joining import join, joined_streams, scratch
from kslr.training.streams.material import SHARES, Material, cut_recordings, load_material, split_sources
from kslr.training.streams.metrics import match_segments, run_segmenter, segment_f1
from kslr.training.streams.tape import RIGHT_HAND, hand_heights, locate_body


def recording(shift: float = 0.0, rest: int = 8, wait: int = 0, size: float = 0.4, seed: int = 0) -> np.ndarray:
    """(30, 258) someone whose right hand lies for some frames, then rises and draws circles, then waits.

    Args:
        shift: of the whole person, in picture widths.
        size: shoulder width in picture heights.
    """
    generator = np.random.default_rng(seed)
    x = np.zeros((30, 258), np.float32)
    pose, hand = x[:, :132].reshape(30, 33, 4), x[:, RIGHT_HAND].reshape(30, 21, 3)
    t = np.arange(30)
    moving = np.clip(t - rest - 3, 0, 30 - rest - 3 - wait)
    up = np.clip((t - rest) / 3, 0, 1)
    place = np.stack([-0.5 + up * 0.3 * np.sin(moving), -1.6 + up * (1.8 + 0.3 * np.cos(moving))], axis=-1)
    points = {LEFT_SHOULDER: (0.5, 0), RIGHT_SHOULDER: (-0.5, 0), 0: (0, 0.7), LEFT_WRIST: (0.6, -1.6)}
    for point, at in {**points, RIGHT_WRIST: place}.items():
        xy = np.broadcast_to(np.asarray(at, float), (30, 2)) * (size / ASPECT, -size) + (0.5 + shift, 0.5)
        pose[:, point, :2], pose[:, point, 3] = xy + generator.normal(0, 1e-4, (30, 2)), 0.9
    hand[:] = pose[:, None, RIGHT_WRIST, :3] + np.linspace(0, 0.02, 21)[:, None]
    hand[up == 0] = 0
    return x


def highest(x: np.ndarray) -> np.ndarray:
    """(frames,) the higher hand; very low when none is seen."""
    return np.nan_to_num(hand_heights(x), nan=-9.0).max(axis=1)


@pytest.fixture(scope="module")
def part() -> Material:
    found = [(recording(0.02 * i, rest=5 + i % 3, size=0.35 + 0.02 * i, seed=i), f"word{i % 4}") for i in range(8)]
    return cut_recordings("somebody", found)


def test_recordings_are_cut_into_signs_and_rests(part: Material):
    assert len(part.signs) == len(part.rests) == 8
    for sign, rest in zip(part.signs, part.rests, strict=True):
        assert (highest(sign) > -1.1).all()
        assert (highest(rest) <= -1.1).all()
    assert part.labels[:4] == ("word0", "word1", "word2", "word3")


def test_stillness_after_a_sign_is_cut():
    busy, waiting = (cut_recordings("a", [(recording(wait=wait), "x")]).signs[0] for wait in (0, 12))
    assert len(waiting) < len(busy) - 4


def test_recordings_without_a_body_or_a_raised_hand_are_left_out():
    hands_only, never_up = recording(), recording()
    hands_only[:, :132] = 0
    never_up[8:] = never_up[2]
    found = cut_recordings("a", [(hands_only, "x"), (never_up, "y")])
    assert found.signs == ()
    assert len(found.rests) == 1


def test_a_stream_is_the_same_for_the_same_seed(part: Material):
    (one,), (same,), (other,) = (list(joined_streams([part], 1, seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.x, same.x)
    np.testing.assert_array_equal(one.spans, same.spans)
    assert one.x.shape != other.x.shape or not np.array_equal(one.x, other.x, equal_nan=True)


@pytest.mark.parametrize("seed", range(5))
def test_spans_are_those_of_the_signs_and_time_runs_forwards(part: Material, seed: int):
    stream = join(part, [part], np.random.default_rng(seed), signs=5, direct=0.4)
    assert (np.diff(stream.seconds) > 0).all()
    assert 8 < len(stream.seconds) / stream.seconds[-1] < 33
    assert len(stream.labels) == len(stream.spans) == 5
    lengths = sorted(len(sign) for sign in part.signs)
    frames = (stream.spans[:, 1] - stream.spans[:, 0]) * part.fps + 1
    assert all(min(abs(n - length) for length in lengths) < 1e-6 for n in frames)
    gaps = [(b[0] - a[1], direct) for (a, b), direct in zip(pairwise(stream.spans), stream.direct, strict=False)]
    assert all((0.2 < gap < 0.95) if direct else gap > 0.9 for gap, direct in gaps)
    assert not stream.direct[-1]


def test_hands_are_up_in_signs_and_down_in_rests(part: Material):
    stream = join(part, [part], np.random.default_rng(1), signs=4, fps=30)
    height = np.nan_to_num(hand_heights(stream.x)[:, 1], nan=-9.0)
    inside = ((stream.seconds[:, None] > stream.spans[:, 0] + 0.05) & (stream.seconds[:, None] < stream.spans[:, 1] - 0.05)).any(
        axis=1
    )
    far = (np.abs(stream.seconds[:, None, None] - stream.spans).min(axis=(1, 2)) > 0.6) & ~inside
    assert (height[inside] > -1.2).all()
    assert far.sum() > 10
    assert (height[far] < -1.1).all()


def test_the_body_stays_and_nothing_jumps(part: Material):
    stream = join(part, [part], np.random.default_rng(2), signs=4, fps=30)
    middle, unit = locate_body(stream.x)
    assert np.ptp(unit) / np.median(unit) < 0.05
    assert np.ptp(middle, axis=0).max() < 0.05
    wrist = stream.x[:, 4 * RIGHT_WRIST : 4 * RIGHT_WRIST + 2]
    speed = np.linalg.norm(np.diff(wrist, axis=0), axis=1) / np.diff(stream.seconds) / np.median(unit)
    assert speed.max() < 25


def test_a_frame_rate_changes_nothing_but_the_frames(part: Material):
    few, many = (next(joined_streams([part], 1, 7, fps=fps)) for fps in (10, 30))
    np.testing.assert_array_equal(few.spans, many.spans)
    assert len(many.seconds) == pytest.approx(3 * len(few.seconds), rel=0.1)


def test_hands_are_lost_for_moments(part: Material):
    stream = join(part, [part], np.random.default_rng(0), signs=8, fps=30)
    inside = ((stream.seconds[:, None] > stream.spans[:, 0]) & (stream.seconds[:, None] < stream.spans[:, 1])).any(axis=1)
    share = np.isnan(stream.x[inside, RIGHT_HAND.start]).mean()
    assert 0 < share < 0.3


def test_landmarks_of_a_stream(part: Material):
    stream = join(part, [part], np.random.default_rng(0), signs=2)
    frames = list(stream.landmarks())
    assert len(frames) == len(stream.seconds)
    assert [f.seconds for f in frames] == stream.seconds.tolist()
    assert {f.hands for f in frames} == {0, 1}
    assert all(f.face is None and f.left_hand is None and f.pose.shape == (33, 4) for f in frames)
    assert len(list(stream.landmarks(every=3))) == -(-len(frames) // 3)


def test_somebody_without_a_rest_takes_anothers(part: Material):
    restless = Material("restless", part.signs, part.labels, (), part.fps)
    assert len(join(restless, [restless, part], np.random.default_rng(0)).spans) == 6
    with pytest.raises(InputError, match="rest"):
        join(restless, [restless], np.random.default_rng(0))


def test_sources_stand_on_one_side(part: Material):
    sources = {f"source{i}": Material(f"source{i}", part.signs, part.labels, part.rests, part.fps) for i in range(20)}
    sources["too small"] = Material("too small", part.signs[:1], part.labels[:1], (), part.fps)
    split = split_sources(sources)
    names = [p.source for side in split.values() for p in side]
    assert len(names) == len(set(names)) == 20
    assert {side: len(found) for side, found in split.items()} == {"train": 10, "validation": 4, "test": 6}
    assert list(split) == list(SHARES)


def test_real_recordings_on_their_development_sources(shared_data: Path):
    parts = load_material(shared_data, ["ksl30_by_meaning"])["train"]
    counts = np.zeros(3, int)
    for stream in joined_streams(parts, 8, 0, signs=4):
        found, _ = run_segmenter(Segmenter(), stream.landmarks())
        counts += (len(stream.spans), len(found), len(match_segments(stream.spans, found)))
    assert segment_f1(*counts) >= 0.8


def test_idle_streams_hold_no_sign_and_hands_that_touch_are_up(part: Material):
    from itertools import islice

    from kslr.training.streams.joining import idle_streams

    resting, touching = (next(idle_streams([part], 3, touches)) for touches in (0.0, 1.0))
    assert len(resting.spans) == len(touching.spans) == 0
    tops = [np.percentile(np.nan_to_num(hand_heights(stream.x), nan=-2.0), 95) for stream in (resting, touching)]
    assert tops[0] < -1.2 < -0.8 < tops[1]
    again = next(idle_streams([part], 3, 1.0))
    assert np.array_equal(again.x, touching.x, equal_nan=True)
    assert len(list(islice(idle_streams([part], 3), 3))) == 3


def test_a_scratching_hand_rubs_its_owners_body(part: Material):
    lying, raised = part.rests[0][0].copy(), part.signs[0][0]
    for point in (7, 8, 9, 13, 14):  # ears, mouth and elbows, which these people lack
        lying[4 * point : 4 * point + 2] = np.add(lying[:2], (0.0, 0.05 * (point > 8)))
    found = [scratch(raised, lying, np.random.default_rng(seed), 20.0) for seed in range(20)]
    middle, unit = locate_body(lying)
    for x in found:
        assert 10 <= len(x) <= 40
        tips = x[:, RIGHT_HAND].reshape(len(x), 21, 3)[..., :2]
        away = np.linalg.norm((tips - middle / (ASPECT, 1)) * (ASPECT, 1), axis=-1).min(axis=1) / unit
        assert away.max() < 2.0
        assert np.ptp(tips[:, 8], axis=0).max() > 1e-3
        # The shape of the hand stays, and so does everything but the arm.
        shape = tips - tips[:, :1]
        assert np.allclose(shape, shape[0], atol=1e-4)
        assert np.array_equal(x[:, :4], np.repeat(lying[None, :4], len(x), axis=0))


def test_scratching_streams_hold_no_sign_and_hands_that_are_up(part: Material):
    from kslr.training.streams.joining import idle_streams

    stream = next(idle_streams([part], 3, 1.0, "scratching"))
    assert len(stream.spans) == 0
    assert np.percentile(np.nan_to_num(hand_heights(stream.x), nan=-2.0), 95) > -1.0
