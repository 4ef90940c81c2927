import os
import re
from pathlib import Path

import pytest

from ui.shared.i18n import Refusal
from ui.shared.uploads import run_steps, upload_path


def test_steps_carry_the_mark_of_their_run_and_the_file_is_deleted(tmp_path):
    path = tmp_path / "clip.mp4"
    path.touch()
    runs = [list(run_steps([path], lambda p: iter([p.name, "b"]))) for _ in range(2)]
    marks = [{re.match('<div data-run="(.+?)">', html)[1] for html in run} for run in runs]
    assert [len(mark) for mark in marks] == [1, 1]
    assert marks[0] != marks[1]
    assert "clip.mp4" in runs[0][0]
    assert not path.exists()


@pytest.mark.parametrize("given", [True, False])
def test_a_problem_is_told_in_words_and_the_file_is_deleted(tmp_path, given):
    path = tmp_path / "clip.mp4"
    path.touch()

    def steps(_: Path):
        yield "begun"
        raise Refusal("video.long", minutes=3)

    shown = list(run_steps([path if given else None], steps))
    assert 'role="alert"' in shown[-1]
    assert ("video.long" if given else "video.unreadable") in shown[-1]
    assert path.exists() is not given


def test_the_file_is_deleted_when_the_work_is_stopped(tmp_path):
    path = tmp_path / "clip.mp4"
    path.touch()
    shown = run_steps([path], lambda _: iter("abc"))
    next(shown)
    shown.close()
    assert not path.exists()


def test_a_full_disk_is_told_and_the_file_is_deleted(tmp_path):
    path = tmp_path / "clip.mp4"
    path.touch()

    def steps(_: Path):
        yield "begun"
        raise OSError(28, "No space left on device", "/tmp/secret")

    shown = list(run_steps([path], steps))
    assert "video.failed" in shown[-1]
    assert "secret" not in shown[-1]
    assert not path.exists()


def test_only_a_file_in_a_folder_of_its_own_is_an_upload(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    own = tmp_path / "uploads" / "token"
    own.mkdir(parents=True)
    (own / "a.mp4").write_bytes(b"x")
    (tmp_path / "b.mp4").write_bytes(b"x")
    (own / "link.mp4").symlink_to(tmp_path / "b.mp4")
    (own.parent / "linked").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(own / "pipe")
    (own.parent / "loose.mp4").write_bytes(b"x")
    assert upload_path(str(own / "a.mp4")) == (own / "a.mp4").resolve()
    for path in ("link.mp4", "pipe", "../loose.mp4", "../../b.mp4", "../linked/b.mp4", ".", "", "\0", "x" * 5000, "none.mp4"):
        assert upload_path(f"{own}/{path}") is None, path
    assert upload_path("/dev/zero") is None
    assert upload_path("http://127.0.0.1/a.mp4") is None
