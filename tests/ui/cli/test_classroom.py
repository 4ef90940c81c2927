import csv
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fusion.classroom.history import History
from fusion.classroom.settings import Settings
from tests import clips
from tests.classes import lesson, portraits
from tests.commands import run
from tests.privacy import check_bytes, traces
from ui.cli.classroom import run_lesson

ROOT = Path(__file__).resolve().parents[3]
CONFIRMED = ("--consent", "--place", "outside-eu")

# The command, with a list of every file that it opens to write, and with how far it is.
NOTED = """
import os, sys
def heard(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        written.append(arguments[0])
written = []
sys.addaudithook(heard)
import contextlib, ui.cli.classroom
@contextlib.contextmanager
def progress(text):
    yield lambda share: print(f"AT {share}", flush=True)
ui.cli.classroom.progress_bar = progress
from ui.cli.main import main
try:
    main(sys.argv[1:])
finally:
    for path in written: print("WROTE", path, flush=True)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.delenv("KSLR_DATABASE", raising=False)
    monkeypatch.setenv("KSLR_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture(scope="module")
def class_of_six(astronaut, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("class") / "six.mp4"
    return clips.write(path, (frame.rgb for frame in lesson(portraits(astronaut, 6), 14, 2, (640, 360))), fps=2)


@pytest.fixture(scope="module")
def class_of_four(astronaut, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("class") / "four.mp4"
    return clips.write(path, (frame.rgb for frame in lesson(portraits(astronaut, 4), 14, 2, (640, 360))), fps=2)


def _subprocess(tmp_path: Path, *arguments: object) -> subprocess.Popen:
    (tmp_path / "tmp").mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KSLR_HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}
    environment |= {"HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", NOTED, "classroom", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path)


def test_a_class_becomes_figures_a_report_and_a_table(home, class_of_six, capsys):
    report, table = home / "report.html", home / "figures.csv"
    code, _, err = run(
        ["classroom", class_of_six, *CONFIRMED, "--rate", 2, "--report", report, "--csv", table, "--name", "5 B"], capsys
    )
    assert (code, "has begun" in err) == (0, True)
    rows = list(csv.DictReader(table.open()))
    assert [(row["start"], row["least"], row["most"]) for row in rows] == [("0.0", "5", "11"), ("10.0", "5", "11")]
    assert all(0 <= float(row["engagement"]) <= 1 for row in rows)
    page = report.read_text()
    assert "5 B" in page
    assert page.index("Before you read this") < page.index("<svg")
    namespaces = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert set(re.findall(r"https?:[^\"'\s<]*", page)) == namespaces  # nothing is fetched from anywhere
    assert "<script" not in page
    code, out, _ = run(["classroom", "--sessions"], capsys)
    key = out.split()[0]
    assert (code, "finished" in out) == (0, True)
    assert run(["classroom", "--show", key, "--csv", home / "again.csv"], capsys)[0] == 0
    assert (home / "again.csv").read_text() == table.read_text()
    assert run(["classroom", "--delete", key], capsys)[0] == 0
    assert run(["classroom", "--sessions"], capsys)[1] == ""
    assert run(["classroom", "--show", key], capsys)[0] == 2


def test_four_faces_are_told_as_nothing(home, class_of_four, capsys):
    report = home / "report.html"
    code, _, err = run(["classroom", class_of_four, *CONFIRMED, "--rate", 2, "--report", report], capsys)
    assert code == 0
    assert "too few faces" in err
    assert "<svg" not in report.read_text()
    code, out, _ = run(["classroom", "--show", run(["classroom", "--sessions"], capsys)[1].split()[0]], capsys)
    assert all(set(line.split(",")[3:]) == {""} for line in out.splitlines()[1:])


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ((), "consent"),
        (("--consent",), "AI Act"),
        (("--place", "outside-eu"), "consent"),
        ((*CONFIRMED, "--k", "4"), "not lowered"),
        ((*CONFIRMED, "--target", "sky"), "no target"),
        ((*CONFIRMED, "--database", "nonsense"), "SQLAlchemy"),
        ((*CONFIRMED, "--config", "missing.json"), "cannot be read"),
        ((*CONFIRMED, "--retention", "-3"), "days"),
    ],
)
def test_it_is_off_until_everything_is_right(home, class_of_six, capsys, more, says):
    code, out, err = run(["classroom", class_of_six, *more], capsys)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err
    if not (home / "home").exists():
        return
    with History() as history:
        assert history.sessions() == []


def test_no_source_is_told(home, capsys):
    assert run(["classroom", *CONFIRMED], capsys)[0] == 2
    assert "does not exist" in run(["classroom", home / "nowhere.mp4", *CONFIRMED], capsys)[2]


def test_weights_and_targets_come_from_a_file(home, class_of_six, capsys):
    config = home / "class.json"
    config.write_text(json.dumps({"weights": {"happy": 0.0}, "targets": ["direction:80,0,15"]}))
    table = home / "figures.csv"
    assert run(["classroom", class_of_six, *CONFIRMED, "--rate", 2, "--config", config, "--csv", table], capsys)[0] == 0
    row = next(csv.DictReader(table.open()))
    assert float(row["facing"]) == 0.2  # "0.2 or less": nobody looks there
    assert float(row["engagement"]) <= 0.2  # she smiles, which counts nothing now
    for wrong in ("[]", "{", '{"colour": 1}', '{"weights": {"joy": 1}}'):
        config.write_text(wrong)
        assert run(["classroom", class_of_six, *CONFIRMED, "--config", config], capsys)[0] == 2


class _Slow:
    """A camera that is interrupted (Ctrl+C) after its last picture."""

    duration = None

    def __init__(self, frames) -> None:
        self._frames = frames

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self):
        yield from self._frames
        raise KeyboardInterrupt


def test_ctrl_c_ends_a_camera_and_keeps_what_was_seen(home, astronaut, capsys):
    frames = lesson(portraits(astronaut, 6), 12, 2, (640, 360))
    with History() as history:
        key = run_lesson(_Slow(frames), Settings(rate=2), history, "camera", "outside-eu", "emotion", True)
        assert history.session(key).status == "finished"
        assert [window.least for window in history.windows(key)] == [5]
    assert "5–11 faces" in capsys.readouterr().err


def test_a_camera_that_is_not_there_is_told(home, capsys):
    code, out, err = run(["classroom", "97", *CONFIRMED], capsys)
    assert (code, out) == (2, "")
    assert "no camera 97" in err


def test_no_file_and_no_line_of_a_session_holds_a_picture(tmp_path, class_of_six, astronaut):
    (tmp_path / "out").mkdir()
    process = _subprocess(tmp_path, class_of_six, *CONFIRMED, "--rate", 2, "--report", "out/r.html", "--csv", "out/f.csv")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    written = {Path(line[6:]) for line in out.splitlines() if line.startswith("WROTE ")}
    # What is written lies where the session was told to write, in its own folder, or is gone again; nothing elsewhere.
    allowed = (tmp_path, Path("/dev"), Path("/proc"))
    strange = [path for path in written if path.is_absolute() and not any(path.is_relative_to(place) for place in allowed)]
    assert strange == []
    named = {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {Path(name).name for name in named} >= {"r.html", "f.csv", "classroom.db"}
    assert not list((tmp_path / "tmp").rglob("*.*"))
    named |= {"out": out.encode(), "err": err.encode()}
    check_bytes(named, traces(frame.rgb for frame in lesson(portraits(astronaut, 6), 2, 1, (640, 360))))


def test_a_kill_loses_ten_seconds_at_most_and_is_told_at_the_next_start(tmp_path, astronaut):
    clip = tmp_path / "long.mp4"
    clips.write(clip, (frame.rgb for frame in lesson(portraits(astronaut, 6), 120, 2, (640, 360))), fps=2)
    process = _subprocess(tmp_path, clip, *CONFIRMED, "--rate", 2)
    url = f"sqlite:///{tmp_path / 'home/classroom.db'}"
    at, end = 0.0, time.monotonic() + 240
    while at < 27 and time.monotonic() < end:
        line = process.stdout.readline()
        if line.startswith("AT "):
            at = 120 * float(line.split()[1])
    process.kill()
    rest, _ = process.communicate(timeout=30)
    at = max([at, *(120 * float(line.split()[1]) for line in rest.splitlines() if line.startswith("AT "))])
    assert 27 <= at < 115
    with History(url) as history:
        (session,) = history.sessions()
        assert session.status == "interrupted"
        # One look more than was told may have been under way.
        assert at - session.seconds <= 10 + 0.5
        assert [window.start for window in history.windows(session.id)][:2] == [0.0, 10.0]
