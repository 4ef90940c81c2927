"""What this pipeline costs a frame, beside bare Holistic and beside the usual tutorial loop, in one run.

(a) bare: MediaPipe Holistic alone.
(b) kslr: this project, both branches with everything on: the pass, crop, emotion, segmentation, signs, fusion.
(c) tutorial: Holistic, then Keras `predict` of the 30×1662 LSTM on every frame, then a Haar cascade and Keras
    `predict` of the 48×48 CNN on every frame.

The clip is decoded beforehand. The three take turns over the whole clip, several rounds, each with its own tracker,
and the first frames of every turn are a warm-up that is not counted.

    python benchmarks/pipeline.py CLIP [--rounds 3] [--json FILE]
"""

import json
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fusion.interpreter import Interpreter, Models
from kslr.core.training import require_keras
from kslr.holistic import HolisticTracker
from kslr.video import Frame, VideoFile

Step = Callable[[Frame], object]


@contextmanager
def bare_holistic() -> Iterator[Step]:
    """(a) the one pass and nothing else."""
    with HolisticTracker() as tracker:
        yield tracker.process


@contextmanager
def whole_pipeline(models: Models) -> Iterator[Step]:
    """(b) the whole pipeline."""
    with Interpreter(models).session() as session:
        yield session.push


@contextmanager
def tutorial(signs: object, emotions: object) -> Iterator[Step]:
    """(c) a network's `predict` for each branch on every frame."""
    import cv2

    haar = cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data/haarcascade_frontalface_default.xml"))
    window: deque[np.ndarray] = deque([np.zeros(1662, np.float32)] * 30, maxlen=30)

    with HolisticTracker() as tracker:

        def step(frame: Frame) -> None:
            window.append(tracker.process(frame).vector())
            signs.predict(np.stack(window)[None], verbose=0)  # type: ignore[attr-defined]
            grey = cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY)
            for x, y, w, h in haar.detectMultiScale(grey, 1.3, 5):
                face = cv2.resize(grey[y : y + h, x : x + w], (48, 48))
                emotions.predict(face[None], verbose=0)  # type: ignore[attr-defined]

        yield step


def milliseconds(step: Step, frames: list[Frame], warmup: int) -> list[float]:
    """Time of each frame after the warm-up."""
    times = []
    for frame in frames:
        start = perf_counter()
        step(frame)
        times.append((perf_counter() - start) * 1000)
    return times[warmup:]


def main(
    clip: Annotated[Path, typer.Argument(help="The clip to run.")],
    rounds: int = 3,
    warmup: int = 10,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Prints p50 and p95 a frame of all three, and their ratios."""
    require_keras()
    from emotion.training.networks.architectures import student_cnn
    from kslr.training.networks.recurrent import paper_lstm

    with VideoFile(clip) as video:
        frames = list(video)
    models, signs, emotions = Models.load(), paper_lstm(classes=30), student_cnn()
    runs = {"bare": bare_holistic, "kslr": lambda: whole_pipeline(models), "tutorial": lambda: tutorial(signs, emotions)}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            with run() as step:
                times[name] += milliseconds(step, frames, warmup)
    p50 = {name: float(np.percentile(t, 50)) for name, t in times.items()}
    p95 = {name: float(np.percentile(t, 95)) for name, t in times.items()}
    figures = {
        "clip": clip.name,
        "frames": len(times["bare"]),
        "p50_milliseconds": p50,
        "p95_milliseconds": p95,
        "ratio_to_holistic": p50["kslr"] / p50["bare"],
        "tutorial_ratio": p50["tutorial"] / p50["kslr"],
    }
    for name in runs:
        print(f"{name:9s} p50 {p50[name]:7.1f} ms   p95 {p95[name]:7.1f} ms   {p50[name] / p50['bare']:.2f} × bare")
    print(f"kslr / bare Holistic {figures['ratio_to_holistic']:.3f}   tutorial / kslr {figures['tutorial_ratio']:.2f}")
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
