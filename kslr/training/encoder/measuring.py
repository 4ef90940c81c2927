"""Figures of an encoder: few-shot within sources, across signers and with a resting hand, and one dictionary in another."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.scores import bootstrap_interval
from kslr.encoder import SignEncoder
from kslr.training.encoder.material import (
    absent_points,
    dictionary_ranks,
    read_dictionary_signs,
    split_dictionary,
    with_empty_face,
)
from kslr.training.encoder.rest import add_resting_hands, hand_shapes
from kslr.training.fewshot import (
    answer_episode,
    body_and_hands,
    draw_episodes,
    dtw_accuracies,
    dtw_distances,
    episode_accuracies,
    signer_pairs,
)
from kslr.training.verification.people import NOBODY, TAIWANESE, TEST_SIGNERS, People, embed_people

WAYS, EPISODES = 10, 200
LEAST_RECORDINGS = 60  # of a signer who teaches or is asked
SHOTS = (1, 5)


def measure_encoder(
    encoder: SignEncoder, data: People, packs: str | Path | None = None, dtw: bool = False, test: bool = False
) -> dict[str, Any]:
    """Everything on one part of the split.

    Args:
        data: rows of the validation or of the test part.
        dtw: whether time warping on landmarks is measured beside it, which takes minutes.
        test: whether the testing half of the dictionaries' words is asked, or the choosing half.
    """
    z = embed_people(encoder, data.points)
    points, clip, word, signer = read_dictionary_signs(packs)
    ranks = dictionary_ranks(embed_people(encoder, points), clip, word, signer, split_dictionary(word, signer)[test])
    return {
        "within_sources": measure_within(z, data, dtw),
        "across_signers": measure_across(z, data),
        "resting_hand": measure_resting(encoder, z, data),
        "dictionary": {
            "words": len(ranks),
            "mrr": float((1 / ranks).mean()),
            "mrr_interval": list(bootstrap_interval(1 / ranks)),
            "first_ten": float((ranks <= 10).mean()),
            "first_ten_interval": list(bootstrap_interval(ranks <= 10)),
        },
    }


def measure_within(z: np.ndarray, data: People, dtw: bool = False) -> dict[str, Any]:
    """10-way accuracy of each source with one signer or with signers that are not told apart; intervals over sources.

    Args:
        z: (n, values) embeddings of the recordings.
        dtw: measures time warping on every second frame of the landmarks too.
    """
    rows: list[dict[str, Any]] = []
    every: dict[str, list[float]] = {f"{shots}_shot": [] for shots in SHOTS}
    for source in np.unique(data.source[data.source != TAIWANESE]):
        own = np.flatnonzero(data.source == source)
        if (np.unique(data.word[own], return_counts=True)[1] > max(SHOTS)).sum() < WAYS:
            continue
        label = np.unique(data.word[own], return_inverse=True)[1]
        x = body_and_hands(with_empty_face(data.points[own]))[:, ::2] if dtw else None
        distances = dtw_distances(x, x) if x is not None else None
        row: dict[str, Any] = {"source": str(source), "words": int(label.max()) + 1, "recordings": len(own)}
        for shots in SHOTS:
            episodes = draw_episodes(label, WAYS, shots, EPISODES)
            accuracy = episode_accuracies(z[own], episodes)
            row[f"{shots}_shot"] = float(accuracy.mean())
            every[f"{shots}_shot"].extend(accuracy)
            if distances is not None:
                row[f"{shots}_shot_dtw"] = float(dtw_accuracies(distances, episodes).mean())
        rows.append(row)
        print(row, flush=True)
    means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0] if "shot" in key} if rows else {}
    groups = np.repeat([row["source"] for row in rows], EPISODES)
    intervals = {f"{key}_interval": list(bootstrap_interval(np.array(values), groups)) for key, values in every.items() if rows}
    return {**means, **intervals, "per_source": rows}


def measure_resting(encoder: SignEncoder, z: np.ndarray, data: People) -> dict[str, Any]:
    """Few-shot accuracy within sources, asked as recorded and with a made resting hand wherever one hand is not used."""
    points, generator = absent_points(data.points), np.random.default_rng(0)
    changed = np.nan_to_num(add_resting_hands(points.copy(), generator, hand_shapes(points[::4]), rest=1.0, hide=0.0))
    rests = (changed != np.nan_to_num(points)).any(axis=(1, 2, 3))
    asked = z.copy()
    asked[rests] = embed_people(encoder, changed[rests])
    right: dict[str, list[float]] = {f"{shots}_shot{kind}": [] for shots in SHOTS for kind in ("", "_resting")}
    for source in np.unique(data.source[data.source != TAIWANESE]):
        own = np.flatnonzero(data.source == source)
        label = np.unique(data.word[own], return_inverse=True)[1]
        if rests[own].sum() < LEAST_RECORDINGS or (np.bincount(label) > max(SHOTS)).sum() < WAYS:
            continue
        for shots in SHOTS:
            for one in draw_episodes(label, WAYS, shots, EPISODES):
                rows = rests[own][one.query]
                if not rows.any():
                    continue
                for kind, given in (("", z), ("_resting", asked)):
                    both = np.concatenate([z[own][one.support], given[own][one.query[rows]]])
                    alone = replace(one, support=np.arange(len(one.support)), query=np.arange(len(one.support), len(both)))
                    right[f"{shots}_shot{kind}"].append(float((answer_episode(both, alone) == one.query_label[rows]).mean()))
    return {"changed": float(rests.mean()), **{key: float(np.mean(values)) for key, values in right.items() if values}}


def measure_across(z: np.ndarray, data: People) -> dict[str, Any]:
    """10-way accuracy of each source where one signer teaches and another is asked; intervals over the words that are asked."""
    figures: dict[str, Any] = {}
    named = (data.pack == "signers_pose_hands") & (data.signer != NOBODY)
    for source in np.unique(data.source[named]):
        own = np.flatnonzero(named & (data.source == source))
        if source == TAIWANESE and np.isin(data.signer[own], TEST_SIGNERS).any():  # signers of whom nothing was learnt
            own = own[np.isin(data.signer[own], TEST_SIGNERS)]
        names, counts = np.unique(data.signer[own], return_counts=True)
        own = own[np.isin(data.signer[own], names[counts >= LEAST_RECORDINGS])]
        words, label = np.unique(data.word[own], return_inverse=True)
        row: dict[str, Any] = {"words": len(words), "signers": len(np.unique(data.signer[own]))}
        for shots in SHOTS:
            if len(own) and signer_pairs(label, data.signer[own], WAYS, shots):
                episodes = draw_episodes(label, WAYS, shots, EPISODES, signer=data.signer[own])
                right = np.concatenate([answer_episode(z[own], one) == one.query_label for one in episodes])
                row[f"{shots}_shot"] = float(episode_accuracies(z[own], episodes).mean())
                asked = np.concatenate([label[one.query] for one in episodes])
                row[f"{shots}_shot_interval"] = list(bootstrap_interval(right, asked))
        if f"{SHOTS[0]}_shot" in row:
            figures[str(source)] = row
            print(source, row, flush=True)
    return figures
