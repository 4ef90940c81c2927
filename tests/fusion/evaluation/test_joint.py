from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion.faces import EMOTIONS
from fusion.evaluation.joint import Answer, evaluate_joint
from fusion.evaluation.manifest import Clip


def answer(right: str | None, said: str | None, felt: str | None, face: str | None, signer: str = "A", **other) -> Answer:
    """A clip of a right sign and emotion, and what was said of it."""
    probabilities = None
    if face is not None:
        probabilities = np.full(7, 0.05, np.float32)
        probabilities[EMOTIONS.index(face)] = 0.7
    ranked = ((said, 0.8), ("other", 0.1)) if said else ()
    values = {
        "abstained": face is None,
        "words": int(said is not None),
        "seconds": 2.0,
        "delay": 0.4 if said else None,
        "problem": None,
    }
    return Answer(Clip(Path("a.mp4"), right, felt, signer), said, ranked, probabilities, **(values | other))


def test_figures_by_hand():
    figures = evaluate_joint(
        [
            answer("su", "su", "happy", "happy"),
            answer("su", "it", "sad", "angry"),
            answer("it", None, "angry", "angry", problem="several people are in view"),
            answer("it", "it", "angry", None),
        ]
    )
    sign, emotion, joint = figures["sign"], figures["emotion"], figures["joint"]
    assert sign["top1"]["value"] == 0.5
    assert sign["rejected"] == 1
    assert sign["top1_of_answered"] == pytest.approx(2 / 3)
    assert emotion["accuracy"]["value"] == 0.5
    assert emotion["face_not_seen"] == 1
    assert emotion["accuracy_of_seen"] == pytest.approx(2 / 3)
    assert emotion["sad_taken_for_angry"] == 1.0
    assert emotion["angry_taken_for_sad"] == 0.0
    assert joint["exact_match"]["value"] == 0.25
    assert joint["product_of_marginals"] == 0.25
    assert joint["independence_gap"]["value"] == 0.0
    assert figures["problems"] == [{"clip": "a.mp4", "problem": "several people are in view", "code": None}]
    assert {(c["sign"], c["emotion"]) for c in figures["per_sign_and_emotion"]} == {
        ("su", "happy"),
        ("su", "sad"),
        ("it", "angry"),
    }


def test_false_words_are_counted_a_minute():
    idle = evaluate_joint(
        [answer(None, "su", None, "neutral", seconds=30.0, words=2), answer(None, None, None, None, seconds=30.0)]
    )["idle"]
    assert idle["false_words_a_minute"] == 2.0


def test_errors_that_go_together_make_a_gap():
    good, bad = answer("su", "su", "happy", "happy"), answer("su", "it", "happy", "sad")
    gap = evaluate_joint([good, bad] * 30)["joint"]["independence_gap"]
    assert gap["value"] == pytest.approx(0.25)
    assert gap["interval"][0] > 0.2


def test_four_emotions_are_chosen_among_themselves():
    surprised = answer("su", "su", "happy", "surprise")
    assert evaluate_joint([surprised])["emotion"]["accuracy"]["value"] == 0.0
    four = ("neutral", "happy", "sad", "angry")
    assert evaluate_joint([answer("su", "su", "surprise", "surprise")], four)["emotion"]["clips"] == 0
    probabilities = np.array([0.1, 0, 0, 0.3, 0, 0.5, 0.1], np.float32)
    mixed = Answer(surprised.clip, "su", (("su", 0.8),), probabilities, False, 1, 2.0, 0.4, None)
    assert evaluate_joint([mixed], four)["emotion"]["accuracy"]["value"] == 1.0


def test_no_labels_give_no_figures():
    figures = evaluate_joint([answer("su", "su", None, "happy")])
    assert figures["emotion"]["accuracy"]["value"] is None
    assert figures["joint"]["clips"] == 0
    assert evaluate_joint([])["sign"]["top1"]["value"] is None


rows = st.tuples(
    st.sampled_from(["su", "it"]),
    st.sampled_from(["su", "it", None]),
    st.sampled_from([*EMOTIONS, None]),
    st.sampled_from([*EMOTIONS, None]),
    st.sampled_from("ABCDEFG"),
)


@given(st.lists(rows, min_size=1, max_size=30))
@settings(deadline=None, max_examples=30)
def test_figures_keep_their_bounds(rows):
    figures = evaluate_joint([answer(*row) for row in rows])
    for share in (
        figures["sign"]["top1"],
        figures["sign"]["top5"],
        figures["emotion"]["accuracy"],
        figures["joint"]["exact_match"],
    ):
        if share["value"] is not None:
            low, high = share["interval"]
            assert 0 <= low <= share["value"] + 1e-9
            assert share["value"] - 1e-9 <= high <= 1
    assert figures["sign"]["top1"]["value"] <= figures["sign"]["top5"]["value"]
    if figures["joint"]["clips"] == len(rows):
        assert figures["joint"]["exact_match"]["value"] <= min(
            figures["sign"]["top1"]["value"], figures["emotion"]["accuracy"]["value"]
        )
    assert sum(s["clips"] for s in figures["per_signer"]) == len(rows)


def test_abstaining_counts_as_wrong_and_both_ways_of_counting_are_named():
    right = [answer("su", "su", "happy", "happy") for _ in range(2)]
    abstained = [answer("su", None, "happy", "happy", abstained=True) for _ in range(3)]
    unseen = [answer("su", "it", "happy", None)]
    figures = evaluate_joint([*right, *abstained, *unseen])
    emotion, sign, joint = figures["emotion"], figures["sign"], figures["joint"]
    assert emotion["accuracy"]["value"] == pytest.approx(2 / 6)
    assert emotion["accuracy_of_answered"] == 1.0
    assert emotion["accuracy_of_best_guess"] == pytest.approx(5 / 6)
    assert (emotion["abstained"], emotion["answered"], emotion["face_not_seen"]) == (4, 2, 1)
    assert sign["top1"]["value"] == pytest.approx(2 / 6)
    assert sign["top1_of_answered"] == pytest.approx(2 / 3)
    assert joint["exact_match"]["value"] == pytest.approx(2 / 6)
    assert (joint["exact_match_of_answered"], joint["both_answered"]) == (1.0, 2)
    assert figures["per_signer"][0]["emotion_accuracy"] == pytest.approx(2 / 6)


@pytest.mark.parametrize("signers", ["A", "ABCDEF"])
@pytest.mark.parametrize("clips", [1, 2, 6, 12])
def test_no_interval_is_a_point(clips, signers):
    answers = [answer("su", "su", "happy", "happy", signers[i % len(signers)]) for i in range(clips)]
    figures = evaluate_joint(answers)
    for share in (figures["sign"]["top1"], figures["emotion"]["accuracy"], figures["joint"]["exact_match"]):
        low, high = share["interval"]
        assert low < 0.95
        assert high == pytest.approx(1.0)


def test_few_clips_are_counted_and_not_a_percentage():
    from fusion.evaluation.reports import joint_report, render_joint_report

    two = [answer("su", "su", "happy", "happy")] * 2
    made = {"made": {"version": "kslr 1", "signs_sha256": "abc123", "command": "kslr evaluate joint m.csv"}}
    page = render_joint_report(joint_report(two, "m.csv") | made | {"unknown_labels": {"нан": 3}})
    assert "sign 2 of 2" in page
    assert "100.0%" not in page
    assert all(text in page for text in ("abc123", "kslr evaluate joint m.csv", "нан", "of the answered"))
    assert "sign 100.0%" in render_joint_report(joint_report(two * 20, "m.csv"))


def test_macro_f1_is_of_the_classes_that_occur():
    from kslr.core.scores import accuracy_figures

    assert accuracy_figures([0, 0, 1, 1], [0, 0, 1, 2])["macro_f1"] == pytest.approx((1 + 2 / 3) / 2)
    assert accuracy_figures([3], [3])["macro_f1"] == 1.0
    assert evaluate_joint([answer("su", "it", "happy", "happy"), answer("su", "su", "happy", "happy")])["sign"][
        "macro_f1"
    ] == pytest.approx(2 / 3)
