"""Segments and hands on the body, on a drawn signer whose hands go where they are told."""

from collections.abc import Callable

import numpy as np
import pytest

from kslr.landmarks import (
    ASPECT,
    FACE,
    LEFT_HIP,
    LEFT_SHOULDER,
    LEFT_WRIST,
    NOSE,
    RIGHT_HAND,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
    Landmarks,
)
from kslr.segment import SignSegment, hands_on_body

Place = tuple[float, float] | None  # in shoulder widths from the middle of the shoulders, upwards; None when not in the picture
UNIT = 0.25  # a shoulder width as a part of the picture's height
REST: Place = (-0.5, -1.4)
# Rest, up at 1.0–1.3 s, a stroke to the side and back, down at 2.3–2.6 s, rest.
ONE_SIGN = [
    (0, -0.5, -1.4),
    (1.0, -0.5, -1.4),
    (1.3, -0.5, 0.2),
    (1.8, 0.5, 0.3),
    (2.3, -0.5, 0.1),
    (2.6, -0.5, -1.4),
    (4, -0.5, -1.4),
]


def signer(
    seconds: float, right: Place = REST, left: Place = None, aspect: float = ASPECT, unit: float = UNIT, hands: bool = True
) -> Landmarks:
    """Someone in front of the camera with the hands at given places.

    Args:
        hands: whether the hands are found, or only the wrists of the pose.
    """
    middle = np.array([0.5 * aspect, 0.5])

    def there(place: Place) -> np.ndarray:
        return (middle + np.array(place) * (unit, -unit)) / (aspect, 1)

    pose = np.zeros((33, 4), np.float32)
    pose[:, :2] = 0.5
    pose[[LEFT_SHOULDER, RIGHT_SHOULDER, NOSE, LEFT_HIP], :2] = [there(p) for p in ((0.5, 0), (-0.5, 0), (0, 0.7), (0.3, -1.6))]
    found: dict[str, np.ndarray | None] = {}
    for name, wrist, place in (("left_hand", LEFT_WRIST, left), ("right_hand", RIGHT_WRIST, right)):
        found[name] = None
        if place is not None:
            pose[wrist, :2], pose[wrist, 3] = there(place), 0.9
            if hands:
                points = np.array([there((place[0] + 0.01 * n, place[1] + 0.02 * n)) for n in range(21)])
                found[name] = np.concatenate([points, np.zeros((21, 1))], axis=1).astype(np.float32)
    return Landmarks(seconds, pose=pose, face=None, aspect=aspect, **found)


def path(*stops: tuple[float, float, float]) -> Callable[[float], Place]:
    """A hand that goes through (seconds, x, height) evenly."""
    times, xs, heights = np.array(stops).T
    return lambda t: (float(np.interp(t, times, xs)), float(np.interp(t, times, heights)))


def times(fps: float) -> np.ndarray:
    return np.arange(0, 4 + 1e-9, 1 / fps)


@pytest.mark.parametrize(("aspect", "unit"), [(ASPECT, UNIT), (9 / 16, 0.12), (16 / 9, 0.3), (1.0, 0.05)])
def test_hands_are_placed_on_the_body_at_every_aspect_and_distance(aspect: float, unit: float):
    seen = hands_on_body(signer(1.0, right=(0.4, 0.3), left=(-0.2, -0.8), aspect=aspect, unit=unit))
    np.testing.assert_allclose(seen.points[:, 0], [[-0.2, -0.8], [0.4, 0.3]], atol=1e-4)
    np.testing.assert_allclose(seen.wrists, [[-0.2, -0.8], [0.4, 0.3]], atol=1e-4)
    assert not seen.below.any()


def test_hands_that_are_not_found_leave_the_wrists_and_absent_people_nothing():
    seen = hands_on_body(signer(1.0, right=(0.4, 0.3), hands=False))
    assert np.isnan(seen.points).all()
    assert np.isfinite(seen.wrists).tolist() == [[False, False], [True, True]]
    nobody = hands_on_body(Landmarks(1.0))
    assert not np.isfinite(nobody.points).any()
    assert not np.isfinite(nobody.wrists).any()
    assert hands_on_body(signer(1.0, right=(0.0, -2.5), hands=False)).below.tolist() == [False, True]


def test_the_window_is_even_in_time_and_in_the_usual_aspect():
    hand = path(*ONE_SIGN)
    windows = [
        SignSegment(1.0, 2.5, tuple(signer(t, hand(t), aspect=a) for t in times(fps) if 1.0 <= t <= 2.5)).window(20)
        for a, fps in ((ASPECT, 60), (9 / 16, 60), (ASPECT, 50))
    ]
    for window in windows:
        assert window.shape == (20, 1662)
        assert window.dtype == np.float32
        assert np.isnan(window[:, FACE]).all()  # no face was drawn
        assert np.isfinite(window[:, RIGHT_HAND]).all()
        np.testing.assert_allclose(window, windows[0], atol=0.03)


def test_one_frame_fills_a_window():
    window = SignSegment(1.0, 1.0, (signer(1.0),)).window()
    assert window.shape == (30, 1662)
    np.testing.assert_array_equal(window, window[:1].repeat(30, axis=0))
