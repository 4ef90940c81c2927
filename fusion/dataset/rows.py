"""The manifest of a data set: one row a take, in the shape that every evaluation takes, and more columns after that."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any

from kslr.core.errors import InputError
from kslr.core.files import csv_bytes, csv_records, csv_text

MANIFEST = "manifest.csv"
# What a take may have: the folder, and the suffix where it is always the same.
KINDS = {"landmarks": ".npz", "pose": ".pose", "faces": ".npz", "video": ""}
NEEDS = {"landmarks": "landmarks", "pose": "landmarks", "faces": "faces", "video": "video"}  # kind → tier of consent
MOST_BYTES = 64_000_000


@dataclass(frozen=True)
class Row:
    """One take.

    Attributes:
        clip: what evaluations read: the video where it is kept, else the landmarks; a path in the folder.
        sign, emotion, signer: what it shows, and who.
        start, end: seconds of the sign on the clip's clock.
        take: its id.
        landmarks, pose, faces, video: paths in the folder; empty for what is not kept.
        recorded: date, ISO 8601.
        hands, face: shares of the sign's frames in which they are seen, 0–1.
    """

    clip: str
    sign: str
    emotion: str
    signer: str
    start: float
    end: float
    take: str
    landmarks: str
    pose: str = ""
    faces: str = ""
    video: str = ""
    recorded: str = ""
    hands: float = 0.0
    face: float = 0.0

    @property
    def files(self) -> dict[str, str]:
        """Kind → path of what is kept."""
        return {kind: path for kind in KINDS if (path := getattr(self, kind))}

    def with_files(self, files: Mapping[str, str], take: str = "") -> "Row":
        """The row with these files and no others.

        Args:
            files: kind → path.
            take: another id.

        >>> row = Row("video/su/a.webm", "su", "sad", "S01", 0, 1, "a", "landmarks/su/a.npz", video="video/su/a.webm")
        >>> row.with_files({"landmarks": "landmarks/su/a.npz"}).clip
        'landmarks/su/a.npz'
        """
        landmarks, pose, faces, video = (files.get(kind, "") for kind in KINDS)
        paths = {"clip": video or landmarks, "landmarks": landmarks, "pose": pose, "faces": faces, "video": video}
        return replace(self, take=take or self.take, **paths)  # type: ignore[arg-type]


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of a manifest; none where there is no file yet.

    Raises:
        InputError: the file cannot be read, or has an impossible row.
    """
    if not path.is_file():
        return ()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path} is larger than {MOST_BYTES >> 20} MiB, which no manifest is.")
        raw = csv_records(path.read_bytes())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read ({error}). Restore it from a copy.") from error
    return tuple(_parse(one, f"{path}, line {number}") for number, one in enumerate(raw, 2))


def _parse(raw: dict[str, str], place: str) -> Row:
    try:
        row = Row(**{one.name: _cell(raw[one.name], one.type is float) for one in fields(Row)})
    except (KeyError, ValueError) as error:
        raise InputError(f"{place}: no take of a data set ({error}). Restore the manifest from a copy.") from error
    if not all((row.sign, row.emotion, row.signer, row.take, row.landmarks)) or not 0 <= row.start < row.end < 3600:
        raise InputError(f"{place}: a take needs sign, emotion, signer, take, landmarks, and start before end.")
    if wrong := [name for kind, name in row.files.items() if not is_own_path(kind, name)]:
        raise InputError(f"{place}: {wrong[0]!r} is no path in a data set.")
    if row.clip != (row.video or row.landmarks):
        raise InputError(f"{place}: the clip is not the take's video or landmarks.")
    return row


def _cell(text: str, number: bool) -> Any:
    return float(text) if number else text.strip()


def is_own_path(kind: str, name: str) -> bool:
    """Whether a name is that of a take's file: ``KIND/WORD/FILE`` and nothing that leads elsewhere.

    >>> is_own_path("pose", "pose/su/a.pose"), is_own_path("pose", "pose/../../a.pose"), is_own_path("pose", "/etc/a.pose")
    (True, False, False)
    """
    parts = PurePosixPath(name).parts
    plain = len(parts) == 3 and parts[0] == kind and name == "/".join(parts) and not any(p.startswith(".") for p in parts)
    return plain and name.isascii() and name.isprintable() and not set(name) & set('\\:*?"<>|') and name.endswith(KINDS[kind])


def rows_bytes(rows: Sequence[Row]) -> bytes:
    """The content of a manifest."""
    names = [one.name for one in fields(Row)]
    numbers = {one.name for one in fields(Row) if one.type is float}
    cells = [[f"{getattr(row, name):.3f}" if name in numbers else getattr(row, name) for name in names] for row in rows]
    return csv_bytes(csv_text([names, *cells]))


def take_counts(rows: Sequence[Row]) -> dict[tuple[str, str, str], int]:
    """(signer, sign, emotion) → how many takes there are.

    >>> take_counts([Row("a", "su", "sad", "S01", 0.0, 1.0, "1", "a")] * 2)
    {('S01', 'su', 'sad'): 2}
    """
    counts: dict[tuple[str, str, str], int] = {}
    for row in rows:
        key = (row.signer, row.sign, row.emotion)
        counts[key] = counts.get(key, 0) + 1
    return counts
