"""A take that is recorded for a data set: watched once, judged, and cut to what is kept of it.

Beside what makes a take good to learn from (`kslr.teaching.takes`), the face must be seen, because affect shows there. What
the emotion network makes of the face is not asked: a data set of what a network reads already would teach nobody anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import numpy as np

from emotion.faces import SIZE, FaceCrop, crop_from_landmarks
from kslr.core.arrays import read_arrays
from kslr.core.errors import InputError
from kslr.frame import Frame
from kslr.landmarks import Landmarks
from kslr.recordings import Recording, record
from kslr.segment import SignSegment
from kslr.teaching.naming import LessonError
from kslr.teaching.takes import LANDMARK_BYTES, TAKE_SECONDS, judge, measure_sharpness

BESIDE = 0.8  # seconds that are kept before and after the sign
SEEN = 0.5  # minimum share of the sign's frames in which the face is seen; hands may pass in front of it
CLEAR = 0.1  # minimum quality of a face's crop that shows it
FACES_BYTES = 16_000_000  # of the unpacked faces of a take: thirty seconds at more frames than any camera has


@dataclass(frozen=True)
class Faces:
    """The face in each frame in which it is seen.

    Attributes:
        images: (n, 48, 48) uint8 grey.
        quality: (n,) float32, 0–1.
        seconds: (n,) on the clip's clock.
    """

    images: np.ndarray
    quality: np.ndarray
    seconds: np.ndarray

    @classmethod
    def from_crops(cls, crops: Sequence[FaceCrop]) -> "Faces":
        """Faces from crops, which may be none.

        >>> len(Faces.from_crops([]).images)
        0
        """
        images = np.stack([one.image for one in crops]) if crops else np.zeros((0, SIZE, SIZE), np.uint8)
        return cls(images, np.array([one.quality for one in crops], np.float32), np.array([one.seconds for one in crops], float))

    def between(self, start: float, end: float) -> "Faces":
        """Those of a stretch of time."""
        kept = (self.seconds >= start) & (self.seconds <= end)
        return Faces(self.images[kept], self.quality[kept], self.seconds[kept])

    def crops(self) -> list[FaceCrop]:
        """The faces as an emotion network takes them; where they were in the picture is not known."""
        return [
            FaceCrop(image, float(quality), float(at), (0.0, 0.0, float(SIZE)))
            for image, quality, at in zip(self.images, self.quality, self.seconds, strict=True)
        ]

    def to_bytes(self) -> bytes:
        """The content of a faces' file (``.npz``)."""
        buffer = BytesIO()
        np.savez_compressed(buffer, images=self.images, quality=self.quality, seconds=self.seconds)
        return buffer.getvalue()


def read_faces(path: str | Path) -> Faces:
    """Reads what `Faces.to_bytes` gave.

    Raises:
        InputError: missing, damaged or something else.
    """
    try:
        arrays = read_arrays(Path(path), FACES_BYTES)
        faces = Faces(arrays["images"], arrays["quality"].astype(np.float32), arrays["seconds"].astype(float))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} holds no faces ({error}). Restore it from a copy.") from error
    count = len(faces.seconds)
    if faces.images.shape != (count, SIZE, SIZE) or faces.images.dtype != np.uint8 or faces.quality.shape != (count,):
        raise InputError(f"{path} holds {faces.images.shape} values; faces are (faces, {SIZE}, {SIZE}) bytes with a time each.")
    if not (np.isfinite(faces.seconds).all() and np.isfinite(faces.quality).all()):
        raise InputError(f"{path} has times that are no numbers. Restore it from a copy.")
    return faces


@dataclass(frozen=True)
class StudioTake:
    """A take, and whether it goes into a data set.

    Attributes:
        recording: its landmarks, cut to the sign and `BESIDE` seconds around it, on the clip's clock.
        sign: the sign; None when there is none.
        problems: why it is asked again, worst first: those of `kslr.teaching.takes.Verdict` and ``face_hidden``.
        faces: of the same stretch.
        hands: share of the sign's frames with a visible hand, 0–1.
        face: share of the sign's frames in which the face is seen, 0–1.
        sharpness: mean of the pictures.
    """

    recording: Recording
    sign: SignSegment | None
    problems: tuple[str, ...]
    faces: Faces
    hands: float = 0.0
    face: float = 0.0
    sharpness: float | None = None


def watch_studio_take(path: str | Path, name: str = "") -> StudioTake:
    """Watches a video, with one pass over its frames, and judges it.

    Args:
        path: a video.
        name: what people call it.

    Raises:
        LessonError: the clip cannot be read (code ``unreadable``), or is too long (``long-clip``).
    """
    sharp, crops = list[float](), list[FaceCrop]()

    def observe(frame: Frame, landmarks: Landmarks) -> None:
        if (clear := measure_sharpness(frame.rgb, landmarks)) is not None:
            sharp.append(clear)
        hands = (landmarks.left_hand, landmarks.right_hand)
        if crop := crop_from_landmarks(frame.rgb, landmarks.face, frame.seconds, hands):
            crops.append(crop)

    try:
        recording = record(path, most=LANDMARK_BYTES, longest=TAKE_SECONDS, observe=observe)
    except InputError as error:
        if error.code == "too-long":
            raise LessonError(str(error), "long-clip", n=round(TAKE_SECONDS)) from error
        raise LessonError(str(error), "unreadable", name=name) from error
    return judge_studio_take(replace(recording, name=name or recording.name), Faces.from_crops(crops), sharp)


def judge_studio_take(recording: Recording, faces: Faces, sharp: Sequence[float] = ()) -> StudioTake:
    """Judges a take.

    Args:
        recording: all its landmarks.
        faces: all its faces.
        sharp: sharpness of its pictures.
    """
    sharpness = float(np.mean(sharp)) if len(sharp) else None
    verdict = judge(recording, sharpness)
    sign = verdict.sign
    if sign is None:
        return StudioTake(recording, None, verdict.problems, faces, verdict.hands, 0.0, sharpness)
    frames = [one.seconds for one in sign.landmarks]
    clear = set(faces.seconds[faces.quality >= CLEAR].tolist())
    seen = float(np.mean([at in clear for at in frames]))
    problems = (*verdict.problems, "face_hidden") if seen < SEEN else verdict.problems
    start, end = sign.start - BESIDE, sign.end + BESIDE
    kept = (recording.seconds >= start) & (recording.seconds <= end)
    cut = replace(recording, seconds=recording.seconds[kept], x=recording.x[kept])
    return StudioTake(cut, sign, problems, faces.between(start, end), verdict.hands, seen, sharpness)


def cut_sign(recording: Recording, start: float, end: float) -> SignSegment:
    """The stretch of a recording that a row names; at least its nearest frame."""
    frames = recording.landmarks()
    inside = tuple(one for one in frames if start <= one.seconds <= end)
    inside = inside or (min(frames, key=lambda one: abs(one.seconds - start)),)
    return SignSegment(start, end, inside)
