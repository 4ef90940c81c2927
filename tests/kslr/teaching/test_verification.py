"""What must hold for any words, any bank and any question."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kslr.core.errors import InputError
from kslr.teaching.verification import EVIDENCE, Rule, Verifier, mean_of_largest, unit_vectors

RULE = Rule((5.0, 2.3, 2.8, 3.3, 2.8, -0.5, 0.7), -3.2)
SIZE = 24


def cloud(generator: np.random.Generator, count: int, centre: np.ndarray | None = None, spread: float = 0.15) -> np.ndarray:
    """(count, SIZE) directions, around a centre or anywhere."""
    x = generator.normal(0, 1, (count, SIZE))
    return unit_vectors(x if centre is None else centre + spread * unit_vectors(x)).astype(np.float32)


@st.composite
def vocabularies(draw: st.DrawFn) -> tuple[Verifier, np.ndarray, np.random.Generator]:
    """A vocabulary of any size, its words' centres and a generator."""
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    words, bank = draw(st.integers(1, 7)), draw(st.integers(0, 60))
    centres = cloud(generator, words)
    counts = [draw(st.integers(1, 5)) for _ in range(words)]
    rows = np.concatenate([cloud(generator, n, c) for n, c in zip(counts, centres, strict=True)])
    return Verifier.from_recordings(rows, np.repeat(np.arange(words), counts), cloud(generator, bank), RULE), centres, generator


@settings(max_examples=60, deadline=None)
@given(vocabularies())
def test_probabilities_are_shares_and_the_nearest_word_leads(drawn) -> None:
    verifier, _, generator = drawn
    z = cloud(generator, 20)
    p = verifier.probabilities(z)
    words = len(verifier.centres)
    assert p.shape == (20, words + 1)
    assert np.allclose(p.sum(axis=1), 1)
    assert (p >= 0).all()
    assert (p[:, :-1].argmax(axis=1) == verifier.scores(z).argmax(axis=1)).all()
    assert verifier.evidence(z).shape == (20, words, len(EVIDENCE))


@settings(max_examples=40, deadline=None)
@given(vocabularies())
def test_a_question_alone_and_among_others_has_one_answer(drawn) -> None:
    verifier, _, generator = drawn
    z = cloud(generator, 6)
    assert np.allclose(verifier.probabilities(z)[4], verifier.probabilities(z[4:5])[0], atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(vocabularies())
def test_the_order_of_recordings_does_not_matter(drawn) -> None:
    verifier, _, generator = drawn
    order = generator.permutation(len(verifier.rows))
    again = Verifier.from_recordings(verifier.rows[order], verifier.label[order], verifier.bank, RULE)
    z = cloud(generator, 10)
    assert np.allclose(again.probabilities(z), verifier.probabilities(z), atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(vocabularies())
def test_nearer_to_a_word_is_more_probable(drawn) -> None:
    verifier, centres, generator = drawn
    word, far = int(generator.integers(len(centres))), cloud(generator, 1)[0]
    path = unit_vectors(np.stack([t * verifier.centres[word] + (1 - t) * far for t in (0.0, 0.5, 1.0)])).astype(np.float32)
    p = verifier.probabilities(path)[:, word]
    assert p[2] >= p[0] - 1e-6


@settings(max_examples=40, deadline=None)
@given(vocabularies())
def test_other_signs_beside_a_word_make_it_less_certain(drawn) -> None:
    verifier, _, generator = drawn
    z = verifier.rows[:1]
    near = cloud(generator, 20, z[0], 2.0)
    near = near[(near @ verifier.rows.T).max(axis=1) < RULE.same]
    crowded = Verifier.from_recordings(verifier.rows, verifier.label, np.concatenate([verifier.bank, near]), RULE)
    if len(verifier.bank) and len(near):
        assert crowded.probabilities(z)[0, verifier.label[0]] <= verifier.probabilities(z)[0, verifier.label[0]] + 1e-6


@settings(max_examples=30, deadline=None)
@given(vocabularies())
def test_leaving_out_is_as_if_it_had_not_been_taught(drawn) -> None:
    verifier, _, generator = drawn
    row, z = int(generator.integers(len(verifier.rows))), cloud(generator, 5)
    kept = np.arange(len(verifier.rows)) != row
    if verifier.count[verifier.label[row]] > 1:
        fresh = Verifier.from_recordings(verifier.rows[kept], verifier.label[kept], verifier.bank, RULE)
        assert np.allclose(verifier.without(row).probabilities(z), fresh.probabilities(z), atol=1e-4)
    else:
        assert (verifier.without(row).scores(z)[:, verifier.label[row]] < -0.5).all()
    assert verifier.leave_one_out().shape == (len(verifier.rows), len(verifier.count) + 1)


def test_a_row_of_the_bank_that_is_the_taught_sign_does_not_silence_it() -> None:
    generator = np.random.default_rng(0)
    word, others = cloud(generator, 3, cloud(generator, 1)[0]), cloud(generator, 50)
    bank = np.concatenate([others, word + 0.001])
    assert np.allclose(
        Verifier.from_recordings(word, np.zeros(3, int), unit_vectors(bank), RULE).probabilities(word),
        Verifier.from_recordings(word, np.zeros(3, int), others, RULE).probabilities(word),
        atol=1e-4,
    )


def test_a_word_without_recordings_and_a_damaged_rule_are_told() -> None:
    with pytest.raises(InputError, match="needs a recording"):
        Verifier.from_recordings(np.eye(3), np.array([0, 0, 2]), np.eye(3), RULE)
    with pytest.raises(InputError, match="needs a recording"):
        Verifier.from_recordings(np.zeros((0, 3)), np.zeros(0, int), np.eye(3), RULE)
    whole = {"coefficients": [1] * 7, "intercept": 0, "nearest": 0.6, "same": 0.75, "cohort": 10}
    assert Rule.from_card({"verification": whole}).cohort == 10
    for change in ({"coefficients": [1] * 6}, {"intercept": "x"}, {"cohort": 0}, {"intercept": float("nan")}):
        with pytest.raises(InputError, match="rule of verification"):
            Rule.from_card({"verification": whole | change})
    with pytest.raises(InputError, match="lacks its rule"):
        Rule.from_card({})


def test_the_mean_of_fewer_than_asked_is_of_all() -> None:
    assert mean_of_largest(np.array([[1.0, 2.0]]), 5).tolist() == [1.5]


def test_a_word_of_two_variants_is_as_near_as_the_nearer_and_no_rival_of_itself() -> None:
    generator = np.random.default_rng(3)
    one, two, other = (cloud(generator, 1)[0] for _ in range(3))
    rows = np.concatenate([cloud(generator, 3, centre) for centre in (one, two, other)])
    label = np.repeat([0, 1, 2], 3)
    bank = cloud(generator, 40)
    apart = Verifier.from_recordings(rows, label, bank, RULE)
    joined = Verifier.from_recordings(rows, label, bank, RULE, np.array([0, 0, 1]))
    between = unit_vectors(one + two)[None]
    assert joined.probabilities(one[None]).shape == (1, 3)
    assert joined.probabilities(two[None])[0, 0] > 0.5
    # Between two words neither is sure; between two variants of one word it is that word.
    assert joined.probabilities(between)[0, 0] > apart.probabilities(between)[0, :2].max()
    with pytest.raises(InputError, match="not in order"):
        Verifier.from_recordings(rows, label, bank, RULE, np.array([0, 2, 1]))
