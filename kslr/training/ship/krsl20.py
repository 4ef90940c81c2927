"""Builds the shipped question words of Kazakh-Russian Sign Language: recordings as embeddings, asked by the rule of verification.

Ten words, each signed as a statement and as a question: two variants of one word, because what tells them apart is mostly the
face, which the data set lacks (benchmarks/krsl20_questions.py). Recordings are stretched to the whole window, as the app
stretches what its segmenter cuts out. Measured on each of the five signers while the words know only the others. Needs no Keras.
"""

import json
from dataclasses import replace
from typing import Any

import numpy as np

from kslr.augment import sample_times
from kslr.core.calibration import expected_calibration_error
from kslr.core.cards import Card, write_card
from kslr.core.scores import bootstrap_interval, median_milliseconds
from kslr.core.training import current_commit
from kslr.encoder import SignEncoder
from kslr.teaching.verification import Verifier
from kslr.training.cross_validation import statement_of
from kslr.training.datasets import SignData, load_signs
from kslr.training.packs import FRAMES
from kslr.training.ship.mixture import all_false_alarms
from kslr.training.ship.options import OUT, Out, Packs
from kslr.training.ship.signs import (
    ALARM_MINUTES,
    best_words,
    choose_certainty,
    embed_windows,
    group_variants,
    other_signs,
    said_share,
)
from kslr.training.streams.material import load_material
from kslr.training.train import INPUT, count_recordings, describe_sources
from kslr.vocabulary import IDLE

EACH = 10  # recordings of a class by a signer; more add little and make the bank of other signs look nearer


def ship_krsl20(packs: Packs = None, out: Out = OUT) -> None:
    """Build krsl20 on the encoder that lies in the folder."""
    encoder = SignEncoder(out / "sign_encoder.json")
    data = merge_statements(stretch_recordings(load_signs("krsl20_hands", packs)))
    z, kept = embed_windows(encoder, data.x), take_each(data, EACH)
    verifier = _learn(encoder, z[kept], data.label[kept])
    others = other_signs(encoder, packs)
    alarms = all_false_alarms(load_material(packs)["validation"], ALARM_MINUTES, seed=2)
    spoken = best_words(verifier, embed_windows(encoder, alarms.windows))[1]
    certain = choose_certainty(best_words(verifier, others["valid"])[1], spoken, alarms.minutes)
    figures = {
        "new_signer": _leave_signers_out(encoder, z, data, kept, certain),
        "other_signs_said": {part: said_share(best_words(verifier, found)[1] >= certain) for part, found in others.items()},
        "false_words_a_minute": float((spoken >= certain).sum() / alarms.minutes),
        "milliseconds": median_milliseconds(lambda x: verifier.probabilities(encoder.embed(x)), data.x[:50, None]),
    }
    card = Card(
        name="krsl20",
        task="signs",
        labels=(*data.names, IDLE),
        input=INPUT,
        sources=describe_sources(data[kept]),
        protocol=f"{EACH} recordings of each class by each signer, embedded by the shipped encoder and asked by its rule of "
        "verification; statement and question are one word. new_signer: each signer asked while the words know only the others; "
        "the probability from which a word is said is chosen on other words and idle streams of the validation part. "
        "Command: python -m kslr.training.ship krsl20.",
        figures=figures,
        calibration={"temperature": 1.0, "threshold": certain},
        limits="Ten question words by five signers, hands alone: whether a word is asked or stated is not told. A signer of "
        "another style is often met with silence. Research and demonstration only.",
        commit=current_commit(),
        weights={},
        extra={"encoder": encoder.card.weights["sha256"], "trained_on": count_recordings(data[kept])},
    )
    arrays = {"rows": verifier.rows.astype(np.float16), "label": verifier.label.astype(np.int16)}
    write_card(out, card, None, {**arrays, "word": verifier.word.astype(np.int16)})
    print(json.dumps(figures, indent=1, ensure_ascii=False))


def stretch_recordings(data: SignData, frames: int = FRAMES) -> SignData:
    """The data with every recording evenly over the whole window; those without a hand are left out."""
    seen = np.isfinite(data.x).any(axis=2)
    rows = np.flatnonzero(seen.sum(axis=1) >= 3)
    length = seen.shape[1] - seen[rows, ::-1].argmax(axis=1)
    positions = np.linspace(0, 1, frames)[None] * (length - 1)[:, None]
    return replace(data[rows], x=sample_times(data.x[rows], positions).astype(np.float32))


def merge_statements(data: SignData) -> SignData:
    """The data with statement and question as one word."""
    words, index = np.unique([statement_of(name) for name in data.names], return_inverse=True)
    return replace(data, names=tuple(words.tolist()), label=index[data.label])


def take_each(data: SignData, count: int, seed: int = 0) -> np.ndarray:
    """Rows of at most so many recordings of each word by each signer, twice as many as of a class; ascending."""
    generator, rows = np.random.default_rng(seed), []
    for word in range(len(data.names)):
        for signer in np.unique(data.signer):
            own = np.flatnonzero((data.label == word) & (data.signer == signer))
            rows.append(generator.permutation(own)[: 2 * count])
    return np.sort(np.concatenate(rows))


def _learn(encoder: SignEncoder, z: np.ndarray, label: np.ndarray) -> Verifier:
    variant, word = group_variants(z, label)
    return Verifier.from_recordings(z, variant, encoder.bank, encoder.rule, word)


def _leave_signers_out(encoder: SignEncoder, z: np.ndarray, data: SignData, kept: np.ndarray, certain: float) -> dict[str, Any]:
    """What is said to each signer by words that know only the other signers; intervals over recordings."""
    answers = np.zeros((len(z), len(data.names)))
    for signer in np.unique(data.signer):
        own, others = data.signer == signer, kept[data.signer[kept] != signer]
        answers[own] = _learn(encoder, z[others], data.label[others]).probabilities(z[own])[:, :-1]
    right, said = answers.argmax(axis=1) == data.label, answers.max(axis=1) >= certain
    figures: dict[str, Any] = {"samples": len(z), "signers": len(np.unique(data.signer))}
    for name, share in {"accuracy": right, "said_rightly": right & said, "said_wrongly": ~right & said}.items():
        figures |= {name: float(share.mean()), f"{name}_interval": list(bootstrap_interval(share))}
    figures["accuracy_of_each"] = {str(one): float(right[data.signer == one].mean()) for one in np.unique(data.signer)}
    if said.any():
        figures["calibration_error"] = expected_calibration_error(answers.max(axis=1)[said], right[said])
    return figures
