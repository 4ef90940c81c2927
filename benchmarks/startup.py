"""Seconds and memory until KSLR can read its first frame, beside importing TensorFlow, in one run.

Every measurement is a fresh Python process; they take turns. Memory is the most the process ever held.

    python benchmarks/startup.py [--rounds 3] [--json FILE]
"""

import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import typer

ROOT = Path(__file__).resolve().parents[1]
RUNS = {
    "both networks, ready": "from fusion.interpreter import Models; Models.load()",
    "everything, ready for a camera": "from fusion.interpreter import Interpreter; Interpreter().session().__enter__()",
    "import tensorflow": "import tensorflow",
}
PEAK = "; print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"


def main(
    rounds: int = 3,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Prints the medians and their ratios to importing TensorFlow."""
    seconds: dict[str, list[float]] = {name: [] for name in RUNS}
    megabytes: dict[str, list[float]] = {name: [] for name in RUNS}
    for turn in range(rounds + 1):  # the first turn fills the disk's cache and is not counted
        for name, code in RUNS.items():
            start = perf_counter()
            # Ended at once: what closing a tracker takes is not start-up.
            command = [sys.executable, "-c", f"{code}{PEAK}; import os, sys; sys.stdout.flush(); os._exit(0)"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
            if turn:
                seconds[name].append(perf_counter() - start)
                megabytes[name].append(int(done.stdout.split()[-1]) / 1024)
    figures = {
        name: {"seconds": float(np.median(seconds[name])), "megabytes": float(np.median(megabytes[name]))} for name in RUNS
    }
    base = figures["import tensorflow"]
    for name, values in figures.items():
        print(
            f"{name:32s} {values['seconds']:6.2f} s {values['megabytes']:6.0f} MB   "
            f"{values['seconds'] / base['seconds']:.2f} and {values['megabytes'] / base['megabytes']:.2f} × TensorFlow's import"
        )
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
