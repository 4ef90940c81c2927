"""One process that runs cases of a target and tells on stdout, line by line, what became of each."""

import argparse
import json
import os
import random
import shutil
import sys
import time
import traceback
import zlib
from pathlib import Path
from typing import Any

from kslr.core.errors import InputError

# scikit-learn and NumPy ask the second about the processor.
PROGRAMS = (sys.executable, "lscpu")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGING = {
    "os.rename": 2,
    "os.remove": 1,
    "os.mkdir": 1,
    "os.rmdir": 1,
    "os.link": 2,
    "os.symlink": 2,
    "os.truncate": 1,
    "os.chmod": 1,
}


class Watch:
    """Notes what is written elsewhere, what is connected to, and which programs are started."""

    def __init__(self, allowed: tuple[Path, ...]) -> None:
        self._allowed = (*(str(path.resolve()) for path in allowed), "/dev/null", "/proc/self/")
        self.found: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook."""
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
            self._check(event, arguments[0])
        elif event in CHANGING:
            for path in arguments[: CHANGING[event]]:
                self._check(event, path, *arguments[CHANGING[event] :][:1])
        elif event in ("socket.connect", "os.system") or (event == "subprocess.Popen" and arguments[0] not in PROGRAMS):
            self.found.append(f"{event} {arguments!r:.200}")

    def _check(self, event: str, path: Any, folder: Any = -1) -> None:
        if isinstance(path, str | bytes | os.PathLike):
            # Trees are removed by names inside an open folder.
            removed = event in ("os.remove", "os.rmdir") and isinstance(folder, int) and folder >= 0
            inside = os.readlink(f"/proc/self/fd/{folder}") if removed else ""
            place = os.path.abspath(os.path.join(inside, os.fsdecode(path)))
            if not place.startswith(self._allowed):
                self.found.append(f"{event} {place!r:.200}")


def generator(target: str, seed: int, case: int) -> random.Random:
    """What a case follows from."""
    return random.Random(zlib.crc32(f"{target} {seed} {case}".encode()))


def memory() -> float:
    """The highest resident memory since `forget_memory`, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def forget_memory() -> None:
    """Begins to count anew, where that can be."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def main() -> None:
    """Runs the cases that the command line names."""
    from tests.robustness.targets import TARGETS

    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("--bases", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="make one case again, and leave its file and the files it was made from here")
    given = parser.parse_args()
    if given.keep:
        given.bases, given.work = given.keep / "bases", given.keep / "work"
    target = TARGETS[given.target]
    if given.keep or not (given.bases / given.target).is_dir():
        (given.bases / given.target).mkdir(parents=True, exist_ok=True)
        target.make(given.bases / given.target)
    shutil.rmtree(given.work / "case", ignore_errors=True)
    for folder in (given.work / "home", given.work / "case"):
        folder.mkdir(parents=True, exist_ok=True)
    bases = {path.name: path.read_bytes() for path in sorted((given.bases / given.target).iterdir())}
    target.prepare()
    watch = Watch((given.work,))
    sys.addaudithook(watch)
    for case in range(given.case, given.case + given.count):
        print(json.dumps({"case": case}), flush=True)
        told = one(target, bases, given.work / "case", generator(given.target, given.seed, case), watch)
        print(json.dumps({"case": case, **told}), flush=True)


def one(target: Any, bases: dict[str, bytes], folder: Path, rng: random.Random, watch: Watch) -> dict[str, Any]:
    """One case: how it ended, the processor time it took and the memory it needed."""
    for old in folder.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    path = target.write(folder, bases, rng)
    forget_memory()
    watch.found.clear()
    start = time.process_time()
    end, why = "accepted", ""
    try:
        target.use(path)
    except InputError as error:
        end = "refused"
        if not str(error).strip():
            end, why = "failed", "refused without a word"
    except BaseException:
        end, why = "failed", traceback.format_exc()[-3000:]
    seconds, peak = time.process_time() - start, memory()
    if seconds > target.seconds:
        end, why = "failed", f"took {seconds:.1f} s of processor time; the limit is {target.seconds:g}"
    if peak > target.megabytes:
        end, why = "failed", f"took {peak:.0f} MB; the limit is {target.megabytes}"
    if watch.found:
        end, why = "failed", "did what it must not: " + "; ".join(watch.found[:5])
    return {"end": end, "why": why, "seconds": round(seconds, 4), "peak": round(peak, 1)}


if __name__ == "__main__":
    main()
