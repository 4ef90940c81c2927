import numpy as np
import pytest

from emotion.detection import FaceDetector
from emotion.people import PeopleCounter, drop_hands

PICTURE = np.zeros((100, 200, 3), np.uint8)
FACE, FRIEND, SMALL = (100, 20, 30, 30), (20, 25, 25, 25), (20, 60, 10, 10)


class Scripted:
    """A detector that finds what a test says, and counts how often it is asked."""

    def __init__(self, boxes) -> None:
        self.boxes, self.looks = boxes, 0

    def detect(self, rgb: np.ndarray) -> np.ndarray:
        self.looks += 1
        return np.array(self.boxes(self.looks) if callable(self.boxes) else self.boxes, float).reshape(-1, 4)


def told(boxes, hands=None, seconds: float = 6.0, every: float = 2.0, rate: int = 10) -> list[bool]:
    people = PeopleCounter(Scripted(boxes), every)
    return [people.look(PICTURE, i / rate, hands) for i in range(round(seconds * rate))]


def test_two_faces_that_stay_are_told_soon():
    seen = told([FACE, FRIEND])
    assert not any(seen[:4])  # one look alone says nothing
    assert all(seen[6:])


def test_one_face_is_one_person():
    assert not any(told([FACE]))
    assert not any(told([]))


def test_a_hand_is_no_person():
    hand = np.array([[0.15, 0.35]])
    assert not any(told([FACE, FRIEND], hand))
    assert any(told([FACE, FRIEND], hand + 0.5))


def test_what_shows_up_once_or_moves_about_is_no_person():
    assert not any(told(lambda look: [FACE, FRIEND] if look == 1 else [FACE]))
    assert not any(told(lambda look: [FACE, (10 + 80 * (look % 2), 5, 20, 20)], seconds=3.0))


def test_somebody_far_behind_is_not_counted():
    assert not any(told([FACE, SMALL]))


def test_looks_are_few():
    people = PeopleCounter(Scripted([FACE]), 2.0)
    for i in range(100):
        people.look(PICTURE, i / 10)
    assert people.detector.looks == 5
    several = PeopleCounter(Scripted([FACE, FRIEND]), 2.0)
    for i in range(100):
        several.look(PICTURE, i / 10)
    assert several.detector.looks <= 7


def test_it_ends_when_the_second_person_goes_and_begins_anew_with_the_clock():
    people = PeopleCounter(Scripted(lambda look: [FACE, FRIEND] if look < 3 else [FACE]), 0.5)
    seen = [people.look(PICTURE, i / 10) for i in range(30)]
    assert any(seen)
    assert not seen[-1]
    other = PeopleCounter(Scripted([FACE, FRIEND]), 2.0)
    assert [other.look(PICTURE, at) for at in (100.0, 100.5)] == [False, True]
    assert [other.look(PICTURE, at) for at in (0.0, 0.5)] == [False, True]


def test_points_outside_or_unknown_hold_nothing():
    boxes = np.array([FACE], float)
    assert len(drop_hands(boxes, np.array([[np.nan, np.nan], [500, 500]]))) == 1
    assert len(drop_hands(boxes, np.array([[101.0, 21.0]]))) == 0


@pytest.mark.parametrize(
    ("name", "several"),
    [
        ("rsl/ushaq--samolet.mp4", False),  # the raised hand is taken for a face
        ("faces/face_recognition__two_people.jpg", True),
        ("faces/deepface__selfie-many-people.jpg", True),
    ],
)
def test_real_people(shared_data, name, several):
    from pathlib import Path

    from benchmarks.people import count_people

    assert count_people(Path(shared_data, "media", name), every=1.0, step=0.25)["several"] == several


def test_two_real_faces_are_two_people(astronaut):
    person = astronaut[:320, 60:400]
    both = np.ascontiguousarray(np.concatenate([person, person[:, ::-1]], axis=1))
    with FaceDetector() as detector:
        people = PeopleCounter(detector)
        assert [people.look(both, at) for at in (0.0, 0.5, 1.0)] == [False, True, True]
        alone = PeopleCounter(detector)
        assert not any(alone.look(person, at) for at in (0.0, 0.5, 1.0))
