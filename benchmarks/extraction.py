"""How fast `kslr extract` is on one core, on two with one process, and on two with two, in one run; and what that
makes of a large collection on many machines.

    python benchmarks/extraction.py FOLDER [--clips 8] [--seconds 3] [--rounds 3] [--translate] [--json FILE]
    python benchmarks/extraction.py --estimate FILE [--price 0.04] [--machines 1,4,16] [--cores 8]

Every clip is the beginning of one in FOLDER, copied without being coded again (where there are fewer than asked for,
they are taken again). With --translate it is `kslr translate FOLDER` instead. The three ways take turns; processes are
started anew each time, and that counts. Beside them stands a plain loop of arithmetic on one and on two cores, which is
what this machine's second core is worth at best.

The estimate is for 40,000 clips, the collection of the Kazakh-Russian system (200 GB; its authors expected 16 days on
one machine with six cores), of 70 frames each, which is what their network takes, unless told otherwise. It counts every
core as if it were as fast as the measured ones, and no time for reading over a network.
"""

import json
import multiprocessing
import os
import platform
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kslr.extraction import extract, video_files

# The source's collection, and what its authors expected.
SOURCE_CLIPS, SOURCE_FRAMES, SOURCE_DAYS, SOURCE_CORES = 40_000, 70, 16, 6


def copy_beginning(clip: Path, to: Path, seconds: float) -> int:
    """Copies the beginning of a clip's pictures, packet by packet; returns how many."""
    import av

    with av.open(str(clip)) as source, av.open(str(to), "w") as target:
        pictures = source.streams.video[0]
        copy = target.add_stream_from_template(pictures)
        start, copied = None, 0
        for packet in source.demux(pictures):
            if packet.dts is None:
                continue
            start = packet.dts if start is None else start
            if float((packet.dts - start) * packet.time_base) >= seconds:
                break
            packet.stream = copy
            target.mux(packet)
            copied += 1
    return copied


@contextmanager
def pin_cores(cores: set[int]) -> Iterator[None]:
    """This process, and what it starts, on these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def time_run(folder: Path, out: Path, workers: int, cores: set[int], translate: bool) -> dict[str, float]:
    """One run over the folder: wall and processor seconds."""
    from fusion.transcripts.batch import translate_folder  # not above: worker processes read this file, too

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pin_cores(cores):
        start = perf_counter()
        run = translate_folder if translate else extract
        failed = [one for one in run(folder, out, workers=workers) if one.problem and one.problem != "nobody is in view"]
        wall = perf_counter() - start
    if failed:
        raise SystemExit("\n".join(f"{one.clip}: {one.problem}" for one in failed))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"wall": wall, "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def arithmetic(core: int) -> float:
    """Seconds of a fixed loop in the caches of one core."""
    os.sched_setaffinity(0, {core})
    x = np.linspace(0, 1, 4096, dtype=np.float32)
    start = perf_counter()
    for _ in range(60_000):
        np.tanh(x, out=x)
    return perf_counter() - start


def second_core(cores: list[int]) -> float:
    """How many times the work of one core two do, where nothing is shared but the machine."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as one, context.Pool(1) as two:
        alone = one.apply(arithmetic, (cores[0],))
        both = [pool.apply_async(arithmetic, (core,)) for pool, core in zip((one, two), cores, strict=True)]
        return 2 * alone / max(job.get() for job in both)


def are_identical(a: Path, b: Path) -> bool:
    """Whether two outputs are the very same files."""
    files = [{path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()} for out in (a, b)]
    return bool(files[0]) and files[0] == files[1]


def measure(folder: Path, clips: int, seconds: float, rounds: int, translate: bool) -> dict[str, Any]:
    """All three ways over the same clips."""
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("This needs Linux and two cores.")
    cores = sorted(os.sched_getaffinity(0))[:2]
    ways = {
        "one process, one core": (1, {cores[0]}),
        "one process, two cores": (1, set(cores)),
        "two processes, two cores": (2, set(cores)),
    }
    runs: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as scratch:
        cuts, found = Path(scratch) / "clips", video_files(folder)
        cuts.mkdir()
        chosen = [found[n % len(found)] for n in range(clips)]
        frames = sum(copy_beginning(clip, cuts / f"{n:03d}{clip.suffix}", seconds) for n, clip in enumerate(chosen))
        outs = []
        for turn in range(rounds):
            for way, (workers, where) in ways.items():
                outs.append(Path(scratch) / f"{turn} {way}")
                runs[way].append(time_run(cuts, outs[-1], workers, where, translate))
                print(f"round {turn + 1} · {way}: {runs[way][-1]['wall']:.1f} s", flush=True)
        identical = all(are_identical(outs[0], other) for other in outs[1:])
    figures: dict[str, Any] = {"machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores", "ways": {}}
    for way, made in runs.items():
        wall = float(np.median([run["wall"] for run in made]))
        figures["ways"][way] = {
            "seconds": wall,
            "clips_a_second": clips / wall,
            "frames_a_second": frames / wall,
            "processor_seconds_a_frame": float(np.median([run["cpu"] for run in made])) / frames,
        }
    one, spread, two = (figures["ways"][way]["seconds"] for way in ways)
    return figures | {
        "work": "translate" if translate else "extract",
        "clips": clips,
        "frames": frames,
        "rounds": rounds,
        "identical": identical,
        "two_cores_to_one": one / two,
        "two_processes_to_one_process": spread / two,
        "one_process_second_core": one / spread,
        "arithmetic_second_core": second_core(cores),
    }


def print_figures(figures: dict[str, Any]) -> None:
    """The measured figures, for people."""
    for way, figure in figures["ways"].items():
        print(
            f"{way:25s} {figure['seconds']:7.1f} s   {figure['clips_a_second']:6.2f} clips/s   "
            f"{figure['frames_a_second']:7.1f} frames/s   {1000 * figure['processor_seconds_a_frame']:5.1f} ms of a core a frame"
        )
    print(
        f"two processes on two cores: {figures['two_cores_to_one']:.2f} × one process on one core, "
        f"{figures['two_processes_to_one_process']:.2f} × one process on two cores "
        f"(plain arithmetic on two cores: {figures['arithmetic_second_core']:.2f} × one)"
    )
    print(f"results identical in all ways: {'yes' if figures['identical'] else 'NO'}")


def estimate_collection(
    figures: dict[str, Any], total: int, frames_a_clip: float, machines: list[int], cores: int, price: float | None
) -> dict[str, Any]:
    """Core-hours of a collection, and its hours on so many machines.

    Args:
        figures: of `measure`.
        total: clips of the collection.
        frames_a_clip: their mean length.
        machines: so many of them, one after another.
        cores: of each machine.
        price: of one core for one hour, in any currency.
    """
    way = figures["ways"]["two processes, two cores"]
    core_hours = total * frames_a_clip * 2 / way["frames_a_second"] / 3600
    source = SOURCE_DAYS * 24 * SOURCE_CORES * total / SOURCE_CLIPS
    return {
        "clips": total,
        "frames_a_clip": frames_a_clip,
        "core_hours": core_hours,
        "source_core_hours": source,
        "price": None if price is None else price * core_hours,
        "hours": {f"{count} × {cores} cores": core_hours / (count * cores) for count in machines},
    }


def main(
    folder: Annotated[Path | None, typer.Argument(help="Folder of clips.")] = None,
    clips: Annotated[int, typer.Option(help="How many.", min=2)] = 8,
    seconds: Annotated[float, typer.Option(help="Length of each.")] = 3.0,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    translate: Annotated[bool, typer.Option(help="Measure translation instead of extraction.")] = False,
    estimate: Annotated[Path | None, typer.Option(help="Measure nothing; take the figures of this --json file.")] = None,
    total: Annotated[int, typer.Option(help="Clips of the collection that the estimate is for.")] = SOURCE_CLIPS,
    frames_a_clip: Annotated[float, typer.Option(help="Of that collection, on average.")] = SOURCE_FRAMES,
    machines: Annotated[str, typer.Option(help="Numbers of machines.")] = "1,4,16,64",
    cores: Annotated[int, typer.Option(help="Of each machine.")] = 6,
    price: Annotated[float | None, typer.Option(help="Of one core for one hour, in any currency.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Prints throughput, ratios and the estimate."""
    if estimate is not None:
        figures = json.loads(estimate.read_text())
    elif folder is not None:
        figures = measure(folder, clips, seconds, rounds, translate)
    else:
        raise SystemExit("Give a folder of clips, or --estimate with the figures of an earlier run.")
    print_figures(figures)
    found = figures["estimate"] = estimate_collection(
        figures, total, frames_a_clip, [int(count) for count in machines.split(",")], cores, price
    )
    print(
        f"\n{found['clips']} clips of {found['frames_a_clip']:.0f} frames: {found['core_hours']:.0f} core-hours"
        + (f", {found['price']:.2f} at {price} a core-hour" if price is not None else "")
        + f" (the source expected {found['source_core_hours']:.0f})"
    )
    for where, hours in found["hours"].items():
        print(f"  {where}: {hours:.1f} hours")
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")
    if not figures["identical"]:
        raise SystemExit(1)


if __name__ == "__main__":
    typer.run(main)
