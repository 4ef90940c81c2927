"""Builds the shipped thirty Kazakh signs on the trained encoder.

Everything measured is of recordings that had no vote: whole clips, and whole recorders of the packs (five parts). The head's
settings and its threshold are chosen on one half of the recorders and idle parts, and on joined streams of validation
recorders in which nobody signs; the figures are of the other half. Figures of streams of test recorders come from
benchmarks/idle.py. The dictionary clips choose nothing.
"""

import json
from dataclasses import replace
from typing import Any

import numpy as np

from kslr.core.calibration import apply_temperature, expected_calibration_error, top_answers
from kslr.core.cards import Card, write_card
from kslr.core.models import LiteModel
from kslr.core.scores import bootstrap_interval, median_milliseconds
from kslr.core.training import current_commit, disagreement, to_litert
from kslr.points import select_points
from kslr.training.cross_validation import is_in_top
from kslr.training.evaluation import evaluate_vocabulary
from kslr.training.networks.encoder import embed_points
from kslr.training.networks.sign_encoder import load_encoder
from kslr.training.ship.choosing import Silence, choose_head, word_confidence
from kslr.training.ship.embedding import EmbeddedRecordings, attach_head, embed_mixture
from kslr.training.ship.heads import Head, leave_out
from kslr.training.ship.mixture import all_false_alarms, foreign_signs, read_word_clips, word_recordings
from kslr.training.ship.options import OUT, Clips, EncoderWeights, Out, Packs
from kslr.training.streams.material import load_material
from kslr.training.train import INPUT, count_recordings, describe_sources
from kslr.vocabulary import IDLE, kslr30

ALARM_MINUTES = 20.0  # of idle streams of each kind, to learn from and again to choose on


def ship_signs(
    encoder: EncoderWeights,
    clips: Clips,
    packs: Packs = None,
    out: Out = OUT,
) -> None:
    """Build kslr30 on a trained encoder."""
    network, read, material = load_encoder(encoder), read_word_clips(clips), load_material(packs)
    unseen = [one.source for side in ("validation", "test") for one in material[side]]
    data, others = word_recordings(read, packs), foreign_signs(packs, 300, seed=0, without=unseen)
    alarms = all_false_alarms(material["train"], ALARM_MINUTES, seed=1)
    rows, fold = embed_mixture(network, read, data, others, alarms)
    asked = np.flatnonzero(rows.own)
    several = np.array([len(set(rows.group[rows.label == c])) > 1 for c in range(len(data.names) + 1)])
    first = np.array([is_in_first_half(group) for group in rows.group[asked]])
    usable = several[rows.label[asked]] & (rows.source[asked] != "rsl")
    quiet = all_false_alarms(material["validation"], ALARM_MINUTES, seed=2)
    silence = Silence(embed_points(network, select_points(quiet.windows)), quiet.minutes)
    head = choose_head(rows, fold, asked[usable & first], silence)
    answers = leave_out(replace(head, temperature=1.0), fold, asked)
    soft = apply_temperature(answers, head.temperature)
    calibrating = usable & ~first
    confidence, correct = top_answers(soft[calibrating], rows.label[asked][calibrating])
    recorders = (rows.source[asked] == "ksl30_by_meaning") & ~first
    figures: dict[str, Any] = {
        "clips": clip_figures(rows, asked, answers, data.names),
        "new_recorders": recorder_figures(rows, asked[recorders], answers[recorders]),
        "calibration_error": expected_calibration_error(confidence, correct),
        "rejection": rejection_figures(head, rows, asked[~first], soft[~first]),
    }
    model = attach_head(network, head, "kslr30")
    weights = to_litert(model)
    samples = np.nan_to_num(data.x[:50])
    figures["keras_litert_difference"] = disagreement(model, weights, samples[:16])
    figures["milliseconds"] = median_milliseconds(LiteModel(weights), samples[:, None])
    untrained = ", ".join(s.en.lower() for s in kslr30().signs if s.id not in data.names)
    no_sign = {
        "idle parts of clips": (int(((rows.source == "idle") & rows.own).sum()), "as rsl"),
        "other signs of the packs": (len(others), "as the packs"),
        "what the segmenter found in joined streams without signing": (len(alarms.windows), "as the packs"),
    }
    card = Card(
        name="kslr30",
        task="signs",
        labels=(*data.names, IDLE),
        input=INPUT,
        sources=(
            *describe_sources(data),
            *({"name": f"no sign: {name}", "samples": n, "licence": licence} for name, (n, licence) in no_sign.items()),
        ),
        protocol="The shipped encoder, frozen; every recording and its augmented copies vote by nearness. Figures: each clip "
        "asked while it has no vote (clips), recorders asked while they have none (new_recorders). Settings and temperature "
        "from one half of the recorders, the threshold from them and from streams of validation recorders without signing, "
        "figures from the other half; how settings are chosen was changed after looking at such figures, so they are a little "
        "too good. Command: python -m kslr.training.ship signs ENCODER CLIPS.",
        figures=figures,
        calibration={"temperature": head.temperature, "threshold": head.threshold},
        limits=f"No recordings of {untrained}: never an answer. Most words were learnt from one or two Russian Sign Language "
        "clips and from signs of other languages with the same meaning, whose form can differ from the Kazakh sign. Research "
        "and demonstration only.",
        commit=current_commit(),
        weights={},
        extra={"architecture": "kslr_net", "encoder": encoder.name, "trained_on": count_recordings(data)},
    )
    path = write_card(out, card, weights)
    # Agreement of the shipped network with itself, on the clips that it learnt from; it does not say how right it is.
    figures["agreement"] = evaluate_vocabulary(clips, path, invariance=True)["agreement"]
    write_card(out, replace(card, figures=figures), weights)
    print(json.dumps(figures, indent=1))


def is_in_first_half(name: str) -> bool:
    """Whether a group (clip, recorder) belongs to one half of all groups, the same in every run."""
    return sum(name.encode()) % 2 == 0


def clip_figures(rows: EmbeddedRecordings, asked: np.ndarray, answers: np.ndarray, names: tuple[str, ...]) -> dict[str, Any]:
    """Top-1 and top-5 of left-out dictionary clips, for words with several clips and for those with any other recording.

    A clip has one answer: the mean log-probability over its signs, of words only.
    """
    group, label = rows.group[asked], rows.label[asked]
    orders: dict[str, np.ndarray] = {}
    words: dict[str, int] = {}
    for clip in np.unique(group[rows.source[asked] == "rsl"]):
        own = (rows.source[asked] == "rsl") & (group == clip)
        orders[str(clip)] = np.argsort(-np.log(answers[own][:, : len(names)] + 1e-12).mean(axis=0))
        words[str(clip)] = int(label[own][0])
    kinds = {
        "several_clips": [c for c in words if list(words.values()).count(words[c]) > 1],
        "any_other_recording": [c for c in words if set(rows.group[rows.label == words[c]]) - {c}],
    }
    figures: dict[str, Any] = {"clips": len(words)}
    for kind, clips in kinds.items():
        top1, top5 = (np.array([words[c] in orders[c][:k] for c in clips]) for k in (1, 5))
        interval = list(bootstrap_interval(top1))
        figures[kind] = {"clips": len(clips), "top1": float(top1.mean()), "interval": interval, "top5": float(top5.mean())}
    figures["answers"] = {c: [names[i] for i in orders[c][:5]] for c in kinds["any_other_recording"]}
    return figures


def recorder_figures(rows: EmbeddedRecordings, asked: np.ndarray, answers: np.ndarray) -> dict[str, Any]:
    """Accuracy of words by recorders who had no vote."""
    words, label = answers[:, :-1], rows.label[asked]
    right = words.argmax(axis=1) == label
    return {
        "samples": len(asked),
        "accuracy": float(right.mean()),
        "interval": list(bootstrap_interval(right, rows.group[asked])),
        "top5_accuracy": float(is_in_top(words, label).mean()),
    }


def rejection_figures(head: Head, rows: EmbeddedRecordings, asked: np.ndarray, soft: np.ndarray) -> dict[str, Any]:
    """What the threshold keeps and rejects, on rows that it was not chosen on.

    ``windows_rejected`` is of idle windows that the segmenter let through, which are few and hard.
    """
    label, source, last = rows.label[asked], rows.source[asked], soft.shape[1] - 1
    kept = word_confidence(soft) >= max(head.threshold, 1e-9)
    words = (label < last) & (source != "rsl")
    right = words & (soft[:, :last].argmax(axis=1) == label)
    return {
        "signs_kept": float(kept[words].mean()),
        "right_signs_kept": float(kept[right].mean()),
        "right_signs_kept_interval": list(bootstrap_interval(kept[right], rows.group[asked][right])),
        "windows_rejected": float((~kept)[np.isin(source, ["idle", "alarm"])].mean()),
        "other_signs_rejected": float((~kept)[source == "foreign"].mean()),
    }
