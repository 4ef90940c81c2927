"""The live path with everything on, beside bare MediaPipe Holistic, in one run.

(a) bare: Holistic alone, one frame after another.
(b) in turn: the pass, both branches, drawing and JPEG encoding, one after another in one thread.
(c) live: the same with a camera of 30 frames a second, overlapped in threads as `Session.observations` does it. Counted
    are the time between two annotated pictures, and the latency from the moment the camera gave a picture until the
    annotated one is encoded.

The clip is decoded beforehand and shown to (c) as a camera would. The three take turns for several rounds, each with
its own tracker; the first frames of every turn are a warm-up.

    python benchmarks/live.py CLIP [--rounds 3] [--fps 30] [--json FILE]
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, pairwise
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fusion.drawing import annotate
from fusion.interpreter import Interpreter, Models
from fusion.observation import Observation
from kslr.camera import Camera
from kslr.holistic import HolisticTracker
from kslr.video import Frame, VideoFile


class Capture:
    """A camera that shows decoded pictures at a steady rate, with the interface of `cv2.VideoCapture`."""

    def __init__(self, pictures: list[np.ndarray], fps: float) -> None:
        self._pictures, self._step, self._next = cycle(pictures), 1 / fps, monotonic()

    def isOpened(self) -> bool:
        return True

    def read(self) -> tuple[bool, np.ndarray]:
        self._next = max(self._next + self._step, monotonic() - self._step)
        sleep(max(0.0, self._next - monotonic()))
        return True, next(self._pictures)

    def release(self) -> None:
        pass


class TimedCamera(Camera):
    """A camera that knows when its clock began."""

    @property
    def origin(self) -> float:
        """`monotonic` seconds of time zero."""
        assert self._start is not None
        return self._start


def encode_jpeg(frame: Frame, observation: Observation) -> Any:
    """Everything drawn, as a JPEG."""
    import cv2

    word = observation.words[-1] if observation.words else None
    return cv2.imencode(".jpg", cv2.cvtColor(annotate(frame.rgb, observation, word), cv2.COLOR_RGB2BGR))


@contextmanager
def time_into(times: list[float]) -> Iterator[None]:
    """Appends the milliseconds that the body takes."""
    start = perf_counter()
    yield
    times.append((perf_counter() - start) * 1000)


def main(
    clip: Annotated[Path, typer.Argument(help="The clip to show.")],
    rounds: int = 3,
    fps: float = 30.0,
    warmup: int = 15,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Prints milliseconds a frame and the ratios."""
    import cv2

    with VideoFile(clip) as video:
        frames = list(video)
    pictures = [cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2BGR) for frame in frames]
    models = Models.load()
    bare: list[float] = []
    in_turn: list[float] = []
    between: list[float] = []
    latency: list[float] = []
    for _ in range(rounds):
        times: list[float] = []
        with HolisticTracker() as tracker:
            for frame in frames:
                with time_into(times):
                    tracker.process(frame)
        bare += times[warmup:]

        times = []
        with Interpreter(models).session() as session:
            for frame in frames:
                with time_into(times):
                    encode_jpeg(frame, session.push(frame))
        in_turn += times[warmup:]

        camera = TimedCamera(capture_factory=lambda _: Capture(pictures, fps))
        with camera, Interpreter(models).session() as session:
            shown: list[tuple[float, float]] = []
            for frame, observation in session.observations(camera):
                encode_jpeg(frame, observation)
                now = monotonic()
                shown.append((now, now - camera.origin - frame.seconds))
                if len(shown) == len(frames):
                    break
        between += [(b[0] - a[0]) * 1000 for a, b in pairwise(shown[warmup:])]
        latency += [late * 1000 for _, late in shown[warmup:]]
    p50, p95 = (lambda t: float(np.percentile(t, 50))), (lambda t: float(np.percentile(t, 95)))
    figures = {
        "clip": clip.name,
        "frames": len(bare),
        "camera_fps": fps,
        "bare_p50_milliseconds": p50(bare),
        "in_turn_p50_milliseconds": p50(in_turn),
        "live_p50_milliseconds": p50(between),
        "latency_p50_milliseconds": p50(latency),
        "latency_p95_milliseconds": p95(latency),
        "in_turn_ratio": p50(in_turn) / p50(bare),
        "live_ratio": p50(between) / p50(bare),
        "latency_p95_ratio": p95(latency) / p50(bare),
    }
    print(f"bare Holistic  p50 {p50(bare):6.1f} ms a frame")
    print(f"in turn        p50 {p50(in_turn):6.1f} ms a frame   {figures['in_turn_ratio']:.2f} × bare")
    print(f"live           p50 {p50(between):6.1f} ms a frame   {figures['live_ratio']:.2f} × bare")
    print(f"latency        p50 {p50(latency):6.1f} ms   p95 {p95(latency):6.1f} ms   {figures['latency_p95_ratio']:.2f} × bare")
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
