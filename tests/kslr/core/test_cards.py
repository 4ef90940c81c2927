import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kslr.core.cards import MODELS, ROOT, Card, card_path, read_card, read_card_arrays, write_card
from kslr.core.errors import InputError
from kslr.core.files import write_file


@pytest.fixture
def card() -> Card:
    return Card(
        name="tiny",
        task="signs",
        labels=("a", "b"),
        input={"shape": [30, 1662]},
        sources=({"name": "made", "samples": 2, "licence": "none"},),
        protocol="random",
        figures={"accuracy": 0.5},
        calibration={"temperature": 1.0, "threshold": 0.5},
        limits="none",
        commit="unknown",
        weights={},
    )


def test_what_is_written_is_read(tmp_path, card):
    path = write_card(tmp_path / "new", card, b"weights")
    read, weights = read_card(path)
    assert weights == b"weights"
    assert replace(read, weights={}) == card
    assert not list(path.parent.glob(".*")), "a temporary file was left behind"


@pytest.mark.parametrize("damage", ["truncated", "foreign", "missing"])
def test_weights_that_are_not_the_cards_are_refused(tmp_path, card, damage):
    path = write_card(tmp_path, card, b"weights")
    weights = tmp_path / "tiny.tflite"
    if damage == "missing":
        weights.unlink()
    else:
        weights.write_bytes(b"weigh" if damage == "truncated" else b"others")
    with pytest.raises(InputError, match="weights"):
        read_card(path)


def test_a_card_may_not_point_outside_its_folder(tmp_path, card):
    path = write_card(tmp_path / "inner", card, b"weights")
    raw = json.loads(path.read_text())
    raw["weights"]["file"] = "../secret.tflite"
    path.write_text(json.dumps(raw))
    with pytest.raises(InputError, match="outside"):
        read_card(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"name": "x"}', "null", "\x00"])
def test_what_is_no_card_is_refused(tmp_path, text):
    path = tmp_path / "card.json"
    path.write_text(text)
    with pytest.raises(InputError, match="not a model card"):
        read_card(path)


def test_binary_instead_of_a_card_is_refused(tmp_path):
    path = tmp_path / "card.json"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(InputError):
        read_card(path)


@pytest.mark.parametrize("name", ["nothing", "../pyproject", "/etc/passwd"])
def test_unknown_names_list_what_is_shipped(name):
    with pytest.raises(InputError, match="kslr30"):
        card_path(name)


SHIPPED = sorted(path.stem for path in MODELS.glob("*.json"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_card_is_whole(name):
    card, weights = read_card(name)
    assert card.name == name
    assert len(weights) == card.weights.get("bytes", 0)
    assert weights or card.arrays
    assert card.sources
    assert all({"name", "samples", "licence"} <= set(source) for source in card.sources)
    assert len(card.limits) > 40
    if card.task in ("signs", "emotion"):
        assert 0 < card.calibration["threshold"] < 1
        assert card.calibration["temperature"] > 0


@pytest.mark.parametrize("name", SHIPPED)
def test_people_can_read_every_shipped_card(name):
    text = card_path(name).read_text(encoding="utf-8")
    assert len(text.splitlines()) < 400
    assert max(map(len, text.splitlines())) < 1000
    assert not {"history", "recipe", "settings_tried", "background"} & set(read_card(name)[0].extra)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_card_names_the_commit_that_made_it(name):
    commit = read_card(name)[0].commit
    assert re.fullmatch("[0-9a-f]{40}", commit)
    found = subprocess.run(["git", "cat-file", "-t", commit], cwd=ROOT, capture_output=True, text=True, check=False)
    if (ROOT / ".git" / "shallow").exists() or not (ROOT / ".git").exists():
        pytest.skip("needs the whole history")
    assert found.stdout.strip() == "commit"


def test_arrays_that_are_not_the_cards_are_refused(tmp_path, card):
    path = write_card(tmp_path, card, b"weights", {"a": np.arange(3)})
    assert read_card_arrays(path, read_card(path)[0])["a"].tolist() == [0, 1, 2]
    (tmp_path / "tiny.npz").write_bytes(b"others")
    with pytest.raises(InputError, match="arrays"):
        read_card_arrays(path, read_card(path)[0])


def test_arrays_go_with_the_model_that_they_belong_to(tmp_path, card):
    write_card(tmp_path, card, b"old", {"a": np.arange(3)})
    path = write_card(tmp_path, card, b"new", {"a": np.arange(4)})
    assert len(read_card_arrays(path, read_card(path)[0])["a"]) == 4
    write_card(tmp_path, card, b"new")
    assert not list(tmp_path.glob("*.npz"))


def test_a_kill_between_weights_and_card_leaves_the_old_model(tmp_path, card, monkeypatch):
    import kslr.core.cards

    write_card(tmp_path, card, b"old")

    def killed(path, content):
        if Path(path).suffix == ".json":
            raise KeyboardInterrupt
        return write_file(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(kslr.core.cards, "write_file", killed)
        with pytest.raises(KeyboardInterrupt):
            write_card(tmp_path, card, b"new")
    assert read_card(tmp_path / f"{card.name}.json")[1] == b"old"
    for content in (b"new", b"new", b"newer", b"newest"):
        assert read_card(write_card(tmp_path, card, content))[1] == content
    assert len(list(tmp_path.glob("*.tflite"))) <= 2  # one was left by the kill


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/b", "", "a\0b"])
def test_a_model_cannot_be_written_elsewhere(tmp_path, card, name):
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(InputError, match="no name for a model"):
        write_card(folder, replace(card, name=name), b"w")
    assert list(tmp_path.rglob("*")) == [folder]


@pytest.mark.parametrize(
    "change",
    [
        {"calibration": []},
        {"calibration": {"temperature": 0}},
        {"calibration": {"temperature": "1"}},
        {"calibration": {"threshold": float("nan")}},
        {"labels": [1, 2]},
        {"labels": 5},
        {"sources": ["x"]},
        {"extra": None},
        {"name": 3},
        {"weights": {"file": 3, "sha256": "x"}},
        {"weights": {"file": "a\0", "sha256": "x"}},
    ],
)
def test_a_card_whose_parts_are_not_of_their_kind_is_told(tmp_path, card, change):
    path = write_card(tmp_path, card, b"weights")
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(InputError, match=r"not a model card|outside its own folder"):
        read_card(path)
    path.write_text("[" * 100_000)
    with pytest.raises(InputError, match="not a model card"):
        read_card(path)
