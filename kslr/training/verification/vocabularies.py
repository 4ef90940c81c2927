"""Vocabularies drawn from recordings, as a person would teach them: some words are taught by one signer, all words are asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from kslr.teaching.verification import Rule, Verifier
from kslr.training.verification.people import TAIWANESE, TEST_SIGNERS, VALID_SIGNERS, People

SHARE = 0.6  # of the words are taught, the others are never taught and yet asked
UNKNOWN = 0.3  # share of signs that are no taught word, for which probabilities are calibrated
LEAST_WORDS = 4
LEAST_RECORDINGS = 60  # of a signer who teaches or is asked


@dataclass(frozen=True)
class Lesson:
    """A vocabulary that is taught and asked; rows index the recordings.

    Attributes:
        name: of the source and its signers.
        across: whether another signer is asked than taught.
        support: (n,) rows that are taught; support_word: (n,) 0 … words − 1.
        query: (m,) rows that are asked; truth: (m,) their word, or −1 for a word that was never taught.
    """

    name: str
    across: bool
    support: np.ndarray
    support_word: np.ndarray
    query: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True)
class Answers:
    """The nearest words of many lessons' questions.

    Attributes:
        evidence: (n, 7) of the nearest word, see `kslr.teaching.verification.EVIDENCE`.
        right: (n,) whether the nearest word is the sign's.
        known: (n,) whether the sign's word was taught.
        group: (n,) str, the lesson's name.
        across: (n,) whether another signer was asked than taught.
    """

    evidence: np.ndarray
    right: np.ndarray
    known: np.ndarray
    group: np.ndarray
    across: np.ndarray

    def weights(self) -> np.ndarray:
        """(n,) weights: within and across signers the same, every source the same, and `UNKNOWN` of it never taught."""
        weight = np.zeros(len(self.known))
        for name in np.unique(self.group):
            of_kind = len(np.unique(self.group[self.across == self.across[self.group == name][0]]))
            for known, share in ((True, 1 - UNKNOWN), (False, UNKNOWN)):
                rows = (self.group == name) & (self.known == known)
                weight[rows] = share / max(rows.sum(), 1) / of_kind
        return weight / weight.sum()


def teaching_pairs(data: People) -> list[tuple[str, np.ndarray, np.ndarray, str, str]]:
    """The sources that can be taught: name, rows, their signers, who teaches, who is asked.

    Signers of a source are told apart where the packs name them; otherwise a source is one signer.
    """
    found = []
    for source in np.unique(data.source):
        rows = np.flatnonzero(data.source == source)
        named = rows[data.pack[rows] == "signers_pose_hands"]
        if source == TAIWANESE:  # In the test part the headline is C and D, of whom nothing was learnt.
            held = np.isin(data.signer[named], TEST_SIGNERS)
            rows = named[held if held.any() else np.isin(data.signer[named], VALID_SIGNERS)]
        elif len(named) and len(np.unique(data.signer[named])) > 1:
            rows = named
        signer = data.signer[rows] if len(named) else np.full(len(rows), source)
        people = [str(s) for s, n in zip(*np.unique(signer, return_counts=True), strict=True) if n >= LEAST_RECORDINGS]
        found += [(f"{source} {a} {b}", rows, signer, a, b) for a, b in product(people, people)]
    return found


def draw_lessons(data: People, shots: int, seeds: int, seed: int = 0) -> list[Lesson]:
    """Draws vocabularies: `SHARE` of a source's words are taught from `shots` recordings of one signer."""
    generator, lessons = np.random.default_rng(seed), []
    for name, rows, signer, teacher, asked in teaching_pairs(data):
        own, spare = data.word[rows], int(teacher == asked)
        words = [w for w in np.unique(own) if ((own == w) & (signer == teacher)).sum() >= shots + spare]
        if len(words) < LEAST_WORDS:
            continue
        for _ in range(seeds):
            support, support_word, left, taught = draw_lesson(own, signer, words, shots, SHARE, teacher, generator)
            query = left[signer[left] == asked]
            number = {word: i for i, word in enumerate(taught)}
            truth = np.array([number.get(w, -1) for w in own[query]])
            lessons.append(Lesson(name, teacher != asked, rows[support], support_word, rows[query], truth))
    return lessons


def draw_lesson(
    word: np.ndarray,
    signer: np.ndarray,
    words: Sequence[str],
    shots: int,
    share: float,
    teacher: str,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Draws one vocabulary from n recordings.

    Args:
        word, signer: (n,) str.
        words: those with enough recordings of the teacher; at least one of them is not taught.
        share: of the words that are taught, at least two.

    Returns:
        Rows that are taught, their words as numbers, the rows that are left, and the taught words.
    """
    count = min(max(2, round(share * len(words))), len(words) - 1)
    taught = [str(w) for w in generator.permutation(words)[:count]]
    rows = [generator.permutation(np.flatnonzero((word == w) & (signer == teacher)))[:shots] for w in taught]
    support = np.concatenate(rows)
    return support, np.repeat(np.arange(count), [len(r) for r in rows]), np.setdiff1d(np.arange(len(word)), support), taught


def ask_lessons(embeddings: np.ndarray, bank: np.ndarray, lessons: Sequence[Lesson], rule: Rule) -> Answers:
    """Teaches and asks all lessons; only the rule's weights of nearness matter, not its coefficients."""
    parts = []
    for one in lessons:
        verifier = Verifier.from_recordings(embeddings[one.support], one.support_word, bank, rule)
        evidence = verifier.evidence(embeddings[one.query])
        best = evidence[..., 0].argmax(axis=1)
        known = one.truth >= 0
        flat = (np.full(len(best), one.name), np.full(len(best), one.across))
        parts.append((evidence[np.arange(len(best)), best], (best == one.truth) & known, known, *flat))
    return Answers(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def join_answers(parts: Sequence[Answers]) -> Answers:
    """All answers as one."""
    names = ("evidence", "right", "known", "group", "across")
    return Answers(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
