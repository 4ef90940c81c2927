import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fusion.classroom.database import default_url
from fusion.classroom.history import History
from fusion.classroom.windows import Window
from kslr.core.errors import InputError

SHOWN = Window(0.0, 10.0, 4.8, 5, 9, 0.6, 0.8, 1.0, 0.2, 0.0, 0.2, 0.6, 0.0, 0.2, 0.22, 0.6)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'deep' / 'class.db'}"


def _use(url: str) -> None:
    """Everything that is done with a history."""
    with History(url) as history:
        key = history.begin("Maths, 5 B", k=6, place="outside-eu")
        history.add(key, SHOWN)
        history.add(key, Window(10.0, 20.0, 4.7))
        history.note(key, 12.5, "group work starts")
        history.rename(key, "Maths")
        history.finish(key)
        other = history.begin("", k=5, place="outside-eu")
        history.add(other, SHOWN)
        history.delete(other)
    with History(url) as history:
        (session,) = [s for s in history.sessions() if s.id == key]
        assert (session.name, session.status, session.k, session.seconds) == ("Maths", "finished", 6, 20.0)
        assert history.windows(key) == [SHOWN, Window(10.0, 20.0, 4.7)]
        assert [(m.seconds, m.text) for m in history.moments(key)] == [(12.5, "group work starts")]
        assert history.windows(other) == []
        with pytest.raises(InputError, match="deleted"):
            history.add(other, SHOWN)
        with pytest.raises(InputError, match="not there"):
            history.session(other)
        history.delete(key)
        assert history.sessions() == []


def test_sqlite_keeps_names_windows_and_moments(url: str):
    _use(url)


def test_without_an_address_it_is_a_file_of_ones_own(monkeypatch, tmp_path: Path):
    monkeypatch.delenv("KSLR_DATABASE", raising=False)
    monkeypatch.setenv("KSLR_HOME", str(tmp_path / "home"))
    assert default_url() == f"sqlite:///{tmp_path}/home/classroom.db"
    with History() as history:
        history.begin("a", k=5, place="p")
    assert (tmp_path / "home/classroom.db").is_file()


def test_postgresql_keeps_the_same(tmp_path: Path):
    pytest.importorskip("psycopg", reason="needs psycopg")
    missing = [name for name in ("initdb", "pg_ctl") if not shutil.which(name)]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)} on the PATH (Debian: postgresql, and /usr/lib/postgresql/*/bin)")
    # The server refuses to run as root; another user's own folder is needed then.
    root = os.geteuid() == 0
    if root and not (shutil.which("runuser") and subprocess.run(["id", "postgres"], capture_output=True).returncode == 0):
        pytest.skip("needs the user postgres, since a PostgreSQL server does not run as root")
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="kslr-postgres-", dir="/tmp"))
    if root:
        shutil.chown(folder, "postgres")
    as_user = ["runuser", "-u", "postgres", "--"] if root else []
    initdb, control = str(Path(shutil.which("initdb")).resolve()), str(Path(shutil.which("pg_ctl")).resolve())

    def run(*command: str) -> None:
        with (folder.parent / f"{folder.name}.log").open("a") as log:
            subprocess.run([*as_user, *command], check=True, cwd="/tmp", stdout=log, stderr=log, timeout=120)

    try:
        run(initdb, "-D", f"{folder}/data", "-U", "kslr", "--auth=trust", "--no-sync")
        run(control, "-D", f"{folder}/data", "-w", "-o", f"-c listen_addresses='' -k {folder}", "-l", f"{folder}/log", "start")
        try:
            _use(f"postgresql+psycopg://kslr@/postgres?host={folder}")
        finally:
            run(control, "-D", f"{folder}/data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        (folder.parent / f"{folder.name}.log").unlink(missing_ok=True)


def test_old_sessions_are_deleted_when_their_time_is_over(url: str, tmp_path: Path):
    with History(url) as history:
        old, new = history.begin("old", k=5, place="p"), history.begin("new", k=5, place="p")
        history.add(old, SHOWN)
        history.finish(old)
    with sqlite3.connect(tmp_path / "deep/class.db") as database:
        database.execute("update sessions set started = '2020-01-01T00:00:00+00:00' where id = ?", (old,))
    with History(url, retention=0) as history:
        assert {s.id for s in history.sessions()} == {old, new}
    with History(url, retention=30) as history:
        assert [s.id for s in history.sessions()] == [new]
        assert history.windows(old) == []
    with pytest.raises(InputError):
        History(url, retention=-1)


def test_what_is_deleted_is_not_left_in_the_file(url: str, tmp_path: Path):
    with History(url) as history:
        key = history.begin("UNMISTAKABLE", k=5, place="p")
        history.note(key, 1.0, "UNMISTAKABLE TOO")
        history.delete(key)
    assert b"UNMISTAKABLE" not in (tmp_path / "deep/class.db").read_bytes()


def test_a_database_of_the_first_version_is_brought_up_to_date(url: str, tmp_path: Path):
    with History(url) as history:
        key = history.begin("before", k=5, place="p")
        history.add(key, SHOWN)
    with sqlite3.connect(tmp_path / "deep/class.db") as database:  # as version 1 left it
        database.execute("drop table moments")
        database.execute("drop table origins")
        database.execute("delete from schema_version where version = 3")
    with History(url) as history:
        history.note(key, 3.0, "noted later")
        assert history.windows(key) == [SHOWN]
        assert len(history.moments(key)) == 1
        assert history.origin(key) == {}  # nothing was kept of it then
        made = {"version": "kslr 1", "emotion": "own", "emotion_sha256": "ab" * 32}
        later = history.begin("after", k=5, place="p", made=made)
        assert history.origin(later) == made
        history.delete(later)
        assert history.origin(later) == {}
    with sqlite3.connect(tmp_path / "deep/class.db") as database:
        assert database.execute("select max(version) from schema_version").fetchone() == (3,)


def test_a_newer_database_is_left_alone(url: str, tmp_path: Path):
    with History(url):
        pass
    with sqlite3.connect(tmp_path / "deep/class.db") as database:
        database.execute("insert into schema_version (version) values (99)")
    with pytest.raises(InputError, match="newer"):
        History(url).__enter__()


def test_a_killed_process_loses_nothing_that_was_written_and_is_told_as_interrupted(url: str):
    program = (
        "import sys, time\n"
        "from fusion.classroom.history import History\n"
        "from fusion.classroom.windows import Window\n"
        f"with History({url!r}) as history:\n"
        "    key = history.begin('killed', k=5, place='p')\n"
        "    for i in range(3): history.add(key, Window(10.0 * i, 10.0 * i + 10, 5.0))\n"
        "    print(key, flush=True)\n"
        "    time.sleep(600)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)
    key = process.stdout.readline().strip()
    with History(url) as history:
        assert history.session(key).status == "running"  # it lives, so it is left alone
    process.kill()
    process.wait()
    with History(url) as history:
        session = history.session(key)
        assert (session.status, session.seconds) == ("interrupted", 30.0)


def test_names_are_one_short_line(url: str):
    with History(url) as history:
        key = history.begin("  a\n\tb\x00  ", k=5, place="p")
        assert history.session(key).name == "a b"
        with pytest.raises(InputError, match="too long"):
            history.rename(key, "x" * 121)
        with pytest.raises(InputError, match="few words"):
            history.note(key, 1.0, "   ")
        with pytest.raises(InputError, match="not there"):
            history.note("nobody", 1.0, "text")


@pytest.mark.parametrize(
    "wrong", ["nonsense", "oracle99://x", "sqlite:////proc/nowhere/class.db", "mysql://u:secret@127.0.0.1:1/x"]
)
def test_a_wrong_address_is_told_without_its_password(wrong: str):
    with pytest.raises(InputError) as error:
        History(wrong).__enter__()
    assert "secret" not in str(error.value)
