"""One window of signing through the same network as LiteRT, as a TensorFlow function, and by Keras `predict`, in one run.

The network is the 30×1662 LSTM of the KSLR paper, unrolled so that LiteRT can hold it; its weights do not matter here.
The shipped vocabulary and the shipped emotion network are timed beside it.

    python benchmarks/inference.py [--rounds 5] [--json FILE]
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from kslr.core.cards import read_card
from kslr.core.models import LiteModel
from kslr.core.training import to_litert
from kslr.training.networks.recurrent import paper_lstm


def time_in_turns(runs: dict[str, Callable[[], object]], rounds: int, calls: int) -> dict[str, list[float]]:
    """Times of every call; the runs take turns, and the first call of each is not counted."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(rounds):
        for name, run in runs.items():
            for _ in range(calls):
                start = perf_counter()
                run()
                times[name].append((perf_counter() - start) * 1000)
    return times


def main(
    rounds: int = 5,
    calls: int = 20,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Prints p50 and p95 of a call, and the ratios to LiteRT."""
    import tensorflow as tf

    generator = np.random.default_rng(0)
    window = generator.normal(size=(1, 30, 1662)).astype(np.float32)
    network = paper_lstm(classes=30, unroll=True)
    lite = LiteModel(to_litert(network), threads=1)
    traced = tf.function(lambda x: network(x, training=False), input_signature=[tf.TensorSpec((1, 30, 1662), tf.float32)])
    vocabulary, emotion = (LiteModel(read_card(name)[1]) for name in ("kslr30", "emotion"))
    sample = generator.normal(size=(1, *vocabulary.input_shape)).astype(np.float32)
    face = generator.integers(0, 256, (1, 48, 48), np.uint8)
    tensor = tf.constant(window)
    times = time_in_turns(
        {
            "litert": lambda: lite(window),
            "tf_function": lambda: traced(tensor).numpy(),
            "predict": lambda: network.predict(window, verbose=0),
            "kslr30": lambda: vocabulary(sample),
            "emotion": lambda: emotion(face),
        },
        rounds,
        calls,
    )
    figures = {name: {"p50": float(np.percentile(t, 50)), "p95": float(np.percentile(t, 95))} for name, t in times.items()}
    base = figures["litert"]["p50"]
    for name, values in figures.items():
        print(f"{name:12s} p50 {values['p50']:7.2f} ms   p95 {values['p95']:7.2f} ms   {values['p50'] / base:6.1f} × LiteRT")
    ratios = {name: figures[name]["p50"] / base for name in ("tf_function", "predict")}
    if json_file:
        json_file.write_text(json.dumps({"milliseconds": figures, "ratio_to_litert": ratios}, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
