import numpy as np
import pytest

from fusion.cues import BROWS, INNER_BROWS, NAMES, baseline, cues, face_shape
from kslr.holistic import HolisticTracker
from kslr.video import Frame


@pytest.fixture(scope="module")
def face(astronaut) -> np.ndarray:
    with HolisticTracker() as tracker:
        found = tracker.process(Frame(astronaut, 0.0)).face
    assert found is not None
    return found


def moved(face: np.ndarray, points: tuple[int, ...], dx: float = 0.0, dy: float = 0.0) -> np.ndarray:
    out = face.copy()
    out[list(points), 0] += dx
    out[list(points), 1] += dy
    return out


def turned(face: np.ndarray, degrees: float, axes: tuple[int, int]) -> np.ndarray:
    """The face mesh turned about its own middle, as a head is."""
    angle, out = np.radians(degrees), face - face.mean(axis=0)
    one, other = out[:, axes[0]].copy(), out[:, axes[1]].copy()
    out[:, axes[0]] = np.cos(angle) * one - np.sin(angle) * other
    out[:, axes[1]] = np.sin(angle) * one + np.cos(angle) * other
    return out + face.mean(axis=0)


def shapes(faces: list[np.ndarray]) -> list:
    made = [face_shape(f, i / 10, aspect=1.0) for i, f in enumerate(faces)]
    assert None not in made
    return made


def test_a_resting_face_has_no_cue(face):
    still = shapes([face] * 10)
    scores = cues(still, baseline(still))
    assert set(scores) == set(NAMES)
    assert max(scores.values()) < 0.1


def test_raised_brows_are_a_raise_and_not_a_furrow(face):
    eye = np.linalg.norm(face[263] - face[33])
    raised = shapes([moved(face, BROWS, dy=-0.09 * eye)] * 5)
    scores = cues(raised, baseline(shapes([face] * 5)))
    assert scores["brow_raise"] > 0.9
    assert scores["brow_furrow"] < 0.2


def test_brows_drawn_together_are_a_furrow(face):
    eye = np.linalg.norm(face[263] - face[33])
    drawn = moved(moved(face, INNER_BROWS[:1], dx=0.03 * eye), INNER_BROWS[1:], dx=-0.03 * eye)
    assert cues(shapes([drawn] * 5), baseline(shapes([face] * 5)))["brow_furrow"] > 0.9


@pytest.mark.parametrize("degrees", [-15, 15])
@pytest.mark.parametrize("axes", [(0, 2), (1, 2), (0, 1)], ids=["yaw", "pitch", "roll"])
def test_a_turned_head_is_no_raise(face, degrees, axes):
    rest = baseline(shapes([face] * 5))
    scores = cues(shapes([turned(face, degrees, axes)] * 5), rest)
    assert scores["brow_raise"] < 0.5
    assert scores["head_shake"] == 0


def test_a_shaken_head_is_told_from_a_nod(face):
    rest = baseline(shapes([face] * 5))
    angles = 15 * np.sin(np.linspace(0, 4 * np.pi, 24))
    shaken = cues(shapes([turned(face, a, (0, 2)) for a in angles]), rest)
    assert shaken["head_shake"] >= 0.6
    assert shaken["nod"] == 0
    nodded = cues(shapes([turned(face, a, (1, 2)) for a in angles]), rest)
    assert nodded["nod"] >= 0.6
    assert nodded["head_shake"] == 0


def test_distance_and_aspect_do_not_matter(face):
    far = face.copy()
    far[:, :2] = 0.5 + (far[:, :2] - 0.5) * 0.3
    far[:, 2] *= 0.3
    one, other = face_shape(face, aspect=1.0), face_shape(far, aspect=1.0)
    assert one.brow_height == pytest.approx(other.brow_height, abs=1e-6)
    wide = face * np.array([0.5, 1.0, 0.5])
    assert face_shape(wide, aspect=2.0).brow_height == pytest.approx(one.brow_height, abs=1e-6)


def test_what_cannot_be_measured_is_left_out(face):
    assert face_shape(turned(face, 75, (0, 2)), aspect=1.0) is None
    assert cues([], None) == {}
    assert cues(shapes([face]), None) == {}
