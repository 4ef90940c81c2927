"""How the shipped words are grouped, left out and made certain."""

import numpy as np
import pytest

from kslr.teaching.verification import Rule, Verifier, unit_vectors
from kslr.training.datasets import sign_data
from kslr.training.ship.signs import best_words, choose_certainty, group_variants, leave_out_parts, left_out_figures, said_share

RULE = Rule((20.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0), -15.0)


def near(direction: int, count: int, seed: int) -> np.ndarray:
    """(count, 32) embeddings around one axis."""
    return unit_vectors(np.eye(32)[direction] + np.random.default_rng(seed).normal(0, 0.05, (count, 32))).astype(np.float32)


def test_a_word_signed_in_two_ways_has_two_variants() -> None:
    z = np.concatenate([near(0, 3, 0), near(1, 4, 1), near(2, 1, 2)])
    variant, word = group_variants(z, np.array([0] * 7 + [1]))
    assert word.tolist() == [0, 0, 1]
    assert len(set(variant[:3])) == len(set(variant[3:7])) == 1
    assert len(set(variant.tolist())) == 3
    verifier = Verifier.from_recordings(z, variant, near(5, 20, 3), RULE, word)
    found, probability = best_words(verifier, np.concatenate([near(0, 1, 7), near(1, 1, 8), near(2, 1, 9), near(5, 1, 9)]))
    assert found[:3].tolist() == [0, 0, 1]
    assert probability[:3].min() > 0.9
    assert probability[3] < 0.1


def test_a_probability_is_chosen_that_keeps_other_signs_and_idle_people_silent() -> None:
    others, alarms = np.linspace(0, 1, 1001)[:-1] * 0.8, np.full(40, 0.905)
    certain = choose_certainty(others, np.zeros(0), 10)
    assert (others >= certain).mean() <= 0.05 < (others >= certain - 0.02).mean()
    assert choose_certainty(others, alarms, 10) > 0.9
    assert choose_certainty(others, alarms[:3], 10) == certain


def test_a_recorder_is_left_out_as_a_whole() -> None:
    signer = np.repeat([f"recorder {i}" for i in range(12)], 3)
    data = sign_data(np.zeros((36, 2, 1662), np.float32), ["a"] * 18 + ["b"] * 18, signer=signer, name="ksl30_by_meaning")
    parts = leave_out_parts(data)
    assert len(set(parts.tolist())) == 5
    assert all(len(set(parts[signer == one])) == 1 for one in set(signer))


def test_left_out_figures_are_of_words_that_others_show_too() -> None:
    data = sign_data(np.zeros((6, 2, 1662), np.float32), list("aabbbc"), signer=np.array(list("xyxyyx")), name="own")
    answers = np.array([[0.9, 0, 0], [0.2, 0.7, 0], [0.1, 0.6, 0], [0, 0.9, 0], [0, 0.9, 0], [0, 0, 1.0]])
    figures = left_out_figures(answers, data, np.ones(6, bool), 0.65)
    assert figures["samples"] == 5
    assert figures["recorders"] == 2
    assert figures["accuracy"] == pytest.approx(0.8)
    assert figures["said_rightly"] == pytest.approx(0.6)
    assert figures["said_wrongly"] == pytest.approx(0.2)
    low, high = figures["accuracy_interval"]
    assert low < 0.8 <= high


def test_shares_of_said_signs_have_intervals() -> None:
    share = said_share(np.arange(100) < 7)
    assert share["share"] == pytest.approx(0.07)
    assert share["interval"][0] < 0.07 < share["interval"][1]
