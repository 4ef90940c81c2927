"""How well a vocabulary made of a data set will read people who are not in it: everybody is left out once and asked.

The words are taught from the other signers by the app's own path and every take of the one left out is asked: known words,
and, with a part of the words left out of the teaching, words that the vocabulary does not have. With one signer only there is
nobody to leave out; then single takes are, and the figures hold for that signer alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kslr.core.calibration import expected_calibration_error
from kslr.core.scores import bootstrap_interval, count_confusions, most_confused, wilson_interval
from kslr.encoder import SignEncoder
from kslr.recognizer import STRICTNESS, shift_threshold
from kslr.teaching.verification import Verifier
from kslr.vocabulary import IDLE

FOLDS = 3  # parts of the words, each left out of the teaching once
ENOUGH_SIGNERS = 5  # from which the bootstrap draws whole signers
MOST_UNKNOWN = 0.05  # share of unknown words that the advised strictness may say


@dataclass(frozen=True)
class Material:
    """What is measured on.

    Attributes:
        embeddings: (n, values) float32 of length 1.
        word: (n,) index into `words`.
        signer: (n,) pseudonyms.
        words: ids.
        chosen: (n,) bool, the takes that may be taught; all are asked.
    """

    embeddings: np.ndarray
    word: np.ndarray
    signer: np.ndarray
    words: tuple[str, ...]
    chosen: np.ndarray


@dataclass(frozen=True)
class Asked:
    """Answers to takes whose signer, or which themselves, were left out.

    Attributes:
        take: (n,) indices of the material.
        nearest: (n,) index of the nearest word.
        probability: (n,) of it, 0–1.
        known: (n,) bool, whether the word was taught.
    """

    take: np.ndarray
    nearest: np.ndarray
    probability: np.ndarray
    known: np.ndarray


def measure_material(data: Material, encoder: SignEncoder) -> dict[str, Any]:
    """The figures of a vocabulary.

    Returns:
        ``protocol`` (``signers`` or ``takes`` were left out), ``signers``, ``asked`` (known takes), ``nearest_right``,
        ``said_right`` and ``said_wrong`` (shares of the known) with ``interval`` and ``wrong_interval``, ``unknown_asked``,
        ``unknown_said`` (share of takes of words that were not taught) with ``unknown_interval``, ``calibration_error`` of
        what is said, ``by_strictness``, ``strictness`` (the most lenient that says at most `MOST_UNKNOWN` of the unknown),
        ``per_signer``, ``per_word`` and ``confused``. A figure that could not be asked is None.
    """
    answers = _join([*_ask_known(data, encoder), *_ask_unknown(data, encoder)])
    people = sorted(set(data.signer.tolist()))
    line = encoder.rule.certain
    strictness = {name: _figures(data, answers, shift_threshold(line, shift)) for name, shift in STRICTNESS.items()}
    careful = [name for name in ("lenient", "normal", "strict") if (strictness[name]["unknown_said"] or 0.0) <= MOST_UNKNOWN]
    said = answers.probability >= line
    right = answers.known & (answers.nearest == data.word[answers.take])
    own = {one: data.signer[answers.take] == one for one in people}
    known = answers.known
    labels, given = data.word[answers.take][known], np.where(said, answers.nearest, len(data.words))[known]
    return {
        "protocol": "signers" if len(people) > 1 else "takes",
        "signers": len(people),
        **strictness["normal"],
        "calibration_error": float(expected_calibration_error(answers.probability[said], right[said])) if said.any() else None,
        "threshold": line,
        "by_strictness": strictness,
        "strictness": careful[0] if careful else "strict",
        "per_signer": [{"signer": one, **_shares(right, said, known & own[one])} for one in people],
        "per_word": [
            {"word": word, **_shares(right, said, known & (data.word[answers.take] == i))} for i, word in enumerate(data.words)
        ],
        "confused": most_confused(count_confusions(labels, given, len(data.words) + 1), [*data.words, IDLE]),
    }


def _figures(data: Material, answers: Asked, line: float) -> dict[str, Any]:
    said, known = answers.probability >= line, answers.known
    right = answers.nearest == data.word[answers.take]
    signers = data.signer[answers.take]

    def share(values: np.ndarray, rows: np.ndarray) -> tuple[float | None, list[float] | None]:
        if not rows.any():
            return None, None
        groups = signers[rows] if len(set(signers[rows].tolist())) >= ENOUGH_SIGNERS else None
        return float(values[rows].mean()), list(bootstrap_interval(values[rows].astype(float), groups))

    (good, interval), (bad, wrong), (loud, unknown) = share(said & right, known), share(said & ~right, known), share(said, ~known)
    return {
        "asked": int(known.sum()),
        "nearest_right": float(right[known].mean()) if known.any() else None,
        "said_right": good,
        "interval": interval,
        "said_wrong": bad,
        "wrong_interval": wrong,
        "unknown_asked": int((~known).sum()),
        "unknown_said": loud,
        "unknown_interval": unknown,
    }


def _shares(right: np.ndarray, said: np.ndarray, rows: np.ndarray) -> dict[str, Any]:
    count, found = int(rows.sum()), int((right & said)[rows].sum())
    return {
        "asked": count,
        "right": found,
        "wrong": int((said & ~right)[rows].sum()),
        "interval": list(wilson_interval(found, count)),
    }


def _ask_known(data: Material, encoder: SignEncoder) -> Iterator[Asked]:
    people = sorted(set(data.signer.tolist()))
    if len(people) > 1:
        for one in people:
            yield from _ask(data, encoder, data.chosen & (data.signer != one), np.flatnonzero(data.signer == one), True)
    else:
        for take in range(len(data.word)):
            others = data.chosen.copy()
            others[take] = False
            yield from _ask(data, encoder, others, np.array([take]), True)


def _ask_unknown(data: Material, encoder: SignEncoder) -> Iterator[Asked]:
    """Every word is left out once, with others, and asked of a signer who is left out too; nothing with too few words."""
    folds = min(FOLDS, len(data.words) - 1)
    people = sorted(set(data.signer.tolist()))
    for fold in range(folds if len(data.words) > 2 else 0):
        left_out = data.word % folds == fold
        for one in people:
            teachers = data.chosen & ~left_out & ((data.signer != one) | (len(people) == 1))
            yield from _ask(data, encoder, teachers, np.flatnonzero(left_out & (data.signer == one)), False)


def _ask(data: Material, encoder: SignEncoder, taught: np.ndarray, asked: np.ndarray, known: bool) -> Iterator[Asked]:
    """Teaches some takes and asks others; takes of known words that nobody taught are not asked."""
    words = np.unique(data.word[taught])
    if known:
        asked = asked[np.isin(data.word[asked], words)]
    if not len(words) or not len(asked):
        return
    label = np.searchsorted(words, data.word[taught])
    verifier = Verifier.from_recordings(data.embeddings[taught], label, encoder.bank, encoder.rule)
    probability = verifier.probabilities(data.embeddings[asked])[:, :-1]
    yield Asked(asked, words[probability.argmax(axis=1)], probability.max(axis=1), np.full(len(asked), known))


def _join(parts: Sequence[Asked]) -> Asked:
    if not parts:
        none = np.zeros(0, int)
        return Asked(none, none, np.zeros(0), np.zeros(0, bool))
    return Asked(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("take", "nearest", "probability", "known")))
