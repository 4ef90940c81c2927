"""Folders of clips, a word each: their files, their recordings, and what lies between the signs."""

import csv
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kslr.core.errors import InputError
from kslr.core.files import csv_records, files_below, one_line
from kslr.landmarks import VALUES
from kslr.recordings import LANDMARK_SUFFIXES, VIDEO_SUFFIXES, Recording, cut_signs, record
from kslr.segment import SignSegment


def word_of(path: Path, root: Path) -> str:
    """The word a clip shows: the name of its folder, or in a flat folder what stands before ``--`` in its own name; in NFC."""
    return one_line(path.parent.name if path.parent != root else path.stem.split("--")[0])


def clip_files(folder: str | Path) -> list[Path]:
    """Clips and landmark files in ``word/file`` or ``word--note.mp4``, sorted.

    Raises:
        InputError: none are there.
    """
    folder = Path(folder)
    kinds = VIDEO_SUFFIXES + LANDMARK_SUFFIXES
    found = [p for p in files_below(folder) if p.suffix.lower() in kinds]
    found = [p for p in found if p.parent.parent == folder or (p.parent == folder and "--" in p.stem)]
    if not found:
        raise InputError(f"{folder} has no clips. Put them as word/clip.mp4 or word--note.mp4.")
    return found


def read_clips(folder: str | Path) -> Iterator[tuple[str, Recording]]:
    """(word, recording) of each clip in a folder, named by its path there. A clip that cannot be read is named and skipped."""
    folder = Path(folder)
    for path in clip_files(folder):
        try:
            recording = record(path)
        except (InputError, RuntimeError, OSError, ValueError) as error:
            logging.getLogger(__name__).warning("Skipped %s: %s", path, error)
            continue
        yield word_of(path, folder), replace(recording, name=str(path.relative_to(folder)))


def read_listed_signs(manifest: str | Path) -> Iterator[tuple[str, str, str, SignSegment]]:
    """(word, signer, clip, sign) of each row of a manifest: CSV with the columns clip, sign, signer, and perhaps start and end.

    Where a row names ``landmarks`` they are read instead of the clip. A clip that cannot be read is named and skipped.

    Raises:
        InputError: the manifest cannot be read, or has no such columns.
    """
    path = Path(manifest)
    try:
        rows = csv_records(path.read_bytes())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"The manifest {path} cannot be read ({error}). It is CSV in UTF-8.") from error
    if not rows or not {"clip", "sign", "signer"} <= set(rows[0]):
        raise InputError(f"The manifest {path} has no rows with the columns clip, sign and signer.")
    for row in rows:
        if not (word := one_line(row["sign"])):
            continue
        try:
            recording = record(path.parent / (row.get("landmarks") or row["clip"]))
            start, end = (float(row[name].replace(",", ".")) if row.get(name) else None for name in ("start", "end"))
        except (InputError, RuntimeError, OSError, ValueError) as error:
            logging.getLogger(__name__).warning("Skipped %s: %s", row["clip"], error)
            continue
        frames = recording.landmarks()
        inside = tuple(one for one in frames if (start or 0.0) <= one.seconds <= (end if end is not None else np.inf))
        signs = cut_signs(recording) if start is None and end is None else []
        if inside and not signs and (start is not None or end is not None):
            signs = [SignSegment(inside[0].seconds, inside[-1].seconds, inside)]
        yield from ((word, one_line(row["signer"]), row["clip"], sign) for sign in signs)


def stack_windows(signs: Sequence[SignSegment], frames: int = 30) -> np.ndarray:
    """(signs, frames, 1662) windows, absent parts NaN."""
    return np.stack([sign.window(frames) for sign in signs]) if signs else np.zeros((0, frames, VALUES), np.float32)


def idle_parts(recording: Recording, shortest: float = 0.4, margin: float = 0.2) -> list[SignSegment]:
    """What lies between, before and after the signs, where it is longer than `shortest` seconds.

    Args:
        margin: seconds beside a sign that belong to neither, because nobody can say where exactly it begins and ends.
    """
    frames, spans = recording.landmarks(), [(s.start, s.end) for s in cut_signs(recording)]
    edges = [float(recording.seconds[0]), *[t for span in spans for t in span], float(recording.seconds[-1])]
    parts = []
    for i, (start, end) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        start, end = start + margin * (i > 0), end - margin * (i < len(spans))
        inside = tuple(f for f in frames if start <= f.seconds <= end)
        if end - start >= shortest and len(inside) >= 5:
            parts.append(SignSegment(start, end, inside))
    return parts
