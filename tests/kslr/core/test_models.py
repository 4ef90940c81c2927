import hashlib
import json
import random
import threading

import numpy as np
import pytest

from kslr.core import models
from kslr.core.cards import MODELS, card_path, read_card, write_card
from kslr.core.errors import InputError
from kslr.core.models import LiteModel, check_runs, load_model
from tests.robustness.graphs import changed_graph


@pytest.fixture(scope="module")
def emotion() -> LiteModel:
    return LiteModel(read_card("emotion")[1], name="emotion")


def test_a_batch_is_its_samples(emotion):
    x = np.random.default_rng(0).integers(0, 256, (5, 48, 48), np.uint8)
    whole = emotion(x)
    assert whole.shape == (5, 7)
    np.testing.assert_allclose(whole, np.concatenate([emotion(face[None]) for face in x]), atol=1e-5)
    assert emotion(x[:0]).shape == (0, 7)


def test_threads_take_turns(emotion):
    x = np.random.default_rng(0).integers(0, 256, (8, 48, 48), np.uint8)
    right = emotion(x)
    wrong = []

    def work(n):
        for _ in range(20):
            if not np.allclose(emotion(x[:n]), right[:n], atol=1e-5):
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in (1, 3, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("shape", [(48, 48), (1, 48, 47), (1, 48, 48, 3), ()])
def test_other_shapes_are_refused(emotion, shape):
    with pytest.raises(InputError, match="shape"):
        emotion(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("weights", [b"", b"not a model", b"\x00" * 4096])
def test_what_is_no_model_is_refused(weights):
    with pytest.raises(InputError, match="weights"):
        LiteModel(weights)


def test_truncated_weights_do_not_crash_the_process():
    weights = read_card("emotion")[1]
    with pytest.raises(InputError):
        LiteModel(weights[: len(weights) // 3])


def test_loading_says_nothing(capfd):
    LiteModel(read_card("emotion")[1])
    assert capfd.readouterr().err == ""


def test_weights_that_run_are_tried_once(monkeypatch):
    weights = (MODELS / "segmenter.tflite").read_bytes()
    check_runs(weights, "ours")
    monkeypatch.setattr(models, "_survives", lambda _: pytest.fail("tried again"))
    check_runs(weights, "ours")


def test_shipped_weights_are_not_tried(monkeypatch):
    monkeypatch.setattr(models, "check_runs", lambda *_: pytest.fail("tried"))
    assert load_model("sign segments", "segmenter").card.name == "segmenter"


@pytest.mark.parametrize("weights", [b"", b"TFL3" * 100, b"\x1c\0\0\0TFL3" + bytes(2000)])
def test_what_is_no_network_is_refused(weights):
    with pytest.raises(InputError, match="cannot be run"):
        check_runs(weights, "theirs")


def test_a_process_that_dies_or_hangs_is_an_answer(monkeypatch):
    monkeypatch.setattr(models.sys, "executable", "/bin/false")
    with pytest.raises(InputError, match="theirs are damaged"):
        check_runs(b"anything", "theirs")
    monkeypatch.undo()
    monkeypatch.setattr(models, "TRIAL_SECONDS", 0.01)
    with pytest.raises(InputError, match="theirs are damaged"):
        check_runs((MODELS / "krsl20.tflite").read_bytes(), "theirs")


def test_a_foreign_card_with_a_right_checksum_is_tried(tmp_path):
    """An operator of another kind in the segmenter's graph: loading it ends the process that does."""
    card = json.loads(card_path("segmenter").read_text())
    whole = (MODELS / "segmenter.tflite").read_bytes()
    refused = 0
    for seed in range(6):
        weights = changed_graph(whole, random.Random(seed))
        card["weights"]["sha256"] = hashlib.sha256(weights).hexdigest()
        (tmp_path / "segmenter.tflite").write_bytes(weights)
        (tmp_path / "segmenter.json").write_text(json.dumps(card))
        try:
            load_model("sign segments", tmp_path / "segmenter.json")
        except InputError:
            refused += 1
    assert refused >= 2


def test_a_model_for_another_task_is_refused():
    with pytest.raises(InputError, match="for the task 'emotion', not 'signs'") as refusal:
        load_model("signs", "emotion")
    assert refusal.value.code == "other-task"


def test_arrays_beside_a_card_are_loaded_with_it(tmp_path):
    weights = (MODELS / "segmenter.tflite").read_bytes()
    path = write_card(tmp_path, read_card("segmenter")[0], weights, {"background": np.eye(3, dtype=np.float16)})
    assert np.array_equal(load_model("sign segments", path).arrays["background"], np.eye(3))
    assert load_model("sign segments", "segmenter").arrays == {}


def test_a_model_is_loaded_where_the_folder_has_packages_of_the_same_names(tmp_path, monkeypatch):
    """The child process of the trial must not run somebody's kslr/ or models/ in the current folder."""
    for name in ("kslr", "models", "ui"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('not this one')")
    path = write_card(tmp_path / "mine", read_card("segmenter")[0], (MODELS / "segmenter.tflite").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "_trial_results", {})
    assert load_model("sign segments", path).run.outputs == 2
