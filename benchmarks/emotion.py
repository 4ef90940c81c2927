"""This project's emotion branch beside the PyPI package `fer` and beside OpenCV-Haar with the S4 network, in one run.

Each system runs in a process of its own, one after another: accuracy on PrivateTest's faces, milliseconds a face,
milliseconds a video frame with detection, seconds from import to the first answer, peak memory. The ratios are to
this project; machines differ, ratios hardly.

    python benchmarks/emotion.py DATA VIDEO [--fer-python PATH] [--student CARD] [--faces 3589] [--json FILE]

The S4 network is made by `kslr train emotion DATA --architecture student_cnn --out FOLDER`; CARD is FOLDER's ``.json``.

`fer` pulls other versions of almost everything, so it gets an environment of its own:
`python -m venv fer-env && fer-env/bin/pip install fer`, then `--fer-python fer-env/bin/python`.
"""

import json
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emotion.training.datasets import load_faces
from kslr.video import VideoFile

WORKER = Path(__file__).with_name("emotion_worker.py")


def measure(python: str, system: str, inputs: Path, model: str = "emotion") -> dict[str, float]:
    """One system's figures."""
    done = subprocess.run([python, str(WORKER), system, str(inputs), model], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{system} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def main(
    data: Annotated[Path, typer.Argument(help="FER2013: csv, pack or folder.")],
    video: Annotated[Path, typer.Argument(help="A video with a face.")],
    fer_python: Annotated[str | None, typer.Option(help="Python of the environment that has fer.")] = None,
    student: Annotated[Path | None, typer.Option(help="Card of a trained student_cnn.")] = None,
    faces: Annotated[int, typer.Option(help="How many of PrivateTest's faces, evenly taken.")] = 3589,
    frames: Annotated[int, typer.Option(help="How many frames of the video.")] = 40,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where to write the figures.")] = None,
) -> None:
    private = load_faces(data)["private"]
    rows = np.linspace(0, len(private) - 1, min(faces, len(private))).round().astype(int)
    with VideoFile(video) as source:
        pictures = np.stack([frame.rgb for frame in islice(source, frames)])
    systems = {"kslr": sys.executable}
    if student:
        systems["haar_s4"] = sys.executable
    if fer_python:
        systems["fer"] = fer_python
    with tempfile.TemporaryDirectory() as folder:
        inputs = Path(folder) / "inputs.npz"
        np.savez(inputs, images=private.images[rows], labels=private.labels[rows], frames=pictures)
        models = {"haar_s4": str(student)}
        figures = {name: measure(python, name, inputs, models.get(name, "emotion")) for name, python in systems.items()}
    ours = figures["kslr"]
    print(f"{'':28s}" + "".join(f"{name:>12s}" for name in figures))
    for key in ours:
        print(f"{key:28s}" + "".join(f"{values[key]:12.3f}" for values in figures.values()))
        if key != "accuracy" and key != "faces_a_frame":
            print(f"{'  to kslr':28s}" + "".join(f"{values[key] / ours[key]:12.2f}" for values in figures.values()))
    if json_file:
        json_file.write_text(json.dumps({"faces": len(rows), "frames": len(pictures), "systems": figures}, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
