"""One sign's stretch of landmarks, and where hands and wrists are on the signer's body in each frame.

Lengths on the body are in shoulder widths and heights are measured upwards from the middle of the shoulders, so the
distance to the camera does not matter: hanging hands are at about −1.4. Times are in seconds.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kslr.landmarks import LEFT_WRIST, RIGHT_WRIST, Landmarks, body_frame, resample, to_aspect

VISIBLE = 0.5  # minimum visibility (0–1) at which a wrist of the pose counts


@dataclass(frozen=True)
class SignSegment:
    """One sign's stretch of landmarks.

    Attributes:
        start, end: seconds on the source's clock.
        landmarks: those from start to end, in the order of time.
    """

    start: float
    end: float
    landmarks: tuple[Landmarks, ...]

    @property
    def seconds(self) -> float:
        """How long the sign lasts."""
        return self.end - self.start

    def window(self, frames: int = 30) -> np.ndarray:
        """The sign as networks take it, whatever the frame rate and the shape of the picture were.

        Returns:
            (frames, 1662) float32, evenly spaced from start to end, in the aspect `landmarks.ASPECT`; NaN where absent.

        >>> hands = [Landmarks(t, left_hand=np.full((21, 3), t, np.float32)) for t in (0.0, 0.5, 1.0)]
        >>> SignSegment(0.0, 1.0, tuple(hands)).window(5)[:, 1537]
        array([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float32)
        """
        seconds = np.array([one.seconds for one in self.landmarks])
        x = np.stack([one.values() for one in self.landmarks])
        aspects = np.array([one.aspect for one in self.landmarks])
        for aspect in set(aspects.tolist()):  # one, where the camera was not turned
            x[aspects == aspect] = to_aspect(x[aspects == aspect], aspect)
        return resample(seconds, x, frames, self.start, self.end)


class HandsOnBody(NamedTuple):
    """The hands of one frame on the signer's body, in shoulder widths; the first axis is left, right; NaN where absent."""

    seconds: float
    places: np.ndarray  # (2, 22, 2) hand landmarks, and then the visible wrist of the pose
    below: np.ndarray  # (2,) whether the hand has left the picture at its lower edge, as the pose guesses

    @property
    def points(self) -> np.ndarray:
        """(2, 21, 2) hand landmarks."""
        return self.places[:, :-1]

    @property
    def wrists(self) -> np.ndarray:
        """(2, 2) visible wrists of the pose."""
        return self.places[:, -1]


def hands_on_body(landmarks: Landmarks) -> HandsOnBody:
    """Where hands and wrists are on the signer's body; all absent where nobody is seen."""
    places, below = np.full((2, 22, 2), np.nan), np.zeros(2, bool)
    if landmarks.pose is not None:
        square = np.array([landmarks.aspect, 1.0])
        middle, unit = body_frame(landmarks.pose, landmarks.aspect)
        upwards = np.array([1.0, -1.0]) / max(float(unit), 1e-6)
        for side, (hand, wrist) in enumerate(((landmarks.left_hand, LEFT_WRIST), (landmarks.right_hand, RIGHT_WRIST))):
            if hand is not None:
                places[side, :-1] = (hand[:, :2] * square - middle) * upwards
            x, y, _, visibility = landmarks.pose[wrist].tolist()
            if visibility >= VISIBLE and 0 <= x <= 1 and 0 <= y <= 1:
                places[side, -1] = (landmarks.pose[wrist, :2] * square - middle) * upwards
            below[side] = hand is None and y > 1
    return HandsOnBody(landmarks.seconds, places, below)
