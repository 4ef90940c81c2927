"""A folder of clips → a folder of landmark recordings, in parallel processes, resumable.

The landmarks of ``in/word/clip.mp4`` go to ``out/word/clip.mp4.npz`` (see `kslr.clips.save_recording`), so the folder is
used like the clips themselves, without decoding and tracking anything again. ``out/manifest.csv`` lists every clip with
its frames, seconds, the share of frames with hands and with a face, and what was wrong with it.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from kslr.clips import VIDEO_SUFFIXES, Recording, load_recording, record, save_recording
from kslr.landmarks import PARTS
from models.errors import InputError
from models.files import write_file
from models.parallel import in_processes

MANIFEST = "manifest.csv"


@dataclass(frozen=True)
class Extracted:
    """What became of one clip.

    Attributes:
        clip, landmarks: paths relative to the folders; no landmarks when there is a problem.
        frames: how many; seconds: how long.
        hands, face: shares of the frames that show a hand, and the face.
        problem: why there are no landmarks, for people; empty when there are.
        fresh: whether this run made them.
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
    found = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()]
    if not found:
        raise InputError(f"{folder} holds no videos ({', '.join(VIDEO_SUFFIXES)}).")
    return found


def extract(folder: str | Path, out: str | Path, *, workers: int = 2) -> Iterator[Extracted]:
    """Extracts the landmarks of every clip below a folder, each yielded as it is done.

    Landmarks that are whole and newer than their clip are kept, so a run that was stopped goes on where it was. A clip
    that cannot be read is told and skipped. The manifest is written when all are done, and when the run is stopped.

    Args:
        workers: processes, one tracker each (about 400 MB).

    Raises:
        InputError: no videos, or a folder that cannot be written.
    """
    folder, out = Path(folder), Path(out)
    clips = video_files(folder)
    names = {clip: clip.relative_to(folder).as_posix() for clip in clips}
    done: list[Extracted] = []
    write_file(out / MANIFEST, _manifest(done))  # Says at once whether the folder can be written.
    try:
        waiting = []
        for clip in clips:
            kept = _kept(clip, names[clip], out)
            if kept:
                done.append(kept)
                yield kept
            else:
                waiting.append(clip)
        jobs = [(clip, names[clip], out) for clip in waiting]
        for clip, result in in_processes(_work, waiting, jobs, workers=workers):
            done.append(result or _failed(names[clip], "a worker process ended; run the same command again"))
            yield done[-1]
    finally:
        write_file(out / MANIFEST, _manifest(done))


def _kept(clip: Path, name: str, out: Path) -> Extracted | None:
    target = out / f"{name}.npz"
    try:
        if target.stat().st_mtime >= clip.stat().st_mtime:
            return _described(name, load_recording(target), fresh=False)
    except (OSError, InputError):
        return None  # Not there, or damaged: made anew.
    return None


def _work(clip: Path, name: str, out: Path) -> Extracted:
    try:
        recording = record(clip)
        save_recording(out / f"{name}.npz", recording)
    except InputError as error:
        return _failed(name, str(error))
    return _described(name, recording, fresh=True)


def _described(name: str, recording: Recording, fresh: bool) -> Extracted:
    seen = {part: np.isfinite(recording.x[:, start]) for part, (start, _, _) in PARTS.items()}
    return Extracted(
        clip=name,
        landmarks=f"{name}.npz",
        frames=len(recording.x),
        seconds=round(float(recording.seconds[-1] - recording.seconds[0]), 3),
        hands=round(float((seen["left_hand"] | seen["right_hand"]).mean()), 3),
        face=round(float(seen["face"].mean()), 3),
        problem="" if seen["pose"].any() else "nobody is in view",
        fresh=fresh,
    )


def _failed(name: str, problem: str) -> Extracted:
    return Extracted(name, "", 0, 0.0, 0.0, 0.0, problem)


def _manifest(done: list[Extracted]) -> bytes:
    buffer = io.StringIO()
    columns = [field.name for field in fields(Extracted) if field.name != "fresh"]
    writer = csv.DictWriter(buffer, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(one) for one in sorted(done, key=lambda one: one.clip))
    return buffer.getvalue().encode()
