import json
from dataclasses import replace

import pytest

from models.cards import Card, read_card, shipped, write_card
from models.errors import InputError


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
        shipped(name)


@pytest.mark.parametrize("name", ["kslr30", "emotion"])
def test_every_shipped_card_is_whole(name):
    card, weights = read_card(shipped(name))
    assert card.name == name
    assert len(weights) == card.weights["bytes"]
    assert card.sources
    assert all({"name", "samples", "licence"} <= set(source) for source in card.sources)
    assert 0 < card.calibration["threshold"] < 1
    assert card.calibration["temperature"] > 0
    assert len(card.limits) > 40
