"""Trains the shipped segmenter on joined streams of the training sources, and chooses its rule on validation sources.

    python kslr/training/ship/segmenter.py [--packs FOLDER] [--out models]

What is real and what is made in these streams: `kslr.training.streams.joining`. So that the made joins cannot be told by being smooth,
every training stream trembles by an amount of its own. Test sources are for benchmarks/segmentation.py alone.
"""

import argparse
import os
from dataclasses import asdict, replace
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.cards import ROOT, Card, current_commit, write_card
from kslr.segmenter import TASK, VALUES, WINDOW, LearnedSegmenter, SignTagger, TagRule
from kslr.training.export import disagreement, to_litert
from kslr.training.networks.tagger import fit_tagger, samples, steps_of
from kslr.training.streams.metrics import decisions, delays, matches, segment_f1
from kslr.training.streams.joining import Part, Stream, idle_streams, joined_streams, load_parts

ROUNDS = (0.0, 0.15, 0.3) * 4  # share of signs that the next follows directly, a round over all sources each
TREMBLE = 0.002  # at most, in picture heights
ON, BEGIN, SHORTEST = (0.3, 0.4, 0.5), (0.2, 0.3), (0.4, 0.5, 0.6)


def training_streams(parts: list[Part]) -> list[Stream]:
    """Joined streams of every source, and streams without signs."""
    made = [s for i, direct in enumerate(ROUNDS) for s in joined_streams(parts, len(parts), 100 + i, direct=direct)]
    made += [s for touches in (0.0, 0.5) for s in islice(idle_streams(parts, 7, touches), len(parts) // 2)]
    made += list(islice(idle_streams(parts, 8, 0.7, "scratching"), 2 * len(parts)))
    generator = np.random.default_rng(0)
    return [replace(s, x=(s.x + generator.normal(0, generator.uniform(0, TREMBLE), s.x.shape)).astype(np.float32)) for s in made]


def measured(streams: list[Stream], tagger: SignTagger, rule: TagRule) -> tuple[float, float]:
    """F1 at IoU 0.5 and the median seconds from a sign's end to its decision; what is found without a sign is wrong."""
    counts, late = np.zeros(3, int), []
    for stream in streams:
        found, decided = decisions(LearnedSegmenter(tagger, rule), stream.landmarks())
        counts += (len(stream.spans), len(found), len(matches(stream.spans, found)))
        if len(stream.spans):
            late.append(delays(stream.spans, found, decided))
    return segment_f1(*counts.tolist()), float(np.median(np.concatenate(late)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", type=Path)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parts = load_parts(arguments.packs)
    streams = training_streams(parts["train"])
    made = [samples(*steps_of(s.landmarks()), s.spans) for s in streams]
    x, y = (np.concatenate(part) for part in zip(*made, strict=True))
    network = fit_tagger(x, y, arguments.epochs, verbose=2)
    weights = to_litert(network, 1)
    card = Card(
        name="segmenter",
        task=TASK,
        labels=("in a sign", "a sign begins"),
        input={"shape": [WINDOW, VALUES], "dtype": "float32", "meaning": "hands on the signer's body, kslr.segmenter.Steps"},
        sources=(
            {
                "name": "joined streams of world_pose_hands, holistic59 and ksl30_by_meaning, training sources",
                "samples": len(streams),
                "recorders": len(parts["train"]),
                "licence": "public repositories, mostly without a licence: research and demonstration only",
            },
        ),
        protocol=f"{arguments.epochs} epochs on joined streams of training sources; the rule chosen on validation sources, "
        "figures of these; test sources (which had been read for earlier versions): python benchmarks/segmentation.py. "
        "Command: python kslr/training/ship/segmenter.py.",
        figures={},
        calibration=asdict(TagRule()),
        limits="Learnt from joined recordings of single signs, not from running signing; the joins are made.",
        commit=current_commit(),
        weights={},
    )
    tagger = SignTagger(write_card(arguments.out, card, weights))
    count = len(parts["validation"])
    valid = [s for direct in (0.0, 0.3) for s in joined_streams(parts["validation"], count, 12, direct=direct)]
    idle = list(islice(idle_streams(parts["validation"], 13, 0.7, "scratching"), count // 2))
    tried: list[tuple[float, TagRule]] = []
    for on, begin, shortest in product(ON, BEGIN, SHORTEST):
        rule = TagRule(on=on, off=on - 0.1, begin=begin, shortest=shortest)
        tried.append((measured([*valid, *idle], tagger, rule)[0], rule))
    best = max(tried, key=lambda one: one[0])[1]
    figures: dict[str, Any] = {"parameters": int(network.count_params())}
    for name, part in (
        ("validation, a rest after every sign", valid[:count]),
        ("validation, 30 % followed directly", valid[count:]),
    ):
        f1, late = measured(part, tagger, best)
        figures[name] = {"f1": f1, "median_delay_seconds": late}
    found = sum(len(decisions(LearnedSegmenter(tagger, best), s.landmarks())[0]) for s in idle)
    figures["validation, scratching"] = {"segments_a_minute": 60 * found / sum(float(s.seconds[-1]) for s in idle)}
    figures["keras_litert_difference"] = disagreement(network, weights, x[:1, :WINDOW])
    write_card(arguments.out, replace(card, figures=figures, calibration=asdict(best)), weights)
    print(best, figures)


if __name__ == "__main__":
    main()
