"""Landmark recordings in the `.pose` interchange format (pose-format library), so that other sign tools can read them.

A `.pose` file holds constant-rate frames of named components in pixels with a confidence a point. MediaPipe's
components keep their common names there; an absent part is masked with confidence 0.
"""

import logging
import struct
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.errors import InputError
from kslr.core.files import write_file
from kslr.landmarks import PARTS, VALUES, Landmarks, resample

COMPONENTS = {
    "pose": "POSE_LANDMARKS",
    "face": "FACE_LANDMARKS",
    "left_hand": "LEFT_HAND_LANDMARKS",
    "right_hand": "RIGHT_HAND_LANDMARKS",
}
REFINED_FACE = 478  # points of a face with its irises, which come last
HEIGHT = 1000  # The format is in pixels of a picture; landmarks are relative, so any height will do.
LARGEST = 512 * 1024 * 1024
MOST_FRAMES, MOST_POINTS = 450_000, 5000  # four hours at thirty frames a second; far more than Holistic has
# What the library raises where a file is damaged.
DAMAGE = (LookupError, ArithmeticError, TypeError, AttributeError, struct.error, RuntimeError, MemoryError, ValueError)


def write_pose(path: str | Path, landmarks: Sequence[Landmarks], *, rate: float = 25.0, face: bool = True) -> None:
    """Writes a recording, resampled to a constant rate.

    Args:
        path: a ``.pose`` file; replaced in one step.
        landmarks: in order of time.
        rate: frames a second of the file.
        face: whether the face is written; without it neither person nor expression can be recognised by the face.

    Raises:
        InputError: nothing to write, or the place cannot be written.

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> hand = np.random.default_rng(0).random((21, 3)).astype(np.float32)
    >>> write_pose(f"{folder}/a.pose", [Landmarks(t / 25, right_hand=hand) for t in range(5)])
    >>> [l.hands for l in read_pose(f"{folder}/a.pose")]
    [1, 1, 1, 1, 1]
    """
    write_file(path, to_pose(landmarks, rate=rate, face=face))


def to_pose(landmarks: Sequence[Landmarks], *, rate: float = 25.0, face: bool = True) -> bytes:
    """The content of a ``.pose`` file; see `write_pose`.

    Raises:
        InputError: there are no frames.
    """
    from pose_format import Pose
    from pose_format.numpy.pose_body import NumPyPoseBody
    from pose_format.pose_header import PoseHeader, PoseHeaderDimensions

    if not landmarks:
        raise InputError("There are no frames to write.")
    seconds = np.array([frame.seconds for frame in landmarks])
    frames = max(1, round((seconds[-1] - seconds[0]) * rate) + 1)
    x = resample(seconds, np.stack([frame.values() for frame in landmarks]), frames)
    width = round(HEIGHT * landmarks[0].aspect)
    points, confidences = [], []
    components = {name: one for name, one in _holistic_components().items() if face or name != "face"}
    for name in components:
        part = PARTS[name].points(x)
        points.append(np.nan_to_num(part[..., :3]) * np.array([width, HEIGHT, 1], np.float32))
        confidences.append(np.nan_to_num(part[..., 3]) if name == "pose" else np.isfinite(part[..., 0]).astype(np.float32))
    data, confidence = np.concatenate(points, axis=1)[:, None], np.concatenate(confidences, axis=1)[:, None]
    mask = np.repeat(confidence[..., None] == 0, 3, axis=-1)
    header = PoseHeader(version=0.2, dimensions=PoseHeaderDimensions(width, HEIGHT, 0), components=list(components.values()))
    buffer = BytesIO()
    Pose(header, NumPyPoseBody(rate, np.ma.masked_array(data, mask=mask), confidence)).write(buffer)
    return buffer.getvalue()


def read_pose(path: str | Path, most: int = MOST_FRAMES) -> list[Landmarks]:
    """Reads a recording of MediaPipe Holistic components; missing components stay absent, others are ignored.

    Args:
        most: maximum number of frames.

    Raises:
        InputError: the file is missing, too large, damaged, or holds none of the components.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} is larger than {LARGEST >> 20} MiB. Split the recording.")
        pose = _parse_pose(path.read_bytes(), most)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}). Check the path.") from error
    except DAMAGE as error:
        raise InputError(f"{path} is not a .pose file, or damaged. Export it again.") from error
    header, body = pose.header, pose.body
    names = {component.name: component for component in header.components}
    if not any(_fits(names.get(COMPONENTS[name]), part.count) for name, part in PARTS.items()):
        raise InputError(f"{path} holds no MediaPipe Holistic landmarks. Export it with holistic components.")
    if body.data.size == 0 or not 0.01 <= body.fps < 1e6 or not header.dimensions.width or not header.dimensions.height:
        raise InputError(f"{path} holds no frames. Export it again.")
    confidences = np.asarray(body.confidence, np.float32)
    person = int(confidences.sum(axis=(0, 2)).argmax())  # Of several, the one who is seen most; the first may be empty.
    size = np.array([header.dimensions.width, header.dimensions.height, 1], np.float32)
    x = np.full((len(body.data), VALUES), np.nan, np.float32)
    first = 0
    for component in header.components:
        last = first + len(component.points)
        for name, part in PARTS.items():
            if component.name == COMPONENTS[name] and not _fits(component, part.count):
                logging.getLogger(__name__).warning("%s: %s is left out; it has other points.", path, component.name)
            elif component.name == COMPONENTS[name]:
                taken = slice(first, first + part.count)
                place = np.asarray(body.data[:, person, taken, :3].filled(np.nan), np.float32) / size
                known = np.isfinite(place).all(axis=-1, keepdims=True)  # a point without a place is not seen
                confidence = np.where(known, confidences[:, person, taken, None], 0)
                block = np.concatenate([np.where(known, place, 0), confidence], axis=-1)[..., : part.width]
                block[~(confidence > 0).any(axis=(1, 2))] = np.nan
                x[:, part.values] = block.reshape(len(block), -1)
        first = last
    aspect = size[0] / size[1]
    if not 0.01 <= aspect <= 100:
        raise InputError(f"{path} has an impossible aspect of its picture. Export it again.")
    return [Landmarks.from_vector(row, i / body.fps, float(aspect)) for i, row in enumerate(x)]


def _parse_pose(content: bytes, most: int) -> Any:
    """Parses a file, unless its header asks for far more memory or time than the file is long.

    Raises:
        ValueError: it does, or it has no points.
    """
    from pose_format import Pose
    from pose_format.pose_header import PoseHeader
    from pose_format.utils.reader import BufferReader

    reader = BufferReader(content)
    header = PoseHeader.read(reader)
    points = sum(len(component.points) for component in header.components)
    (frames,) = struct.unpack_from("<H", content, reader.read_offset + 2)
    if not 0 < points <= MOST_POINTS or (header.version < 0.1 and frames * points > MOST_FRAMES * 100):
        raise ValueError("too many points")
    if (len(content) - reader.read_offset) // (points * 12) > most:  # a point has two coordinates and a confidence at least
        raise ValueError("too many frames")
    return Pose.read(content)


def _fits(component: Any, count: int) -> bool:
    """Whether a component has a part's points; a face may have the ten of its irises after them."""
    if component is None or not component.format.startswith("XYZ"):
        return False
    return len(component.points) == count or (count, len(component.points)) == (PARTS["face"].count, REFINED_FACE)


def _holistic_components() -> dict[str, Any]:
    """The library's MediaPipe components by part."""
    from kslr.core.native import load_mediapipe

    load_mediapipe()  # Loads what the library imports, without TensorFlow.
    from pose_format.utils.holistic import holistic_components

    found = {component.name: component for component in holistic_components()}
    return {part: found[name] for part, name in COMPONENTS.items()}
