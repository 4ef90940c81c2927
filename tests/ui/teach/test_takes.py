from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kslr.landmarks import POSE
from kslr.recordings import save_recording
from tests import clips
from tests.takes import take
from ui.shared.i18n import Refusal
from ui.shared.worker import Worker
from ui.teach import takes
from ui.teach.takes import Desk


@pytest.fixture(scope="module")
def worker():
    made = Worker()
    yield made
    made.close()


@pytest.fixture
def desk(worker):
    return Desk(worker)


@pytest.fixture(scope="module")
def sent(tmp_path_factory) -> bytes:
    """A landmark file as somebody sends it."""
    path = tmp_path_factory.mktemp("sent") / "circle.npz"
    save_recording(path, take("circle"))
    return path.read_bytes()


def test_a_clip_is_watched_once_and_leaves_nothing_behind(desk, astronaut, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    clip = clips.write(tmp_path / "a.mp4", clips.shaken(astronaut, 8, (320, 240), reach=4), fps=15).read_bytes()
    one = desk.watch("somebody's own key", clip, "../../a.mp4")
    assert one.take.recording.x.shape == (8, 1662)
    assert np.isfinite(one.take.recording.x[:, POSE]).any()
    assert one.take.recording.name == "a.mp4"
    assert one.take.recording.aspect == pytest.approx(4 / 3)
    assert one.take.verdict.sharpness > 0
    assert one.take.verdict.problems == ("no_hands",)
    assert not list((tmp_path / "temporary").iterdir())


def test_everybody_has_their_own_takes(desk, sent):
    mine, yours = desk.watch("me", sent, "a.npz"), desk.watch("you", sent, "a.npz")
    assert desk.find("me", [mine.key]) == [mine]
    with pytest.raises(Refusal, match="gone"):
        desk.find("me", [yours.key])
    desk.drop("me", [yours.key])
    assert desk.find("you", [yours.key]) == [yours]
    desk.drop("me")
    with pytest.raises(Refusal, match="gone"):
        desk.find("me", [mine.key])
    assert len(desk) == 1


def test_what_nobody_used_is_forgotten(desk, sent, monkeypatch):
    desk.watch("me", sent, "a.npz")
    monkeypatch.setattr(takes, "KEPT_SECONDS", -1.0)
    desk.forget_old()
    assert len(desk) == 0


def test_the_oldest_makes_room(desk, sent, monkeypatch):
    monkeypatch.setattr(takes, "MOST_OF_ONE", 2)
    first, second, third = (desk.watch("me", sent, f"{n}.npz") for n in range(3))
    assert desk.find("me", [second.key, third.key]) == [second, third]
    with pytest.raises(Refusal, match="gone"):
        desk.find("me", [first.key])


def test_bad_files_are_refused_and_leave_nothing_behind(desk, sent, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for content, name, key in (
        (b"no video", "a.mp4", "teach.unreadable"),
        (b"no landmarks", "a.npz", "teach.unreadable"),
        (b"no pose", "a.pose", "teach.unreadable"),
        (sent, "a.exe", "teach.format"),
        (b"", "a.mp4", "video.empty"),
    ):
        with pytest.raises(Refusal, match=key):
            desk.watch("me", content, name)
    monkeypatch.setattr(takes, "TAKE_BYTES", 10)
    with pytest.raises(Refusal, match=r"teach\.large"):
        desk.watch("me", sent, "a.npz")
    assert len(desk) == 0
    assert not list(Path(tmp_path).iterdir())


def test_too_long_and_too_many_are_refused(desk, sent, monkeypatch, tmp_path):
    long = take("circle")
    save_recording(tmp_path / "long.npz", replace(long, seconds=long.seconds * 40))
    with pytest.raises(Refusal, match="long_clip"):
        desk.watch("me", (tmp_path / "long.npz").read_bytes(), "a.npz")
    monkeypatch.setattr(takes, "MOST_WAITING", 0)
    with pytest.raises(Refusal, match="busy"):
        desk.watch("me", sent, "a.npz")
