"""Whether a take is good to learn a sign from: hands seen throughout, near enough, sharp, whole, neither short nor long.

A take is one recording of one sign, made a moment ago by somebody who can make it again.
"""

from dataclasses import dataclass

import numpy as np

from kslr.landmarks import LEFT_SHOULDER, RIGHT_SHOULDER, Landmarks
from kslr.recordings import Recording, segments
from kslr.segment import SignSegment

# Shoulders closer than this, in shares of the picture's width times its aspect over 4:3, are too small to read hands.
NEAR_ENOUGH = 0.11
SHARP = 2.8  # see `sharpness`: dictionary clips have 7–16, blurred by one pixel 3–7, by two 1.8–3.2
SIDE = 160  # pixels that the shoulders are brought to before sharpness is measured


@dataclass(frozen=True)
class TakeRule:
    """Where the lines are.

    Attributes:
        hands: a hand is seen in at least this share of the sign's frames, 0–1.
        shortest, longest: seconds of the sign.
        edge: a sign that begins or ends nearer than this to the recording's own ends may be cut off, seconds.
        rate: frames a second.
        far: share of frames in which the person may be too far, 0–1.
    """

    hands: float = 0.7
    shortest: float = 0.35
    longest: float = 3.8
    edge: float = 0.08
    rate: float = 9.0
    far: float = 0.3


@dataclass(frozen=True)
class Verdict:
    """What a take is worth.

    Attributes:
        sign: the sign in it, or None when there is nothing to learn from.
        problems: why it should be made again, worst first: ``no_hands``, ``too_far``, ``cut``, ``short``, ``long``
            (or several signs),
            ``hands_lost``, ``blurred``, ``jerky``. Empty when it is good.
        hands: share of the sign's frames in which a hand is seen, 0–1.
        sharpness: mean, or None when no picture was measured.
    """

    sign: SignSegment | None
    problems: tuple[str, ...]
    hands: float
    sharpness: float | None = None

    @property
    def good(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problems

    @property
    def seconds(self) -> float:
        """How long the sign is."""
        return self.sign.end - self.sign.start if self.sign else 0.0


def judge(recording: Recording, sharpness: float | None = None, rule: TakeRule | None = None, trimmed: bool = False) -> Verdict:
    """Looks at a take.

    Args:
        recording: its landmarks.
        sharpness: of its pictures, the mean over them; None where there are none, as in landmark files.
        trimmed: whether it is a clip that somebody cut, so that the sign may well begin with its first frame.

    >>> judge(Recording(np.arange(10) / 10, np.full((10, 1662), np.nan, np.float32))).problems
    ('no_hands',)
    """
    rule = rule or TakeRule()
    signs = sorted(segments(recording), key=lambda one: one.end - one.start)
    if not signs:
        return Verdict(None, ("no_hands",), 0.0, sharpness)
    sign, others = signs[-1], signs[:-1]
    first, last = float(recording.seconds[0]), float(recording.seconds[-1])
    if sign.start <= first and sign.end >= last:
        sign = _with_hands(sign)  # no sign stood out
    frames = sign.landmarks
    hands = float(np.mean([frame.hands > 0 for frame in frames]))
    if sum(frame.hands > 0 for frame in frames) < 3:
        return Verdict(None, ("no_hands",), hands, sharpness)
    length = sign.end - sign.start
    begun, ended = sign.start - first < rule.edge, last - sign.end < rule.edge
    whole = begun and ended  # a clip cut to the sign
    rate = (len(recording.seconds) - 1) / max(last - first, 1e-6)
    found = {
        "too_far": np.mean([too_far(frame) for frame in frames]) > rule.far,
        "cut": not trimmed and (begun or ended) and not (whole and length < rule.longest and _lowered(frames)),
        "short": length < rule.shortest,
        "long": length > rule.longest or any(one.end - one.start > max(rule.shortest, length / 2) for one in others),
        "hands_lost": hands < rule.hands,
        "blurred": sharpness is not None and sharpness < SHARP,
        "jerky": rate < rule.rate,
    }
    return Verdict(sign, tuple(name for name, is_so in found.items() if is_so), hands, sharpness)


def _with_hands(sign: SignSegment, beside: float = 0.12) -> SignSegment:
    """The part from the first to the last frame in which a hand is seen, and a little beside it."""
    seen = [frame.seconds for frame in sign.landmarks if frame.hands]
    if not seen:
        return sign
    kept = tuple(frame for frame in sign.landmarks if seen[0] - beside <= frame.seconds <= seen[-1] + beside)
    return SignSegment(kept[0].seconds, kept[-1].seconds, kept)


def _lowered(frames: tuple[Landmarks, ...]) -> bool:
    """Whether no hand is seen in the first and the last frame, as when the hands come from below and go back."""
    return frames[0].hands == 0 and frames[-1].hands == 0


def too_far(landmarks: Landmarks) -> bool:
    """Whether the person's shoulders are small in the picture."""
    pose = landmarks.pose
    if pose is None:
        return False
    width = abs(float(pose[LEFT_SHOULDER, 0] - pose[RIGHT_SHOULDER, 0])) * landmarks.aspect * 3 / 4
    # Somebody seen from the side has narrow shoulders too: then the trunk tells.
    height = abs(float(pose[23:25, 1].mean() - pose[11:13, 1].mean()))
    return width < NEAR_ENOUGH and height < 1.6 * NEAR_ENOUGH


def sharpness(rgb: np.ndarray, landmarks: Landmarks) -> float | None:
    """How sharp the person's head and shoulders are: the standard deviation of the Laplacian there, in grey levels.

    It is measured on a crop brought to one size, so that it does not depend on the distance. Only head and shoulders
    count, because hands that move are always blurred a little.

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
    span = float(np.hypot(*((left - right) * (width, height))))
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
