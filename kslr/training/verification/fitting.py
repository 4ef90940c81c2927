"""The bank of other signs, and the coefficients of the decision, fitted on validation words and signers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score

from kslr.encoder import SignEncoder
from kslr.teaching.verification import EVIDENCE, Rule
from kslr.training.ship.mixture import all_false_alarms
from kslr.training.streams.material import load_material
from kslr.training.verification.people import (
    TEST,
    VALID,
    People,
    dictionary_windows,
    embed_people,
    name_classes,
    read_people,
    read_points,
    split_roles,
)
from kslr.training.verification.vocabularies import Answers, ask_lessons, draw_lessons, join_answers

START = Rule((0.0,) * len(EVIDENCE), 0.0)  # the weights of nearness, chosen on the validation part
SHOTS = (1, 2, 3, 5, 10)
OF_A_CLASS, OF_A_SHARED_CLASS = 2, 4  # recordings of a class that go to the bank
IDLE_MINUTES = 8.0  # of streams of each kind in which nobody signs
IDLE_ROWS = 160  # idle parts of clips
L2 = 1e-3
# Number of recordings → share of never-taught validation words of which a word may be said; the goals less a margin, since
# people who were never looked at are a little harder.
SILENT = {1: 0.06, 5: 0.04}


def draw_bank(data: People, seed: int = 0) -> np.ndarray:
    """Rows of the training part that go to the bank: a few of each class, of different signers where there are."""
    generator, classes, rows = np.random.default_rng(seed), name_classes(data), []
    for name in np.unique(classes):
        own = generator.permutation(np.flatnonzero(classes == name))
        first = generator.permutation(own[np.unique(data.signer[own], return_index=True)[1]])
        count = OF_A_SHARED_CLASS if name.startswith("ASL|") else OF_A_CLASS
        rows += (first if len(first) >= count else own)[:count].tolist()
    return np.array(rows)


def read_bank(train: People, packs: str | Path | None, seed: int = 0) -> np.ndarray:
    """(m, 30, 51, 3) points of the bank: signs of the packs and of the first dictionary, and idle hands."""
    signs, idle = dictionary_windows(packs)
    held = {*VALID, *TEST}
    quiet = [one for side in load_material(packs).values() for one in side if one.source not in held]
    alarms = read_points(all_false_alarms(quiet, IDLE_MINUTES, seed=19).windows)
    chosen = np.random.default_rng(seed).permutation(len(idle))[:IDLE_ROWS]
    return np.concatenate([train.points[draw_bank(train, seed)], signs, idle[chosen], alarms])


def fit_rule(answers: Answers) -> Rule:
    """The rule whose probability is that of a right answer: a weighted logistic regression on the evidence."""
    weight, x, y = answers.weights(), answers.evidence, answers.right
    mean, deviation = np.average(x, axis=0, weights=weight), x.std(axis=0) + 1e-6
    x = (x - mean) / deviation

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        logit = x @ b[1:] + b[0]
        error = weight * (1 / (1 + np.exp(-logit)) - y)
        value = (weight * np.logaddexp(0, np.where(y, -logit, logit))).sum() + L2 * np.square(b[1:]).sum()
        return float(value), np.r_[error.sum(), x.T @ error + 2 * L2 * b[1:]]

    b = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x
    coefficients = b[1:] / deviation
    return replace(START, coefficients=tuple(coefficients.tolist()), intercept=float(b[0] - coefficients @ mean))


def answer_probabilities(answers: Answers, rule: Rule) -> np.ndarray:
    """(n,) probability of each nearest word."""
    return 1 / (1 + np.exp(-(answers.evidence @ np.array(rule.coefficients) + rule.intercept)))


def measure_answers(answers: Answers, probability: np.ndarray, certain: float) -> dict[str, Any]:
    """Means over the lessons' sources, within a signer and across signers.

    Returns:
        ``within`` and ``across``, each with known_right, known_wrong, unknown_said and auroc (of known and right against
        never taught), and ``calibration_error`` of the answers that are said, where `UNKNOWN` of the signs were never taught.
    """
    said = probability >= certain
    figures: dict[str, Any] = {}
    for name, kind in (("within", False), ("across", True)):
        rows = []
        for group in np.unique(answers.group[answers.across == kind]):
            own = answers.group == group
            known, unknown = own & answers.known, own & ~answers.known
            if known.any() and unknown.any():
                scores = (probability[own], answers.known[own])
                rows.append(
                    (
                        (answers.right & said)[known].mean(),
                        (~answers.right & said)[known].mean(),
                        said[unknown].mean(),
                        roc_auc_score(scores[1], scores[0]),
                    )
                )
        if rows:
            keys = ("known_right", "known_wrong", "unknown_said", "auroc")
            figures[name] = {**dict(zip(keys, np.mean(rows, axis=0).tolist(), strict=True)), "sources": len(rows)}
    figures["calibration_error"] = weighted_calibration_error(probability[said], answers.right[said], answers.weights()[said])
    return figures


def weighted_calibration_error(confidence: np.ndarray, correct: np.ndarray, weight: np.ndarray, bins: int = 15) -> float:
    """`kslr.core.calibration.expected_calibration_error` in which answers have weights."""
    index = np.clip((confidence * bins).astype(int), 0, bins - 1)
    gaps = [abs((weight * (confidence - correct))[index == b].sum()) for b in np.unique(index)]
    return float(sum(gaps) / max(weight.sum(), 1e-12))


def choose_certainty(asked: Mapping[int, Answers], rule: Rule) -> Rule:
    """The rule with the lowest probability of a said word that keeps to `SILENT` within signers."""
    unknown = {n: _probabilities_of_unknown(asked[n], rule) for n in SILENT}
    for certain in np.arange(0.7, 0.96, 0.01):
        if all(np.mean([(one >= certain).mean() for one in unknown[n]]) <= most for n, most in SILENT.items()):
            break
    return replace(rule, certain=round(float(certain), 2))


def _probabilities_of_unknown(answers: Answers, rule: Rule) -> list[np.ndarray]:
    """Of every source, within signers: the probabilities of what was never taught."""
    own = ~answers.known & ~answers.across
    probability, group = answer_probabilities(answers, rule)[own], answers.group[own]
    return [probability[group == name] for name in np.unique(group)]


def choose_rule(
    encoder: SignEncoder, packs: str | Path | None = None, test: bool = False, seeds: int = 3, shots: Sequence[int] = SHOTS
) -> tuple[np.ndarray, dict[str, Any], dict[str, Any]]:
    """Makes the bank and fits the rule for an encoder.

    Args:
        test: whether the test part is measured too; it chooses nothing.

    Returns:
        The bank (m, values) float16, what goes into the card as ``verification``, and figures by number of recordings.
    """
    data = read_people(packs)
    role = split_roles(data)
    bank = embed_people(encoder, read_bank(data[role == "train"], packs)).astype(np.float16)
    rule, figures = START, {}
    for part in ("valid", "test") if test else ("valid",):
        own = data[role == part]
        z, wide = embed_people(encoder, own.points), bank.astype(np.float32)
        asked = {n: ask_lessons(z, wide, draw_lessons(own, n, seeds, seed=n), START) for n in shots}
        if part == "valid":
            rule = choose_certainty(asked, fit_rule(join_answers(list(asked.values()))))
        figures[part] = {
            f"{n} recordings": measure_answers(a, answer_probabilities(a, rule), rule.certain) for n, a in asked.items()
        }
    return bank, {"evidence": list(EVIDENCE), **asdict(rule)}, figures
