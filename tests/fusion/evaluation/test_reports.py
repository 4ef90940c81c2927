import re

import numpy as np
import pytest

from fusion.appearance import EMOTION_NAMES
from fusion.evaluation.joint import evaluate_joint
from fusion.evaluation.reports import joint_report, render_joint_report, render_video_report
from kslr.core.errors import InputError
from kslr.core.reports import LANGUAGES, read_words
from kslr.core.scores import build_report
from kslr.vocabulary import kslr30
from tests.fusion.evaluation.test_joint import answer

LEARNT = kslr30().with_training({"su": {"made": 1}, "rakhmet": {"made": 1}})


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


@pytest.mark.parametrize("language", ["kk", "ru"])
def test_the_page_speaks_kazakh_and_russian(language):
    answers = [answer("su", "su", "happy", "happy"), answer("it", None, "sad", None, problem="no face is seen", code="no_face")]
    report = joint_report(answers, "m.csv", vocabulary=LEARNT) | {"unknown_labels": {"нан": 3}}
    report |= {"made": {"version": "kslr 9", "signs_sha256": "ab" * 32}}
    english, text = render_joint_report(report), render_joint_report(report, language)
    assert f'<html lang="{language}"' in text
    words = read_words("fusion.evaluation", language)
    for key in ("title", "headlines", "per_signer", "no_face", "gap", "share_kept", "face_not_seen"):
        assert words[key] in text
    assert EMOTION_NAMES["happy"][language] in text
    plain = re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]*>|macro-F1", " ", text, flags=re.S)
    allowed = {"mp", "csv", "kslr", "su", "it", "A", "SHA", *["ab" * 32], *(sign.id for sign in kslr30().signs)}
    assert set(re.findall(r"[A-Za-z]{2,}", plain)) <= allowed, "an English word is left"
    assert len(re.findall("<td>", text)) == len(re.findall("<td>", english))
    with pytest.raises(InputError, match="written in"):
        render_joint_report(report, "de")


def test_every_word_is_there_in_every_language():
    columns = [read_words("fusion.evaluation", language) for language in LANGUAGES]
    for key in columns[0]:
        texts = [words[key] for words in columns]
        assert all(texts)
        assert len({tuple(sorted(re.findall(r"\{\w+\}", text))) for text in texts}) == 1 or key == "breaks_off"


def test_words_without_a_clip_are_named():
    report = joint_report([answer("su", "su", "happy", "happy")], "m.csv", vocabulary=LEARNT)
    assert report["sign"]["classes_without_samples"] == ["rakhmet"]
    assert "angry" in report["emotion"]["classes_without_samples"]
    assert "no clip: " in render_joint_report(report)


def test_a_video_model_has_a_page_too():
    report = build_report(
        task="video sign",
        data="m.csv",
        protocol="split by signer",
        labels=["su", "it"] * 5,
        predicted=["su", "su"] * 5,
        milliseconds=2.0,
        model="vivit",
        confusion={"names": ["it", "su"], "counts": [[0, 5], [0, 5]]},
        classes_without_samples=["bet"],
        left_out=[{"clip": "<bad>.mp4", "problem": "no video"}],
        made={"version": "kslr 9", "weights_sha256": "ab" * 32},
    )
    page = render_video_report(report)
    assert all(text in page for text in ("50.0% of 10 clips", "&lt;bad&gt;.mp4", "bet", "ab" * 32, "<svg"))


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
    assert joint_report([answer("su", None, None, "happy")], "table.csv")["milliseconds"] is None
    assert alone["accuracy"] == 0.5
