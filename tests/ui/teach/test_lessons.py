from dataclasses import replace

import numpy as np
import pytest

from fusion.interpreter import Models
from kslr.landmarks import FACE, HANDS
from kslr.posefile import read_pose
from kslr.recordings import load_recording, save_recording
from kslr.teaching.naming import WordNames
from kslr.teaching.takes import Take
from tests.takes import take
from ui.server.services import Services
from ui.shared.i18n import Refusal
from ui.teach.lessons import landmark_file, learn, take_json, todo_words, try_clip, vocabulary_json


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


@pytest.fixture
def services(models, tmp_path, monkeypatch):
    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    services = Services(models)
    yield services
    services.close()


def sent(word: str, number: int, tmp_path) -> bytes:
    path = tmp_path / f"{word}{number}.npz"
    save_recording(path, take(word, number))
    return path.read_bytes()


def watched(services: Services, word: str, numbers: range, tmp_path) -> list[Take]:
    return [services.desk.watch("me", sent(word, n, tmp_path), f"{word}{n}.npz", True).take for n in numbers]


def test_taught_then_try_clip(services, tmp_path):
    first = learn(services, "mine", WordNames("Шеңбер", "Круг", "Circle"), watched(services, "circle", range(3), tmp_path))
    assert (first["word"], first["right"], first["asked"], first["advice"]) == ("circle", 3, 3, [])
    assert first["few"] == {"words": True, "takes": False}
    assert 0.4 < first["interval"][0] < 0.5
    second = learn(services, "mine", WordNames("Сорғы", "", "Pump"), watched(services, "pump", range(1), tmp_path))
    assert second["advice"] == ["pump"]  # one recording is too few
    assert [(w["id"], w["recordings"], w["shown"]) for w in second["words"]] == [("circle", 3, True), ("pump", 1, True)]
    third = learn(services, "mine", WordNames("", "", "", "pump"), watched(services, "pump", range(1, 4), tmp_path))
    assert third["accuracy"] == 1.0
    assert third["words"][1]["recordings"] == third["words"][1]["right"] == third["words"][1]["asked"] == 4
    for word in ("circle", "pump"):
        found = try_clip(services, "mine", sent(word, 20, tmp_path), "try.npz")
        assert [one["sign"]["id"] for one in found["words"]] == [word]
        assert {one["id"] for one in found["words"][0]["alternatives"]} == {"circle", "pump"}
    assert found["signs"]["circle"]["ru"] == "Круг"


def test_words_that_look_alike_are_named(services, tmp_path):
    learn(services, "mine", WordNames("Бір", "", "One"), watched(services, "circle", range(4), tmp_path))
    found = learn(services, "mine", WordNames("Екі", "", "Two"), watched(services, "circle", range(4, 8), tmp_path))
    assert found["accuracy"] < 0.9
    assert {"one", "two"} & set(found["advice"])
    assert any({pair["right"], pair["answered"]} == {"one", "two"} for pair in found["confused"])


def test_nothing_is_learnt_from_nothing(services, tmp_path):
    blank = take("circle")
    x = blank.x.copy()
    x[:, HANDS] = np.nan
    save_recording(tmp_path / "blank.npz", type(blank)(blank.seconds, x, blank.aspect))
    empty = services.desk.judge((tmp_path / "blank.npz").read_bytes(), "blank.npz")
    with pytest.raises(Refusal, match="no_takes"):
        learn(services, "mine", WordNames("Бос", "", "Empty"), [empty])
    with pytest.raises(Refusal, match="unknown"):
        vocabulary_json(services, "mine")
    learn(services, "mine", WordNames("А", "", "A"), watched(services, "circle", range(2), tmp_path))
    learn(services, "mine", WordNames("Ә", "", "B"), watched(services, "pump", range(2), tmp_path))
    with pytest.raises(Refusal, match="no_hands"):
        try_clip(services, "mine", (tmp_path / "blank.npz").read_bytes(), "blank.npz")
    for content, name, key in ((b"x", "a.exe", "format"), (b"", "a.mp4", "empty"), (b"no video", "a.mp4", "unreadable")):
        with pytest.raises(Refusal, match=key):
            try_clip(services, "mine", content, name)


def test_the_words_of_the_thirty_wait_until_they_are_taught(services, tmp_path):
    assert len(todo_words(services, set())) == 6
    found = learn(services, "mine", WordNames("", "", "", "taxi"), watched(services, "circle", range(1), tmp_path))
    assert found["words"][0]["kk"] == "Такси"
    assert "taxi" not in {one["id"] for one in found["todo"]}
    assert len(found["todo"]) == 5


def test_a_take_is_shown_without_a_face_and_handed_out_as_wished(services, tmp_path):
    one = services.desk.watch("me", sent("circle", 0, tmp_path), "circle0.npz", True)
    shown = take_json(one)
    assert shown["usable"]
    assert 5 < len(shown["frames"]) <= 24
    assert all(frame["face"] is None for frame in shown["frames"])
    assert any(frame["right_hand"] for frame in shown["frames"])
    x = one.take.recording.x.copy()
    x[:, FACE] = 0.5
    with_face = replace(one.take.recording, x=x)
    for face in (True, False):
        (tmp_path / "out.npz").write_bytes(landmark_file(with_face, "npz", face))
        (tmp_path / "out.pose").write_bytes(landmark_file(with_face, "pose", face))
        assert (read_pose(tmp_path / "out.pose")[5].face is not None) == face
        again = load_recording(tmp_path / "out.npz")
        assert bool(np.isfinite(again.x[:, FACE]).any()) == face
        assert np.allclose(again.x[:, HANDS], x[:, HANDS], equal_nan=True)
