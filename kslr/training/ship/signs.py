"""Builds the shipped sign models from a pretrained encoder: the encoder's own card, and the thirty Kazakh signs on it.

    python kslr/training/ship/signs.py ENCODER.weights.h5 CLIPS [--packs FOLDER] [--few-shot FIGURES.json] [--out models]

CLIPS holds the dictionary clips (or their landmarks). Everything measured is of recordings that had no vote: whole
clips, and whole recorders of the packs (five parts). The head's settings and its operating point are chosen on one half
of the recorders and idle parts, and on joined streams of validation recorders in which nobody signs; the figures are of
the other half, and those of streams of test recorders come from benchmarks/idle.py. The dictionary clips choose nothing.
"""

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.calibration import apply_temperature, expected_calibration_error, top_answers
from kslr.core.cards import ROOT, Card, current_commit, write_card
from kslr.core.runtime import LiteModel
from kslr.core.scores import bootstrap_interval, median_milliseconds
from kslr.encoder import TASK, embed_points, packed, symmetric
from kslr.points import select
from kslr.recognizer import IDLE
from kslr.teaching.heads import Head, balanced, calibrated
from kslr.training.datasets import SignData
from kslr.training.cross_validation import top_k
from kslr.training.evaluation import evaluate_vocabulary
from kslr.training.export import disagreement, to_litert
from kslr.training.networks.kslr_net import kslr_encoder
from kslr.training.ship.embedded import Embedded, embedded, with_head
from kslr.training.ship.mixture import Clip, FalseAlarms, false_alarms, foreign, read_clips, words
from kslr.training.streams.joining import Part, load_parts
from kslr.training.train import INPUT, sources, trained_on
from kslr.vocabulary import kslr30

SHARPNESS = (20.0, 40.0, 80.0)  # tried; how much more nearer recordings count
IDLE_PRIORS = (1.0, 3.0, 6.0)  # tried; what no sign counts beside a word
FOREIGN = (0.1, 0.3, 1.0)  # tried; what signs of other words count beside idle hands within no sign
FALSE_WORDS = 0.8  # a minute of validation streams in which nobody signs; one is allowed
KEPT = 0.97  # share of rightly read words of the choosing half that is kept, where that can be had
ALARM_MINUTES = 20.0  # of idle streams of each kind, to learn from and again to choose on
BACKGROUND = 160  # rows of no sign that every taught vocabulary is told from


def mixture(
    encoder: Any, clips: list[Clip], data: SignData, others: SignData, alarms: FalseAlarms
) -> tuple[Embedded, np.ndarray]:
    """Everything embedded, and the group that is left out together with a row."""
    idle = [(c.name, c.idle) for c in clips if len(c.idle)]
    x = np.concatenate([data.x, others.x, alarms.windows, *[w for _, w in idle]])
    last, counts = len(data.names), [len(w) for _, w in idle]
    kinds = ["foreign"] * len(others) + ["alarm"] * len(alarms.windows) + ["idle"] * sum(counts)
    label = np.concatenate([data.label, np.full(len(kinds), last)])
    source = np.concatenate([data.source, kinds])
    group = np.concatenate([data.signer, others.signer, alarms.source, np.repeat([n for n, _ in idle], counts)])
    copies = np.select([source == "rsl", source == "idle"], [12, 6], 1)
    rows = embedded(encoder, x, label, group, source, copies)
    recorders = np.unique(rows.group[np.isin(rows.source, ["ksl30_by_meaning", "foreign", "alarm"])])
    part = {g: f"part {i % 5}" for i, g in enumerate(np.random.default_rng(0).permutation(recorders))}
    return rows, np.array([part.get(g, g) for g in rows.group])


def answers(head: Head, rows: Embedded, fold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every recording asked while its whole fold (recorder, clip) has no vote."""
    asked = np.flatnonzero(rows.own)
    return asked, head.probabilities(rows.embeddings[asked], fold[asked][:, None] == fold[None])


def idle_alarms(parts: list[Part], seed: int) -> FalseAlarms:
    """What the segmenter takes for signs in streams of resting, scratching and posing people, as long of each."""
    kinds = (("posing", 0.0), ("scratching", 0.7), ("posing", 0.7))
    found = [false_alarms(parts, ALARM_MINUTES, seed + 10 * i, touches, kind) for i, (kind, touches) in enumerate(kinds)]
    windows, sources = (np.concatenate([getattr(one, name) for one in found]) for name in ("windows", "source"))
    return FalseAlarms(windows, sources, sum(one.minutes for one in found))


def said(p: np.ndarray, last: int) -> np.ndarray:
    """(n,) the probability with which a word would be said, 0 where no sign is more probable."""
    best = p[:, :last].max(axis=1)
    return np.where(best >= p[:, last], best, 0.0)


def threshold_for(alarms: np.ndarray, minutes: float) -> float:
    """The lowest threshold above which at most FALSE_WORDS a minute are said.

    Args:
        alarms: `said` of what the segmenter found in that time where nobody signed.
    """
    allowed = int(FALSE_WORDS * minutes)
    ordered = np.sort(alarms)[::-1]
    return float(np.nextafter(ordered[allowed], 1.0)) if len(ordered) > allowed else 0.0


def settled(
    rows: Embedded, fold: np.ndarray, label: np.ndarray, choosing: np.ndarray, alarms: tuple[np.ndarray, float]
) -> tuple[Head, dict[str, Any]]:
    """The head whose settings answer best under the bound on false words, and what every setting reached.

    The threshold is the highest that keeps KEPT of what is read rightly, and higher only where the bound asks for it.
    Best is: most words read rightly and said, and most other signs turned away, both counting the same, of the settings
    that do keep so much (of those that keep most, when none does).

    Args:
        label: of the rows that are asked; choosing: which of these may choose.
        alarms: embeddings of what the segmenter found in streams in which nobody signs, and their minutes.
    """
    last = int(rows.label.max())
    asked = np.flatnonzero(rows.own)[choosing]
    word, other = label[choosing] < last, rows.source[asked] == "foreign"
    tried: dict[str, Any] = {}
    heads: list[tuple[float, float, Head]] = []
    for sharpness in SHARPNESS:
        for prior in IDLE_PRIORS:
            for share in FOREIGN:
                weight = balanced(rows.label, rows.source, {last: prior})
                weight[rows.source == "foreign"] *= share
                head = Head(rows.embeddings, rows.label, weight, sharpness)
                p = answers(head, rows, fold)[1][choosing]
                head = calibrated(head, p, label[choosing])
                soft = apply_temperature(p, head.temperature)
                right = soft[:, :last].argmax(axis=1) == label[choosing]
                sure = float(np.quantile(said(soft, last)[word & right], 1 - KEPT))
                silent = threshold_for(said(head.probabilities(alarms[0]), last), alarms[1])
                head = replace(head, threshold=max(sure, silent))
                kept = said(soft, last) >= max(head.threshold, 1e-9)
                reached = {
                    "threshold": head.threshold,
                    "right_words_kept": float(kept[word & right].mean()),
                    "words_read": float((kept & right)[word].mean()),
                    "other_signs_rejected": float((~kept)[other].mean()),
                }
                tried[f"sharpness {sharpness:g}, no-sign prior {prior:g}, foreign share {share:g}"] = reached
                score = (reached["words_read"] + reached["other_signs_rejected"]) / 2
                heads.append((min(reached["right_words_kept"], KEPT), score, head))
    return max(heads, key=lambda one: one[:2])[2], tried


def by_clip(rows: Embedded, asked: np.ndarray, p: np.ndarray, label_count: int) -> list[dict[str, Any]]:
    """One answer a dictionary clip: mean log-probability over its signs; only words, not the no-sign class."""
    out = []
    signs = rows.source[asked] == "rsl"
    for clip in np.unique(rows.group[asked][signs]):
        own = signs & (rows.group[asked] == clip)
        score = np.log(p[own][:, :label_count] + 1e-12).mean(axis=0)
        out.append({"clip": str(clip), "label": int(rows.label[asked][own][0]), "order": np.argsort(-score)})
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", type=Path)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--packs", type=Path)
    parser.add_argument("--few-shot", type=Path, help="what kslr/training/ship/encoder.py wrote")
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    encoder = kslr_encoder()
    encoder.load_weights(arguments.encoder)
    clips = read_clips(arguments.clips)
    parts = load_parts(arguments.packs)
    unseen = [part.source for side in ("validation", "test") for part in parts[side]]
    data, others = words(clips, arguments.packs), foreign(arguments.packs, 300, seed=0, without=unseen)
    alarms = idle_alarms(parts["train"], seed=1)
    rows, fold = mixture(encoder, clips, data, others, alarms)
    last = len(data.names)
    asked = np.flatnonzero(rows.own)
    label, source = rows.label[asked], rows.source[asked]
    with_others = np.array([len(set(rows.group[(rows.label == c)])) > 1 for c in range(last + 1)])[label]
    half = np.array([hash_half(g) for g in rows.group[asked]])
    usable = with_others & (source != "rsl")
    quiet = idle_alarms(parts["validation"], seed=2)
    heard = (embed_points(encoder, select(quiet.windows)), quiet.minutes)
    chosen, tried = settled(rows, fold, label, usable & half, heard)
    other = settled(rows, fold, label, usable & ~half, heard)[0]
    other_soft = apply_temperature(answers(replace(other, temperature=1.0), rows, fold)[1], other.temperature)
    asked, p = answers(replace(chosen, temperature=1.0), rows, fold)
    soft = apply_temperature(p, chosen.temperature)
    packs = (source == "ksl30_by_meaning") & ~half
    figures = {
        "clips": clip_figures(by_clip(rows, asked, p, last), data, rows),
        "new_recorders": {
            "samples": int(packs.sum()),
            "accuracy": float((p[packs, :last].argmax(axis=1) == label[packs]).mean()),
            "interval": list(bootstrap_interval(p[packs, :last].argmax(axis=1) == label[packs], rows.group[asked][packs])),
            "top5_accuracy": float(top_k(p[packs, :last], label[packs]).mean()),
        },
        "calibration_error": expected_calibration_error(*top_answers(soft[usable & ~half], label[usable & ~half])),
        "rejection": rejection(soft, label, source, rows.group[asked], ~half, last, chosen.threshold),
        # How settings are chosen was settled while the figures above were seen, these not.
        "rejection_halves_changed_over": rejection(other_soft, label, source, rows.group[asked], half, last, other.threshold),
    }
    network = with_head(encoder, chosen, "kslr30")
    weights = to_litert(network)
    figures["keras_litert_difference"] = disagreement(network, weights, np.nan_to_num(data.x[:16]))
    figures["milliseconds"] = median_milliseconds(LiteModel(weights), [np.nan_to_num(s[None]) for s in data.x[:50]])
    untrained = ", ".join(s.en.lower() for s in kslr30().signs if s.id not in data.names)
    card = Card(
        name="kslr30",
        task="signs",
        labels=(*data.names, IDLE),
        input=INPUT,
        sources=(
            *sources(data),
            {
                "name": "no sign: idle parts of clips",
                "samples": int(((rows.source == "idle") & rows.own).sum()),
                "licence": "as rsl",
            },
            {"name": "no sign: other signs of the packs", "samples": len(others), "licence": "as the packs"},
            {
                "name": "no sign: what the segmenter found in joined streams without signing",
                "samples": len(alarms.windows),
                "licence": "as the packs",
            },
        ),
        protocol="The shipped encoder, frozen; every recording and its augmented copies vote by nearness. Figures: each clip asked while "  # noqa: E501
        "it has no vote (clips), recorders asked while they have none (new_recorders). Settings and temperature from one half "
        "of the recorders, the threshold from them and from streams of validation recorders without signing, figures from the other half; how "  # noqa: E501
        "settings are chosen was changed after looking at such figures, so they are a little too good. Command: "
        "python kslr/training/ship/signs.py ENCODER CLIPS.",
        figures=figures,
        calibration={"temperature": chosen.temperature, "threshold": chosen.threshold},
        limits=f"No recordings of {untrained}: never an answer. Most words were learnt from one or two Russian Sign Language clips and "  # noqa: E501
        "from signs of other languages with the same meaning, whose form can differ from the Kazakh sign. Research and demonstration only.",  # noqa: E501
        commit=current_commit(),
        weights={},
        extra={
            "architecture": "kslr_net",
            "encoder": arguments.encoder.name,
            "trained_on": trained_on(data),
            "settings_tried": tried,
        },
    )
    path = write_card(arguments.out, card, weights)
    # Of the shipped network with itself, on the clips that it learnt from; not of how right it is.
    figures["agreement"] = evaluate_vocabulary(arguments.clips, path, invariance=True)["agreement"]
    write_card(arguments.out, replace(card, figures=figures), weights)
    print(json.dumps(figures, indent=1))
    ship_encoder(arguments, encoder, rows, data)


def hash_half(name: str) -> bool:
    """One half of the groups, the same at every run."""
    return sum(name.encode()) % 2 == 0


def clip_figures(asked: list[dict[str, Any]], data: SignData, rows: Embedded) -> dict[str, Any]:
    """Top-1 and top-5 of left-out clips, for words with several clips and for those with any other recording."""
    own = {a["clip"] for a in asked}
    several = [a for a in asked if sum(b["label"] == a["label"] for b in asked) > 1]
    others = [a for a in asked if len(set(rows.group[rows.label == a["label"]]) - {a["clip"]}) > 0]
    out: dict[str, Any] = {"clips": len(own)}
    for name, part in (("several_clips", several), ("any_other_recording", others)):
        top1, top5 = (np.array([a["label"] in a["order"][:k] for a in part]) for k in (1, 5))
        out[name] = {
            "clips": len(part),
            "top1": float(top1.mean()),
            "interval": list(bootstrap_interval(top1)),
            "top5": float(top5.mean()),
        }
    out["answers"] = {a["clip"]: [data.names[i] for i in a["order"][:5]] for a in others}
    return out


def rejection(
    soft: np.ndarray, label: np.ndarray, source: np.ndarray, group: np.ndarray, test: np.ndarray, last: int, threshold: float
) -> dict[str, Any]:
    """On the half of the groups that the threshold was not chosen on: what is kept and what is turned away.

    ``windows_rejected`` is of idle windows that the segmenter let through, which are few and hard.
    """
    best = soft[:, :last].max(axis=1)
    kept = (best >= threshold) & (best >= soft[:, last])
    right = soft[:, :last].argmax(axis=1) == label
    words = test & (label < last) & (source != "rsl")
    return {
        "signs_kept": float(kept[words].mean()),
        "right_signs_kept": float(kept[words & right].mean()),
        "right_signs_kept_interval": list(bootstrap_interval(kept[words & right], group[words & right])),
        "windows_rejected": float((~kept)[test & np.isin(source, ["idle", "alarm"])].mean()),
        "other_signs_rejected": float((~kept)[test & (source == "foreign")].mean()),
    }


def ship_encoder(arguments: argparse.Namespace, encoder: Any, rows: Embedded, data: SignData) -> None:
    """The encoder with its card; the background is idle hands only, since a foreign sign may be what is taught next."""
    network = symmetric(encoder)
    weights = to_litert(network)
    idle = np.flatnonzero(rows.source == "idle")
    background = rows.embeddings[np.random.default_rng(0).permutation(idle)[:BACKGROUND]]
    few_shot = json.loads(arguments.few_shot.read_text()) if arguments.few_shot else {}
    milliseconds = median_milliseconds(LiteModel(weights), [np.nan_to_num(s[None]) for s in data.x[:50]])
    card = Card(
        name="sign_encoder",
        task=TASK,
        labels=(),
        input=INPUT,
        sources=tuple(few_shot.pop("sources", ())),
        protocol=few_shot.pop("protocol", "see kslr/training/ship/encoder.py"),
        figures={
            **few_shot,
            "milliseconds": milliseconds,
            "keras_litert_difference": disagreement(network, weights, np.nan_to_num(data.x[:16])),
        },
        calibration={},
        limits="Learnt from short webcam recordings of single signs in many sign languages; not from running signing.",
        commit=current_commit(),
        weights={},
        extra={"background": packed(background), "parameters": int(encoder.count_params())},
    )
    write_card(arguments.out, card, weights)


if __name__ == "__main__":
    main()
