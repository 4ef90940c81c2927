"""The classroom's figures: speed with 30 faces, memory over a long lesson, the tracker, and what moves the index.

    python benchmarks/classroom.py speed [--faces 30]
    python benchmarks/classroom.py memory [--minutes 30] [--rate 1]
    python benchmarks/classroom.py sensitivity

Faces are cut from the group photographs in --faces-folder; without it, one real face is repeated with changes. Memory
is of this process, over a lesson of so many minutes of video time with people who come and go.
"""

import os
import sys
import time
from itertools import count
from pathlib import Path
from typing import Literal

import numpy as np
import typer

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fusion.classroom.loop import Classroom, pace_frames  # noqa: E402
from fusion.classroom.settings import Settings  # noqa: E402
from fusion.classroom.windows import WindowBuilder  # noqa: E402
from kslr.frame import Frame  # noqa: E402
from tests.classes import lesson, photographed, portraits, seated  # noqa: E402


def load_faces(folder: Path, n: int) -> list[np.ndarray]:
    """Pictures of `n` faces."""
    if folder.is_dir():
        return photographed(folder, n)
    from skimage.data import astronaut

    return portraits(astronaut(), n)


def speed(faces: list[np.ndarray], seconds: float, tries: int) -> None:
    """Looks a second at 1280×720, the best of several tries, since other programs disturb."""
    frames = [frame.rgb for frame in lesson(faces, 4, 5)]
    rates, seen = [], 0
    with Classroom() as room:
        at = count()
        for _ in range(tries):
            start, looks = time.perf_counter(), 0
            while time.perf_counter() - start < seconds:
                i = next(at)
                look = room.look(Frame(frames[i % len(frames)], i / 5))
                seen, looks = max(seen, look.faces), looks + 1
            rates.append(looks / (time.perf_counter() - start))
    shown = ", ".join(f"{rate:.1f}" for rate in rates)
    print(f"{len(faces)} faces at 1280×720 ({seen} read at once): {max(rates):.1f} looks a second (tries: {shown})")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


def memory(faces: list[np.ndarray], minutes: float, rate: float) -> None:
    """Resident memory every minute of a lesson in which one face after another goes out for a while."""

    def frames():  # type: ignore[no-untyped-def]
        for i in range(round(minutes * 60 * rate)):
            out = i // 20 % len(faces)
            yield Frame(seated([*faces[:out], *faces[out + 1 :]], turn=i / rate), i / rate)

    held: list[tuple[float, float]] = []
    with Classroom(Settings(rate=rate)) as room:
        start = time.process_time()
        builder = WindowBuilder()
        for frame in pace_frames(frames(), rate):
            window = builder.add(room.look(frame))
            if window and window.end % 60 == 0:
                held.append((window.end / 60, resident_megabytes()))
                print(f"minute {held[-1][0]:4.0f}: {held[-1][1]:7.1f} MB", flush=True)
    warm = [mb for minute, mb in held if minute >= 5]
    if warm:
        print(f"growth after minute 5: {max(warm) - warm[0]:+.1f} MB at most, {warm[-1] - warm[0]:+.1f} MB at the end")
    print(f"processor time: {(time.process_time() - start) / 60:.1f} minutes")


def resident_megabytes() -> float:
    """Megabytes that this process holds."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def sensitivity(faces: list[np.ndarray]) -> None:
    """How far the index moves, before it is rounded, with the rate of looks and with one face missing."""

    def index(these: list[np.ndarray], fps: float) -> float:
        with Classroom(Settings(rate=fps)) as room:
            looks = [room.look(frame) for frame in lesson(these, 10, fps)]
        return float(np.mean([look.engagement for look in looks if look.engagement is not None]))

    whole = index(faces, 5)
    print(f"index of {len(faces)} faces at 5 looks a second: {whole:.3f}")
    for fps in (2, 1):
        print(f"at {fps} looks a second: {index(faces, fps) - whole:+.3f}")
    for n in (10, 5):
        few = faces[:n]
        base = index(few, 1)
        moved = [abs(index([*few[:i], *few[i + 1 :]], 1) - base) for i in range(n if n == 5 else 4)]
        print(f"one of {n} faces missing: {max(moved):.3f} at most, {np.mean(moved):.3f} in the mean (1/{n} = {1 / n:.3f})")


def main(
    what: Literal["speed", "memory", "sensitivity"],
    faces: int = 30,
    faces_folder: Path = ROOT.parent / "shared/data/media/faces",
    minutes: float = 30.0,
    rate: float = 1.0,
    tries: int = 5,
) -> None:
    """Measures one of the three."""
    pictures = load_faces(faces_folder, faces)
    if what == "speed":
        speed(pictures, 6.0, tries)
    elif what == "memory":
        memory(pictures, minutes, rate)
    else:
        sensitivity(pictures)


if __name__ == "__main__":
    typer.run(main)
