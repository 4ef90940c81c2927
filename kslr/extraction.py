"""A folder of clips → a folder of landmark recordings, in parallel processes, resumable.

The landmarks of ``in/word/clip.mp4`` go to ``out/word/clip.mp4.npz`` (see `kslr.recordings.save_recording`), so the output
folder is used like the clips themselves, without decoding and tracking them again. ``out/manifest.csv`` lists every clip
with its frames, seconds, the shares of frames with hands and with a face, and its problem, if any.

A recording is written in one step and depends on its clip alone, so whichever process or machine (`kslr.cluster`) does a
clip, and however often, the file is the same.
"""

import os
import zipfile
import zlib
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from importlib.metadata import version
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from kslr.core.errors import InputError
from kslr.core.files import check_writable, csv_bytes, csv_text, files_below, write_file
from kslr.core.parallel import cores, run_in_processes
from kslr.landmarks import PARTS
from kslr.recordings import VIDEO_SUFFIXES, Recording, load_recording, record, save_recording

MANIFEST = "manifest.csv"
MANIFEST_EVERY = 60.0  # seconds between two writings while a run goes on
ENDED = "the process that took it was ended each time; it may need more memory than there is"

# Calls a function for each name with its arguments, in processes (`kslr.core.parallel.run_in_processes`) or on a cluster.
Spread = Callable[[Callable[..., Any], Sequence[str], Sequence[tuple[Any, ...]]], Generator[tuple[str, Any], None, None]]


@dataclass(frozen=True)
class Extraction:
    """The outcome for one clip.

    Attributes:
        clip, landmarks: paths relative to the folders; no landmarks when there is a problem.
        frames, seconds: length of the clip.
        hands, face: shares of the frames that show a hand and the face, 0–1.
        problem: why there are no landmarks, or nobody in them, for people; empty when all is well.
        fresh: whether this run made the landmarks.
    """

    clip: str
    landmarks: str
    frames: int
    seconds: float
    hands: float
    face: float
    problem: str = ""
    fresh: bool = True


def video_files(folder: str | Path) -> list[Path]:
    """Every video below a folder, sorted.

    Raises:
        InputError: no such folder, or none in it.
    """
    folder = Path(folder)
    found = [path for path in files_below(folder) if path.suffix.lower() in VIDEO_SUFFIXES]
    if not found:
        raise InputError(f"{folder} holds no videos ({', '.join(VIDEO_SUFFIXES)}).")
    return found


def extract(folder: str | Path, out: str | Path, *, workers: int = 2) -> Generator[Extraction, None, None]:
    """Extracts the landmarks of every clip below a folder, each yielded as it is done.

    Landmarks that are complete and were made of the clip as it is now (`clip_stamp`) are kept, so a stopped run continues
    where it was. A clip that cannot be read is reported and skipped. The manifest is written from time to time, at the end,
    and when the run is stopped.

    Args:
        workers: processes, one tracker each (about 450 MB).

    Raises:
        InputError: no videos, or a folder that cannot be written.
    """

    def spread(work: Any, names: Any, arguments: Any) -> Generator[tuple[str, Any], None, None]:
        yield from run_in_processes(work, names, arguments, workers=workers)

    # Decoding ahead needs a core that no other process has.
    return extract_with(spread, folder, out, ahead=workers < cores())


def extract_with(
    spread: Spread, folder: str | Path, out: str | Path, *, work: Callable[..., Extraction] | None = None, ahead: bool = False
) -> Generator[Extraction, None, None]:
    """`extract`, wherever the work is done.

    Args:
        spread: does the work; gives None for a clip whose processes were ended.
        work: `extract_clip`, or what calls it with its arguments.
        ahead: as in `kslr.recordings.record`.
    """
    folder, out = Path(folder), Path(out)
    sizes = {clip.relative_to(folder).as_posix(): clip.stat().st_size for clip in video_files(folder)}
    # The largest first, so that no worker is left alone with it at the end.
    names = sorted(sizes, key=lambda name: (-sizes[name], name))
    done: dict[str, Extraction] = {}
    if (out / MANIFEST).is_file():
        check_manifest(out / MANIFEST)
        check_writable(out / MANIFEST)
    else:
        _write_manifest(out, done)  # Shows at once whether the folder can be written.
    _sweep(out, names)
    written = monotonic()
    try:
        jobs = [(str(folder), str(out), name, (out / f"{name}.npz").exists(), ahead) for name in names]
        with closing(spread(work or extract_clip, names, jobs)) as results:
            for name, result in results:
                done[name] = result or failure(name, ENDED)
                yield done[name]
                if monotonic() - written > MANIFEST_EVERY:
                    _write_manifest(out, done)
                    written = monotonic()
    finally:
        _sweep(out, names)
        _write_manifest(out, done)


def extract_clip(folder: str, out: str, name: str, there: bool, ahead: bool = False) -> Extraction:
    """Extracts one clip, unless its landmarks are complete and were made of just this file.

    Args:
        name: the clip's path in the folder.
        there: whether the landmarks were there before the run.
        ahead: as in `kslr.recordings.record`.
    """
    clip, target = Path(folder) / name, Path(out) / f"{name}.npz"
    stamp: list[int] = []
    try:
        stamp = clip_stamp(clip)
        if _read_stamp(target) == stamp:
            # Landmarks that were not there before the run are of a worker that was lost before it could report them.
            return replace(_describe(name, load_recording(target)), fresh=not there)
    except (OSError, InputError):
        pass  # Missing or damaged: made again.
    try:
        recording = record(clip, ahead=ahead)
        save_recording(target, recording, stamp)
    except InputError as error:
        return failure(name, str(error))
    except (RuntimeError, MemoryError, OSError, ValueError) as error:
        # A decoder or tracker that breaks on one clip must not cost the others.
        return failure(name, f"{type(error).__name__}: {error}")
    return _describe(name, recording)


def clip_stamp(clip: Path) -> list[int]:
    """What landmarks are made from: the clip's size and time of change, and the tracker's version.

    Equality counts, not age: a clip that is replaced may well be older, as ``unzip`` and ``cp -p`` keep its date.

    Raises:
        OSError: no such file.
    """
    found = clip.stat()
    return [found.st_size, found.st_mtime_ns, *(int(part) for part in version("mediapipe").split(".") if part.isdigit())]


def _read_stamp(target: Path) -> list[int] | None:
    """The stamp in a file of landmarks; None when there is no file, or it is damaged or without one."""
    try:
        with np.load(target, allow_pickle=False) as arrays:
            return [int(number) for number in arrays["made_from"]]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def _describe(name: str, recording: Recording) -> Extraction:
    seen = {name: np.isfinite(recording.x[:, part.start]) for name, part in PARTS.items()}
    return Extraction(
        clip=name,
        landmarks=f"{name}.npz",
        frames=len(recording.x),
        seconds=round(recording.duration, 3),
        hands=round(float((seen["left_hand"] | seen["right_hand"]).mean()), 3),
        face=round(float(seen["face"].mean()), 3),
        problem="" if seen["pose"].any() else "nobody is in view",
    )


def failure(name: str, problem: str) -> Extraction:
    """A clip without landmarks, and why."""
    return Extraction(name, "", 0, 0.0, 0.0, 0.0, problem)


def check_manifest(path: Path) -> None:
    """Checks that a manifest is one of ours before it is replaced.

    Raises:
        InputError: it is another table, such as a person's own labels.
    """
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = file.readline(1000)
    if set(head.strip().split(",")) <= {field.name for field in fields(Extraction)} or not head:
        return
    raise InputError(f"{path} was not written by kslr extract and would be lost. Choose another folder for the landmarks.")


def _sweep(out: Path, names: Sequence[str]) -> None:
    """Removes the half-written landmark files of killed workers (see `kslr.core.files.write_file`)."""
    # Their names are a dot, the file's name, a dot and eight letters.
    ours = {f".{Path(name).name}.npz" for name in names}
    for folder in {(out / name).parent for name in names}:
        if folder.is_dir():
            with os.scandir(folder) as entries:
                left = [Path(entry.path) for entry in entries if entry.name.startswith(".")]
            for path in left:
                if path.stem in ours and len(path.suffix) == 9:
                    path.unlink(missing_ok=True)


def _write_manifest(out: Path, done: dict[str, Extraction]) -> None:
    columns = [field.name for field in fields(Extraction) if field.name != "fresh"]
    rows = [[getattr(done[name], column) for column in columns] for name in sorted(done)]
    write_file(out / MANIFEST, csv_bytes(csv_text([columns, *rows])))
