"""Work in a process of its own: it gives what the job gives, and is ended in every case in which it has to be."""

import os
import threading
import time
from collections.abc import Iterator

import pytest

from kslr.teaching.naming import LessonError
from ui.shared import worker as module
from ui.shared.i18n import Refusal
from ui.shared.worker import Gone, Worker, WorkFailed


def count(steps: int, pause: float = 0.0) -> Iterator[int]:
    for step in range(steps):
        time.sleep(pause)
        yield step


def hang() -> Iterator[int]:
    yield os.getpid()
    time.sleep(600)


def raise_error(kind: str) -> Iterator[int]:
    yield os.getpid()
    if kind == "refusal":
        raise Refusal("video.long", minutes=3)
    if kind == "lesson":
        raise LessonError("A clip is too long.", "long-clip", n=30)
    if kind == "disk":
        raise OSError(28, "No space left on device")
    if kind == "crash":
        os.abort()
    raise ZeroDivisionError("somebody's secret")


def take_memory() -> Iterator[int]:
    kept = bytearray(400_000_000)
    kept[::4096] = b"x" * len(kept[::4096])
    yield os.getpid()
    time.sleep(600)


def process_id() -> Iterator[int]:
    yield os.getpid()


def found(steps: Iterator[object]) -> list:
    return [step for step in steps if step is not None]


def first(steps: Iterator[object]) -> int:
    return next(int(step) for step in steps if isinstance(step, int))


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    made = Worker(longest=60.0)
    yield made
    made.close()


def test_steps_come_in_order_from_one_process_that_is_kept(worker):
    assert found(worker.run(count, 5)) == [0, 1, 2, 3, 4]
    first, second = found(worker.run(process_id)), found(worker.run(process_id))
    assert first == second != [os.getpid()]


def test_errors_for_people_arrive_whole_and_the_process_lives(worker):
    before = found(worker.run(process_id))
    with pytest.raises(Refusal) as refused:
        found(worker.run(raise_error, "refusal"))
    assert (refused.value.key, refused.value.values) == ("video.long", {"minutes": 3})
    with pytest.raises(LessonError) as lesson:
        found(worker.run(raise_error, "lesson"))
    assert (str(lesson.value), lesson.value.code, lesson.value.values) == ("A clip is too long.", "long-clip", {"n": 30})
    with pytest.raises(OSError, match="No space"):
        found(worker.run(raise_error, "disk"))
    assert found(worker.run(process_id)) == before


@pytest.mark.parametrize("kind", ["crash", "fault"])
def test_a_crash_or_a_fault_of_ours_is_told_without_its_text(worker, kind, caplog):
    with pytest.raises(WorkFailed) as failed, caplog.at_level("INFO", "kslr"):
        found(worker.run(raise_error, kind))
    assert "secret" not in f"{failed.value}{caplog.records[-1].figures}"
    assert caplog.records[-1].figures["reason"] == ("ended" if kind == "crash" else "error")
    assert found(worker.run(count, 2)) == [0, 1]  # in a new process


def test_who_goes_away_ends_the_work(worker):
    waits = threading.Event()
    steps = worker.run(hang, wanted=lambda: not waits.is_set())
    process = first(steps)
    waits.set()
    with pytest.raises(Gone):
        found(steps)
    assert not is_alive(process)
    steps = worker.run(hang)
    process = first(steps)
    steps.close()
    assert not is_alive(process)


def test_who_waits_for_a_turn_may_go_away(worker):
    other = worker.run(hang)
    first(other)
    with pytest.raises(Gone):
        found(worker.run(process_id, wanted=lambda: False))
    other.close()


def test_what_is_silent_long_or_large_is_ended(worker, monkeypatch):
    def refused(*work, **limits) -> list:
        found(worker.run(process_id))  # it is running already
        got: list = []
        steps = worker.run(*work, silence=60.0 if limits else 2.0)
        with monkeypatch.context() as patch:
            for name, value in limits.items():
                patch.setattr(worker if name == "longest" else module, name, value)
            with pytest.raises(WorkFailed):
                got.extend(steps)
        return found(got)

    (process,) = refused(hang)
    assert not is_alive(process)
    assert len(refused(count, 1000, 0.05, longest=2.0)) < 60
    if os.path.isdir("/proc/self"):
        assert len(refused(take_memory, MEGABYTES=300.0)) <= 1


def test_without_work_the_process_ends(worker, monkeypatch):
    (process,) = found(worker.run(process_id))
    worker.rest()
    assert is_alive(process)
    monkeypatch.setattr(module, "IDLE_SECONDS", -1.0)
    worker.rest()
    assert not is_alive(process)
    assert found(worker.run(process_id)) != [process]
    worker.close()
    with pytest.raises(Gone):
        found(worker.run(process_id))
