"""Never-taught words stay unsaid, measured by the app's own path; tasks across signers ask other people than they show."""

from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.training.datasets import load_pack, sign_data
from kslr.training.fewshot import draw_episodes, evaluate_few_shot
from kslr.training.verification.openset import evaluate_open_set

HELD_OUT = ("Laya303/ASL-Word-Level-Translation-Using-LSTM", "divyashC/BSL-Word-Level")


def gestures(words: int, takes: int, signers: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x (n, 30, 84), word and signer: a right hand on a path and in a shape of its own for every word."""
    generator, t = np.random.default_rng(0), np.linspace(0, 1, 30)[None, :, None]
    word = np.tile(np.repeat(np.arange(words), takes), signers)
    signer = np.repeat([f"p{i}" for i in range(signers)], words * takes)
    turns = word[:, None, None]
    path = np.concatenate([np.sin(2 * np.pi * t * (1 + turns % 3)), np.cos(np.pi * t * (1 + turns // 3))], axis=-1)
    shape = generator.normal(0, 0.03, (words, 1, 21, 2))[word]
    hand = 0.5 + 0.2 * path[:, :, None] + shape + generator.normal(0, 0.003, (len(word), 30, 21, 2))
    x = np.zeros((len(word), 30, 84), np.float32)
    x[..., 42:] = hand.reshape(len(word), 30, 42)
    return x, word.astype(str), signer


def test_the_report_counts_what_is_said() -> None:
    x, word, signer = gestures(6, 5, signers=2)
    word = np.char.add("Thank you ", word)  # no id of a word
    x[3] = 0  # A recording without hands teaches nothing, and nothing is said of it.
    report = evaluate_open_set(sign_data(x, word, signer=signer), shots=3, share=0.5, seeds=2)
    assert {"known_right", "known_wrong", "unknown_said", "auroc", "other_signer_right", "other_signer_wrong"} <= set(report)
    assert report["known_right"] + report["known_wrong"] <= 1
    assert (report["teachers"], len(report["per_vocabulary"])) == (2, 2)
    one = evaluate_open_set(sign_data(*gestures(5, 4)[:2]), shots=2, seeds=1)
    assert not any(key.startswith("other_signer") for key in one)
    with pytest.raises(InputError, match="fewer recordings"):
        evaluate_open_set(sign_data(*gestures(5, 4)[:2]), shots=4)


def test_other_people_are_asked_than_shown() -> None:
    x, word, signer = gestures(5, 4, signers=3)
    label = word.astype(int)
    for episode in draw_episodes(label, 4, 2, 12, signer=signer):
        assert len(set(signer[episode.support])) == len(set(signer[episode.query])) == 1
        assert signer[episode.support[0]] != signer[episode.query[0]]
        assert (label[episode.support][::2] == label[episode.support][1::2]).all()
    report = evaluate_few_shot(sign_data(x, word, signer=signer), 2, 4, 6, across=True)
    assert "across signers" in report["protocol"]
    with pytest.raises(InputError, match="array signer"):
        evaluate_few_shot(sign_data(x, word), 2, 4, 6, across=True)


def test_words_of_recorders_nobody_saw_are_read_and_others_are_not_said(shared_data: Path) -> None:
    data = load_pack("world_pose_hands", shared_data)
    found = []
    for source in HELD_OUT:
        own = data[data.source == source]
        own = own.select_classes([data.names[i] for i in np.unique(own.label)])
        found.append(evaluate_open_set(own, shots=5, seeds=3))
    assert np.mean([report["unknown_said"] for report in found]) <= 0.10
    assert np.mean([report["known_right"] for report in found]) >= 0.85
    assert np.mean([report["auroc"] for report in found]) >= 0.95
