"""Whether a data set is whole: its files, what signers agreed to, its plan, and recordings that are in it twice.

Two takes of one person always differ, because nobody moves the same way twice. So two takes whose body and hands are in the
same places, moment by moment, are one recording, whatever word or signer they are called.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fusion.dataset.folder import DataFolder, unlisted_files
from fusion.dataset.rows import NEEDS, Row
from fusion.dataset.takes import cut_sign, read_faces
from kslr.core.errors import InputError
from kslr.landmarks import HANDS, PARTS
from kslr.recordings import Recording, load_recording
from kslr.teaching.takes import LANDMARK_BYTES

LEAST_FRAMES = 3  # with a hand, in a sign
FRAMES = 12  # moments that are compared
# Root mean square distance, in shares of the picture, below which two takes are one recording. A copy is at 0; of 3,894
# pairs of takes of one word by one person (the pack holistic59) the most alike are at 0.006. The same video tracked again
# after another compression may be farther away, and is not promised to be found.
SAME = 0.003
BATCH = 512

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


def trace(recording: Recording, start: float, end: float) -> np.ndarray:
    """(FRAMES × 75 × 2,) float32: where the upper body and the hands are at even moments of a sign; 0 where absent."""
    x = np.nan_to_num(cut_sign(recording, start, end).window(FRAMES))
    pose = PARTS["pose"].points(x)[..., :2]
    hands = x[:, HANDS].reshape(FRAMES, -1, 3)[..., :2]
    return np.concatenate([pose.reshape(FRAMES, -1), hands.reshape(FRAMES, -1)], axis=1).ravel().astype(np.float32)


def same_recordings(traces: np.ndarray, same: float = SAME) -> list[tuple[int, int]]:
    """Pairs of takes that are one recording.

    Args:
        traces: (n, values) of `trace`.

    Returns:
        (earlier, later) indices, in order.

    >>> same_recordings(np.array([[0.1, 0.2], [0.5, 0.5], [0.1, 0.2001]], np.float32))
    [(0, 2)]
    """
    found = []
    squares = np.square(traces, dtype=np.float64).sum(axis=1)
    # Of many numbers the product loses digits; what may be the same is measured again.
    rough = (same * same + 1e-6) * traces.shape[1] if traces.size else 0.0
    for first in range(0, len(traces), BATCH):
        rows = slice(first, first + BATCH)
        near = (
            squares[rows, None] + squares[None] - 2.0 * (traces[rows].astype(np.float64) @ traces.T.astype(np.float64)) <= rough
        )
        for i, j in np.argwhere(near).tolist():
            i += first
            if i < j and distance(traces[i], traces[j]) < same:
                found.append((i, j))
    return sorted(found)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Root mean square distance of two traces."""
    return float(np.sqrt(np.square(one - other, dtype=np.float64).mean()))


def first_takes(pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Later take → the first take that it is.

    >>> first_takes([(0, 2), (2, 3)])
    {2: 0, 3: 0}
    """
    first: dict[int, int] = {}
    for earlier, later in sorted(pairs):
        first.setdefault(later, first.get(earlier, earlier))
    return first
