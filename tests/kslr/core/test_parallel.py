import os
import signal
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kslr.core.parallel import PATIENCE, Allowance, Stages, run_in_processes

ROOT = Path(__file__).resolve().parents[3]


def square_or_die(number: int, deadly: int) -> int:
    if number == deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def die_at_start() -> None:
    os._exit(1)


def test_every_item_has_its_result():
    assert dict(run_in_processes(pow, ["a", "b", "c"], [(2, 3), (3, 2), (5, 0)], workers=2)) == {"a": 8, "b": 9, "c": 1}


def test_an_error_of_the_work_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(run_in_processes(divmod, ["a"], [(1, 0)], workers=1))


def test_a_process_that_ends_is_told():
    assert list(run_in_processes(os._exit, ["a"], [(1,)], workers=1)) == [("a", None)]


def test_one_deadly_item_costs_no_other():
    numbers = list(range(12))
    found = dict(run_in_processes(square_or_die, numbers, [(n, 4) for n in numbers], workers=2))
    assert found == {n: None if n == 4 else n * n for n in numbers}


def test_processes_that_cannot_start_end_the_run():
    found = list(run_in_processes(pow, range(500), [(n, 1) for n in range(500)], workers=2, start=die_at_start))
    assert sorted(found) == [(n, None) for n in range(500)]
    assert PATIENCE == 3


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_the_processes_of_a_killed_parent_end_too(tmp_path: Path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, sys, time\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from kslr.core.parallel import run_in_processes\n"
        "if __name__ == '__main__':\n"
        "    for _, pid in run_in_processes(os.getpid, ['a', 'b', 'c', 'd'], [()] * 4, workers=1):\n"
        "        print(pid, flush=True)\n"
        "        time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        os.kill(worker, 0)  # it lives, waiting for the next item
        parent.kill()
    end = time.monotonic() + 30
    while _lives(worker) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _lives(worker)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Where nobody collects the dead, they keep their number.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers()), st.integers(1, 5))
def test_everything_comes_out_in_its_order(items, ahead):
    with Stages(lambda n: n + 1, lambda n: n * 2) as stages:
        assert list(stages.run(items, ahead)) == [(n + 1) * 2 for n in items]


def test_stages_overlap():
    # The first stage is done with the second item only when the second stage has begun with the first, and the other way
    # round: in one thread this would wait for ever.
    meet = threading.Barrier(2, timeout=20)
    reached = []

    def first(n: int) -> int:
        if n == 1:
            meet.wait()
        return n

    def second(n: int) -> int:
        if n == 0:
            meet.wait()
        reached.append(n)
        return n

    with Stages(first, second) as stages:
        assert list(stages.run([0, 1])) == reached == [0, 1]


def test_no_more_than_so_many_are_under_way():
    begun = []
    with Stages(begun.append) as stages:
        results = stages.run(count(), ahead=3)
        for n in range(5):
            next(results)
            assert len(begun) <= n + 3
        results.close()


def test_an_error_ends_its_item_alone():
    with Stages(lambda n: 1 / n, str) as stages:
        futures = [stages.send(n)[-1] for n in (0, 1)]
        with pytest.raises(ZeroDivisionError):
            futures[0].result()
        assert futures[1].result() == "1.0"


def test_an_error_of_the_source_is_raised():
    def source():
        yield 1
        raise OSError("unplugged")

    with Stages(str) as stages:
        results = stages.run(source())
        assert next(results) == "1"
        with pytest.raises(OSError, match="unplugged"):
            next(results)


def test_a_call_comes_after_what_was_sent_before_it():
    told = []
    with Stages(lambda n: n, told.append) as stages:
        for n in range(20):
            stages.send(n)
        assert stages.call(list, told).result() == list(range(20))


def test_closing_drops_what_has_not_begun_and_ends_the_threads():
    go, told = threading.Event(), []
    stages = Stages(lambda n: go.wait(20), told.append, name="closing")
    futures = [stages.send(n)[-1] for n in range(5)]
    stages.close(wait=False)
    go.set()
    stages.close()
    assert any(future.cancelled() or future.exception() for future in futures[1:])
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("closing")]
    with pytest.raises(RuntimeError):
        stages.send(1)


def test_an_allowance_is_used_up_by_work_and_fills_with_time():
    now = 0.0
    allowance = Allowance(share=0.1, most=0.02, clock=lambda: now)
    assert allowance.left == pytest.approx(0.02)
    with allowance.spend():
        end = time.thread_time() + 0.05
        while time.thread_time() < end:
            pass
    assert -0.2 < allowance.left <= -0.03
    with allowance.spend():
        time.sleep(0.05)  # takes nothing of the processor
    owed = allowance.left
    now = 0.1
    assert allowance.left == pytest.approx(owed + 0.01)
    now = 1000.0
    assert allowance.left == pytest.approx(0.02)
