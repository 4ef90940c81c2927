import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from kslr.core.errors import InputError
from tests.sources import ROOT
from ui.server.folders import private_folder, shared_folder, sweep

HOLD = """
import tempfile, time
from pathlib import Path
from ui.server.folders import private_folder
with private_folder() as folder:
    (folder / "uploads" / "aigerim.mp4").write_bytes(b"x")
    Path(tempfile.mkdtemp(), "clip.mp4").write_bytes(b"x")
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def hold(temporary: Path) -> tuple[subprocess.Popen, Path]:
    """A process that has such a folder with files in it."""
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True, env=environment)
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_process_left_is_deleted_by_the_next_and_what_lives_is_not(temporary):
    (dead, first), (alive, second) = hold(temporary), hold(temporary)
    try:
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        assert list(first.rglob("*.mp4"))
        with private_folder() as own:
            assert not first.exists()
            assert len(list(second.rglob("*.mp4"))) == 2
            assert own.stat().st_mode & 0o077 == 0
            sweep(shared_folder_of(own))
            assert own.exists()
    finally:
        alive.kill()
        alive.wait()
    with private_folder():
        pass
    assert not list(temporary.rglob("*.mp4"))
    assert not list(temporary.rglob("server-*"))


def shared_folder_of(folder: Path) -> Path:
    return folder.parent


def test_another_users_folder_is_not_trusted(temporary):
    shared_folder().chmod(0o755)
    with pytest.raises(InputError, match="not this user's alone"):
        shared_folder()
    shared_folder_path = next(temporary.glob("kslr-*"))
    shared_folder_path.rmdir()
    shared_folder_path.symlink_to(temporary)
    with pytest.raises(InputError, match="not this user's alone"):
        shared_folder()


def test_results_expire_by_the_clock_but_not_under_their_own_work(temporary):
    from ui.server.resources import Results

    results = Results(0.3)
    old, working = results.new(), results.new()
    (old / "kslr.mp4").write_bytes(b"x")
    time.sleep(0.4)
    (working / "kslr.mp4").write_bytes(b"x")
    results.expire()
    assert not old.exists()
    assert working.exists()
    results.close()
