import numpy as np
import pytest

from fusion.evaluation.joint import evaluate_joint
from fusion.evaluation.reports import joint_report, render_joint_report
from kslr.core.scores import build_report
from tests.fusion.evaluation.test_joint import answer


def made(answers):
    return build_report(
        task="joint",
        data="m.csv",
        protocol="as it is",
        labels=np.ones(len(answers)),
        predicted=np.ones(len(answers)),
        milliseconds=1.0,
    ) | evaluate_joint(answers)


def test_the_page_shows_every_part():
    text = render_joint_report(
        made([answer("su", "su", "happy", "happy"), answer("it", None, "sad", None, problem="no face is seen")])
    )
    for part in ("Headlines", "By signer", "By sign and emotion", "no face is seen", "independence gap", "<svg"):
        assert part in text
    assert "<script" not in text


def test_a_manifest_without_emotions_has_a_page_too():
    assert "not measured" in render_joint_report(made([answer("su", "su", None, "happy")]))


def test_the_headline_is_both_together_where_emotions_are_labelled():
    made = [
        answer("su", "su", "happy", "happy"),
        answer("su", "su", "happy", "sad"),
        answer("it", None, "sad", "sad"),
        answer("it", "it", "sad", "sad"),
    ]
    joint = joint_report(made, "table.csv")
    assert joint["task"] == "joint"
    assert joint["accuracy"] == 0.5
    assert joint["milliseconds"] == pytest.approx(400)
    alone = joint_report([answer("su", "su", None, "happy"), answer("it", "su", None, "happy")], "table.csv")
    assert alone["task"] == "signs"
    assert alone["accuracy"] == 0.5
