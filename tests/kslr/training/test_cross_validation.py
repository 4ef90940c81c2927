import json
from dataclasses import replace

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.training.cross_validation import cross_validate, is_in_top, merge_questions, statement_of
from kslr.training.datasets import SignData, sign_data
from kslr.training.recipes import SignRecipe

SHORT = SignRecipe(2, batch=64, numbers=(("units", [8, 8]),))
SMALL = SignRecipe(30, rate=4e-3, numbers=(("widths", (16, 24)), ("embedding", 16)))


def easy(classes: int = 3, each: int = 20, signers: int = 2, seed: int = 0) -> SignData:
    """Every class has hands of its own shape that move along a line of their own."""
    generator = np.random.default_rng(seed)
    label = np.repeat(np.arange(classes), each)
    shape, way = generator.uniform(0.4, 0.6, (classes, 1, 126)), generator.uniform(-0.2, 0.2, (classes, 1, 126))
    x = (shape + way * np.linspace(0, 1, 10)[:, None])[label] + generator.normal(0, 0.01, (len(label), 10, 126))
    names = np.array(["kto", "ktoq", "what", "kak", "gde"])[label]
    return sign_data(x, names, signer=[f"p{i % signers}" for i in range(len(label))], frames=10, name="easy")


def test_top_k_counts_the_right_class() -> None:
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]])
    assert is_in_top(p, np.array([1, 2]), 1).tolist() == [False, True]
    assert is_in_top(p, np.array([1, 2]), 2).tolist() == [True, True]


def test_questions_and_statements_add_up() -> None:
    p, index = merge_questions(np.array([[0.2, 0.3, 0.5]]), ["kto", "ktoq", "what"])
    assert statement_of("ktoq") == statement_of("kto") == "kto"
    assert p.tolist() == [[0.5, 0.5]]
    assert index.tolist() == [0, 0, 1]


def test_the_random_protocol_reports_what_every_report_has() -> None:
    steps: list[float] = []
    report = cross_validate(easy(), "krsl_lstm", "random", 0.2, 2, recipe=SHORT, progress=lambda _, done: steps.append(done))
    assert {"task", "data", "protocol", "samples", "accuracy", "macro_f1", "interval", "milliseconds"} <= set(report)
    assert report["samples"] == 24
    assert len(report["per_seed"]) == 2
    assert report["interval"][0] <= report["accuracy"] <= report["interval"][1]
    assert np.sum(report["confusion"]) == 24
    assert report["milliseconds"] > 0
    assert 0 < steps[0] < steps[-1] <= 1
    assert json.loads(json.dumps(report)) == report


def test_each_signer_is_tested_by_a_network_that_never_saw_them() -> None:
    worse = replace(SMALL, epochs=1)
    report = cross_validate(easy(signers=2), "kslr_net", "signer", recipe=SMALL, against="kslr_net", against_recipe=worse)
    assert [part["name"] for part in report["per_signer"]] == ["p0", "p1"]
    assert report["samples"] == 60
    assert report["mean_of_signers"] == pytest.approx(np.mean([p["accuracy"] for p in report["per_signer"]]))
    assert report["accuracy"] > 0.8
    against = report["against"]
    assert (against["samples"], against["groups"]) == (60, 2)  # signers are drawn as a whole
    assert against["accuracy_difference"]["value"] == pytest.approx(report["accuracy"] - against["accuracy"])
    assert against["accuracy_difference"]["value"] > 0.2
    assert report["classes_without_samples"] == []


def test_what_cannot_be_evaluated_is_told() -> None:
    with pytest.raises(InputError, match="No protocol"):
        cross_validate(easy(), protocol="guess")
    with pytest.raises(InputError, match="No network"):
        cross_validate(easy(), "resnet")
    with pytest.raises(InputError, match="one signer only"):
        cross_validate(easy(signers=1), protocol="signer")
    with pytest.raises(InputError, match="one clip of each word only"):
        cross_validate(easy(), protocol="clip") if len(set(easy().clip)) == 3 else cross_validate(
            _one_clip_each(), protocol="clip"
        )
    with pytest.raises(InputError, match="seed"):
        cross_validate(easy(), seeds=0)


def _one_clip_each() -> SignData:
    data = easy()
    return SignData(data.x, data.label, data.names, data.signer, data.source, np.array([f"c{i}" for i in data.label]), "one")
