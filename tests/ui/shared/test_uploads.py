import re
from pathlib import Path

import pytest

from ui.shared.i18n import Refusal
from ui.shared.uploads import run_steps


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
