"""How long it takes to teach a vocabulary, and how well it then knows recordings that it was not taught.

    python benchmarks/teaching.py [--words 20] [--takes 5] [--packs FOLDER] [--json FILE]

Words of holistic59, whose recorder the encoder never saw, are taught one after another from windows, as `kslr teach`
does it after extraction; then the recordings that are left are asked. Seeds draw words and takes.
"""

import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kslr.core.scores import bootstrap_interval
from kslr.encoder import SignEncoder
from kslr.recognizer import SignRecognizer
from kslr.teaching.vocabularies import save_vocabulary
from kslr.teaching.words import new_vocabulary, teach
from kslr.training.datasets import load_pack
from kslr.vocabulary import Sign


def main(
    words: Annotated[int, typer.Option(help="How many are taught.")] = 20,
    takes: Annotated[int, typer.Option(help="Recordings of each.")] = 5,
    seeds: Annotated[int, typer.Option(help="How many draws.")] = 3,
    packs: Annotated[Path | None, typer.Option(help="Where the packs lie.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Prints seconds, and accuracy on the recordings that were not taught."""
    data, encoder = load_pack("holistic59", packs), SignEncoder()
    seconds, right, rejected = [], [], []
    for seed in range(seeds):
        generator = np.random.default_rng(seed)
        chosen = generator.choice(len(data.names), words, replace=False)
        rows = [generator.permutation(np.flatnonzero(data.label == c)) for c in chosen]
        vocabulary = new_vocabulary("benchmark", encoder)
        start = perf_counter()
        for c, own in zip(chosen, rows, strict=True):
            name = f"w{c}"  # a label of the data may be no id of a word
            vocabulary = teach(vocabulary, Sign(name, name, name, name, name), data.x[own[:takes]], encoder)
        seconds.append(perf_counter() - start)
        with tempfile.TemporaryDirectory() as folder:
            recognizer = SignRecognizer(save_vocabulary(Path(folder) / "benchmark.npz", vocabulary))
            for c, own in zip(chosen, rows, strict=True):
                for answer in recognizer.recognize_windows(data.x[own[takes:]]):
                    right.append(answer.ranked[0][0] == f"w{c}")
                    rejected.append(answer.rejected)
    low, high = bootstrap_interval(np.array(right))
    figures = {
        "words": words,
        "takes": takes,
        "seconds": seconds,
        "asked": len(right),
        "accuracy": float(np.mean(right)),
        "interval": [low, high],
        "rejected": float(np.mean(rejected)),
    }
    print(
        f"{words} words from {takes} recordings each in {np.mean(seconds):.1f} s; of {len(right)} other recordings "
        f"{np.mean(right):.1%} right (95 % {low:.1%}–{high:.1%}), {np.mean(rejected):.1%} rejected"
    )
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
