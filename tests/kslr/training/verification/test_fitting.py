"""Fitting on made-up answers, and the split that was fixed before."""

import numpy as np

from kslr.teaching.verification import unit_vectors
from kslr.training.verification.fitting import START, answer_probabilities, choose_certainty, fit_rule, measure_answers
from kslr.training.verification.people import People, split_roles, split_taiwanese
from kslr.training.verification.vocabularies import ask_lessons, draw_lessons, join_answers


def people(words: int = 8, takes: int = 12) -> tuple[People, np.ndarray]:
    """Two signers of one source, and embeddings in which words are clusters and the second signer is a little off."""
    generator = np.random.default_rng(0)
    word, signer = np.tile(np.repeat(np.arange(words), takes), 2), np.repeat(["a", "b"], words * takes)
    centres = generator.normal(0, 1, (words, 16))
    z = centres[word] + 0.25 * generator.normal(0, 1, (len(word), 16)) + 0.3 * (signer == "b")[:, None]
    flat = np.full(len(word), "one/source")
    data = People(np.zeros((len(word), 1)), word.astype(str), signer, flat, flat, np.full(len(word), "signers_pose_hands"))
    return data, unit_vectors(z).astype(np.float32)


def test_what_is_fitted_is_calibrated_and_silent() -> None:
    data, z = people()
    bank = unit_vectors(np.random.default_rng(1).normal(0, 1, (200, 16))).astype(np.float32)
    asked = {n: ask_lessons(z, bank, draw_lessons(data, n, 6, seed=n), START) for n in (1, 5)}
    rule = choose_certainty(asked, fit_rule(join_answers(list(asked.values()))))
    figures = measure_answers(asked[5], answer_probabilities(asked[5], rule), rule.certain)
    assert figures["within"]["known_right"] > 0.9
    assert figures["within"]["unknown_said"] <= 0.04
    assert figures["across"]["sources"] == 2
    assert figures["calibration_error"] < 0.1
    assert np.isclose(asked[5].weights().sum(), 1)


def test_a_lesson_asks_nothing_that_it_taught() -> None:
    data, _ = people()
    for one in draw_lessons(data, 3, 2):
        assert not set(one.support) & set(one.query)
        assert (one.truth < 0).any()
        assert set(one.truth[one.truth >= 0]) <= set(one.support_word)
        teacher, asked = set(data.signer[one.support]), set(data.signer[one.query])
        assert (teacher == asked) != one.across


def test_the_split_is_the_one_that_was_fixed() -> None:
    words = [f"w{i:02d}" for i in range(39)]
    test, valid = split_taiwanese(words)
    assert (len(test), len(valid), set(test) & set(valid)) == (12, 10, set())
    n = 39 * 3
    word, signer = np.repeat(words, 3), np.tile(["signlens:A", "signlens:C", "signlens:mixed"], 39)
    source = np.full(n, "leo900713/SignLens")
    role = split_roles(People(np.zeros((n, 1)), word, signer, source, source, source))
    assert set(role[signer == "signlens:mixed"]) == {"out"}
    assert set(role[np.isin(word, test) & (signer == "signlens:C")]) == {"test"}
    assert set(role[~np.isin(word, test) & (signer == "signlens:C")]) == {"out"}
    assert set(role[np.isin(word, valid) & (signer == "signlens:A")]) == {"valid"}
