import numpy as np
import pytest

from fusion.classroom.targets import CAMERA, DESK, is_attending, parse_target
from kslr.core.errors import InputError

SIZE = (1280, 720)
MIDDLE = np.array([[600, 320, 80, 80]])


def _attends(yaw: float, pitch: float, *targets, box: np.ndarray = MIDDLE) -> bool:
    return bool(is_attending(np.array([[yaw, pitch]]), box, SIZE, targets)[0])


def test_the_camera_is_attended_by_who_faces_it():
    assert _attends(0, 0, CAMERA)
    assert _attends(25, 0, CAMERA)
    assert not _attends(50, 0, CAMERA)
    assert not _attends(0, 45, CAMERA)


def test_a_pupil_who_looks_at_an_interpreter_aside_is_attending():
    aside = parse_target("direction:-50,0")
    assert not _attends(-50, 0, CAMERA)
    assert _attends(-50, 0, aside)
    assert _attends(-50, 0, CAMERA, aside)
    assert not _attends(50, 0, aside)


def test_the_desk_is_below():
    assert _attends(0, 40, DESK)
    assert not _attends(0, -10, DESK)


@pytest.mark.parametrize(("yaw", "x"), [(60, 0.75), (-60, 0.0)])
def test_a_place_in_the_picture_is_attended_from_the_side_it_lies_on(yaw: float, x: float):
    place = parse_target(f"region:{x},0.2,0.25,0.6")
    assert _attends(yaw, 0, place)
    assert not _attends(-yaw, 0, place)


def test_the_same_turn_means_different_places_for_different_seats():
    # A screen at the picture's right edge: from the far left one turns right; beside it, hardly.
    screen = parse_target("region:0.85,0.1,0.15,0.5,20")
    left, right = np.array([[40, 320, 60, 60]]), np.array([[1150, 400, 60, 60]])
    assert _attends(70, 0, screen, box=left)
    assert not _attends(-70, 0, screen, box=left)
    assert _attends(0, 0, screen, box=right)
    assert not _attends(-30, 0, screen, box=left)


@pytest.mark.parametrize(
    "text", ["", "sky", "direction:1", "direction:1,2,3,4", "region:0.5,0.5,0.9,0.1", "region:a,b,c,d", "direction:nan,0",
             "direction:0,0,200", "camera:1"],
)  # fmt: skip
def test_wrong_targets_are_told(text: str):
    with pytest.raises(InputError):
        parse_target(text)
