"""Trains the sign encoder on the packs and measures it on whole sources that it never saw.

Six sources are tested on. Three others chose what there was to choose (the weight of the nearest recording in
`kslr.training.fewshot`). Neither these nine nor the recorder of holistic59 are in the training part. K-RSL is not either, so
its signers stay unknown to the encoder. Six more, on which earlier encoders were tested, are trained on: a source that was
looked at is no test any more.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from kslr.augment import AugmentStrength
from kslr.core.cards import Card, write_card
from kslr.core.models import LiteModel
from kslr.core.scores import bootstrap_interval, median_milliseconds
from kslr.core.training import current_commit, disagreement, to_litert
from kslr.encoder import TASK
from kslr.points import ROWS, SHOULDERS
from kslr.training.fewshot import body_and_hands, draw_episodes, dtw_accuracies, dtw_distances, episode_accuracies
from kslr.training.networks.encoder import embed_points, load_encoder, symmetric_encoder
from kslr.training.pretraining import SourceData, choose_held_out, pretrain, read_sources
from kslr.training.recipes import SignRecipe
from kslr.training.ship.options import EncoderWeights, Packs, print_progress
from kslr.training.train import INPUT, PUBLIC_REPOSITORIES

if TYPE_CHECKING:
    import keras

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
RECIPE = SignRecipe(25, batch=64, rate=3e-3, decay=0.05, augment=AugmentStrength())
SCRATCH = SignRecipe(40, batch=16, rate=3e-3, decay=0.05, augment=AugmentStrength())  # for fifty recordings
WAYS, EPISODES = 10, 200
MARKERS = [SHOULDERS[1] + 1, ROWS["left_hand"].start, ROWS["right_hand"].start]  # an elbow and both wrists


def train_encoder(
    weights: EncoderWeights,
    packs: Packs = None,
    epochs: Annotated[int, typer.Option(help="Passes over the data.")] = RECIPE.epochs,
    report: Annotated[Path | None, typer.Option(help="Write the figures to this file, for the command signs.")] = None,
    measure_only: Annotated[bool, typer.Option(help="Measure the weights as they are.")] = False,
    scratch: Annotated[int, typer.Option(help="Tasks of each source that a network is trained for from scratch.")] = 0,
) -> None:
    """Train the encoder and measure it on unseen sources."""
    data = read_sources(PACKS, packs)
    test = choose_held_out(data[~np.isin(data.source, [*VALID, *TESTED_BEFORE, KEPT_OUT])])
    train = data[~np.isin(data.source, [*test, *VALID, KEPT_OUT])]
    if measure_only:
        encoder = load_encoder(weights)
    else:
        encoder = pretrain(train, RECIPE.override(epochs=epochs), progress=print_progress, checkpoint=weights)
        encoder.save_weights(weights)
    figures = {"valid": measure_sources(encoder, data, VALID, dtw=False), "test": measure_sources(encoder, data, test, dtw=True)}
    if scratch:
        figures["from_scratch"] = measure_from_scratch(data, test, scratch)
    recorders, classes = len(set(train.source)), int(train.label.max()) + 1
    found = {
        "protocol": f"Trained {epochs} epochs on {len(train.label)} recordings of {classes} classes by {recorders} recorders, "
        f"told apart within each recorder; tested on the sources {', '.join(test)}, chosen by seed 0 among those never looked "
        f"at, {WAYS} ways, {EPISODES} episodes each, neither recorder nor vocabulary known. Command: python -m "
        "kslr.training.ship encoder.",
        "sources": [
            {
                "name": f"{' + '.join(PACKS)}, without the held-out sources",
                "samples": len(train.label),
                "recorders": recorders,
                "licence": PUBLIC_REPOSITORIES,
            }
        ],
        "few_shot": figures,
    }
    if report:
        report.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps({k: {n: v for n, v in f.items() if n != "per_source"} for k, f in figures.items()}, indent=1))


def remove_copies(data: SourceData) -> SourceData:
    """Without recordings that are in two packs."""
    key = np.nan_to_num(data.points[:, :, MARKERS]).round(3).reshape(len(data.points), -1)
    return data[np.sort(np.unique(key, axis=0, return_index=True)[1])]


def measure_sources(encoder: "keras.Model", data: SourceData, names: list[str] | tuple[str, ...], dtw: bool) -> dict[str, Any]:
    """10-way 1- and 5-shot accuracy of each source; with `dtw` also of time warping on landmarks (every second frame)."""
    rows: list[dict[str, Any]] = []
    every: dict[str, list[float]] = {"1_shot": [], "5_shot": []}
    for name in names:
        own = remove_copies(data[data.source == name])
        z, x = embed_points(encoder, own.points), body_and_hands(own.points)[:, ::2]
        distances = dtw_distances(x, x) if dtw else None
        row: dict[str, Any] = {"source": name, "words": int(own.label.max()) + 1, "recordings": len(own.label)}
        for shots in (1, 5):
            episodes = draw_episodes(own.label, WAYS, shots, EPISODES)
            accuracy = episode_accuracies(z, episodes)
            row[f"{shots}_shot"] = float(accuracy.mean())
            every[f"{shots}_shot"].extend(accuracy)
            if distances is not None:
                row[f"{shots}_shot_dtw"] = float(dtw_accuracies(distances, episodes).mean())
        rows.append(row)
        print(row, flush=True)
    means = {key: float(np.mean([r[key] for r in rows])) for key in rows[0] if "shot" in key}
    groups = np.repeat(names, EPISODES)
    intervals = {f"{key}_interval": list(bootstrap_interval(np.array(values), groups)) for key, values in every.items()}
    return {**means, **intervals, "per_source": rows}


def measure_from_scratch(data: SourceData, names: list[str], count: int) -> dict[str, Any]:
    """5-shot accuracy of the same network trained on each task's fifty recordings alone, read in the same way."""
    rows: list[dict[str, Any]] = []
    every: list[float] = []
    for name in names:
        own = remove_copies(data[data.source == name])
        accuracy = [
            float(episode_accuracies(embed_points(pretrain(own[one.support], SCRATCH), own.points), [one])[0])
            for one in draw_episodes(own.label, WAYS, 5, count)
        ]
        rows.append({"source": name, "5_shot_from_scratch": float(np.mean(accuracy))})
        every += accuracy
        print(rows[-1], flush=True)
    interval = list(bootstrap_interval(np.array(every), np.repeat(names, count)))
    mean = float(np.mean([row["5_shot_from_scratch"] for row in rows]))
    return {"5_shot_from_scratch": mean, "interval": interval, "episodes_a_source": count, "per_source": rows}


def write_encoder(encoder: "keras.Model", background: np.ndarray, samples: np.ndarray, report: Path | None, out: Path) -> Path:
    """Writes ``sign_encoder`` with its card.

    Args:
        background: (n, values) embeddings of idle hands, which taught words must differ from.
        samples: (n, 30, 1662) windows to compare Keras and LiteRT on and to time.
        report: what `train_encoder` wrote.
    """
    network = symmetric_encoder(encoder)
    weights = to_litert(network)
    found = json.loads(report.read_text()) if report else {}
    card = Card(
        name="sign_encoder",
        task=TASK,
        labels=(),
        input=INPUT,
        sources=tuple(found.get("sources", ())),
        protocol=found.get("protocol", "see kslr/training/ship/encoder.py"),
        figures={
            "few_shot": found.get("few_shot", {}),
            "milliseconds": median_milliseconds(LiteModel(weights), samples[:, None]),
            "keras_litert_difference": disagreement(network, weights, samples[:16]),
        },
        calibration={},
        limits="Learnt from short webcam recordings of single signs in many sign languages; not from running signing.",
        commit=current_commit(),
        weights={},
        extra={"parameters": int(encoder.count_params())},
    )
    return write_card(out, card, weights, {"background": background.astype(np.float16)})
