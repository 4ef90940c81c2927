"""Landmarks, their 1662 numbers, and what is done to them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kslr.core.errors import InputError
from kslr.landmarks import (
    ASPECT,
    FACE,
    HANDS,
    LEFT_HAND,
    LEFT_SHOULDER,
    LEFT_WRIST,
    PARTS,
    POSE,
    POSE_MIRROR,
    RIGHT_HAND,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
    VALUES,
    Landmarks,
    absent_as_nan,
    body_frame,
    columns,
    mirror,
    resample,
    shoulder_width,
    to_aspect,
)

# Not 0: a part that is all zeros means absent.
coordinates = st.floats(0.015625, 2, width=32)


@st.composite
def landmarks(draw: st.DrawFn) -> Landmarks:
    """Landmarks with any parts missing."""
    parts = {}
    for name, part in PARTS.items():
        if draw(st.booleans()):
            base = draw(hnp.arrays(np.float32, (1, part.width), elements=coordinates))
            parts[name] = base + np.linspace(0, 1, part.count, dtype=np.float32)[:, None]
    return Landmarks(draw(st.floats(0, 1e4)), aspect=draw(st.floats(0.25, 4)), **parts)


def close(a: np.ndarray, b: np.ndarray, tolerance: float = 1e-5) -> bool:
    return bool(np.allclose(a, b, atol=tolerance, equal_nan=True))


def test_the_parts_fill_the_1662_values_without_gap_or_overlap():
    ends = 0
    for part in PARTS.values():
        assert part.start == part.values.start == ends
        ends = part.start + part.count * part.width
        assert part.values.stop == ends
    assert ends == VALUES == 1662
    assert [part.values for part in PARTS.values()] == [POSE, FACE, LEFT_HAND, RIGHT_HAND]
    assert (HANDS.start, HANDS.stop) == (1536, 1662)


@given(landmarks())
@settings(max_examples=50, deadline=None)
def test_the_vector_and_back_is_the_same(one: Landmarks):
    again = Landmarks.from_vector(one.vector(), one.seconds, one.aspect)
    assert (again.seconds, again.aspect, again.hands) == (one.seconds, one.aspect, one.hands)
    for name in PARTS:
        before, after = getattr(one, name), getattr(again, name)
        assert (before is None) == (after is None)
        if before is not None:
            np.testing.assert_array_equal(before, after)


@given(landmarks())
@settings(max_examples=30, deadline=None)
def test_absent_is_nan_in_values_and_zero_in_the_vector(one: Landmarks):
    values, vector = one.values(), one.vector()
    for name, part in PARTS.items():
        absent = getattr(one, name) is None
        assert np.isnan(values[part.values]).all() == absent
        assert (not vector[part.values].any()) == absent
        assert part.points(values).shape == (part.count, part.width)
    assert np.isfinite(vector).all()
    np.testing.assert_array_equal(absent_as_nan(vector), values)


def test_a_vector_of_another_length_is_refused():
    with pytest.raises(InputError, match="1662"):
        Landmarks.from_vector(np.zeros(1663))


def test_a_part_with_a_hole_is_absent():
    vector = np.ones(VALUES, np.float32)
    vector[1600] = np.nan
    one = Landmarks.from_vector(vector)
    assert one.right_hand is None
    assert one.left_hand is not None
    assert one.hands == 1


def test_columns_point_to_where_the_values_lie():
    one = Landmarks(0.0, pose=np.arange(132, dtype=np.float32).reshape(33, 4))
    np.testing.assert_array_equal(one.vector()[columns("pose", [LEFT_WRIST], axes=2)], one.pose[LEFT_WRIST, :2])
    assert len(columns("face", axes=2)) == 468 * 2
    assert columns("right_hand").max() == VALUES - 1


@given(landmarks())
@settings(max_examples=50, deadline=None)
def test_mirrored_twice_is_itself(one: Landmarks):
    assert close(mirror(mirror(one.values())), one.values())


def test_the_mirror_exchanges_left_and_right():
    pose = np.zeros((33, 4), np.float32)
    pose[LEFT_WRIST] = (0.8, 0.3, 0.1, 0.9)
    pose[RIGHT_WRIST] = (0.1, 0.7, 0.2, 0.5)
    hand = np.full((21, 3), 0.25, np.float32)
    seen = Landmarks.from_vector(mirror(Landmarks(0.0, pose=pose, left_hand=hand).values()))
    np.testing.assert_allclose(seen.pose[RIGHT_WRIST], (0.2, 0.3, 0.1, 0.9), atol=1e-6)
    np.testing.assert_allclose(seen.pose[LEFT_WRIST], (0.9, 0.7, 0.2, 0.5), atol=1e-6)
    assert seen.left_hand is None
    np.testing.assert_allclose(seen.right_hand[:, 0], 0.75)
    np.testing.assert_allclose(seen.right_hand[:, 1:], 0.25)


def test_every_pose_point_has_one_partner():
    np.testing.assert_array_equal(POSE_MIRROR[POSE_MIRROR], np.arange(33))


@given(landmarks(), st.floats(0.25, 4))
@settings(max_examples=50, deadline=None)
def test_to_another_aspect_and_back(one: Landmarks, target: float):
    there = to_aspect(one.values(), one.aspect, target)
    assert close(to_aspect(there, target, one.aspect), one.values(), 1e-3)


def test_a_circle_stays_a_circle_in_another_aspect():
    # A square on the person's body, in pixels, from a 9:16 phone: as wide as high before and after.
    hand = np.zeros((21, 3), np.float32)
    hand[0], hand[1], hand[2] = (0.5, 0.5, 0.16), (0.5 + 0.1 * 16 / 9, 0.5, 0), (0.5, 0.6, 0)
    x = to_aspect(Landmarks(0.0, left_hand=hand, aspect=9 / 16).values(), 9 / 16)
    out = Landmarks.from_vector(x).left_hand
    width, height = (out[1, 0] - out[0, 0]) * ASPECT, out[2, 1] - out[0, 1]
    assert width == pytest.approx(height, rel=1e-4)
    assert out[0, 2] * ASPECT == pytest.approx(0.16 * 9 / 16, rel=1e-4)
    assert out[0, 0] == pytest.approx(0.5)


@given(st.sampled_from([10, 12.5, 15, 24, 30, 50]), st.floats(0.5, 4), st.floats(-3, 3))
@settings(max_examples=50, deadline=None)
def test_resampling_gives_the_same_at_any_frame_rate(fps: float, seconds: float, slope: float):
    def recording(rate: float) -> tuple[np.ndarray, np.ndarray]:
        times = np.append(np.arange(0, seconds, 1 / rate), seconds)
        return times, np.stack([slope * times, 0.5 - times], axis=1)

    np.testing.assert_allclose(resample(*recording(fps)), resample(*recording(60)), atol=1e-4)


@given(st.lists(st.floats(0.001, 0.5), min_size=1, max_size=40), st.integers(2, 60))
@settings(max_examples=50, deadline=None)
def test_resampling_keeps_both_ends_at_a_varying_rate(gaps: list[float], frames: int):
    times = np.cumsum([0.0, *gaps])
    x = np.random.default_rng(0).normal(size=(len(times), 3)).astype(np.float32)
    out = resample(times, x, frames)
    assert out.shape == (frames, 3)
    np.testing.assert_allclose(out[[0, -1]], x[[0, -1]], rtol=1e-6)
    assert (out.min(axis=0) >= x.min(axis=0) - 1e-6).all()
    assert (out.max(axis=0) <= x.max(axis=0) + 1e-6).all()


def test_resampling_never_invents_what_was_not_seen():
    x = np.array([[0.0], [np.nan], [np.nan], [3.0]], np.float32)
    out = resample(np.arange(4.0), x, 31)[:, 0]
    times = np.linspace(0, 3, 31)
    assert np.isnan(out[(times > 0.51) & (times < 2.49)]).all()
    assert (out[times < 0.49] == 0).all()
    assert (out[times > 2.51] == 3).all()


def test_resampling_one_frame_repeats_it():
    np.testing.assert_array_equal(resample(np.array([2.0]), np.ones((1, 4)), 5), np.ones((5, 4)))


def test_resampling_outside_the_recording_holds_its_ends():
    out = resample(np.array([0.0, 1.0]), np.array([[0.0], [1.0]]), 4, start=-1.0, end=2.0)
    np.testing.assert_allclose(out[:, 0], [0, 0, 1, 1])


@pytest.mark.parametrize(("times", "shape"), [((0,), (0, 4)), ((3,), (4, 4)), ((4,), (4,))])
def test_resampling_refuses_what_does_not_fit(times: tuple[int, ...], shape: tuple[int, ...]):
    with pytest.raises(InputError, match="one time a frame"):
        resample(np.zeros(times), np.zeros(shape))


@pytest.mark.parametrize("aspect", [9 / 16, ASPECT, 2.0])
def test_lengths_on_the_body_are_in_heights_of_the_picture(aspect: float):
    pose = np.zeros((2, 33, 4))
    pose[:, [LEFT_SHOULDER, RIGHT_SHOULDER], 0] = 0.5 + np.array([0.15, -0.15]) / aspect
    pose[:, [LEFT_SHOULDER, RIGHT_SHOULDER], 1] = 0.6
    pose[:, 0, :2] = 0.5, 0.4
    pose[1, [LEFT_SHOULDER, RIGHT_SHOULDER], 0] = 0.5  # seen from the side
    np.testing.assert_allclose(shoulder_width(pose, aspect), [0.3, 0.0], atol=1e-9)
    middle, unit = body_frame(pose, aspect)
    np.testing.assert_allclose(middle, [[0.5 * aspect, 0.6]] * 2)
    np.testing.assert_allclose(unit, [0.3, 1.3 * 0.2])
