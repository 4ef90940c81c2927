"""Whether a data set is whole: its files, what signers agreed to, its plan, and recordings that are in it twice."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fusion.dataset.duplicates import same_recordings, trace
from fusion.dataset.folder import DataFolder, unlisted_files
from fusion.dataset.rows import NEEDS, Row
from fusion.dataset.takes import read_faces
from kslr.core.errors import InputError
from kslr.landmarks import HANDS
from kslr.recordings import load_recording
from kslr.teaching.takes import LANDMARK_BYTES

LEAST_FRAMES = 3  # with a hand, in a sign

# What each code means for the person who reads it; {what} is the file or take.
MEANINGS = {
    "missing": "{what} is listed and not there.",
    "changed": "{what} is not the file that was recorded: its checksum differs.",
    "unsummed": "{what} has no checksum.",
    "damaged": "{what} cannot be read.",
    "no-hands": "{what} shows no hands in its sign.",
    "beyond-consent": "{what} is kept, and its signer has not agreed to that.",
    "no-signer": "{what} is of a signer who is not in signers.json.",
    "off-plan": "{what} is of a word or affect that project.json does not have.",
    "twice": "{what} are the same recording.",
    "same-id": "{what} is the id of two takes.",
    "unlisted": "{what} is not listed in manifest.csv.",
}


@dataclass(frozen=True)
class Finding:
    """Something that is wrong.

    Attributes:
        code: a key of `MEANINGS`.
        what: the file or takes.
        take: the id of the take, or empty.
    """

    code: str
    what: str
    take: str = ""

    @property
    def text(self) -> str:
        """For people, in English.

        >>> Finding("missing", "pose/su/a.pose").text
        'pose/su/a.pose is listed and not there.'
        """
        return MEANINGS[self.code].format(what=self.what)


def check_dataset(data: DataFolder, progress: Callable[[float], None] = lambda done: None) -> list[Finding]:
    """Reads every file of a data set.

    Args:
        progress: called with the share that is done, 0–1.

    Returns:
        What is wrong, in the order of the manifest; empty when all is well.

    Raises:
        InputError: project.json, signers.json or the manifest cannot be read.
    """
    rows, sums, found, traces, traced = data.rows(), data.sums(), list[Finding](), list[np.ndarray](), list[Row]()
    known = {one.pseudonym: one for one in data.people().signers}
    words, ids = {word.id for word in data.project.words}, set[str]()
    for number, row in enumerate(rows):
        progress(number / len(rows))
        files = check_files(data, row, sums)
        found += files
        if row.take in ids:
            found.append(Finding("same-id", row.take, row.take))
        ids.add(row.take)
        if row.sign not in words or row.emotion not in data.project.emotions:
            found.append(Finding("off-plan", row.landmarks, row.take))
        if row.signer not in known:
            found.append(Finding("no-signer", row.landmarks, row.take))
        else:
            beyond = [name for kind, name in row.files.items() if not known[row.signer].allows(NEEDS[kind])]
            found += [Finding("beyond-consent", name, row.take) for name in beyond]
        if not any(one.what == row.landmarks for one in files):
            problem, places = _read(data, row)
            found += problem
            traces += places
            traced += [row] * len(places)
    pairs = same_recordings(np.stack(traces)) if traces else []
    found += [Finding("twice", f"{traced[i].landmarks} and {traced[j].landmarks}", traced[j].take) for i, j in pairs]
    listed = {name for row in rows for name in row.files.values()}
    return found + [Finding("unlisted", name) for name in unlisted_files(data.folder, listed)]


def check_files(data: DataFolder, row: Row, sums: dict[str, str]) -> list[Finding]:
    """Whether the files of a take are there and unchanged.

    Args:
        sums: path → SHA-256.
    """
    found = []
    for name in row.files.values():
        try:
            digest = hashlib.sha256(data.path(name).read_bytes()).hexdigest()
        except (OSError, InputError):
            found.append(Finding("missing", name, row.take))
            continue
        if name not in sums:
            found.append(Finding("unsummed", name, row.take))
        elif sums[name] != digest:
            found.append(Finding("changed", name, row.take))
    return found


def _read(data: DataFolder, row: Row) -> tuple[list[Finding], Sequence[np.ndarray]]:
    """What is wrong inside a take's landmarks and faces, and where body and hands are in it."""
    try:
        recording = load_recording(data.path(row.landmarks), LANDMARK_BYTES)
        inside = (recording.seconds >= row.start) & (recording.seconds <= row.end)
        hands = np.isfinite(recording.x[inside][:, HANDS]).any(axis=1).sum()
    except InputError:
        return [Finding("damaged", row.landmarks, row.take)], []
    found = [Finding("no-hands", row.landmarks, row.take)] if hands < LEAST_FRAMES else []
    try:
        if row.faces:
            read_faces(data.path(row.faces))
    except InputError:
        found.append(Finding("damaged", row.faces, row.take))
    return found, [trace(recording, row.start, row.end)]
