"""Grammar on the face: brow raise, brow furrow, head shake and nod, measured on landmarks.

In Kazakh-Russian Sign Language brows rise for yes/no questions as well as for surprise, and a shaken head negates; so
these are told apart from emotion before a word is tagged. Each cue is a measurement against the person's own resting
face, mapped to 0–1 by fixed thresholds. It is a cue, not a trained classifier: no labelled data stands behind the
thresholds, and a score is no probability.

Distances are measured in the face's own axes (from eye corner to eye corner, and down to the chin), in units of the
distance between the outer eye corners, so that neither the camera's distance nor a turned head counts as a brow.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# MediaPipe face mesh points.
RIGHT_EYE_OUTER, LEFT_EYE_OUTER, FOREHEAD, CHIN, NOSE_TIP = 33, 263, 10, 152, 1
BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
EYES = (33, 133, 159, 145, 263, 362, 386, 374)
INNER_BROWS = (55, 285)
MEASURED = [*BROWS, *EYES, RIGHT_EYE_OUTER, LEFT_EYE_OUTER, FOREHEAD, CHIN, NOSE_TIP, *INNER_BROWS]

# A raise or furrow of this size, in eye-corner distances, scores one half; so much more or less is nearly sure.
RAISE, FURROW = 0.045, 0.025
SHARPNESS = 3.5  # how many logits lie between no change and one half
# A head movement counts when it goes this far (in eye-corner distances, about 6°) before it turns back.
SWING = 0.08
NAMES = ("brow_raise", "brow_furrow", "head_shake", "nod")


@dataclass(frozen=True)
class FaceShape:
    """Measurements of one face, in outer-eye-corner distances.

    Attributes:
        seconds: of the frame.
        brow_height: brows above the eyes, along the face.
        brow_gap: between the inner ends of the brows.
        yaw: how far the nose tip lies to the side of the middle of the eyes, in the picture.
        pitch: how far the nose tip lies below the middle of the eyes, in the picture.
    """

    seconds: float
    brow_height: float
    brow_gap: float
    yaw: float
    pitch: float


def face_shape(face: np.ndarray, seconds: float = 0.0, aspect: float = 4 / 3) -> FaceShape | None:
    """Measures a face.

    Args:
        face: (468, 3) MediaPipe normalised image coordinates.
        aspect: width / height of the picture.

    Returns:
        The measurements, or None when the face is too small or seen too much from the side to be measured.

    >>> face_shape(np.zeros((468, 3))) is None
    True
    """
    points = np.asarray(face)[MEASURED] * np.array([aspect, 1.0, aspect])
    brows, eyes = points[: len(BROWS)], points[len(BROWS) : len(BROWS) + len(EYES)]
    right_eye, left_eye, forehead, chin, nose_tip, inner_right, inner_left = points[len(BROWS) + len(EYES) :]
    across = left_eye - right_eye
    size = float(np.linalg.norm(across))
    if size < 0.01 or np.linalg.norm(across[:2]) < 0.6 * size:
        return None
    right = across / size
    down = chin - forehead
    down = down - right * (down @ right)
    length = np.linalg.norm(down)
    if length < 1e-6:
        return None
    down = down / length
    nose = (nose_tip - (right_eye + left_eye) / 2)[:2] / size
    picture_right = across[:2] / np.linalg.norm(across[:2])
    picture_down = np.array([-picture_right[1], picture_right[0]])
    return FaceShape(
        seconds=seconds,
        brow_height=float((eyes.mean(axis=0) - brows.mean(axis=0)) @ down / size),
        brow_gap=float((inner_left - inner_right) @ right / size),
        yaw=float(nose @ picture_right),
        pitch=float(nose @ picture_down),
    )


def baseline(shapes: Sequence[FaceShape]) -> FaceShape | None:
    """The resting face: the median of each measurement, or None without any.

    Half of a person's frames must be at rest for it to hold, which signing with pauses gives.

    >>> baseline([]) is None
    True
    """
    if not shapes:
        return None
    values = np.array([(s.brow_height, s.brow_gap, s.yaw, s.pitch) for s in shapes])
    return FaceShape(shapes[-1].seconds, *(float(v) for v in np.median(values, axis=0)))


def cues(during: Sequence[FaceShape], rest: FaceShape | None) -> dict[str, float]:
    """Scores of a word's frames against the resting face.

    Args:
        during: of the frames of the word.
        rest: of `baseline`.

    Returns:
        `NAMES` → 0–1; empty when the face was not measured.

    >>> calm = [FaceShape(t / 10, 0.3, 0.25, 0.0, 0.4) for t in range(10)]
    >>> max(cues(calm, calm[0]).values()) < 0.05
    True
    """
    if not during or rest is None:
        return {}
    # The strongest third of the frames: grammar spans part of a word, single frames are noise.
    raised = float(np.percentile([s.brow_height for s in during], 75)) - rest.brow_height
    drawn = rest.brow_gap - float(np.percentile([s.brow_gap for s in during], 25))
    return {
        "brow_raise": _score(raised, RAISE),
        "brow_furrow": _score(drawn, FURROW),
        "head_shake": _swings(np.array([s.yaw for s in during])),
        "nod": _swings(np.array([s.pitch for s in during])),
    }


def _score(value: float, half: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(SHARPNESS * (value / half - 1), -30, 30))))


def _swings(values: np.ndarray) -> float:
    """How much a movement goes to and fro: none at one way, one half at two ways, 1 at four ways and more."""
    turns, extreme, direction = 0, values[0], 0
    for value in values:
        if (direction >= 0 and value > extreme) or (direction <= 0 and value < extreme):
            if direction == 0 and abs(value - values[0]) < SWING:
                continue
            direction = direction or int(np.sign(value - values[0]))
            extreme = value
        elif abs(value - extreme) >= SWING:
            turns, extreme, direction = turns + 1, value, -direction
    return float(np.clip(turns / 3, 0, 1)) if turns else 0.0
