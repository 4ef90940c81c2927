"""No output replaces an input or another output, whichever command names it; all is refused before anything is read."""

import os
from pathlib import Path

import numpy as np
import pytest

from kslr.core.cards import MODELS
from tests.commands import run

MANIFEST = "clip,sign,emotion,signer\nlesson.mp4,su,sad,a\nother.mp4,su,sad,b\n"
CLASSROOM = ["classroom", "lesson.mp4", "--consent", "--place", "outside-eu"]
EVALUATE_JOINT = ["evaluate", "joint", "manifest.csv"]
SPLIT = ["split", "manifest.csv", "--out-train"]

CLASHES = {
    "translate --out": ["translate", "lesson.mp4", "--out", "lesson.mp4"],
    "translate --out through a folder": ["translate", "lesson.mp4", "--out", "sub/../lesson.mp4"],
    "translate --out link": ["translate", "lesson.mp4", "--out", "link.mp4"],
    "translate from a link": ["translate", "link.mp4", "--out", "lesson.mp4"],
    "translate --out hard link": ["translate", "lesson.mp4", "--out", "hard.mp4"],
    "translate --out absolute": ["translate", "lesson.mp4", "--out", "{here}/lesson.mp4"],
    "translate --annotate": ["translate", "lesson.mp4", "--annotate", "lesson.mp4"],
    "translate two outputs": ["translate", "lesson.mp4", "--out", "new.mp4", "--annotate", "./new.mp4"],
    "translate --out card": ["translate", "lesson.mp4", "--out", "card.json", "--signs", "card.json"],
    "translate --out weights of a card": ["translate", "lesson.mp4", "--out", "card.tflite", "--emotion", "card.json"],
    "emotion --csv": ["emotion", "lesson.mp4", "--csv", "lesson.mp4"],
    "emotion --csv link": ["emotion", "lesson.mp4", "--csv", "sub/link.mp4"],
    "emotion --csv card": ["emotion", "lesson.mp4", "--csv", "card.json", "--model", "card.json"],
    "classroom --report": [*CLASSROOM, "--report", "lesson.mp4"],
    "classroom --csv": [*CLASSROOM, "--csv", "link.mp4"],
    "classroom two outputs": [*CLASSROOM, "--csv", "new", "--report", "sub/../new"],
    "classroom --report database": [*CLASSROOM, "--report", "class.db", "--database", "sqlite:///class.db"],
    "classroom --csv config": [*CLASSROOM, "--csv", "config.json", "--config", "config.json"],
    "split --out-train manifest": [*SPLIT, "manifest.csv", "--out-test", "new.csv"],
    "split --out-test manifest": [*SPLIT, "new.csv", "--out-test", "sub/../manifest.csv"],
    "split two outputs": [*SPLIT, "new.csv", "--out-test", "./new.csv"],
    "split --out-test clip": [*SPLIT, "new.csv", "--out-test", "lesson.mp4"],
    "evaluate joint --json": [*EVALUATE_JOINT, "--json", "manifest.csv"],
    "evaluate joint --html clip": [*EVALUATE_JOINT, "--html", "link.mp4"],
    "evaluate joint two outputs": [*EVALUATE_JOINT, "--json", "new", "--html", "new"],
    "evaluate video --json": ["evaluate", "video", "manifest.csv", "--json", "manifest.csv"],
    "evaluate emotion --json": ["evaluate", "emotion", "data.csv", "--json", "data.csv"],
    "evaluate emotion two outputs": ["evaluate", "emotion", "data.csv", "--json", "new", "--html", "new"],
    "evaluate emotion --json in the folder": ["evaluate", "emotion", "sub", "--json", "sub/label.csv"],
    "evaluate signs --html": ["evaluate", "signs", "data.npz", "--html", "data.npz"],
    "evaluate signs --json of a part": ["evaluate", "signs", "sub+data.npz", "--json", "data.npz"],
    "evaluate signs --json vocabulary": ["evaluate", "signs", "sub", "--vocabulary", "data.npz", "--json", "data.npz"],
    "train emotion --json": ["train", "emotion", "data.csv", "--out", "runs", "--json", "data.csv"],
    "train emotion card": ["train", "emotion", "runs/emotion.npz", "--out", "runs"],
    "train emotion two outputs": ["train", "emotion", "data.csv", "--out", "runs", "--json", "runs/emotion.json"],
    "translate over the vocabulary in use": ["translate", "lesson.mp4", "--signs", "own", "--out", "{home}/own.npz"],
    "evaluate over the vocabulary in use": ["evaluate", "signs", "sub", "--vocabulary", "own", "--json", "{home}/own.npz"],
    "evaluate over the one compared with": [
        *["evaluate", "signs", "sub", "--vocabulary", "kslr30", "--against", "own"],
        *["--html", "{home}/../vocabularies/own.npz"],
    ],
    "translate over a shipped card": ["translate", "lesson.mp4", "--annotate", "{models}/kslr30.json"],
    "emotion over shipped weights": ["emotion", "lesson.mp4", "--csv", "{models}/emotion.tflite"],
    "evaluate emotion over the card compared with": [
        *["evaluate", "emotion", "data.csv", "--model", "emotion", "--against", "card.json", "--json", "card.json"]
    ],
    "evaluate video --html": ["evaluate", "video", "manifest.csv", "--html", "lesson.mp4"],
    "teach": ["teach", "data.npz", "su", "lesson.mp4", "data.npz"],
    "extract over labels": ["extract", "sub", "labels"],
}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A folder with a file of every kind that is read; none of them is valid, because none may be read."""
    for folder in ("sub", "runs", "labels"):
        (tmp_path / folder).mkdir()
    for name in ("lesson.mp4", "other.mp4", "card.json", "card.tflite", "config.json", "class.db", "data.csv", "data.npz"):
        (tmp_path / name).write_bytes(f"precious {name}".encode())
    (tmp_path / "manifest.csv").write_text(MANIFEST)
    for name in ("sub/label.csv", "sub/clip.mp4", "runs/emotion.npz", "labels/manifest.csv"):
        (tmp_path / name).write_text("precious")
    (tmp_path / "home" / "vocabularies").mkdir(parents=True)
    (tmp_path / "home" / "vocabularies" / "own.npz").write_text("precious")
    (tmp_path / "link.mp4").symlink_to("lesson.mp4")
    (tmp_path / "sub" / "link.mp4").symlink_to("../lesson.mp4")
    os.link(tmp_path / "lesson.mp4", tmp_path / "hard.mp4")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KSLR_HOME", str(tmp_path / "home"))
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", CLASHES)
def test_an_output_that_replaces_something_is_refused_before_reading(here, name, capsys):
    before = contents(here)
    places = {"{here}": here, "{home}": here / "home/vocabularies", "{models}": MODELS}
    arguments = CLASHES[name]
    for place, path in places.items():
        arguments = [one.replace(place, str(path)) for one in arguments]
    code, out, err = run(arguments, capsys)
    assert (code, out) == (2, "")
    assert "Choose another" in err
    assert len(err.strip().splitlines()) == 1
    assert contents(here) == before


def test_a_device_may_be_named_twice_and_an_old_report_replaced(here):
    from kslr.core.files import check_outputs

    check_outputs(["/dev/null", "/dev/null"], ["lesson.mp4"])
    (here / "old.json").write_text("{}")
    check_outputs(["old.json"], ["lesson.mp4", "sub", "kslr30", "0"])


def test_other_labels_under_any_name_of_their_columns_stay(tmp_path):
    from kslr.core.errors import InputError
    from kslr.extraction import extract

    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "a.mp4").write_bytes(b"no video")
    for table in ("clip,sign\na.mp4,su\n", "\ufeffclip;sign\n", "\n"):
        (tmp_path / "manifest.csv").write_text(table)
        with pytest.raises(InputError, match="would be lost"):
            list(extract(tmp_path / "clips", tmp_path, workers=1))
        assert (tmp_path / "manifest.csv").read_text() == table


def test_annotate_writes_mp4_only(here, capsys):
    code, _, err = run(["translate", "lesson.mp4", "--annotate", "new.avi"], capsys)
    assert code == 2
    assert ".mp4" in err
    assert not np.any([path.name == "new.avi" for path in here.iterdir()])


LONG = "x" * 300
ODD_PATHS = {
    "a name too long to read": (["translate", LONG], "too long"),
    "a name too long to write": (["translate", "lesson.mp4", "--out", LONG], "too long"),
    "a picture's name too long": (["emotion", f"{LONG}.jpg"], "cannot be read"),
    "a link in a circle": (["translate", "circle.mp4"], "circle.mp4"),
    "a link in a circle, with an output": (["emotion", "circle.mp4", "--csv", "new.csv"], "circle.mp4"),
    "a link to nothing": (["translate", "nowhere.mp4", "--out", "new.txt"], "nowhere.mp4"),
    "a folder as a video": (["emotion", "folder.mp4"], "folder"),
    "a folder as a table": (["evaluate", "joint", "folder.csv"], "folder.csv"),
    "a folder as an output": (["translate", "lesson.mp4", "--out", "folder.csv"], "folder"),
    "a folder as a vocabulary": (["translate", "lesson.mp4", "--signs", "folder.npz"], "folder.npz"),
    "a folder as a recording": (["teach", "v", "su", "folder.npz"], "folder.npz"),
    "a folder as a card": (["evaluate", "emotion", "data.csv", "--model", "folder.json"], "folder.json"),
    "a folder as settings": ([*CLASSROOM, "--config", "folder.json"], "folder.json"),
    "a file as a folder": (["extract", "lesson.mp4", "out"], "lesson.mp4"),
    "a file in a path": (["translate", "lesson.mp4/clip.mp4"], "lesson.mp4"),
    "a file in an output's path": (["translate", "other.mp4", "--out", "lesson.mp4/words.txt"], "lesson.mp4"),
}


@pytest.mark.parametrize("name", ODD_PATHS)
def test_odd_paths_are_one_sentence(here, name, capsys):
    (here / "circle.mp4").symlink_to("circle.mp4")
    (here / "nowhere.mp4").symlink_to("gone.mp4")
    for folder in ("folder.mp4", "folder.csv", "folder.npz", "folder.json"):
        (here / folder).mkdir()
    arguments, said = ODD_PATHS[name]
    before = contents(here)
    code, out, err = run(arguments, capsys)
    assert (code, out) == (2, ""), err
    assert said in err.lower()
    assert "Traceback" not in err
    assert contents(here).items() >= before.items()
    assert all(path in before or path.startswith("home/") for path in contents(here))
