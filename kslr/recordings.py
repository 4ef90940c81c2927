"""Clips of people signing → recordings of landmarks → the signs (and the idle parts) in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kslr.core.arrays import read_arrays
from kslr.core.errors import InputError
from kslr.core.stages import Stages
from kslr.landmarks import ASPECT, VALUES, Landmarks
from kslr.segment import SignSegment
from kslr.segmenter import LearnedSegmenter
from kslr.training.datasets import SignData, sign_data

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")
LANDMARK_SUFFIXES = (".npz", ".pose")
MOST_BYTES = 3 << 30  # of a recording: four hours at thirty frames a second


@dataclass(frozen=True)
class Recording:
    """The landmarks of one clip.

    Attributes:
        seconds: (n,) times of the frames.
        x: (n, 1662) float32, absent parts NaN, in the picture's own coordinates.
        aspect: width / height of the picture.
        name: the clip's path in its folder.
    """

    seconds: np.ndarray
    x: np.ndarray
    aspect: float = ASPECT
    name: str = ""

    def landmarks(self) -> list[Landmarks]:
        """The same, a frame each."""
        return [Landmarks.from_vector(row, float(t), self.aspect) for t, row in zip(self.seconds, self.x, strict=True)]


def record(path: str | Path, ahead: bool = True, most: int = MOST_BYTES) -> Recording:
    """Runs Holistic over a clip, or reads a landmark file (``.npz`` of `save_recording`, or ``.pose``).

    Args:
        ahead: whether the next frames are decoded while the pass runs, which needs a core that nobody else needs. The
            recording is the same.
        most: bytes that a landmark file may take unpacked.

    Raises:
        InputError: the clip cannot be read.
    """
    path = Path(path)
    if path.suffix == ".pose":
        from kslr.posefile import read_pose

        return _recording(read_pose(path, most // (4 * VALUES)), path.name)
    if path.suffix == ".npz":
        return load_recording(path, most)
    from kslr.holistic import HolisticTracker
    from kslr.video import VideoFile

    with VideoFile(path) as video, HolisticTracker() as tracker:
        if not ahead:
            return _recording([tracker.process(frame) for frame in video], path.name)
        with Stages(tracker.process, name="record") as stages:
            return _recording(list(stages.run(video)), path.name)


def _recording(frames: list[Landmarks], name: str) -> Recording:
    if not frames:
        raise InputError(f"{name} has no frames. Record it again.")
    return Recording(np.array([f.seconds for f in frames]), np.stack([f.values() for f in frames]), frames[0].aspect, name)


def save_recording(path: str | Path, recording: Recording) -> None:
    """Writes ``seconds``, ``x`` and ``aspect`` as a compressed ``.npz``, in one step."""
    from io import BytesIO

    from kslr.core.cards import write_file

    buffer = BytesIO()
    np.savez_compressed(buffer, seconds=recording.seconds, x=recording.x.astype(np.float32), aspect=np.float64(recording.aspect))
    write_file(path, buffer.getvalue())


def load_recording(path: str | Path, most: int = MOST_BYTES) -> Recording:
    """Reads what `save_recording` wrote.

    Args:
        most: bytes that it may take unpacked.

    Raises:
        InputError: missing, damaged or something else.
    """
    path = Path(path)
    try:
        arrays = read_arrays(path, most)
        seconds, x = arrays["seconds"].astype(float), arrays["x"].astype(np.float32, copy=False)
        aspect = float(arrays["aspect"]) if "aspect" in arrays else ASPECT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no recording of landmarks ({error}). Extract the clip again.") from error
    if x.ndim != 2 or x.shape[1] != VALUES or seconds.shape != (len(x),) or len(x) == 0:
        raise InputError(f"{path} holds {x.shape} values; a recording is (frames, {VALUES}) with one time a frame.")
    if not (np.isfinite(seconds).all() and (np.diff(seconds) >= 0).all() and 0.01 <= aspect <= 100):
        raise InputError(f"{path} has times that go back, or a picture that cannot be. Extract the clip again.")
    return Recording(seconds, x, aspect, path.name)


def segments(recording: Recording) -> list[SignSegment]:
    """The signs in a recording; the whole of it when hands are seen but no sign stands out (a clip cut to the sign)."""
    segmenter, frames = LearnedSegmenter(), recording.landmarks()
    found = [segment for frame in frames if (segment := segmenter.push(frame))]
    found += [segment] if (segment := segmenter.flush()) else []
    if not found and sum(f.hands > 0 for f in frames) >= 3:
        found = [SignSegment(frames[0].seconds, frames[-1].seconds, tuple(frames))]
    return found


def longest_sign(recording: Recording) -> SignSegment:
    """The sign of a recording that shows one: the longest of those that stand out.

    Raises:
        InputError: no hands are seen.
    """
    found = segments(recording)
    if not found:
        raise InputError("no hands are seen. Film one person from the front, with both hands inside the picture.")
    return max(found, key=lambda segment: segment.end - segment.start)


def idle_parts(recording: Recording, shortest: float = 0.4, margin: float = 0.2) -> list[SignSegment]:
    """What lies between, before and after the signs, where it is longer than `shortest` seconds.

    Args:
        margin: seconds beside a sign that belong to neither, since no one can say where exactly it begins and ends.
    """
    frames, spans = recording.landmarks(), [(s.start, s.end) for s in segments(recording)]
    edges = [float(recording.seconds[0]), *[t for span in spans for t in span], float(recording.seconds[-1])]
    parts = []
    for i, (start, end) in enumerate(zip(edges[::2], edges[1::2], strict=True)):
        start, end = start + margin * (i > 0), end - margin * (i < len(spans))
        inside = tuple(f for f in frames if start <= f.seconds <= end)
        if end - start >= shortest and len(inside) >= 5:
            parts.append(SignSegment(start, end, inside))
    return parts


def word_of(path: Path, root: Path) -> str:
    """The word a clip shows: its folder's name, or in a flat folder what stands before ``--`` in its own."""
    return path.parent.name if path.parent != root else path.stem.split("--")[0]


def clip_files(folder: str | Path) -> list[Path]:
    """Clips and landmark files in ``word/file`` or ``word--note.mp4``, sorted.

    Raises:
        InputError: none are there.
    """
    folder = Path(folder)
    kinds = VIDEO_SUFFIXES + LANDMARK_SUFFIXES
    found = [
        p
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.suffix.lower() in kinds and len(p.relative_to(folder).parts) <= 2
    ]
    found = [p for p in found if p.parent != folder or "--" in p.stem]
    if not found:
        raise InputError(f"{folder} has no clips. Put them as word/clip.mp4 or word--note.mp4.")
    return found


def recordings(folder: str | Path) -> Iterator[tuple[str, Recording]]:
    """(word, recording) of each clip in a folder."""
    folder = Path(folder)
    for path in clip_files(folder):
        recording = record(path)
        yield word_of(path, folder), Recording(recording.seconds, recording.x, recording.aspect, str(path.relative_to(folder)))


def load_clips(folder: str | Path) -> SignData:
    """A folder of clips as sign data: one sample a sign, all signs of a clip under its name as clip and as signer.

    Raises:
        InputError: no clips, or no signs in them.
    """
    windows, words, names = [], [], []
    for word, recording in recordings(folder):
        for segment in segments(recording):
            windows.append(segment.window())
            words.append(word)
            names.append(recording.name)
    if not windows:
        raise InputError(f"No hands were seen in the clips of {folder}. Film the signer from the front, hands in view.")
    return sign_data(
        np.stack(windows), words, signer=names, source=[Path(folder).name] * len(words), clip=names, name=Path(folder).name
    )
