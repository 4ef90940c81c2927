"""Trains the shipped segmenter on joined streams of the training sources, and chooses its rule on validation sources.

What is real and what is made in these streams: `kslr.training.streams.joining`. Made joins are smooth, so that smoothness
would give them away; therefore every training stream trembles by an amount of its own. The test sources are for
benchmarks/segmentation.py alone.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import islice, product
from typing import Annotated, Any

import numpy as np
import typer

from kslr.core.cards import Card, write_card
from kslr.core.training import current_commit, disagreement, to_litert
from kslr.segmenter import STEP_VALUES, TASK, WINDOW, Segmenter, SignTagger, TagRule
from kslr.training.networks.tagger import fit_tagger, read_steps, training_samples
from kslr.training.ship.options import OUT, Out, Packs
from kslr.training.streams.joining import Stream, idle_streams, joined_streams
from kslr.training.streams.material import Material, load_material
from kslr.training.streams.metrics import decision_delays, match_segments, run_segmenter, segment_f1
from kslr.training.train import PUBLIC_REPOSITORIES

ROUNDS = (0.0, 0.15, 0.3) * 4  # share of signs that the next follows directly, in each round over all sources
TREMBLE = 0.002  # at most, in picture heights
ON, BEGIN, SHORTEST = (0.3, 0.4, 0.5), (0.2, 0.3), (0.4, 0.5, 0.6)  # candidates of the rule


def ship_segmenter(
    packs: Packs = None, epochs: Annotated[int, typer.Option(help="Passes over the data.")] = 25, out: Out = OUT
) -> None:
    """Train the segmenter and choose its rule."""
    material = load_material(packs)
    streams = training_streams(material["train"])
    made = [training_samples(*read_steps(s.landmarks()), s.spans) for s in streams]
    x, y = (np.concatenate(part) for part in zip(*made, strict=True))
    network = fit_tagger(x, y, epochs, verbose=2)
    weights = to_litert(network, 1)
    card = Card(
        name="segmenter",
        task=TASK,
        labels=("in a sign", "a sign begins"),
        input={"shape": [WINDOW, STEP_VALUES], "dtype": "float32", "meaning": "hands on the body, kslr.segmenter.HandSteps"},
        sources=(
            {
                "name": "joined streams of world_pose_hands, holistic59 and ksl30_by_meaning, training sources",
                "samples": len(streams),
                "recorders": len(material["train"]),
                "licence": PUBLIC_REPOSITORIES,
            },
        ),
        protocol=f"{epochs} epochs on joined streams of training sources; the rule chosen on validation sources, figures of "
        "these; test sources (which had been read for earlier versions): python benchmarks/segmentation.py. Command: "
        "python -m kslr.training.ship segmenter.",
        figures={},
        calibration=asdict(TagRule()),
        limits="Learnt from joined recordings of single signs, not from running signing; the joins are made.",
        commit=current_commit(),
        weights={},
    )
    tagger, valid = SignTagger(write_card(out, card, weights)), material["validation"]
    streams_of = {
        "validation, a rest after every sign": list(joined_streams(valid, len(valid), 12, direct=0.0)),
        "validation, 30 % followed directly": list(joined_streams(valid, len(valid), 12, direct=0.3)),
    }
    idle = list(islice(idle_streams(valid, 13, 0.7, "scratching"), len(valid) // 2))
    every = [*(stream for streams in streams_of.values() for stream in streams), *idle]
    rules = [TagRule(on=on, off=on - 0.1, begin=begin, shortest=least) for on, begin, least in product(ON, BEGIN, SHORTEST)]
    rule = max(rules, key=lambda one: measure_segmenter(every, tagger, one)["f1"])
    found = sum(len(run_segmenter(Segmenter(tagger, rule), s.landmarks())[0]) for s in idle)
    figures: dict[str, Any] = {
        "parameters": int(network.count_params()),
        **{name: measure_segmenter(streams, tagger, rule) for name, streams in streams_of.items()},
        "validation, scratching": {"segments_a_minute": 60 * found / sum(float(s.seconds[-1]) for s in idle)},
        "keras_litert_difference": disagreement(network, weights, x[:1, :WINDOW]),
    }
    write_card(out, replace(card, figures=figures, calibration=asdict(rule)), weights)
    print(rule, figures)


def training_streams(material: Sequence[Material]) -> list[Stream]:
    """Joined streams of every source, and streams without signs; all tremble."""
    made = [s for i, direct in enumerate(ROUNDS) for s in joined_streams(material, len(material), 100 + i, direct=direct)]
    made += [s for touches in (0.0, 0.5) for s in islice(idle_streams(material, 7, touches), len(material) // 2)]
    made += islice(idle_streams(material, 8, 0.7, "scratching"), 2 * len(material))
    generator = np.random.default_rng(0)
    return [replace(s, x=(s.x + generator.normal(0, generator.uniform(0, TREMBLE), s.x.shape)).astype(np.float32)) for s in made]


def measure_segmenter(streams: Sequence[Stream], tagger: SignTagger, rule: TagRule) -> dict[str, float]:
    """F1 at IoU 0.5 (what is found without a sign is wrong), and median seconds from a sign's end to its decision."""
    counts, late = np.zeros(3, int), []
    for stream in streams:
        found, decided = run_segmenter(Segmenter(tagger, rule), stream.landmarks())
        counts += (len(stream.spans), len(found), len(match_segments(stream.spans, found)))
        late.append(decision_delays(stream.spans, found, decided))
    return {"f1": segment_f1(*counts.tolist()), "median_delay_seconds": float(np.median(np.concatenate(late)))}
