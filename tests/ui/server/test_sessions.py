import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from fusion.interpreter import Models
from kslr.video import Frame
from ui.server.metrics import Metrics
from ui.server.resources import Limits
from ui.server.sessions import Full, Sessions


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


def count(metrics: Metrics, series: str) -> float:
    """One figure."""
    return float(next(line.rsplit(" ", 1)[1] for line in metrics.text().splitlines() if line.startswith(series + " ")))


def test_two_sessions_are_two_trackers_and_a_third_finds_no_place(models, astronaut):
    sessions = Sessions(models, Limits(sessions=2))
    try:
        first, second = sessions.open("a"), sessions.open("b")
        assert first.reader is not second.reader
        assert sessions.open("a") is first
        with pytest.raises(Full, match="All 2 places"):
            sessions.open("c")
        first.wait()
        second.wait()
        seen = first.stages.call(first.reader.push, Frame(astronaut, 0.0)).result()
        empty = second.stages.call(second.reader.push, Frame(np.zeros((240, 320, 3), np.uint8), 0.0)).result()
        assert seen.landmarks.face is not None
        assert empty.landmarks.face is None
    finally:
        sessions.close_all()
    assert len(sessions) == 0


def test_one_client_elsewhere_gets_some_of_the_places_only(models):
    sessions = Sessions(models, Limits(sessions=4, client_places=2))
    try:
        for key in ("a", "b"):
            sessions.open(key, client="192.0.2.1")
        with pytest.raises(Full):
            sessions.open("c", client="192.0.2.1")
        assert sessions.open("a", client="192.0.2.1")
        sessions.open("d", client="192.0.2.2")
        sessions.close("a")
        sessions.open("c", client="192.0.2.1")
        with pytest.raises(Full):
            sessions.open("e", client="192.0.2.1")
        sessions.open("f", client="127.0.0.1")
    finally:
        sessions.close_all()


def test_closing_frees_the_tracker(models, astronaut):
    sessions = Sessions(models, Limits(sessions=1))
    session = sessions.open("a")
    session.wait()
    sessions.close("a")
    sessions.close("a")
    session.stages.close(drop=False)
    with pytest.raises(RuntimeError, match="with statement"):
        session.reader.push(Frame(astronaut, 0.0))
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
            session.stages.call(session.reader.push, Frame(astronaut, 0.0)).result()
        sessions.close_all()
        for session in opened:
            session.stages.close(drop=False)
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


def test_trackers_and_endings_are_counted(models):
    metrics = Metrics()
    sessions = Sessions(models, Limits(sessions=3), metrics)
    opened = [sessions.open(key) for key in "abc"]
    for session in opened:
        session.wait()
    assert count(metrics, "kslr_trackers") == 3
    assert count(metrics, "kslr_sessions_opened_total") == 3
    sessions.close("a")
    sessions.fail("b", RuntimeError("its graph broke"))
    sessions.close_all()
    for session in opened:
        session.stages.close(drop=False)
    assert count(metrics, "kslr_trackers") == 0
    for reason in ("closed", "error", "stopped"):
        assert count(metrics, f'kslr_sessions_ended_total{{reason="{reason}"}}') == 1
    assert count(metrics, "kslr_errors_total") == 1


def test_a_tracker_that_breaks_while_it_is_freed_is_still_let_go(models):
    metrics = Metrics()
    sessions = Sessions(models, Limits(sessions=1), metrics)
    session = sessions.open("a")
    session.wait()
    session.reader._stack.callback(lambda: 1 / 0)
    sessions.close("a")
    session.stages.close(drop=False)
    assert count(metrics, "kslr_trackers") == 0


def test_who_is_being_worked_for_is_not_idle(models):
    sessions, go = Sessions(models, Limits(sessions=1, idle_seconds=0.01)), threading.Event()
    session = sessions.open("a")
    session.wait()
    work = session.submit(go.wait)
    time.sleep(0.05)
    sessions.close_idle()
    assert len(sessions) == 1
    assert session.waiting == 1
    go.set()
    assert work.result(timeout=60)
    time.sleep(0.05)
    sessions.close_idle()
    assert len(sessions) == 0
    with pytest.raises(RuntimeError):
        session.submit(print)
