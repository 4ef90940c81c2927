"""The drawn person of the pictures in docs/ is one that MediaPipe sees."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from emotion.detection import FaceDetector
from kslr.holistic import HolisticTracker
from kslr.video import Frame

SOURCE = Path(__file__).resolve().parents[1] / "docs/drawn_person.py"


@pytest.fixture(scope="module")
def drawn():
    spec = importlib.util.spec_from_file_location("drawn_person", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "hands"), [("wave", 1), ("circle", 1), ("both_up", 2)])
def test_face_and_hands_are_found(drawn, name, hands):
    with HolisticTracker() as tracker:
        seen = [tracker.process(Frame(drawn.movement(name, t), t)) for t in np.arange(1.2, 2.0, 0.1)]
    assert np.mean([one.face is not None for one in seen]) > 0.7
    assert np.mean([one.hands == hands for one in seen]) > 0.6
    assert all(one.right_hand is not None for one in seen[3:])


def test_a_picture(drawn):
    picture = drawn.picture(None, None)
    assert picture.shape == (480, 640, 3)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, drawn.movement("wave", 0.0))
    assert len(list(drawn.clip("wave", fps=2))) == round(2 * drawn.SECONDS)


def test_the_drawn_class_has_ten_faces_and_begins_to_smile(drawn):
    first, *_, last = drawn.lesson(10, 1)
    assert not np.array_equal(first, last)
    with FaceDetector() as detector:
        assert [len(detector.detect(page)) for page in (first, last)] == [10, 10]
