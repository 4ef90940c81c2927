import json
from dataclasses import replace

import numpy as np
import pytest

from fusion.dataset.building import build_vocabulary, card_file, choose_takes, withdraw_signer
from fusion.dataset.measuring import Material, measure_material
from fusion.dataset.rows import Row
from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.recognizer import SignRecognizer
from kslr.teaching.shelf import delete_vocabulary, shelf_path
from kslr.teaching.vocabularies import load_vocabulary
from tests.datasets import DAY, add_signer, fill, new_dataset, studio_take


@pytest.fixture(scope="module")
def encoder() -> SignEncoder:
    return SignEncoder()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    made = new_dataset(tmp_path_factory.mktemp("built") / "data")
    for number, name in enumerate(("S01", "S02", "S03")):
        add_signer(made, name)
        fill(made, name, 3 * number, size=1 - 0.05 * number)
    return made


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KSLR_HOME", str(tmp_path / "home"))


def test_a_vocabulary_is_built_and_its_card_tells_of_whom_and_how_well(data, encoder):
    built = build_vocabulary(data, "mine", DAY, encoder)
    assert built.path == shelf_path("mine")
    assert {sign.id for sign in SignRecognizer("mine").vocabulary.signs} == {"circle", "pump", "wipe"}
    card = json.loads(card_file(built.path).read_text())
    assert card == built.card
    assert [(one["pseudonym"], one["takes"]) for one in card["signers"]] == [("S01", 6), ("S02", 6), ("S03", 6)]
    figures = card["figures"]
    assert (figures["protocol"], figures["signers"], figures["asked"], figures["unknown_asked"]) == ("signers", 3, 18, 18)
    assert figures["said_right"] + figures["said_wrong"] <= 1
    assert figures["interval"][0] <= figures["said_right"] <= figures["interval"][1]
    # The made-up signs are easy to tell apart, whoever makes them.
    assert figures["nearest_right"] > 0.8
    assert sum(one["right"] for one in figures["per_signer"]) == sum(one["right"] for one in figures["per_word"])
    assert sum(one["right"] for one in figures["per_word"]) == round(figures["said_right"] * 18)
    assert figures["by_strictness"]["strict"]["said_right"] <= figures["by_strictness"]["lenient"]["said_right"]
    taught = load_vocabulary(built.path)
    assert all(name.split()[0] in ("S01", "S02", "S03") for name in taught.provenance)
    assert not any(one.face for one in taught.exemplars.values())


def test_a_name_is_replaced_only_when_asked_for(data, encoder):
    build_vocabulary(data, "mine", DAY, encoder)
    with pytest.raises(InputError):
        build_vocabulary(data, "mine", DAY, encoder)
    two = [row.take for row in data.rows() if row.signer == "S01"]
    again = build_vocabulary(data, "mine", DAY, encoder, takes=two, replace=True)
    assert again.card["figures"]["protocol"] == "takes"
    assert len(load_vocabulary(again.path).provenance) == 6
    delete_vocabulary("mine")
    assert not card_file(again.path).exists()


def test_a_build_that_fails_leaves_no_vocabulary(data, encoder, monkeypatch):
    def broken(*_):
        raise InputError("gone")

    monkeypatch.setattr("fusion.dataset.building.measure_material", broken)
    with pytest.raises(InputError):
        build_vocabulary(data, "half", DAY, encoder)
    assert not shelf_path("half").exists()
    with pytest.raises(InputError):
        build_vocabulary(data, "none", DAY, encoder, takes=[])


def test_who_withdraws_leaves_the_vocabularies_too(tmp_path, encoder):
    data = new_dataset(tmp_path / "data")
    for name, first in (("S01", 0), ("S02", 3)):
        add_signer(data, name)
        fill(data, name, first)
    built = build_vocabulary(data, "mine", DAY, encoder)
    alone = build_vocabulary(data, "alone", DAY, encoder, takes=[row.take for row in data.rows() if row.signer == "S02"])
    assert withdraw_signer(data, "S02", DAY, encoder) == (6, ["alone", "mine"])
    assert not alone.path.exists()
    assert not card_file(alone.path).exists()
    left = load_vocabulary(built.path)
    assert len(left.provenance) == 6
    assert all(name.startswith("S01 ") for name in left.provenance)
    assert "S02" not in card_file(built.path).read_text()


def test_balanced_takes():
    cells = [(signer, emotion, n) for signer in "AB" for emotion in ("sad", "happy") for n in range(3)]
    rows = [Row("a", "su", emotion, signer, 0.0, 1.0, f"{signer}{emotion}{n}", "a") for signer, emotion, n in cells]
    chosen = choose_takes(rows, 4)
    assert {(rows[i].signer, rows[i].emotion) for i in np.flatnonzero(chosen)} == {(s, e) for s in "AB" for e in ("sad", "happy")}
    assert chosen.sum() == 4
    assert choose_takes(rows).all()


def made_material(encoder, apart: float, signers: int = 3, seed: int = 0) -> Material:
    """Words as directions, takes around them; `apart` is how far signers' own ways lie."""
    generator = np.random.default_rng(seed)
    words = generator.normal(size=(6, encoder.values))
    own = generator.normal(size=(signers, 6, encoder.values)) * apart
    rows = [(w, s) for w in range(6) for s in range(signers) for _ in range(4)]
    z = np.stack([words[w] + own[s, w] + generator.normal(size=encoder.values) * 0.05 for w, s in rows]).astype(np.float32)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    word, signer = np.array([w for w, _ in rows]), np.array([f"S{s}" for _, s in rows])
    return Material(z, word, signer, tuple("abcdef"), np.ones(len(rows), bool))


def test_figures_are_of_people_who_were_left_out(encoder):
    alike, strange = (measure_material(made_material(encoder, apart), encoder) for apart in (0.05, 9.0))
    assert alike["nearest_right"] == 1.0
    # A signer with a way of their own is at home among their own takes and nowhere else.
    assert strange["nearest_right"] < 0.5
    assert strange["said_right"] < 0.2
    single = measure_material(made_material(encoder, 9.0, signers=1), encoder)
    assert single["protocol"] == "takes"
    assert single["nearest_right"] == 1.0
    assert single["asked"] == single["unknown_asked"] == 24


def test_too_few_words_have_no_unknown_rate(encoder):
    whole = made_material(encoder, 0.05)
    two = whole.word < 2
    fewer = Material(whole.embeddings[two], whole.word[two], whole.signer[two], ("a", "b"), whole.chosen[two])
    figures = measure_material(fewer, encoder)
    assert figures["unknown_said"] is None
    assert figures["unknown_asked"] == 0
    assert figures["asked"] == 24


def test_a_take_without_hands_is_named(tmp_path, encoder):
    data = new_dataset(tmp_path / "data")
    add_signer(data, "S01")
    take = studio_take("circle", 1)
    x = take.recording.x.copy()
    x[:, 1536:] = np.nan
    row = data.add_take("S01", "circle", "happy", replace(take, recording=replace(take.recording, x=x)))
    with pytest.raises(InputError, match=row.landmarks):
        build_vocabulary(data, "mine", DAY, encoder)
