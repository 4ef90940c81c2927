"""How well the segmenter finds signs in joined streams of recorders it was never tuned on, and how soon it decides.

Streams have a rest after every sign; in a second set 30 % of the signs are followed directly by the next, after a pause of
at most 0.3 s. Recordings are real, joins are made: see `kslr.training.streams`. Figures come with 95 % bootstrap intervals
over streams.

    python benchmarks/segmentation.py [--part test] [--streams 58] [--idle FOLDER] [--json FILE]

With --idle, a folder of clips (or their landmarks, see `kslr.recordings.record`) of people who don't sign, it also counts
false segments a minute.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fusion.session import AFTER_SECONDS
from kslr.recordings import LANDMARK_SUFFIXES, VIDEO_SUFFIXES, record
from kslr.segmenter import Segmenter, find_signs
from kslr.training.streams.joining import Stream, joined_streams
from kslr.training.streams.material import Material, load_material
from kslr.training.streams.metrics import best_overlap, decision_delays, match_segments, run_segmenter, segment_f1

DIRECT = {"a rest after every sign": 0.0, "30 % followed directly": 0.3}


def measure(streams: list[Stream]) -> dict[str, Any]:
    """Figures of the segmenter on streams."""
    counts, overlap, delay, words = [], [], [], []
    for stream in streams:
        found, decided = run_segmenter(Segmenter(), stream.landmarks())
        counts.append((len(stream.spans), len(found), len(match_segments(stream.spans, found))))
        overlap.append(best_overlap(stream.spans, found))
        delay.append(decision_delays(stream.spans, found, decided))
        words.append(decision_delays(stream.spans, found, word_times(stream, found, decided)))
    table, generator = np.array(counts), np.random.default_rng(0)
    drawn = table[generator.integers(0, len(table), (2000, len(table)))].sum(axis=1)
    all_delays, all_words = np.concatenate(delay), np.concatenate(words)
    medians = [np.median(np.concatenate([delay[i] for i in generator.integers(0, len(delay), len(delay))])) for _ in range(300)]
    return {
        "streams": len(streams),
        "sources": len({stream.source for stream in streams}),
        "signs": int(table[:, 0].sum()),
        "found": int(table[:, 1].sum()),
        "matched": int(table[:, 2].sum()),
        "f1": segment_f1(*table.sum(axis=0)),
        "f1_interval": np.percentile(2 * drawn[:, 2] / (drawn[:, 0] + drawn[:, 1]), [2.5, 97.5]).tolist(),
        "mean_iou": float(np.concatenate(overlap).mean()),
        "median_delay_seconds": float(np.median(all_delays)),
        "median_delay_interval": np.percentile(medians, [2.5, 97.5]).tolist(),
        "p95_delay_seconds": float(np.percentile(all_delays, 95)),
        "median_seconds_to_word": float(np.median(all_words)),
        "p95_seconds_to_word": float(np.percentile(all_words, 95)),
    }


def word_times(stream: Stream, found: np.ndarray, decided: np.ndarray) -> np.ndarray:
    """When the words are final: with the first frame after the face's half second, or with the stream's end."""
    frames = np.minimum(np.searchsorted(stream.seconds, found[:, 1] + AFTER_SECONDS), len(stream.seconds) - 1)
    return np.maximum(decided, stream.seconds[frames])


def agreement(parts: list[Material], count: int, seed: int) -> dict[str, float]:
    """F1 at IoU 0.8 between what is found at 30 frames a second and at fewer, in the same streams."""
    found = {
        fps: [run_segmenter(Segmenter(), stream.landmarks())[0] for stream in joined_streams(parts, count, seed, fps=fps)]
        for fps in (30, 15, 10)
    }
    out = {}
    for fps in (15, 10):
        met = sum(len(match_segments(a, b, 0.8)) for a, b in zip(found[30], found[fps], strict=True))
        out[f"{fps} fps"] = segment_f1(sum(map(len, found[30])), sum(map(len, found[fps])), met)
    return out


def count_idle(folder: Path) -> dict[str, Any]:
    """False segments a minute in clips of people who don't sign."""
    clips = [record(p) for p in sorted(folder.iterdir()) if p.suffix in (*VIDEO_SUFFIXES, *LANDMARK_SUFFIXES)]
    minutes = sum(clip.duration for clip in clips) / 60
    rate = sum(len(find_signs(clip.landmarks())) for clip in clips) / minutes
    return {"clips": len(clips), "minutes": minutes, "false_segments_a_minute": rate}


def main(
    part: Annotated[str, typer.Option(help="train, validation or test: whose sources.")] = "test",
    streams: Annotated[int, typer.Option(help="How many of each kind, in turn from the sources.")] = 58,
    seed: int = 0,
    packs: Annotated[Path | None, typer.Option(help="Where the packs lie.")] = None,
    idle: Annotated[Path | None, typer.Option(help="Clips of people who don't sign.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Prints F1, IoU and delay."""
    parts = load_material(packs)[part]
    figures: dict[str, Any] = {"part": part, "seed": seed}
    for kind, direct in DIRECT.items():
        f = figures[kind] = measure(list(joined_streams(parts, streams, seed, direct=direct)))
        low, high = f["f1_interval"]
        print(
            f"{kind:24s} F1@0.5 {f['f1']:.3f} [{low:.3f}, {high:.3f}]  mean IoU {f['mean_iou']:.3f}  "
            f"end to decision: median {f['median_delay_seconds']:.2f} s, p95 {f['p95_delay_seconds']:.2f} s, "
            f"to word: median {f['median_seconds_to_word']:.2f} s  "
            f"({f['signs']} signs, {f['found']} found, {f['sources']} sources)",
            flush=True,
        )
    figures["agreement"] = agreement(parts, min(streams, 12), seed)
    print("the same segments as at 30 fps (F1 at IoU 0.8): " + ", ".join(f"{k} {v:.3f}" for k, v in figures["agreement"].items()))
    if idle:
        found = figures["idle"] = count_idle(idle)
        print(f"idle clips, {found['minutes']:.1f} minutes: {found['false_segments_a_minute']:.1f} false segments a minute")
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
