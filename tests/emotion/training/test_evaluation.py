import json
from dataclasses import replace

import numpy as np
import pytest

from emotion.faces import EMOTIONS
from emotion.training.corruptions import jitter_curve
from emotion.training.datasets import FaceData, find_copies
from emotion.training.evaluation import (
    classify_faces,
    emotion_figures,
    emotion_page,
    evaluate_emotion_model,
    four_class_scores,
)
from kslr.core.cards import read_card
from kslr.core.errors import InputError

HEAD = ["task", "data", "protocol", "samples", "accuracy", "macro_f1", "interval", "milliseconds"]


def _answers(labels: np.ndarray, right: np.ndarray, sure: float = 0.9) -> np.ndarray:
    answers = np.full((len(labels), 7), (1 - sure) / 6)
    answers[np.arange(len(labels)), np.where(right, labels, (labels + 1) % 7)] = sure
    return answers


def test_figures_of_known_answers():
    labels = np.arange(70) % 7
    right = np.arange(70) >= 7
    made = emotion_figures(_answers(labels, right), labels, threshold=0.5)
    assert np.diag(made["confusion"]).tolist() == [9] * 7
    assert made["classes"]["happy"]["recall"] == pytest.approx(0.9)
    assert made["classes"]["happy"]["samples"] == 10
    assert made["expected_calibration_error"] == pytest.approx(0.0, abs=1e-9)
    assert made["coverage"] == 1.0
    assert made["accuracy_of_kept"] == pytest.approx(0.9)
    assert emotion_figures(_answers(labels, right), labels, threshold=0.95)["accuracy_of_kept"] is None


def test_four_classes_are_answered_among_themselves():
    labels = np.array([EMOTIONS.index(name) for name in ("happy", "fear", "sad")])
    answers = np.array([[0, 0, 0.6, 0.3, 0.1, 0, 0], [0, 0, 1, 0, 0, 0, 0], [0.4, 0, 0, 0, 0.3, 0, 0.3]], float)
    made = four_class_scores(answers, labels)
    assert made["samples"] == 2
    assert made["accuracy"] == 0.5


def test_splits_and_labels_that_are_not_there_are_told(patterns):
    with pytest.raises(InputError, match="no private split"):
        evaluate_emotion_model({"public": patterns["public"]}, "emotion", name="x")
    with pytest.raises(InputError, match=r"no FER\+ votes"):
        evaluate_emotion_model(patterns, "emotion", name="x", labels="ferplus")
    with pytest.raises(InputError, match="fer or ferplus"):
        evaluate_emotion_model(patterns, "emotion", name="x", labels="both")
    with pytest.raises(InputError, match="cannot be written"):
        evaluate_emotion_model(patterns, "emotion", name="x", html="/dev/null/page.html")


def test_a_report_and_its_page(tmp_path, patterns):
    told = []
    page = tmp_path / "page.html"
    votes = np.zeros((35, 10), int)
    votes[:, 0] = 9
    private = FaceData(patterns["private"].images, patterns["private"].labels, votes)
    made = evaluate_emotion_model(
        {"private": private}, "emotion", name="x", html=page, progress=lambda text, share: told.append(share)
    )
    assert list(made)[:8] == HEAD
    assert made["samples"] == made["ferplus"]["samples"] == 35
    assert json.loads(json.dumps(made)) == made
    assert told == sorted(told)
    assert told[-1] == 1.0
    text = page.read_text()
    assert text.count("<svg") == 3
    assert all(name in text for name in EMOTIONS)
    against_votes = evaluate_emotion_model({"private": private}, "emotion", name="x", labels="ferplus")
    assert against_votes["accuracy"] == made["ferplus"]["accuracy"]
    assert "ferplus" not in against_votes


def test_faces_that_are_in_training_too_are_counted(tmp_path, patterns):
    private = patterns["private"]
    train = patterns["train"]
    leaked = replace(train, images=np.concatenate([train.images, private.images[:10]]), labels=np.append(train.labels, [0] * 10))
    page = tmp_path / "page.html"
    made = evaluate_emotion_model({"train": leaked, "private": private}, "emotion", name="x", html=page)
    copies = made["copies"]
    assert copies["samples"] == 10 + find_copies(private.images[10:], train.images).sum()
    hits = copies["samples"] * copies["accuracy"] + (35 - copies["samples"]) * copies["accuracy_of_others"]
    assert np.isclose(hits / 35, made["accuracy"])
    assert "the training split has too" in page.read_text()
    assert "copies" not in evaluate_emotion_model({"private": private}, "emotion", name="x")


def test_the_card_s_figure_is_what_its_command_prints(fer2013):
    """On a fixed third of PrivateTest: the whole is `kslr evaluate emotion`."""
    card, _ = read_card("emotion")
    third = fer2013["private"].take(np.arange(0, 3589, 3))
    made = evaluate_emotion_model({"private": third}, "emotion", name="x")
    assert made["accuracy"] == pytest.approx(card.figures["accuracy"], abs=0.03)


def test_small_errors_of_the_crop_cost_little(recognizer, fer2013):
    some = fer2013["private"].take(np.arange(0, 3589, 6))

    def answer(images: np.ndarray) -> np.ndarray:
        return classify_faces(recognizer, images).argmax(axis=1)

    curve = jitter_curve(answer, some.images, some.labels, {"shift": (0.1, 0.2), "scale": (0.9, 1.1), "degrees": (10,)})
    still = (recognizer.probabilities(some.images).argmax(axis=1) == some.labels).mean()
    for kind, amount in (("shift", "0.1"), ("scale", "0.9"), ("scale", "1.1"), ("degrees", "10")):
        assert curve[kind][amount] >= still - 0.03, (kind, amount)
    assert curve["shift"]["0.2"] < still


def test_the_page_carries_the_figures():
    labels = np.arange(70) % 7
    probabilities = np.full((70, 7), 0.05)
    probabilities[np.arange(70), labels] = 0.7
    report = {
        "model": "emotion",
        "data": "<data>",
        "protocol": "private split",
        "samples": 70,
        "accuracy": 0.712,
        "macro_f1": 0.7,
        "interval": [0.6, 0.8],
        "milliseconds": 1.5,
        "milliseconds_30_faces": 20.0,
        "accuracy_with_mirror": 0.72,
        "jitter": {"shift": {"0.1": 0.69}},
        **emotion_figures(probabilities, labels, 0.5),
    }
    page = emotion_page(report, probabilities, labels)
    assert "71.2%" in page
    assert "&lt;data&gt;" in page
    assert "<script" not in page
    assert page.count("<svg") == 3
    assert all(f"<td>{name}</td>" in page for name in EMOTIONS)
    assert "0.69" in page
