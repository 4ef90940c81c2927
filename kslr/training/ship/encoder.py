"""Pretrains the sign encoder on the packs and measures it on whole sources that it never saw.

    python kslr/training/ship/encoder.py ENCODER.weights.h5 [--epochs 25] [--packs FOLDER] [--report FIGURES.json]
        [--measure-only] [--scratch 3]

Six sources are tested on. Three others chose what there was to choose (the weight of the nearest recording in
`kslr.training.fewshot`). None of the nine, and not the recorder of holistic59, is in the training part. K-RSL is not either, so
its signers stay unknown to the encoder. Six more, on which earlier encoders were tested, are trained on: a source that
has been looked at is no test any more.
"""

import argparse
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from kslr.augment import Strength
from kslr.core.scores import bootstrap_interval
from kslr.encoder import embed_points
from kslr.training.fewshot import body_and_hands, dtw_distances, episode_accuracies, episodes
from kslr.training.fitting import Recipe
from kslr.training.networks.kslr_net import kslr_encoder
from kslr.training.pretraining import SourceData, held_out, pretrain, read_sources

PACKS = ("world_pose_hands", "ksl30_by_meaning", "qazsign7_hands")
KEPT_OUT = "Retaehc-pop/TF_SignLanguage"  # the recorder of holistic59, which is a test set of its own
VALID = ("VanshikaS-1912/Sign-Language-to-Text-Translation", "yunlisa96/hand-sign-recognition", "zunaidansari/CommAssist")
TESTED_BEFORE = (
    "Julia1204/American-Sign-Language-Interpreter",
    "Omkar-code-mur/ISLRecognision",
    "hirak214/signLangWebApp",
    "jessicamacedo/psl",
    "ruddhaani/Brahma-Naad",
    "sounddegla/Sound-Degla",
)


def distinct(data: SourceData) -> SourceData:
    """Without recordings that are in two packs."""
    key = np.nan_to_num(data.points[:, :, [5, 44, 65]]).round(3).reshape(len(data.points), -1)
    return data[np.sort(np.unique(key, axis=0, return_index=True)[1])]


def measure(encoder: Any, data: SourceData, names: list[str], dtw: bool) -> dict[str, Any]:
    """10-way 1- and 5-shot, 200 episodes a source; and time warping on raw landmarks (every second frame)."""
    rows: list[dict[str, Any]] = []
    every: dict[str, list[float]] = {}
    for name in names:
        own = distinct(data[data.source == name])
        z, x = embed_points(encoder, own.points), body_and_hands(own.points)[:, ::2]
        distance = dtw_distances(x, x) if dtw else None
        row: dict[str, Any] = {"source": name, "words": int(own.label.max()) + 1, "recordings": len(own.label)}
        for shots in (1, 5):
            tasks = episodes(own.label, 10, shots, 200)
            accuracy = episode_accuracies(z, tasks)
            row[f"{shots}_shot"] = float(accuracy.mean())
            every.setdefault(f"{shots}_shot", []).extend(accuracy)
            if distance is not None:
                answers = [(sl[distance[np.ix_(q, s)].argmin(axis=1)] == ql).mean() for s, sl, q, ql in tasks]
                row[f"{shots}_shot_dtw"] = float(np.mean(answers))
        rows.append(row)
        print(row, flush=True)
    means = {key: float(np.mean([r[key] for r in rows])) for key in rows[0] if "shot" in key}
    intervals = {
        f"{key}_interval": list(bootstrap_interval(np.array(values), np.repeat(names, 200))) for key, values in every.items()
    }
    return {**means, **intervals, "per_source": rows}


def from_scratch(data: SourceData, names: list[str], count: int) -> dict[str, Any]:
    """5-shot accuracy of the same network trained on each task's fifty recordings alone, read in the same way."""
    recipe = Recipe(40, batch=16, rate=3e-3, decay=0.05, augment=Strength())
    rows, every = [], []
    for name in names:
        own = distinct(data[data.source == name])
        accuracy = []
        for task in episodes(own.label, 10, 5, count):
            encoder = pretrain(own[task[0]], recipe)
            accuracy.append(float(episode_accuracies(embed_points(encoder, own.points), [task])[0]))
        rows.append({"source": name, "5_shot_from_scratch": float(np.mean(accuracy))})
        every += accuracy
        print(rows[-1], flush=True)
    interval = list(bootstrap_interval(np.array(every), np.repeat(names, count)))
    mean = float(np.mean([row["5_shot_from_scratch"] for row in rows]))
    return {"5_shot_from_scratch": mean, "interval": interval, "episodes_a_source": count, "per_source": rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--packs", type=Path)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--measure-only", action="store_true")
    parser.add_argument("--scratch", type=int, default=0, help="tasks a source that a network is trained for from scratch")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    data = read_sources(arguments.packs, PACKS)
    test, _ = held_out(data[~np.isin(data.source, [*VALID, *TESTED_BEFORE, KEPT_OUT])])
    valid = list(VALID)
    train = data[~np.isin(data.source, [*test, *valid, KEPT_OUT])]
    if arguments.measure_only:
        encoder = kslr_encoder()
        encoder.load_weights(arguments.weights)
    else:
        recipe = Recipe(arguments.epochs, batch=64, rate=3e-3, decay=0.05, augment=Strength())
        encoder = pretrain(train, recipe, progress=lambda line, _: print(line, flush=True), checkpoint=arguments.weights)
        encoder.save_weights(arguments.weights)
    figures = {"valid": measure(encoder, data, valid, dtw=False), "test": measure(encoder, data, test, dtw=True)}
    if arguments.scratch:
        figures["from_scratch"] = from_scratch(data, test, arguments.scratch)
    recorders = Counter(train.source.tolist())
    out = {
        "protocol": f"Trained {arguments.epochs} epochs on {len(train.label)} recordings of {int(train.label.max()) + 1} classes by "  # noqa: E501
        f"{len(recorders)} recorders, told apart within each recorder; tested on the sources {', '.join(test)}, chosen by seed 0 among those never looked at, "  # noqa: E501
        "10 ways, 200 episodes each, neither recorder nor vocabulary known. Command: python kslr/training/ship/encoder.py.",
        "sources": [
            {
                "name": f"{' + '.join(PACKS)}, without the held-out sources",
                "samples": len(train.label),
                "recorders": len(recorders),
                "licence": "public repositories, mostly without a licence: research and demonstration only",
            }
        ],
        "few_shot": figures,
    }
    if arguments.report:
        arguments.report.write_text(json.dumps(out, indent=1) + "\n")
    print(json.dumps({k: {n: v for n, v in f.items() if n != "per_source"} for k, f in figures.items()}, indent=1))


if __name__ == "__main__":
    main()
