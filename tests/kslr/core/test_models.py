import hashlib
import json
import random
import sys
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
    assert whole.shape == (5, 14)
    np.testing.assert_allclose(whole, np.concatenate([emotion(face[None]) for face in x]), atol=1e-5)
    assert emotion(x[:0]).shape == (0, 14)


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
    monkeypatch.setattr(models, "_try_weights", lambda *_: pytest.fail("tried again"))
    check_runs(weights, "ours")


def test_shipped_weights_are_not_tried(monkeypatch):
    monkeypatch.setattr(models, "check_runs", lambda *_: pytest.fail("tried"))
    assert load_model("sign segments", "segmenter").card.name == "segmenter"


@pytest.mark.parametrize("weights", [b"", b"TFL3" * 100, b"\x1c\0\0\0TFL3" + bytes(2000)])
def test_what_is_no_network_is_refused(weights):
    with pytest.raises(InputError, match="cannot be run"):
        check_runs(weights, "theirs")


@pytest.fixture
def child(monkeypatch, tmp_path):
    """Puts a script into the place of the trial's process."""

    def write(script: str) -> None:
        path = tmp_path / "child"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(models.sys, "executable", str(path))

    return write


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exec sleep 60", "no answer within 0.5 s"),
        ("kill -KILL $$", "ended with -9"),  # what a system does that is out of memory
        ("echo 'MemoryError: no room' >&2; exit 1", "MemoryError: no room"),
        ('echo "what():  std::bad_alloc" >&2; kill -ABRT $$', "bad_alloc"),
        ("echo \"No module named 'numpy'\" >&2; exit 1", "No module named"),
    ],
)
def test_a_trial_without_a_verdict_says_nothing_about_the_weights(child, monkeypatch, script, why):
    weights = (MODELS / "segmenter.tflite").read_bytes()
    monkeypatch.setattr(models, "_trial_verdicts", {})
    python, seconds = sys.executable, models.TRIAL_SECONDS
    monkeypatch.setattr(models, "TRIAL_SECONDS", 0.5)
    child(script)
    with pytest.raises(InputError, match="could not be tried") as told:
        check_runs(weights, "theirs")
    assert told.value.code == "not-tried"
    assert why in str(told.value)
    monkeypatch.setattr(models.sys, "executable", python)
    monkeypatch.setattr(models, "TRIAL_SECONDS", seconds)
    check_runs(weights, "theirs")  # the same bytes, once there is time and memory


def test_no_process_at_all_is_an_answer(monkeypatch, tmp_path):
    monkeypatch.setattr(models.sys, "executable", str(tmp_path / "none"))
    with pytest.raises(InputError, match="no process can be started: No such file"):
        check_runs(b"not tried before", "theirs")


@pytest.mark.parametrize(
    ("script", "why"), [("kill -SEGV $$", "ends the process"), ("echo 'Node 3 failed' >&2; exit 3", "Node 3 failed")]
)
def test_a_verdict_is_told_with_its_reason_and_remembered(child, monkeypatch, script, why):
    monkeypatch.setattr(models, "_trial_verdicts", {})
    child(script)
    for _ in range(2):
        with pytest.raises(InputError, match="theirs are damaged") as told:
            check_runs(b"anything", "theirs")
        assert why in str(told.value)
        monkeypatch.setattr(models, "_try_weights", lambda *_: pytest.fail("tried again"))


def test_weights_that_want_more_memory_than_there_is_end_in_an_answer(monkeypatch):
    """The limit of the child's address space holds: with almost none, shipped weights find no room."""
    monkeypatch.setattr(models, "_trial_verdicts", {})
    # The child reads the limit from its own module: a child that runs ours with a smaller one.
    run = models.subprocess.run
    small = "import kslr.core.models as m; import ai_edge_litert.interpreter; m.TRIAL_MEMORY = 1 << 20; m.main()"
    monkeypatch.setattr(models.subprocess, "run", lambda command, **rest: run([command[0], "-c", small], **rest))
    with pytest.raises(InputError, match="theirs could not be tried"):
        check_runs((MODELS / "segmenter.tflite").read_bytes(), "theirs")


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
    monkeypatch.setattr(models, "_trial_verdicts", {})
    assert load_model("sign segments", path).run.outputs == 2
