"""Takes: clips of one sign each, and whether they are good to learn it from.

A take is good when hands are seen throughout, near enough and sharp, and the sign is whole, neither short nor long.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kslr.core.errors import InputError
from kslr.frame import Frame
from kslr.landmarks import LEFT_HIP, LEFT_SHOULDER, RIGHT_HIP, RIGHT_SHOULDER, Landmarks, shoulder_width
from kslr.recordings import LANDMARK_SUFFIXES, VIDEO_SUFFIXES, Recording, cut_signs, record
from kslr.segment import SignSegment
from kslr.teaching.naming import LessonError

TAKE_SECONDS = 30.0  # maximum length of a clip
LANDMARK_BYTES = 64_000_000  # of an unpacked landmark file: thirty seconds at more frames than any camera has
TAKE_SUFFIXES = VIDEO_SUFFIXES + LANDMARK_SUFFIXES
NEAR_SHOULDERS = 0.147  # heights of the picture; hands beside narrower shoulders are too small to read
NEAR_TRUNK = 0.176  # heights of the picture from shoulders to hips; tells the distance of somebody seen from the side
SHARP = 2.8  # see `measure_sharpness`: dictionary clips have 7–16, blurred by one pixel 3–7, by two 1.8–3.2
SIDE = 160  # pixels that the shoulders are scaled to before sharpness is measured


@dataclass(frozen=True)
class TakeRule:
    """The limits of a good take.

    Attributes:
        hands: minimum share of the sign's frames with a visible hand, 0–1.
        shortest, longest: seconds of the sign.
        edge: a sign that begins or ends nearer than this to the recording's own ends may be cut off, seconds.
        rate: minimum frames a second.
        far: maximum share of frames in which the person is too far away, 0–1.
    """

    hands: float = 0.7
    shortest: float = 0.35
    longest: float = 3.8
    edge: float = 0.08
    rate: float = 9.0
    far: float = 0.3


@dataclass(frozen=True)
class Verdict:
    """How good a take is.

    Attributes:
        sign: the sign in it; None when there is nothing to learn from.
        problems: why it should be made again, worst first: ``no_hands``, ``too_far``, ``cut``, ``short``, ``long`` (or
            several signs), ``hands_lost``, ``blurred``, ``jerky``. Empty for a good take.
        hands: share of the sign's frames in which a hand is seen, 0–1.
        sharpness: mean, or None when no picture was measured.
    """

    sign: SignSegment | None
    problems: tuple[str, ...]
    hands: float
    sharpness: float | None = None


@dataclass(frozen=True)
class Take:
    """A clip's landmarks and how good it is to learn from."""

    recording: Recording
    verdict: Verdict


def watch_take(path: str | Path, name: str = "", trimmed: bool = False) -> Take:
    """Reads a clip, with one pass over its frames, and judges it.

    Args:
        path: a video or a landmark file.
        name: what the person calls the clip; its file name when empty.
        trimmed: as in `judge`.

    Raises:
        LessonError: the clip cannot be read (code ``unreadable``), is too long (``long-clip``) or of a kind that is not
            accepted (``format``).
    """
    path, sharp = Path(path), list[float]()
    name = name or path.name
    if path.suffix.lower() not in TAKE_SUFFIXES:
        raise LessonError(f"{name} is not accepted. Choose one of {', '.join(TAKE_SUFFIXES)}.", "format")

    def observe(frame: Frame, landmarks: Landmarks) -> None:
        if (clear := measure_sharpness(frame.rgb, landmarks)) is not None:
            sharp.append(clear)

    try:
        recording = replace(record(path, most=LANDMARK_BYTES, longest=TAKE_SECONDS, observe=observe), name=name)
    except InputError as error:
        if error.code == "too-long":
            raise LessonError(str(error), "long-clip", n=round(TAKE_SECONDS)) from error
        raise LessonError(str(error), "unreadable", name=name) from error
    return Take(recording, judge(recording, float(np.mean(sharp)) if sharp else None, trimmed=trimmed))


def judge(recording: Recording, sharpness: float | None = None, rule: TakeRule | None = None, trimmed: bool = False) -> Verdict:
    """Judges a take.

    Args:
        recording: its landmarks.
        sharpness: mean over its pictures; None for landmark files.
        trimmed: whether somebody may have cut the clip to the sign, so that the sign may begin with its first frame.

    >>> judge(Recording(np.arange(10) / 10, np.full((10, 1662), np.nan, np.float32))).problems
    ('no_hands',)
    """
    rule = rule or TakeRule()
    signs = sorted(cut_signs(recording), key=lambda one: one.seconds)
    if not signs:
        return Verdict(None, ("no_hands",), 0.0, sharpness)
    sign, others = signs[-1], signs[:-1]
    first, last = float(recording.seconds[0]), float(recording.seconds[-1])
    if sign.start <= first and sign.end >= last:
        sign = _trim_to_hands(sign)  # No sign stood out.
    frames = sign.landmarks
    hands = float(np.mean([frame.hands > 0 for frame in frames]))
    if sum(frame.hands > 0 for frame in frames) < 3:
        return Verdict(None, ("no_hands",), hands, sharpness)
    at_start, at_end = sign.start - first < rule.edge, last - sign.end < rule.edge
    # In a clip cut to the sign the hands come from below and go back.
    whole = at_start and at_end and sign.seconds < rule.longest and frames[0].hands == frames[-1].hands == 0
    rate = (len(recording.seconds) - 1) / max(recording.duration, 1e-6)
    found = {
        "too_far": np.mean([is_too_far(frame) for frame in frames]) > rule.far,
        "cut": not trimmed and (at_start or at_end) and not whole,
        "short": sign.seconds < rule.shortest,
        "long": sign.seconds > rule.longest or any(one.seconds > max(rule.shortest, sign.seconds / 2) for one in others),
        "hands_lost": hands < rule.hands,
        "blurred": sharpness is not None and sharpness < SHARP,
        "jerky": rate < rule.rate,
    }
    return Verdict(sign, tuple(name for name, is_so in found.items() if is_so), hands, sharpness)


def _trim_to_hands(sign: SignSegment, margin: float = 0.12) -> SignSegment:
    """The part from the first to the last frame with a hand, and `margin` seconds beside it."""
    seen = [frame.seconds for frame in sign.landmarks if frame.hands]
    if not seen:
        return sign
    kept = tuple(frame for frame in sign.landmarks if seen[0] - margin <= frame.seconds <= seen[-1] + margin)
    return SignSegment(kept[0].seconds, kept[-1].seconds, kept)


def is_too_far(landmarks: Landmarks) -> bool:
    """Whether the person is too small in the picture for the hands to be read."""
    pose = landmarks.pose
    if pose is None:
        return False
    trunk = abs(float(pose[[LEFT_HIP, RIGHT_HIP], 1].mean() - pose[[LEFT_SHOULDER, RIGHT_SHOULDER], 1].mean()))
    return bool(shoulder_width(pose, landmarks.aspect) < NEAR_SHOULDERS) and trunk < NEAR_TRUNK


def measure_sharpness(rgb: np.ndarray, landmarks: Landmarks) -> float | None:
    """How sharp the person's head and shoulders are: the standard deviation of the Laplacian there, in grey levels.

    The crop is scaled to one size first, so that the distance does not matter. Only head and shoulders count, because
    moving hands are always a little blurred.

    Args:
        rgb: (H, W, 3) uint8.
        landmarks: of the same picture.

    Returns:
        None when nobody is seen.
    """
    import cv2

    if landmarks.pose is None:
        return None
    height, width = rgb.shape[:2]
    left, right = landmarks.pose[LEFT_SHOULDER, :2], landmarks.pose[RIGHT_SHOULDER, :2]
    span = float(shoulder_width(landmarks.pose, width / height)) * height
    x, y = (left + right) / 2 * (width, height)
    x0, x1 = int(max(0, x - span / 2)), int(min(width, x + span / 2))
    y0, y1 = int(max(0, y - span)), int(min(height, y + span / 4))
    if x1 - x0 < 16 or y1 - y0 < 16:
        return None
    grey = cv2.cvtColor(np.ascontiguousarray(rgb[y0:y1, x0:x1]), cv2.COLOR_RGB2GRAY)
    scale = SIDE / (x1 - x0)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = cv2.resize(grey, (SIDE, max(16, round(SIDE * (y1 - y0) / (x1 - x0)))), interpolation=method)
    return float(cv2.Laplacian(grey, cv2.CV_32F).std())
