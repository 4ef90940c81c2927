"""Where MediaPipe Holistic spends its time, and what saving some of it would cost in landmarks and in signs.

Time: the graph without its face, without its hands and without both, beside the whole one, on the same frames in turn;
and one thread for XNNPACK said aloud instead of its own choice.
Cost: pictures of a smaller side, and a face that is looked for in every second frame only, beside the whole pass at 640:
distance of the landmarks in pixels of the picture at 640, parts that appear or vanish, and whether the segmenter and the
vocabulary still tell the same word for a clip. (The vocabulary learnt from such clips, so this shows agreement, not
accuracy.)

    python benchmarks/holistic.py CLIPS [--most 24] [--json FILE]
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kslr.core.native import MEDIAPIPE_CHATTER, filter_stderr, load_mediapipe
from kslr.extraction import video_files
from kslr.holistic import HolisticTracker
from kslr.landmarks import Landmarks
from kslr.recognizer import SignRecognizer
from kslr.segmenter import find_signs
from kslr.video import Frame, VideoFile

SIDES = (640, 480, 360, 256)
PARTS = ("pose", "face", "left_hand", "right_hand")


@contextmanager
def partial_graph(without: tuple[str, ...] = (), threads: int = 0) -> Iterator[Callable[[Frame], Any]]:
    """The Holistic graph without some of its nodes (``face``, ``hands``), or with a number of XNNPACK threads."""
    mediapipe = load_mediapipe()
    from mediapipe.calculators.tensor import inference_calculator_pb2 as inference
    from mediapipe.framework import calculator_pb2
    from mediapipe.python.solution_base import SolutionBase

    class Partial(SolutionBase):
        def _initialize_graph_interface(self, *given: Any) -> Any:
            canonical = super()._initialize_graph_interface(*given)
            for node in canonical.node:
                if threads and node.options.HasExtension(inference.InferenceCalculatorOptions.ext):
                    node.options.Extensions[inference.InferenceCalculatorOptions.ext].delegate.xnnpack.num_threads = threads
            return canonical

    config = calculator_pb2.CalculatorGraphConfig()
    path = Path(mediapipe.__file__).parent / "modules/holistic_landmark/holistic_landmark_cpu.binarypb"
    config.ParseFromString(path.read_bytes())
    dropped = {"face": "FaceLandmarksFromPoseCpu", "hands": "HandLandmarksLeftAndRightCpu"}
    gone = [dropped[part] for part in without]
    kept = [node for node in config.node if node.calculator not in gone]
    lost = {stream.split(":")[-1] for node in config.node if node.calculator in gone for stream in node.output_stream}
    del config.node[:]
    config.node.extend(kept)
    streams = [stream for stream in config.output_stream if stream.split(":")[-1] not in lost]
    del config.output_stream[:]
    config.output_stream.extend(streams)
    wanted = ("pose_landmarks", "left_hand_landmarks", "right_hand_landmarks", "face_landmarks")
    options = {"model_complexity": 1, "smooth_landmarks": True, "enable_segmentation": False, "smooth_segmentation": False}
    options |= {"refine_face_landmarks": False, "use_prev_landmarks": True}
    asked = {packet.split(":")[-1] for node in kept for packet in node.input_side_packet}
    with filter_stderr(MEDIAPIPE_CHATTER):
        solution = Partial(
            graph_config=config,
            side_inputs={name: value for name, value in options.items() if name in asked},
            outputs=[name for name in wanted if name not in lost],
        )
    try:
        yield lambda frame: solution.process(frame.rgb)
    finally:
        solution.close()


def measure_parts(frames: list[Frame], rounds: int, warmup: int = 10) -> dict[str, float]:
    """Median milliseconds a frame of the whole graph and of its parts, taking turns."""
    runs = {
        "whole": partial_graph(),
        "without face": partial_graph(("face",)),
        "without hands": partial_graph(("hands",)),
        "pose alone": partial_graph(("face", "hands")),
        "one XNNPACK thread": partial_graph(threads=1),
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    with ExitStack() as stack:
        steps = {name: stack.enter_context(run) for name, run in runs.items()}
        for turn in range(rounds + 1):
            for name, step in steps.items():
                for frame in frames if turn else frames[:warmup]:
                    start = perf_counter()
                    step(frame)
                    if turn:
                        times[name].append((perf_counter() - start) * 1000)
    return {name: float(np.median(found)) for name, found in times.items()}


def track_clip(clip: Path, side: int) -> tuple[list[Landmarks], list[float]]:
    """The landmarks of a clip whose pictures are made so small, and milliseconds a frame of the pass."""
    found, times = [], []
    with VideoFile(clip, max_side=side) as video, HolisticTracker() as tracker:
        for frame in video:
            start = perf_counter()
            found.append(tracker.process(frame))
            times.append((perf_counter() - start) * 1000)
    return found, times


def every_second_face(whole: list[Landmarks]) -> list[Landmarks]:
    """What the branches would get if every second frame kept the face of the one before."""
    return [replace(one, face=whole[i - 1].face) if i % 2 else one for i, one in enumerate(whole)]


def distances(whole: list[Landmarks], other: list[Landmarks]) -> dict[str, list[float]]:
    """Mean distance of each part's points in pixels of a 640-pixel picture, for the frames in which both have the part."""
    found: dict[str, list[float]] = {part: [] for part in PARTS}
    for a, b in zip(whole, other, strict=True):
        scale = (640, 640 / a.aspect) if a.aspect >= 1 else (640 * a.aspect, 640)
        for part in PARTS:
            one, two = getattr(a, part), getattr(b, part)
            if one is not None and two is not None:
                # Of the pose, what signing uses: the points below the hips are guessed at in most pictures.
                points = slice(0, 25) if part == "pose" else slice(None)
                found[part].append(float(np.linalg.norm((one - two)[points, :2] * scale, axis=1).mean()))
    return found


def changed_parts(whole: list[Landmarks], other: list[Landmarks]) -> float:
    """Share of hands and faces that only one of both has."""
    pairs = [(getattr(a, p) is None, getattr(b, p) is None) for a, b in zip(whole, other, strict=True) for p in PARTS[1:]]
    return float(np.mean([a != b for a, b in pairs]))


def read_words(signs: SignRecognizer, landmarks: list[Landmarks]) -> list[str]:
    """The words of a clip, in their order."""
    words = (signs.recognize(segment).sign_id for segment in find_signs(landmarks))
    return [word for word in words if word]


def main(
    clips: Annotated[Path, typer.Argument(help="A folder of clips.")],
    most: int = 24,
    rounds: int = 3,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Prints the shares of the pass, and what smaller pictures and rarer faces would save and cost."""
    files, signs = video_files(clips)[:most], SignRecognizer()
    with VideoFile(files[0]) as video:
        parts = measure_parts(list(video)[:60], rounds)
    print("the pass, milliseconds a frame (median)")
    for name, milliseconds in parts.items():
        print(f"  {name:20s} {milliseconds:6.1f}   {milliseconds / parts['whole']:.2f}")

    whole = {clip: track_clip(clip, SIDES[0]) for clip in files}
    words = {clip: read_words(signs, landmarks) for clip, (landmarks, _) in whole.items()}
    base = float(np.median([t for _, times in whole.values() for t in times[5:]]))
    table: dict[str, dict[str, Any]] = {}
    for name in [f"side {side}" for side in SIDES[1:]] + ["face every second frame"]:
        moved: dict[str, list[float]] = {part: [] for part in PARTS}
        spent, same, lost = [], [], []
        for clip, (landmarks, _) in whole.items():
            if name.startswith("side"):
                other, times = track_clip(clip, int(name.split()[1]))
                spent += times[5:]
            else:
                other = every_second_face(landmarks)
            for part, values in distances(landmarks, other).items():
                moved[part] += values
            lost.append(changed_parts(landmarks, other))
            same.append(read_words(signs, other) == words[clip])
        pixels = {part: {"median": float(np.median(v)), "p95": float(np.percentile(v, 95))} for part, v in moved.items() if v}
        saved = (parts["whole"] - parts["without face"]) / 2
        table[name] = {
            "milliseconds_ratio": float(np.median(spent)) / base if spent else 1 - saved / parts["whole"],
            "pixels": pixels,
            "parts_changed": float(np.mean(lost)),
            "same_words": float(np.mean(same)),
        }
        row, away = table[name], "  ".join(f"{part} {v['median']:.1f} (p95 {v['p95']:.1f})" for part, v in pixels.items())
        print(f"{name}: {row['milliseconds_ratio']:.2f} × the time; pixels: {away}")
        print(f"  parts changed {row['parts_changed']:.1%}; same words in {row['same_words']:.0%} of {len(files)} clips")
    figures = {"clips": len(files), "pass_milliseconds": parts, "cheaper": table}
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
