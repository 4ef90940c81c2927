import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fusion.interpreter import Models
from kslr.video import Frame
from ui.services import Limits, Results
from ui.sessions import Full, Sessions


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


def test_two_sessions_are_two_trackers_and_a_third_finds_no_place(models, astronaut):
    sessions = Sessions(models, Limits(sessions=2))
    try:
        first, second = sessions.open("a"), sessions.open("b")
        assert first.interpreter is not second.interpreter
        assert sessions.open("a") is first
        with pytest.raises(Full, match="All 2 places"):
            sessions.open("c")
        first.wait()
        second.wait()
        seen = first.thread.submit(first.interpreter.push, Frame(astronaut, 0.0)).result()
        empty = second.thread.submit(second.interpreter.push, Frame(np.zeros((240, 320, 3), np.uint8), 0.0)).result()
        assert seen.landmarks.face is not None
        assert empty.landmarks.face is None
    finally:
        sessions.close_all()
    assert len(sessions) == 0


def test_closing_frees_the_tracker(models, astronaut):
    sessions = Sessions(models, Limits(sessions=1))
    session = sessions.open("a")
    session.wait()
    sessions.close("a")
    sessions.close("a")
    session.thread.shutdown(wait=True)
    with pytest.raises(RuntimeError, match="with statement"):
        session.interpreter.push(Frame(astronaut, 0.0))
    sessions.open("b")
    sessions.close_all()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and trims glibc's memory")
def test_sessions_that_were_leave_no_memory_behind(models, astronaut):
    def megabytes() -> float:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6

    sessions, after = Sessions(models, Limits(sessions=2)), []
    for _ in range(4):
        opened = [sessions.open("a"), sessions.open("b")]
        for session in opened:
            session.wait()
            session.thread.submit(session.interpreter.push, Frame(astronaut, 0.0)).result()
        sessions.close_all()
        for session in opened:
            session.thread.shutdown(wait=True)
        after.append(megabytes())
    # Without giving memory back it grows by about 120 MB a round.
    assert after[-1] - after[0] < 150


def test_who_sends_nothing_loses_the_place(models):
    sessions = Sessions(models, Limits(sessions=1, idle_seconds=0.05))
    first = sessions.open("a")
    first.wait()
    time.sleep(0.1)
    assert sessions.open("b") is not first
    assert len(sessions) == 1
    sessions.close_all()


def test_results_are_found_by_their_names_only_and_go_when_old():
    results = Results(seconds=0.05)
    try:
        folder = results.new()
        (folder / "kslr.txt").write_text("su")
        (results.root / "secret").write_text("x")
        assert results.find(folder.name, "kslr.txt") == folder / "kslr.txt"
        for token, name in (
            (folder.name, "nothing"),
            ("..", results.root.name),
            (folder.name, ".."),
            (".", "secret"),
            ("", "secret"),
        ):
            assert results.find(token, name) is None, (token, name)
        time.sleep(0.1)
        results.new()
        assert not folder.exists()
    finally:
        results.close()
    assert not results.root.exists()
