"""Builds the shipped thirty Kazakh signs: recordings as embeddings, asked by the same rule as taught words. Needs no Keras.

A word that several recorders sign in several ways has a variant for each way (`group_variants`). Everything measured is of
recordings that were left out: whole clips, and whole recorders of the packs (five parts). The probability from which a word
is said is chosen on validation words that are none of ours and on streams of validation recorders in which nobody signs;
what is said of test words is measured and chooses nothing.
"""

import json
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.cluster import AgglomerativeClustering

from kslr.core.calibration import expected_calibration_error
from kslr.core.cards import Card, write_card
from kslr.core.scores import bootstrap_interval, median_milliseconds
from kslr.core.training import current_commit
from kslr.encoder import SignEncoder
from kslr.teaching.verification import Verifier
from kslr.training.datasets import SignData
from kslr.training.evaluation import evaluate_vocabulary
from kslr.training.ship.mixture import all_false_alarms, is_ours, read_word_clips, word_recordings
from kslr.training.ship.options import OUT, Clips, Out, Packs
from kslr.training.streams.material import load_material
from kslr.training.train import INPUT, count_recordings, describe_sources
from kslr.training.verification.people import TEST, VALID, embed_people, read_people, split_roles
from kslr.vocabulary import IDLE, kslr30

VARIANT = 0.9  # cosine distance, on the average of all pairs, from which recordings of a word are variants of it
UNKNOWN_SAID = 0.05  # share of validation signs of other words of which a word may be said
FALSE_WORDS = 0.4  # a minute, in validation streams of resting, scratching and posing people
CERTAIN = np.arange(0.5, 0.995, 0.01)  # candidates
ALARM_MINUTES = 20.0  # of idle streams of each kind
OTHERS = 3000  # signs of other words, of each part, that are asked at most


def ship_signs(clips: Clips, packs: Packs = None, out: Out = OUT) -> None:
    """Build kslr30 on the encoder that lies in the folder."""
    encoder = SignEncoder(out / "sign_encoder.json")
    data = word_recordings(read_word_clips(clips), packs)
    z, fold = embed_windows(encoder, data.x), leave_out_parts(data)
    label, word = group_variants(z, data.label)
    verifier = Verifier.from_recordings(z, label, encoder.bank, encoder.rule, word)
    others = other_signs(encoder, packs)
    alarms = all_false_alarms(load_material(packs)["validation"], ALARM_MINUTES, seed=2)
    spoken = best_words(verifier, embed_windows(encoder, alarms.windows))[1]
    certain = choose_certainty(best_words(verifier, others["valid"])[1], spoken, alarms.minutes)
    answers = leave_out(encoder, z, data.label, fold)
    recorder = data.source == "ksl30_by_meaning"
    figures: dict[str, Any] = {
        "new_recorders": left_out_figures(answers, data, recorder, certain),
        "new_recorders_of_new_packs": left_out_figures(answers, data, recorder & np.isin(data.signer, [*VALID, *TEST]), certain),
        "clips": clip_figures(answers, data),
        "other_signs_said": {part: said_share(best_words(verifier, found)[1] >= certain) for part, found in others.items()},
        "false_words_a_minute": float((spoken >= certain).sum() / alarms.minutes),
        "variants": len(word),
        "milliseconds": median_milliseconds(lambda x: verifier.probabilities(encoder.embed(x)), data.x[:50, None]),
    }
    untrained = ", ".join(s.en.lower() for s in kslr30().signs if s.id not in data.names)
    card = Card(
        name="kslr30",
        task="signs",
        labels=(*data.names, IDLE),
        input=INPUT,
        sources=describe_sources(data),
        protocol="Recordings embedded by the shipped encoder and asked by its rule of verification; a word is as near as its "
        "nearest variant. Left-out figures: each clip, and each recorder's recordings, asked while they are not known "
        "(new_recorders_of_new_packs: recorders whom the encoder has not seen either). The probability from which a word is "
        "said is chosen on other words and idle streams of the validation part. Command: python -m kslr.training.ship signs "
        "CLIPS.",
        figures=figures,
        calibration={"temperature": 1.0, "threshold": certain},
        limits=f"No recordings of {untrained}: never an answer. Most words were learnt from one or two Russian Sign Language "
        "clips and from signs of other languages with the same meaning, whose form can differ from the Kazakh sign. Research "
        "and demonstration only.",
        commit=current_commit(),
        weights={},
        extra={"encoder": encoder.card.weights["sha256"], "trained_on": count_recordings(data)},
    )
    arrays = {"rows": z.astype(np.float16), "label": label.astype(np.int16), "word": word.astype(np.int16)}
    path = write_card(out, card, None, arrays)
    # Agreement of what is shipped with itself, on clips that it knows; it does not say how right it is.
    figures["agreement"] = evaluate_vocabulary(clips, path, invariance=True)["agreement"]
    write_card(out, replace(card, figures=figures), None, arrays)
    print(json.dumps(figures, indent=1, ensure_ascii=False))


def embed_windows(encoder: SignEncoder, x: np.ndarray, batch: int = 64) -> np.ndarray:
    """(n, frames, 1662) windows → (n, values) embeddings."""
    return np.concatenate([encoder.embed(x[i : i + batch]) for i in range(0, len(x), batch)])


def group_variants(z: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parts the recordings of each word into the ways in which it is signed.

    Args:
        z: (n, values) embeddings; label: (n,) their words, each of 0 … words − 1.

    Returns:
        (n,) the variant of each recording, and (variants,) the word of each variant, ascending.
    """
    variant = np.zeros(len(z), int)
    word: list[int] = []
    clusters = AgglomerativeClustering(None, metric="cosine", linkage="average", distance_threshold=VARIANT)
    for one in np.unique(label):
        own = np.flatnonzero(label == one)
        found = clusters.fit_predict(z[own]) if len(own) > 1 else np.zeros(1, int)
        variant[own] = found + len(word)
        word += [int(one)] * (found.max() + 1)
    return variant, np.array(word)


def leave_out_parts(data: SignData) -> np.ndarray:
    """(n,) str, what is left out together: a clip, or one of five parts of the packs' recorders."""
    recorders = np.unique(data.signer[data.source == "ksl30_by_meaning"])
    part = {one: f"part {i % 5}" for i, one in enumerate(np.random.default_rng(0).permutation(recorders))}
    return np.array([part.get(signer, signer) for signer in data.signer])


def leave_out(encoder: SignEncoder, z: np.ndarray, label: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """(n, words) probabilities of every recording, asked of those outside its fold; a word without recordings there has 0."""
    answers = np.zeros((len(z), label.max() + 1))
    for one in np.unique(fold):
        own = fold == one
        there, known = np.unique(label[~own], return_inverse=True)
        variant, word = group_variants(z[~own], known)
        verifier = Verifier.from_recordings(z[~own], variant, encoder.bank, encoder.rule, word)
        answers[np.ix_(own, there)] = verifier.probabilities(z[own])[:, :-1]
    return answers


def best_words(verifier: Verifier, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) the nearest word of each embedding, and its probability."""
    probabilities = verifier.probabilities(z)[:, :-1]
    return probabilities.argmax(axis=1), probabilities.max(axis=1)


def other_signs(encoder: SignEncoder, packs: Packs, seed: int = 0) -> dict[str, np.ndarray]:
    """Embeddings of signs whose words are none of ours, of the validation and the test part of the split."""
    data = read_people(packs)
    role, ours = split_roles(data), np.array([is_ours(word) for word in data.word])
    generator = np.random.default_rng(seed)
    chosen = {part: generator.permutation(np.flatnonzero((role == part) & ~ours))[:OTHERS] for part in ("valid", "test")}
    return {part: embed_people(encoder, data[rows].points) for part, rows in chosen.items()}


def choose_certainty(others: np.ndarray, alarms: np.ndarray, minutes: float) -> float:
    """The lowest probability of a said word with which other signs and idle people are met with silence.

    Args:
        others: (n,) probability of the nearest word for signs of other words.
        alarms: (m,) the same for what the segmenter found in `minutes` in which nobody signs.
    """
    for certain in CERTAIN:
        if (others >= certain).mean() <= UNKNOWN_SAID and (alarms >= certain).sum() <= FALSE_WORDS * minutes:
            break
    return round(float(certain), 2)


def said_share(said: np.ndarray) -> dict[str, Any]:
    """Of how many signs a word is said, with its interval."""
    return {"samples": len(said), "share": float(said.mean()), "interval": list(bootstrap_interval(said))}


def left_out_figures(answers: np.ndarray, data: SignData, asked: np.ndarray, certain: float) -> dict[str, Any]:
    """Accuracy, and what is said rightly and wrongly, of recordings whose word others show too; intervals over recorders."""
    asked = asked & np.array([np.unique(data.signer[data.label == label]).size > 1 for label in data.label])
    found, label, signer = answers[asked], data.label[asked], data.signer[asked]
    right, said = found.argmax(axis=1) == label, found.max(axis=1) >= certain
    figures: dict[str, Any] = {"samples": len(label), "recorders": len(np.unique(signer))}
    first_five = (np.argsort(-found, axis=1)[:, :5] == label[:, None]).any(axis=1)
    shares = {"accuracy": right, "top5_accuracy": first_five, "said_rightly": right & said, "said_wrongly": ~right & said}
    for name, share in shares.items():
        figures |= {name: float(share.mean()), f"{name}_interval": list(bootstrap_interval(share, signer))}
    if said.any():
        figures["calibration_error"] = expected_calibration_error(found.max(axis=1)[said], right[said])
    return figures


def clip_figures(answers: np.ndarray, data: SignData) -> dict[str, Any]:
    """Top-1 and top-5 of left-out dictionary clips, for words with several clips and for those with any other recording.

    A clip has one answer: the mean log-probability over its signs.
    """
    names, orders, words = data.names, {}, {}
    for clip in np.unique(data.signer[data.source == "rsl"]).tolist():
        own = (data.source == "rsl") & (data.signer == clip)
        orders[clip] = np.argsort(-np.log(answers[own] + 1e-12).mean(axis=0))
        words[clip] = int(data.label[own][0])
    kinds = {
        "several_clips": [c for c in words if list(words.values()).count(words[c]) > 1],
        "any_other_recording": [c for c in words if set(data.signer[data.label == words[c]]) - {c}],
    }
    figures: dict[str, Any] = {"clips": len(words)}
    for kind, chosen in kinds.items():
        top1, top5 = (np.array([words[c] in orders[c][:k] for c in chosen]) for k in (1, 5))
        interval = list(bootstrap_interval(top1))
        figures[kind] = {"clips": len(chosen), "top1": float(top1.mean()), "interval": interval, "top5": float(top5.mean())}
    figures["answers"] = {c: [names[i] for i in orders[c][:5]] for c in kinds["any_other_recording"]}
    return figures
