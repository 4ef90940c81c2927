import dataclasses

import numpy as np
import pytest

from emotion.recognizer import EmotionRecognizer
from fusion.classroom.history import History
from fusion.classroom.loop import Classroom, ClassroomSession, pace_frames, remove_overlaps
from fusion.classroom.settings import Settings
from fusion.classroom.targets import parse_target
from fusion.classroom.windows import Look, Window
from kslr.frame import Frame
from tests.classes import lesson, photographed, portraits


@pytest.fixture(scope="module")
def classroom():
    with Classroom(Settings(rate=2)) as opened:
        yield opened


def read_windows(frames) -> list[Window]:
    """The windows of a lesson, which are also those in its history."""
    with History("sqlite://") as history:
        with ClassroomSession(Settings(rate=2), EmotionRecognizer(), history, "5 B", "outside-eu") as room:
            found = [window for frame in pace_frames(frames, 2) if (window := room.look(frame))]
            found += [last] if (last := room.finish()) else []
            assert room.finish() is None
        assert history.windows(room.key) == found
        assert history.session(room.key).status == "finished"
    return found


def test_eight_real_faces_give_figures_of_the_group(astronaut):
    windows = read_windows(lesson(portraits(astronaut, 8), 11))
    assert [window.shown for window in windows] == [True, True]
    assert (windows[0].least, windows[0].most) == (5, 11)
    assert windows[1].glad > windows[1].troubled  # she smiles
    assert windows[1].facing == 0.8  # all of them, told as "0.8 or more"
    assert windows[1].engagement > 0.3


def test_four_real_faces_give_none(astronaut):
    windows = read_windows(lesson(portraits(astronaut, 4), 11))
    assert len(windows) == 2
    assert not any(window.shown for window in windows)


def test_different_people_of_photographs(shared_data):
    faces = photographed(shared_data / "media/faces", 12)
    with Classroom(Settings(rate=2)) as room:
        looks = [room.look(frame) for frame in lesson(faces, 5)]
    assert looks[0].faces == 0  # a face is believed from its second look on
    assert min(look.faces for look in looks[1:]) >= 10
    assert looks[-1].heads >= 10


def test_nobody_in_view_is_nothing(classroom: Classroom):
    looks = [classroom.look(Frame(np.full((360, 640, 3), 90, np.uint8), t)) for t in (0.0, 0.5)]
    assert [(look.faces, look.heads, look.engagement) for look in looks] == [(0, 0, None)] * 2


def test_a_look_holds_nothing_of_single_faces():
    # Whoever adds an array or a list of boxes to what leaves `look` has to change this line and think.
    kinds = {field.name: field.type for field in dataclasses.fields(Look)}
    assert kinds.pop("moods") == tuple[float, ...] | None
    assert set(kinds.values()) <= {float, int, float | None}


def test_what_is_known_of_faces_ends_with_them(astronaut):
    with Classroom(Settings(rate=2)) as room:
        for frame in lesson(portraits(astronaut, 6), 3):
            room.look(frame)
        assert len(room._looks) == len(room._poses) == 6
        for t in (10.0, 20.0):
            room.look(Frame(np.full((720, 1280, 3), 90, np.uint8), t))
        assert (room._looks, room._poses) == ({}, {})
    assert not hasattr(room, "_tracker")


def test_attention_to_somewhere_else_is_counted_when_asked_for(astronaut):
    faces = portraits(astronaut, 6)
    shares = []
    for place in ("camera", "direction:90,0,20"):
        with Classroom(Settings(rate=2, targets=(parse_target(place),))) as room:
            shares.append([room.look(frame) for frame in lesson(faces, 2)][-1].facing)
    assert shares == [1.0, 0.0]


def test_the_index_hardly_depends_on_the_rate_or_on_one_face(shared_data):
    faces = photographed(shared_data / "media/faces", 17)
    means = {}
    for name, these, fps in (("all", faces, 4), ("half", faces, 2), ("one fewer", faces[:16], 2)):
        with Classroom(Settings(rate=fps)) as room:
            looks = [room.look(frame) for frame in lesson(these, 4, fps)]
        means[name] = np.mean([look.engagement for look in looks if look.engagement is not None])
    assert abs(means["half"] - means["all"]) < 0.03
    assert abs(means["one fewer"] - means["half"]) < 1 / 17 + 0.03


def test_a_recording_is_looked_at_as_often_as_asked():
    frames = [Frame(np.full((9, 16, 3), 90, np.uint8), 100 + i / 25) for i in range(250)]
    seen = [frame.seconds for frame in pace_frames(frames, 2)]
    assert len(seen) == pytest.approx(20, abs=1)
    assert np.diff(seen)[1:] == pytest.approx(0.5, abs=0.05)


def test_doubled_boxes_count_once():
    boxes = np.array([[100, 100, 50, 50], [80, 80, 90, 90], [300, 100, 50, 50]])
    assert remove_overlaps(boxes).tolist() == [[100, 100, 50, 50], [300, 100, 50, 50]]
    assert remove_overlaps(np.zeros((0, 4))).shape == (0, 4)
