"""Runs cases in worker processes and sees what a worker cannot see itself: that it died, hung, or wrote elsewhere."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HANG_SECONDS = 150.0  # by the clock; what a case may use of the processor is far less, see `targets.Target`
CASES = int(os.environ.get("KSLR_FUZZ_CASES", "0"))
SEED = int(os.environ.get("KSLR_FUZZ_SEED", "1"))


@dataclass
class Tally:
    """What became of the cases of one target; seconds are of processor time, megabytes the worker's highest."""

    cases: int = 0
    accepted: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    peak_megabytes: float = 0.0
    failures: list[str] = field(default_factory=list)

    def add(self, line: dict[str, Any]) -> None:
        """Counts a case that came to its end."""
        self.cases += 1
        self.accepted += line["end"] == "accepted"
        self.refused += line["end"] == "refused"
        self.seconds += line["seconds"]
        self.slowest = max(self.slowest, line["seconds"])
        self.peak_megabytes = max(self.peak_megabytes, line["peak"])
        if line["end"] == "failed":
            self.failures.append(line["why"])


def run(target: str, bases: Path, cases: int, seed: int = SEED, first: int = 0) -> Tally:
    """Runs cases of a target, going on after a worker died or was killed.

    Args:
        target: a name in `tests.robustness.targets`.
        bases: the folder of whole files, one folder a target.
        cases: how many, beginning with number `first`.

    Returns:
        The tally; each failure says how the case is made again.
    """
    tally, case, end = Tally(), first, first + cases
    outside = bases.parent / f"outside-{target}"
    outside.mkdir(exist_ok=True)
    (outside / "untouched").write_text("untouched")
    before = snapshot(bases, outside)
    while case < end:
        begun = case
        for line in _worker(target, bases, outside, seed, case, end - case):
            if "lost" in line:
                tally.failures.append(f"{again(target, seed, begun)}\n{line['lost']}")
                tally.cases += 1
                break
            if "end" in line:
                line.setdefault("why", "")
                line["why"] = f"{again(target, seed, line['case'])}\n{line['why']}"
                tally.add(line)
                begun = line["case"] + 1
            else:
                begun = line["case"]
        else:
            begun = end - 1
        case = begun + 1
        if len(tally.failures) >= 20:
            tally.failures.append("… and then it was given up")
            break
    if snapshot(bases, outside) != before:
        tally.failures.append(f"{target}: files outside the folder given were made or changed (seed {seed})")
    return tally


def again(target: str, seed: int, case: int) -> str:
    """The command that makes one case again and keeps its file."""
    return f"python -m tests.robustness.worker {target} --seed {seed} --case {case} --keep FOLDER"


def snapshot(*folders: Path) -> dict[str, bytes]:
    """Every file in folders with its content."""
    return {str(path): path.read_bytes() for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()}


def environment(home: Path) -> dict[str, str]:
    """What a worker gets: this tree, and everything it may write by itself in a folder of its own."""
    home.mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("KSLR_", "PYTEST_"))}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        "HOME": str(home),
        "KSLR_HOME": str(home),
        "TMPDIR": str(home),
    }


def _worker(target: str, bases: Path, outside: Path, seed: int, first: int, count: int) -> Iterator[dict[str, Any]]:
    """The lines of one worker; the last has ``lost`` when it did not come to its end."""
    work = bases.parent / f"work-{target}"
    log = bases.parent / f"log-{target}.txt"
    command = [sys.executable, "-m", "tests.robustness.worker", target, "--bases", str(bases), "--work", str(work)]
    command += ["--seed", str(seed), "--case", str(first), "--count", str(count)]
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=outside, stdout=subprocess.PIPE, stderr=said, env=environment(work / "home"), text=True
        )
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    try:
        while True:
            try:
                line = lines.get(timeout=HANG_SECONDS)
            except queue.Empty:
                process.kill()
                yield {"lost": f"hung: nothing for {HANG_SECONDS:g} s"}
                return
            if line:
                yield json.loads(line)
            elif process.wait(30):
                said_last = log.read_bytes()[-3000:].decode(errors="replace")
                yield {"lost": f"the worker died with {process.returncode} (negative: a signal)\n{said_last}"}
                return
            else:
                return
    finally:
        process.kill()
        process.wait(30)


def _read(stream: Iterable[str], lines: "queue.Queue[str]") -> None:
    for line in stream:
        lines.put(line)
    lines.put("")


def report(path: Path, tallies: dict[str, Tally], seed: int, started: float) -> None:
    """Writes the counts of a long run, target by target."""
    targets = {name: vars(tally) for name, tally in tallies.items()}
    total = {key: sum(one[key] for one in targets.values()) for key in ("cases", "accepted", "refused")}
    told = {"seed": seed, "wall_seconds": round(time.monotonic() - started, 1), **total, "targets": targets}
    path.write_text(json.dumps(told, indent=1, default=lambda value: round(value, 3)) + "\n")
