"""What the Practice page's score means: distances between recordings of the same word and of different words.

Prints, for half of the recorders (whose figures set the scale in kslr/teaching/comparison.py) and for the other half (which had
no say), the quartiles of the distance for four kinds of pairs: one recorder repeating a word, the same word by two recorders,
one recorder signing two words, and two words by two recorders. Then the scores that result, how often a score of 50 tells
repetitions from other words, and how large the greatest deviation of a repetition is (`NOTABLE`).

Data: the pack world_pose_hands, sign recordings by 96 recorders. Across recorders only words are taken that are the same
sign for nearly all of them: hello, thanks and I love you of the widespread tutorial. Recordings last as long as their
recorder's machine was slow, so every one is taken for a second and a half, which no distance depends on.

    python benchmarks/practice.py [--pairs 150] [--json F]
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from kslr.core.errors import InputError
from kslr.teaching.comparison import NOTABLE, compare, score
from kslr.training.packs import read_pack, to_raw

SHARED = ("hello", "thanks", "iloveyou")
KINDS = (
    "the recorder's repetition",
    "the word by another recorder",
    "another word by the recorder",
    "another word by another recorder",
)
SECONDS = 1.5


def pairs(
    label: np.ndarray, source: np.ndarray, kind: int, count: int, generator: np.random.Generator
) -> Iterator[tuple[int, int]]:
    """Rows of recordings to be compared, one pair a recorder in turn, so that none counts more than another."""
    shared = np.flatnonzero(np.isin(label, SHARED))
    made, tries = 0, 0
    while made < count and tries < 50 * count:
        tries += 1
        first = int(generator.choice(shared if kind == 1 else np.flatnonzero(source == generator.choice(np.unique(source)))))
        same_word, same_source = label == label[first], source == source[first]
        wanted = {
            0: same_word & same_source,
            1: same_word & ~same_source,
            2: ~same_word & same_source,
            3: ~same_word & ~same_source,
        }[kind]
        wanted[first] = False
        if wanted.any():
            made += 1
            yield first, int(generator.choice(np.flatnonzero(wanted)))


def measure(x: np.ndarray, label: np.ndarray, source: np.ndarray, count: int, seed: int) -> dict[str, dict[str, list[float]]]:
    """Distances and greatest deviations for each kind of pair; recordings without raised hands are left out."""
    out: dict[str, dict[str, list[float]]] = {}
    for kind, name in enumerate(KINDS):
        distances, greatest = [], []
        for one, other in pairs(label, source, kind, count, np.random.default_rng(seed)):
            try:
                found = compare(x[one], SECONDS, x[other], SECONDS)
            except InputError:
                continue
            distances.append(found.distance)
            greatest.append(float(found.course.max()))
        out[name] = {"distances": distances, "greatest": greatest}
    return out


def balance_point(repeated: np.ndarray, other: np.ndarray) -> float:
    """The distance at which as large a part of the repetitions lies above as of the other words below."""
    steps = np.unique(np.concatenate([repeated, other]))
    above, below = (repeated[None] > steps[:, None]).mean(axis=1), (other[None] < steps[:, None]).mean(axis=1)
    return float(steps[np.abs(above - below).argmin()])


def main(pairs: int = 150, json_file: Annotated[Path | None, typer.Option("--json")] = None) -> None:
    """Measures and prints."""
    pack = read_pack("world_pose_hands")
    x, label, source = to_raw(pack["x"]), pack["label"].astype(str), pack["source"].astype(str)
    names = np.random.default_rng(0).permutation(np.unique(source))
    report = {}
    for part, recorders in (("scale", names[::2]), ("test", names[1::2])):
        rows = np.flatnonzero(np.isin(source, recorders))
        found = measure(x[rows], label[rows], source[rows], pairs, seed=1)
        report[part] = found
        print(f"\n{part}: {len(recorders)} recorders")
        columns = f"{'distance: quartiles':22s} {'score: quartiles':18s} 50 or more  greatest deviation: quartiles"
        print(f"{'compared with':36s} {'n':>4s}  {columns}")
        for name, one in found.items():
            distance, greatest = np.array(one["distances"]), np.array(one["greatest"])
            quartiles = np.percentile(distance, [25, 50, 75])
            scores = np.array([score(d) for d in distance])
            print(
                f"{name:36s} {len(distance):4d}  {np.array2string(quartiles, precision=2):22s} "
                f"{np.array2string(np.percentile(scores, [25, 50, 75]), precision=0):18s} {(scores >= 50).mean():9.0%}   "
                f"{np.array2string(np.percentile(greatest, [25, 50, 75]), precision=2)} "
                f"({(greatest >= NOTABLE).mean():.0%} at least {NOTABLE})"
            )
        same, other = (np.array(found[KINDS[kind]]["distances"]) for kind in (0, 2))
        print(f"as many repetitions above as other words below: {balance_point(same, other):.2f}")
    if json_file:
        json_file.write_text(json.dumps(report))


if __name__ == "__main__":
    typer.run(main)
