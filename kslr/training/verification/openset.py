"""Does it stay silent? Some words are taught as in the app, and all words are asked, never-taught ones too. Needs no Keras."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from kslr.core.errors import InputError
from kslr.core.scores import absent_classes, build_report, median_milliseconds
from kslr.encoder import SignEncoder
from kslr.landmarks import HANDS
from kslr.recognizer import SignRecognizer
from kslr.teaching.vocabularies import save_vocabulary
from kslr.teaching.words import new_vocabulary, teach
from kslr.training.datasets import SignData, load_signs
from kslr.training.verification.vocabularies import LEAST_WORDS, SHARE, draw_lesson
from kslr.vocabulary import IDLE, Sign

LEAST_FRAMES = 3  # with a hand, below which nothing is taught


def evaluate_open_set(
    data: str | Path | SignData,
    shots: int = 5,
    share: float = SHARE,
    seeds: int = 10,
    seed: int = 0,
    packs: str | Path | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> dict[str, Any]:
    """Teaches a share of the words from one signer and asks all other recordings, by the app's own path.

    Args:
        shots: recordings of each word that are taught.
        share: of the words that are taught (0–1); the others are never taught.
        seeds: how many vocabularies; each draws a signer, words and recordings.
        progress: called with a line and the done share (0–1).

    Returns:
        The report. Of the signer who taught: ``known_right`` and ``known_wrong`` (shares of the taught words' recordings of
        which the right, or another word is said), ``unknown_said`` (share of the never-taught words' recordings of which a
        word is said), ``auroc`` (of the probability, taught against never taught). Where there are more signers also
        ``other_signer_right``, ``other_signer_wrong`` and ``other_signer_unknown_said``. Each is the mean over vocabularies.
        ``accuracy`` counts a never-taught word as right when nothing is said.

    Raises:
        InputError: no signer has enough words with enough recordings.
    """
    signs = data if isinstance(data, SignData) else load_signs(data, packs)
    encoder, generator = SignEncoder(), np.random.default_rng(seed)
    word = np.array(signs.names)[signs.label]
    usable = np.isfinite(signs.x[..., HANDS]).any(axis=-1).sum(axis=1) >= LEAST_FRAMES
    teachers = _teachers(word[usable], signs.signer[usable], shots)
    rows: list[dict[str, float]] = []
    labels: list[str] = []
    predicted: list[str] = []
    asked: list[int] = []
    for number in range(seeds):
        teacher = str(generator.choice(list(teachers)))
        lesson = draw_lesson(np.where(usable, word, ""), signs.signer, teachers[teacher], shots, share, teacher, generator)
        support, support_word, left, taught = lesson
        recognizer = _teach_words(signs.x[support], support_word, encoder)
        names = {f"w{i}": name for i, name in enumerate(taught)}
        answers = recognizer.recognize_windows(signs.x[left])
        said = np.array([names.get(answer.sign_id or "", IDLE) for answer in answers])
        truth = np.where(np.isin(word[left], taught), word[left], IDLE)
        own = signs.signer[left] == teacher
        rows.append(_figures(truth, said, np.array([answer.probability for answer in answers]), own))
        labels, predicted, asked = [*labels, *truth[own]], [*predicted, *said[own]], [*asked, *left[own]]
        if progress:
            progress(f"vocabulary {number + 1}", (number + 1) / seeds)
    keys = [key for key in rows[0] if any(np.isfinite(row[key]) for row in rows)]
    return build_report(
        task="signs",
        data=signs.name,
        protocol=f"open set: {share:.0%} of the words, {shots} recordings each by one signer, {seeds} vocabularies, seed {seed}",
        labels=labels,
        predicted=predicted,
        groups=asked,
        milliseconds=median_milliseconds(recognizer.recognize_windows, [sample[None] for sample in signs.x[:20]]),
        **{key: float(np.nanmean([row[key] for row in rows])) for key in keys},
        teachers=len(teachers),
        threshold=recognizer.card.calibration["threshold"],
        per_vocabulary=rows,
        encoder=encoder.card.name,
        classes_without_samples=absent_classes(labels, [*signs.names, IDLE]),
    )


def _teachers(word: np.ndarray, signer: np.ndarray, shots: int) -> dict[str, list[str]]:
    """Signer → words with a recording more than are taught, where they are enough for a vocabulary."""
    found = {}
    for name in np.unique(signer):
        words, counts = np.unique(word[signer == name], return_counts=True)
        if (counts > shots).sum() >= LEAST_WORDS:
            found[str(name)] = [str(w) for w in words[counts > shots]]
    if not found:
        raise InputError(
            f"No signer has {LEAST_WORDS} words with {shots + 1} recordings or more. Ask for fewer recordings of each word."
        )
    return found


def _teach_words(x: np.ndarray, label: np.ndarray, encoder: SignEncoder) -> SignRecognizer:
    """The recogniser of a vocabulary file with the words w0, w1, …: labels of data may be no ids of words."""
    vocabulary = new_vocabulary("open set", encoder)
    for name in [f"w{number}" for number in range(int(label.max()) + 1)]:
        windows = x[label == int(name[1:])]
        vocabulary = teach(vocabulary, Sign(name, name, name, name, name), windows, encoder, exemplar=False)
    with tempfile.TemporaryDirectory() as folder:
        return SignRecognizer(save_vocabulary(Path(folder) / "vocabulary.npz", vocabulary))


def _figures(truth: np.ndarray, said: np.ndarray, probability: np.ndarray, own: np.ndarray) -> dict[str, float]:
    """Shares of one vocabulary's questions; NaN where nothing of the kind was asked."""
    known, spoken = truth != IDLE, said != IDLE
    right = said == truth

    def mean(values: np.ndarray, rows: np.ndarray) -> float:
        return float(values[rows].mean()) if rows.any() else float("nan")

    both = (known & own).any() and (~known & own).any()
    return {
        "known_right": mean(right, known & own),
        "known_wrong": mean(spoken & ~right, known & own),
        "unknown_said": mean(spoken, ~known & own),
        "auroc": float(roc_auc_score(known[own], probability[own])) if both else float("nan"),
        "other_signer_right": mean(right, known & ~own),
        "other_signer_wrong": mean(spoken & ~right, known & ~own),
        "other_signer_unknown_said": mean(spoken, ~known & ~own),
    }
