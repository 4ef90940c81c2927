"""Manifests: a CSV file with the sign, the emotion and the signer of each clip.

Columns: ``clip`` (a path, relative to the manifest), ``sign`` (a sign id; empty where nothing is signed), ``emotion``
(one of the seven, or empty when unlabelled), ``signer``, and optionally ``start`` and ``end`` in seconds. The shape
is that of the KSL-Emo benchmark (2026). A clip may also be landmarks (``.npz``, ``.pose``); ``faces`` then names the face's
pictures beside them, where a data set has them (`fusion.dataset`).
"""

import csv
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from emotion.faces import EMOTIONS
from kslr.core.errors import InputError
from kslr.core.files import csv_bytes, csv_records, csv_text, one_line, write_file
from kslr.vocabulary import Vocabulary


@dataclass(frozen=True)
class Clip:
    """One row.

    Attributes:
        path: of the video.
        sign: the right sign's id, or None for a clip without signing.
        emotion: the right emotion, or None when nobody labelled it.
        signer: who signs.
        start, end: seconds of the sign in the clip, or None for the whole clip.
        faces: the face's pictures of a clip that is landmarks, or None.
    """

    path: Path
    sign: str | None
    emotion: str | None
    signer: str
    start: float | None = None
    end: float | None = None
    faces: Path | None = None


def read_manifest(path: str | Path) -> tuple[Clip, ...]:
    """Reads a manifest.

    Raises:
        InputError: the file is missing, is no CSV with these columns, or has an impossible row; the message names it.
    """
    path = Path(path)
    try:
        rows = csv_records(path.read_bytes())
    except OSError as error:
        raise InputError(f"The manifest {path} cannot be read ({error.strerror}). Check the path.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The manifest {path} is not text in UTF-8. Save it as CSV (UTF-8).") from error
    except csv.Error as error:
        raise InputError(f"The manifest {path} is not a CSV file ({error}).") from error
    missing = {"clip", "sign", "emotion", "signer"} - set(rows[0] if rows else ())
    if missing:
        raise InputError(f"The manifest {path} has no rows with the columns clip, sign, emotion, signer. It is CSV in UTF-8.")
    return tuple(_parse_row(row, f"{path}, line {number}", path.parent) for number, row in enumerate(rows, 2))


def _parse_row(row: dict[str, str], place: str, folder: Path) -> Clip:
    values = {name: value.strip() if name == "clip" else one_line(value) for name, value in row.items()}
    if not values["clip"] or not values["signer"]:
        raise InputError(f"{place}: clip and signer must not be empty.")
    if "\0" in values["clip"] or any(len(part.encode()) > 255 for part in Path(values["clip"]).parts):
        raise InputError(f"{place}: no file can have the clip's name. Write the path of a video.")
    values["emotion"] = values["emotion"].lower()
    if values["emotion"] and values["emotion"] not in EMOTIONS:
        raise InputError(f"{place}: {values['emotion']!r} is not one of {', '.join(EMOTIONS)}.")
    try:
        start, end = (float(values[name].replace(",", ".")) if values.get(name) else None for name in ("start", "end"))
    except ValueError:
        raise InputError(f"{place}: start and end are seconds, such as 1.25.") from None
    if not (0 <= (start or 0.0) < (end if end is not None else math.inf)):
        raise InputError(f"{place}: start must come before end.")
    faces = folder / values["faces"] if values.get("faces") else None
    return Clip(folder / values["clip"], values["sign"] or None, values["emotion"] or None, values["signer"], start, end, faces)


def resolve_signs(clips: Sequence[Clip], vocabulary: Vocabulary) -> tuple[tuple[Clip, ...], dict[str, int]]:
    """Clips with the ids of their signs, where the manifest may have the words in Kazakh, Russian or English.

    Returns:
        The clips, and label → number of clips of what the vocabulary lacks; these clips keep their label.

    Raises:
        InputError: no label at all is of the vocabulary.
    """
    ids = {sign: vocabulary.find_id(sign) for sign in {clip.sign for clip in clips if clip.sign}}
    unknown = dict(Counter(sorted(clip.sign for clip in clips if clip.sign and ids[clip.sign] is None)))
    if ids and len(unknown) == len(ids):
        listed = ", ".join(f"{label} ({count} clips)" for label, count in unknown.items())
        known = ", ".join(sign.id for sign in vocabulary.signs[:12])
        raise InputError(f"No label is a word of {vocabulary.name}: {listed}. It has {known}, ….")
    return tuple(replace(clip, sign=(clip.sign and ids[clip.sign]) or clip.sign) for clip in clips), unknown


def split_by_signer(
    clips: Sequence[Clip], *, test_share: float = 0.4, seed: int = 0
) -> tuple[tuple[Clip, ...], tuple[Clip, ...]]:
    """Splits clips so that whole signers go to one side, drawn by seed until the test side has its share of clips.

    Returns:
        Training clips and test clips.

    Raises:
        InputError: fewer than two signers.

    >>> clips = [Clip(Path(f"{signer}.mp4"), "su", None, signer) for signer in "ABC"]
    >>> training, test = split_by_signer(clips, test_share=0.3)
    >>> len(training), len(test)
    (2, 1)
    """
    signers = sorted({clip.signer for clip in clips})
    if len(signers) < 2:
        raise InputError("A split by signer needs at least two signers in the manifest.")
    order = np.random.default_rng(seed).permutation(signers)
    test_signers: set[str] = set()
    for signer in order[:-1]:
        if test_signers and sum(clip.signer in test_signers for clip in clips) >= test_share * len(clips):
            break
        test_signers.add(str(signer))
    training = tuple(clip for clip in clips if clip.signer not in test_signers)
    test = tuple(clip for clip in clips if clip.signer in test_signers)
    check_disjoint(training, test)
    return training, test


def check_disjoint(training: Sequence[Clip], test: Sequence[Clip]) -> None:
    """Makes sure that nobody and no file is on both sides.

    Raises:
        InputError: names who is.
    """
    signers = {clip.signer for clip in training} & {clip.signer for clip in test}
    if signers:
        raise InputError(f"On both sides of the split: {', '.join(sorted(signers))}. Figures would not hold for new signers.")
    files = {clip.path.resolve() for clip in training} & {clip.path.resolve() for clip in test}
    if files:
        raise InputError(f"The clip {min(files)} is on both sides of the split, under two signers' names.")


def write_manifest(path: str | Path, clips: Sequence[Clip]) -> None:
    """Writes a manifest whose clip paths are relative to it where they can be.

    Raises:
        InputError: the place cannot be written.
    """
    folder, rows = Path(path).resolve().parent, []
    for clip in clips:
        times = [None if time is None else f"{time:g}" for time in (clip.start, clip.end)]
        faces = clip.faces and _name_in(folder, clip.faces)
        rows.append([_name_in(folder, clip.path), clip.sign, clip.emotion, clip.signer, *times, faces])
    columns = ["clip", "sign", "emotion", "signer", "start", "end", "faces"]
    if not any(row[-1] for row in rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    write_file(path, csv_bytes(csv_text([columns, *rows])))


def _name_in(folder: Path, path: Path) -> str:
    """A path relative to a folder where it lies there."""
    resolved = path.resolve()
    return (resolved.relative_to(folder) if resolved.is_relative_to(folder) else resolved).as_posix()
