"""Runs every benchmark of speed and writes benchmarks/RESULTS.md: ratios first, then what each of them printed.

    python benchmarks/results.py [--clip CLIP] [--clips FOLDER] [--faces DATA] [--fer-python PATH] [--student CARD]
                                 [--only NAME ...]

Without a clip, a drawn person signs. What needs data that is not given is left out, and the file says so. Every benchmark
runs in a process of its own, one after another, and what it compares it measures in one run. Nothing else should run meanwhile:
how busy the machine was before each is written beside it. The seconds depend on the machine, the ratios hardly. `--only` measures
some anew and keeps the rest, which lies in benchmarks/results.json.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import track

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

RESULTS = ROOT / "benchmarks/RESULTS.md"
KEPT = ROOT / "benchmarks/results.json"


@dataclass(frozen=True)
class Ratio:
    """A line of the table: where its number lies in the JSON of a benchmark.

    Attributes:
        what: in words.
        path: keys, one after another.
        target: what it should be at most (or at least, with ``least``), if the project has set one.
    """

    what: str
    path: tuple[str, ...]
    target: float | None = None
    least: bool = False


# benchmark → its ratios, in the order of the file
RATIOS: dict[str, tuple[Ratio, ...]] = {
    "live": (
        Ratio("live path, everything on and overlapped, to bare Holistic: time a frame", ("live_ratio",), 1.10),
        Ratio("its latency from camera to annotated picture, p95, to the pass", ("latency_p95_ratio",), 2.5),
        Ratio("the same work one after another in one thread, to bare Holistic", ("in_turn_ratio",)),
    ),
    "pipeline": (
        Ratio("both branches without drawing, one after another, to bare Holistic", ("ratio_to_holistic",), 1.25),
        Ratio("the tutorial loop (two `predict` a frame and Haar) to ours", ("tutorial_ratio",)),
    ),
    "holistic": (
        Ratio("the pass without its hands", ("pass_ratios", "without hands")),
        Ratio("the pass without its face", ("pass_ratios", "without face")),
        Ratio("the pose alone", ("pass_ratios", "pose alone")),
    ),
    "inference": (
        Ratio("the paper's LSTM by `tf.function` to LiteRT", ("ratio_to_litert", "tf_function")),
        Ratio("the paper's LSTM by `predict` to LiteRT", ("ratio_to_litert", "predict")),
    ),
    "emotion": (
        Ratio("a face by Haar and the S4 network to ours", ("ratio_to_ours", "haar_s4", "milliseconds_face")),
        Ratio("a face by `fer` to ours", ("ratio_to_ours", "fer", "milliseconds_face")),
        Ratio("a video frame by `fer` to ours", ("ratio_to_ours", "fer", "milliseconds_frame")),
        Ratio("memory of `fer` to ours", ("ratio_to_ours", "fer", "megabytes")),
    ),
    "startup": (
        Ratio("ready for a camera, to importing TensorFlow: seconds", ("ratio", "seconds")),
        Ratio("the same: memory", ("ratio", "megabytes")),
    ),
    "extraction": (
        Ratio("two processes on two cores to one on one core: clips a second", ("two_cores_to_one",), 1.7, least=True),
        Ratio("two processes to one, both on two cores", ("two_processes_to_one_process",)),
        Ratio("plain arithmetic on two cores to one: what this machine can give", ("arithmetic_second_core",)),
    ),
    "sessions": (Ratio("live sessions at 10 pictures a second before the wait doubles", ("held",)),),
}


def write_drawn_clips(folder: Path) -> Path:
    """Clips of the drawn person, for a machine that has no recordings; the longest is returned."""
    from docs.drawn_person import MOVEMENTS, clip
    from tests.clips import write

    pictures = {name: list(clip(name, 15.0)) for name in MOVEMENTS}
    for name, one in pictures.items():
        write(folder / f"{name}.mp4", one, fps=15)
    return write(folder / "drawn.mp4", [picture for one in pictures.values() for picture in one] * 2, fps=15)


def benchmark_arguments(
    clip: Path, clips: Path, faces: Path | None, fer_python: str | None, student: Path | None
) -> dict[str, list[str] | None]:
    """Each benchmark's arguments; None where it lacks its data."""
    others = ["--fer-python", fer_python] if fer_python else []
    others += ["--student", str(student)] if student else []
    return {
        "live": [str(clip)],
        "pipeline": [str(clip)],
        "holistic": [str(clips), "--most", "6"],
        "inference": [],
        "emotion": [str(faces), str(clip), *others] if faces else None,
        "startup": [],
        "extraction": [str(clips), "--clips", "12", "--seconds", "3", "--rounds", "2"],
        "sessions": [str(clip)],
    }


def run_benchmark(name: str, arguments: list[str], folder: Path) -> tuple[str, dict[str, Any]]:
    """What a benchmark printed, and its figures."""
    out = folder / f"{name}.json"
    command = [sys.executable, str(ROOT / f"benchmarks/{name}.py"), *arguments, "--json", str(out)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode or not out.is_file():
        raise SystemExit(f"{name} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout.strip(), add_ratios(name, json.loads(out.read_text()))


def add_ratios(name: str, figures: dict[str, Any]) -> dict[str, Any]:
    """Figures with those ratios that a benchmark prints but does not write."""
    if name == "holistic":
        times = figures["pass_milliseconds"]
        figures["pass_ratios"] = {part: value / times["whole"] for part, value in times.items()}
    elif name == "startup":
        ours, base = figures["everything, ready for a camera"], figures["import tensorflow"]
        figures["ratio"] = {key: ours[key] / base[key] for key in base}
    elif name == "emotion":
        ours = figures["systems"]["kslr"]
        figures["ratio_to_ours"] = {
            other: {key: values[key] / ours[key] for key in ours if ours[key]} for other, values in figures["systems"].items()
        }
    return figures


def table_rows(name: str, figures: dict[str, Any]) -> Iterator[str]:
    """The lines of the table for one benchmark."""
    for ratio in RATIOS[name]:
        value: Any = figures
        for key in ratio.path:
            value = value.get(key) if isinstance(value, dict) else None
        if value is None:
            continue
        target = "" if ratio.target is None else f"{'≥' if ratio.least else '≤'} {ratio.target:g}"
        yield f"| {ratio.what} | {value:.3g} | {target} | `{name}.py` |"


def describe_machine() -> str:
    """The machine in one line, without its name."""
    model = "unknown processor"
    if Path("/proc/cpuinfo").is_file():
        lines = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        model = lines[0].split(":", 1)[1].strip() if lines else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, NumPy {np.__version__}"


def main(
    clip: Annotated[Path | None, typer.Option(help="A clip of one person signing.")] = None,
    clips: Annotated[Path | None, typer.Option(help="A folder of clips.")] = None,
    faces: Annotated[Path | None, typer.Option(help="FER2013: csv, pack or folder.")] = None,
    fer_python: Annotated[str | None, typer.Option(help="Python of an environment that has fer.")] = None,
    student: Annotated[Path | None, typer.Option(help="Card of a trained student_cnn.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Measure these anew and keep the rest.")] = None,
) -> None:
    """Runs them all and writes the file."""
    kept: dict[str, Any] = json.loads(KEPT.read_text()) if only and KEPT.is_file() else {}
    with tempfile.TemporaryDirectory(prefix="kslr-results-") as name:
        folder = Path(name)
        (folder / "clips").mkdir()
        used = clip or write_drawn_clips(folder / "clips")
        tasks = benchmark_arguments(used, clips or used.parent, faces, fer_python, student)
        for task in track([task for task in RATIOS if not only or task in only], description="Benchmarks"):
            arguments = tasks[task]
            if arguments is None:
                continue
            busy = os.getloadavg()[0] / (os.cpu_count() or 1)
            text, figures = run_benchmark(task, arguments, folder)
            shown = "a drawn person" if clip is None else clip.name
            kept[task] = {"rows": list(table_rows(task, figures)), "printed": text, "busy": round(busy, 2), "clip": shown}
            KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    RESULTS.write_text(results_page(kept))
    print(f"Written: {RESULTS}")


def results_page(kept: dict[str, Any]) -> str:
    """The file: ratios first, then what was printed."""
    tasks = [task for task in RATIOS if task in kept]
    missing = [task for task in RATIOS if task not in kept]
    lines = [
        "# Results",
        "",
        f"Written by `python benchmarks/results.py` on {describe_machine()}. Every line compares what was",
        "measured in one run.",
        "",
        "| what | ratio | target | measured by |",
        "|---|---|---|---|",
        *(row for task in tasks for row in kept[task]["rows"]),
        "",
        *([f"Not measured, for want of data: {', '.join(missing)}.", ""] if missing else []),
    ]
    for task in tasks:
        one = kept[task]
        others = f"Clip: {one['clip']}. Processes that wanted each core just before: {one['busy']:g}."
        lines += [f"## {task}", "", others, "", "```", one["printed"], "```", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(main)
