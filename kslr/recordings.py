"""A clip of one person → a `Recording` of landmarks, its files, and the signs in it.

`record` is the one way from a video or a landmark file to a `Recording`; `watch_video` is its loop, for who shows progress.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np

from kslr.core.arrays import read_arrays
from kslr.core.errors import InputError
from kslr.core.files import write_file
from kslr.core.parallel import Stages
from kslr.frame import Frame
from kslr.landmarks import ASPECT, FACE, VALUES, Landmarks
from kslr.segment import SignSegment
from kslr.segmenter import find_signs

VIDEO_SUFFIXES = (
    ".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v",
    ".mts", ".m2ts", ".ts", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp", ".ogv", ".gif",
)  # fmt: skip
LANDMARK_SUFFIXES = (".npz", ".pose")
MOST_BYTES = 3 << 30  # of an unpacked landmark file: four hours at thirty frames a second
LONGEST = 4 * 3600.0  # seconds of a recording


@dataclass(frozen=True)
class Recording:
    """The landmarks of one clip.

    Attributes:
        seconds: (n,) times of the frames.
        x: (n, 1662) float32, absent parts NaN, in the picture's own coordinates.
        aspect: width / height of the picture.
        name: what people call the clip, such as its path in a folder.
    """

    seconds: np.ndarray
    x: np.ndarray
    aspect: float = ASPECT
    name: str = ""

    @classmethod
    def from_landmarks(cls, frames: Sequence[Landmarks], name: str) -> "Recording":
        """The recording that these frames make.

        Raises:
            InputError: there are none.
        """
        if not frames:
            raise InputError(f"{name} has no frames. Record it again.")
        x = np.stack([one.values() for one in frames])
        return cls(np.array([one.seconds for one in frames]), x, frames[0].aspect, name)

    def landmarks(self) -> list[Landmarks]:
        """The landmarks frame by frame."""
        return [Landmarks.from_vector(row, float(t), self.aspect) for t, row in zip(self.seconds, self.x, strict=True)]

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the last."""
        return float(self.seconds[-1] - self.seconds[0])

    def without_face(self) -> "Recording":
        """The recording without the points of the face."""
        x = self.x.copy()
        x[:, FACE] = np.nan
        return replace(self, x=x)


class WatchedFrame(NamedTuple):
    """One frame of a video, its landmarks, and the share of the video that is done (0–1; None where its length is unknown)."""

    frame: Frame
    landmarks: Landmarks
    done: float | None


def watch_video(path: str | Path, *, ahead: bool = True, longest: float = LONGEST) -> Generator[WatchedFrame, None, None]:
    """Runs Holistic over a video, a frame at a time.

    Args:
        ahead: whether the next frames are decoded while Holistic runs, which needs a core that nobody else needs. The
            landmarks are the same.
        longest: seconds; a longer video is refused.

    Raises:
        InputError: the video cannot be read, or is too long (code ``too-long``).
    """
    from kslr.holistic import HolisticTracker
    from kslr.video import VideoFile

    with VideoFile(path, longest=longest) as video, HolisticTracker() as tracker:

        def watch(frame: Frame) -> WatchedFrame:
            done = min(1.0, frame.seconds / video.duration) if video.duration else None
            return WatchedFrame(frame, tracker.process(frame), done)

        if ahead:
            with Stages(watch, name="record") as stages:
                yield from stages.run(video)
        else:
            yield from map(watch, video)


def record(
    path: str | Path,
    *,
    ahead: bool = True,
    most: int = MOST_BYTES,
    longest: float = LONGEST,
    observe: Callable[[Frame, Landmarks], None] | None = None,
) -> Recording:
    """A video or landmark file (``.npz`` of `save_recording`, or ``.pose``) → its landmarks.

    Args:
        ahead: as in `watch_video`.
        most: bytes that a landmark file may take unpacked.
        longest: seconds; a longer recording is refused.
        observe: called with every frame of a video and its landmarks.

    Raises:
        InputError: the file cannot be read, or is too long (code ``too-long``).
    """
    path = Path(path)
    if path.suffix.lower() in LANDMARK_SUFFIXES:
        recording = _read_landmark_file(path, most)
        if recording.duration > longest:
            raise InputError(f"{path} is longer than {longest:g} seconds. Cut it into parts.", "too-long")
        return recording
    landmarks = []
    with closing(watch_video(path, ahead=ahead, longest=longest)) as frames:
        for one in frames:
            landmarks.append(one.landmarks)
            if observe:
                observe(one.frame, one.landmarks)
    return Recording.from_landmarks(landmarks, path.name)


def _read_landmark_file(path: Path, most: int) -> Recording:
    if path.suffix.lower() == ".npz":
        return load_recording(path, most)
    from kslr.posefile import read_pose

    return Recording.from_landmarks(read_pose(path, most // (4 * VALUES)), path.name)


def recording_bytes(recording: Recording, made_from: Sequence[int] = ()) -> bytes:
    """The content of a recording's file: ``seconds``, ``x``, ``aspect`` and ``made_from`` as a compressed ``.npz``."""
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        seconds=recording.seconds,
        x=recording.x.astype(np.float32),
        aspect=np.float64(recording.aspect),
        made_from=np.array(made_from, np.int64),
    )
    return buffer.getvalue()


def save_recording(path: str | Path, recording: Recording, made_from: Sequence[int] = ()) -> None:
    """Writes a recording's file (``.npz``) in one step.

    Args:
        made_from: what its clip was, such as `kslr.extraction.clip_stamp`, to tell later whether it still is.
    """
    write_file(path, recording_bytes(recording, made_from))


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
        raise InputError(f"{path} has times that go back, or an impossible aspect of its picture. Extract the clip again.")
    return Recording(seconds, x, aspect, path.name)


def cut_signs(recording: Recording) -> list[SignSegment]:
    """The signs in a recording; the whole recording where hands are seen but no sign stands out (a clip cut to its sign)."""
    frames = recording.landmarks()
    found = find_signs(frames)
    if not found and sum(frame.hands > 0 for frame in frames) >= 3:
        found = [SignSegment(frames[0].seconds, frames[-1].seconds, tuple(frames))]
    return found
