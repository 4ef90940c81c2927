import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kslr.core.processes import PATIENCE, in_processes

ROOT = Path(__file__).resolve().parents[3]


def square_or_die(number: int, deadly: int) -> int:
    if number == deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def die_at_start() -> None:
    os._exit(1)


def test_every_item_has_its_result():
    assert dict(in_processes(pow, ["a", "b", "c"], [(2, 3), (3, 2), (5, 0)], workers=2)) == {"a": 8, "b": 9, "c": 1}


def test_an_error_of_the_work_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(in_processes(divmod, ["a"], [(1, 0)], workers=1))


def test_a_process_that_ends_is_told():
    assert list(in_processes(os._exit, ["a"], [(1,)], workers=1)) == [("a", None)]


def test_one_deadly_item_costs_no_other():
    numbers = list(range(12))
    found = dict(in_processes(square_or_die, numbers, [(n, 4) for n in numbers], workers=2))
    assert found == {n: None if n == 4 else n * n for n in numbers}


def test_processes_that_cannot_start_end_the_run():
    found = list(in_processes(pow, range(500), [(n, 1) for n in range(500)], workers=2, start=die_at_start))
    assert sorted(found) == [(n, None) for n in range(500)]
    assert PATIENCE == 3


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_the_processes_of_a_killed_parent_end_too(tmp_path: Path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, sys, time\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from kslr.core.processes import in_processes\n"
        "if __name__ == '__main__':\n"
        "    for _, pid in in_processes(os.getpid, ['a', 'b', 'c', 'd'], [()] * 4, workers=1):\n"
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
