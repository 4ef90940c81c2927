import numpy as np

from fusion.evaluation.joint import evaluate
from fusion.evaluation.reports import joint_page
from kslr.core.scores import report
from tests.fusion.evaluation.test_joint import answer


def made(answers):
    return report(
        task="joint",
        data="m.csv",
        protocol="as it is",
        labels=np.ones(len(answers)),
        predicted=np.ones(len(answers)),
        milliseconds=1.0,
    ) | evaluate(answers)


def test_the_page_shows_every_part():
    text = joint_page(made([answer("su", "su", "happy", "happy"), answer("it", None, "sad", None, problem="no face is seen")]))
    for part in ("Headlines", "By signer", "By sign and emotion", "no face is seen", "independence gap", "<svg"):
        assert part in text
    assert "<script" not in text


def test_a_manifest_without_emotions_has_a_page_too():
    assert "not measured" in joint_page(made([answer("su", "su", None, "happy")]))
