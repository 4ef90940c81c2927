import hashlib
import json
import random

import pytest

from kslr.core import trial
from kslr.core.cards import MODELS, shipped
from kslr.core.errors import InputError
from kslr.core.trial import check_runs, read_tried
from tests.robustness.graphs import changed_graph


def test_weights_that_run_are_loaded_and_tried_once(monkeypatch):
    weights = (MODELS / "segmenter.tflite").read_bytes()
    check_runs(weights, "ours")
    monkeypatch.setattr(trial, "_survived", lambda _: pytest.fail("tried again"))
    check_runs(weights, "ours")


def test_shipped_weights_are_not_tried(monkeypatch):
    monkeypatch.setattr(trial, "check_runs", lambda *_: pytest.fail("tried"))
    assert read_tried(shipped("segmenter"))[0].name == "segmenter"


@pytest.mark.parametrize("weights", [b"", b"TFL3" * 100, b"\x1c\0\0\0TFL3" + bytes(2000)])
def test_what_is_no_network_is_refused(weights):
    with pytest.raises(InputError, match="cannot be run"):
        check_runs(weights, "theirs")


def test_a_process_that_dies_or_hangs_is_an_answer(monkeypatch):
    monkeypatch.setattr(trial.sys, "executable", "/bin/false")
    with pytest.raises(InputError, match="theirs are damaged"):
        check_runs(b"anything", "theirs")
    monkeypatch.undo()
    monkeypatch.setattr(trial, "SECONDS", 0.01)
    with pytest.raises(InputError, match="theirs are damaged"):
        check_runs((MODELS / "krsl20.tflite").read_bytes(), "theirs")


def test_a_foreign_card_with_a_right_checksum_is_tried(tmp_path):
    """An operator of another kind in the segmenter's graph: loading it ends the process that does."""
    card = json.loads(shipped("segmenter").read_text())
    whole = (MODELS / "segmenter.tflite").read_bytes()
    refused = 0
    for seed in range(6):
        weights = changed_graph(whole, random.Random(seed))
        card["weights"]["sha256"] = hashlib.sha256(weights).hexdigest()
        (tmp_path / "segmenter.tflite").write_bytes(weights)
        (tmp_path / "segmenter.json").write_text(json.dumps(card))
        try:
            read_tried(tmp_path / "segmenter.json")
        except InputError:
            refused += 1
    assert refused >= 2
