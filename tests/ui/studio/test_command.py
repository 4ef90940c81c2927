import json
from collections.abc import Callable

import pytest

from kslr.core.errors import InputError
from kslr.teaching.vocabularies import load_vocabulary, vocabulary_path
from tests.datasets import add_signer, fill, new_dataset
from ui.cli.main import main
from ui.studio.command import figure_lines, open_place


@pytest.fixture
def run(capsys, tmp_path, monkeypatch) -> Callable[..., tuple[int, str]]:
    """Runs `kslr`; gives the exit code and all that was said, with lines joined."""
    monkeypatch.setenv("KSLR_HOME", str(tmp_path / "home"))

    def command(*arguments: object) -> tuple[int, str]:
        capsys.readouterr()
        try:
            main([str(one) for one in arguments])
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        out, errors = capsys.readouterr()
        return code, out + errors

    return command


@pytest.fixture
def data(tmp_path):
    made = new_dataset(tmp_path / "data")
    for number, name in enumerate(("S01", "S02")):
        add_signer(made, name)
        fill(made, name, 2 * number)
    return made


def test_a_data_set_is_checked_split_built_and_withdrawn(run, data, tmp_path):
    code, said = run("dataset", "check", data.folder)
    assert (code, "12 takes of 2 signers" in said) == (0, True)
    code, said = run("dataset", "split", data.folder)
    assert code == 0
    assert said.count("6 takes of S0") == 2
    code, said = run("build", data.folder / "train.csv", "--name", "half", "--json", tmp_path / "card.json")
    assert code == 0
    assert "There is one signer" in said
    assert json.loads((tmp_path / "card.json").read_text())["figures"]["protocol"] == "takes"
    code, said = run("build", data.folder, "--name", "whole")
    assert code == 0
    assert "3 words from 12 takes of 2 signers: S01 (6), S02 (6)." in said
    assert "Each signer left out and asked: 12 takes of taught words." in said
    code, said = run("build", data.folder, "--name", "whole")
    assert code == 2
    assert run("build", data.folder, "--name", "whole", "--replace")[0] == 0
    code, said = run("dataset", "withdraw", data.folder, "S02", "--yes")
    assert code == 0
    assert "S02 is deleted, with 6 takes." in said
    assert "The vocabulary whole was built again without S02" in said
    assert len(load_vocabulary(vocabulary_path("whole")).provenance) == 6
    assert not (data.folder / "train.csv").exists()
    assert run("dataset", "withdraw", data.folder, "S02", "--yes")[0] == 2
    code, said = run("dataset", "split", data.folder)
    assert code == 2
    assert "at least two signers" in said


def test_what_is_wrong_is_named(run, data):
    row = data.rows()[0]
    (data.folder / row.pose).write_bytes(b"other")
    code, said = run("dataset", "check", data.folder)
    assert code == 2
    assert f"{row.pose} is not the file that was recorded" in said
    assert "1 things are wrong" in said


def test_merge(run, data, tmp_path):
    other = new_dataset(tmp_path / "other")
    add_signer(other, "S01")
    fill(other, "S01", 5, takes=1)
    code, said = run("dataset", "merge", data.folder, other.folder, "--out", tmp_path / "all")
    assert code == 0
    assert "S01 of other is another person than S01 here, and is called S01-2 now." in said
    assert "15 takes of 3 signers" in said
    assert run("dataset", "merge", data.folder, "--out", tmp_path / "more")[0] == 2
    code, said = run("dataset", "merge", data.folder, other.folder, "--out", tmp_path / "all")
    assert (code, "is not empty" in said) == (2, True)


@pytest.mark.parametrize("command", [("dataset", "check"), ("dataset", "split"), ("build", "--name", "x")])
def test_what_is_no_data_set(run, tmp_path, command):
    code, said = run(*command, tmp_path)
    assert code == 2
    assert "is no data set" in said


def test_a_place_for_a_data_set(tmp_path, data):

    open_place(tmp_path / "new")
    left = data.folder / "pose" / "circle" / "left.pose"
    left.write_bytes(b"left by a power cut")
    open_place(data.folder)
    assert not left.exists()
    assert len(data.rows()) == 12
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "mine.txt").write_text("mine")
    for place in (tmp_path / "used", tmp_path / "used" / "mine.txt"):
        with pytest.raises(InputError):
            open_place(place)


def test_figures_that_are_not_known_are_left_out():
    figures = {"protocol": "signers", "asked": 0, "said_right": None, "said_wrong": None, "unknown_said": None}
    figures |= {"nearest_right": None, "calibration_error": None, "confused": [], "strictness": "normal"}
    card = {"name": "x", "words": {}, "taught": 0, "signers": [], "figures": figures}
    assert len(figure_lines(card)) == 2
