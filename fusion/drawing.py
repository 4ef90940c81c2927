"""What was seen, drawn into a picture: skeleton, face crop, the word as a subtitle, and the emotion's seven bars.

OpenCV's own letters know neither Cyrillic nor Kazakh, so text comes as masks that are blended into the picture.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fusion.appearance import EMOTION_COLOURS, EMOTION_NAMES, EYES, FACE_RUNS, HAND_LINES, PART_COLOURS, POSE_LINES, icon_runs
from fusion.observation import TaggedWord
from kslr.landmarks import Landmarks

if TYPE_CHECKING:
    from emotion.recognizer import EmotionPrediction
    from fusion.observation import Observation

INK = (16, 20, 28)


def draw_skeleton(picture: np.ndarray, landmarks: Landmarks) -> None:
    """Draws what was seen into a picture, so that the signer sees at once when a hand is lost.

    Args:
        picture: (H, W, 3) uint8 RGB, changed in place.
        landmarks: absent parts are left out.

    >>> picture = np.zeros((48, 64, 3), np.uint8)
    >>> draw_skeleton(picture, Landmarks(0.0, right_hand=np.full((21, 3), 0.5, np.float32)))
    >>> bool((picture == PART_COLOURS["right_hand"]).all(axis=-1).any())
    True
    """
    import cv2

    height, width = picture.shape[:2]
    thick = max(1, round(min(height, width) / 240))

    def pixels(points: np.ndarray) -> np.ndarray:
        # Points may lie far outside; OpenCV takes 16-bit coordinates.
        return np.clip(points[:, :2] * (width, height), -4096, 4096).astype(np.int32)

    if landmarks.face is not None:
        points = pixels(landmarks.face)
        runs = [points[list(run)] for run in FACE_RUNS]
        cv2.polylines(picture, runs, False, PART_COLOURS["face"], 1, cv2.LINE_AA)
    if landmarks.pose is not None:
        points, seen = pixels(landmarks.pose), landmarks.pose[:, 3] > 0.5
        for a, b in POSE_LINES:
            if seen[a] and seen[b]:
                cv2.line(picture, points[a].tolist(), points[b].tolist(), PART_COLOURS["pose"], thick, cv2.LINE_AA)
    for part in ("left_hand", "right_hand"):
        hand = getattr(landmarks, part)
        if hand is not None:
            points = pixels(hand)
            for a, b in HAND_LINES:
                cv2.line(picture, points[a].tolist(), points[b].tolist(), PART_COLOURS[part], thick, cv2.LINE_AA)
            for point in points:
                cv2.circle(picture, point.tolist(), thick, PART_COLOURS[part], -1, cv2.LINE_8)


def draw_box(picture: np.ndarray, box: tuple[float, float, float], colour: tuple[int, int, int]) -> None:
    """Frames the face crop.

    Args:
        picture: (H, W, 3) uint8 RGB, changed in place.
        box: x, y of the upper left corner and the side, in pixels; it may reach outside.
    """
    import cv2

    x, y, side = (round(float(np.clip(v, -4096, 4096))) for v in box)
    cv2.rectangle(picture, (x, y), (x + side, y + side), colour, max(1, picture.shape[0] // 300), cv2.LINE_AA)


def draw_subtitle(picture: np.ndarray, word: TaggedWord, language: str = "kk") -> None:
    """Writes the word large at the foot of the picture, its emotion beside it as icon, word and colour.

    Args:
        picture: (H, W, 3) uint8 RGB, changed in place.
        word: what to write.
        language: ``kk``, ``ru`` or ``en``.
    """
    height, width = picture.shape[:2]
    size = max(14, height // 12)
    label = text_mask(getattr(word.sign, language), size, True)
    parts = [label]
    if word.emotion:
        name = EMOTION_NAMES[word.emotion][language]
        parts += [icon_mask(word.emotion, round(size * 1.1)), text_mask(name, round(size * 0.62), False)]
    gap, pad = size // 2, size // 3
    total = sum(p.shape[1] for p in parts) + gap * (len(parts) - 1)
    if total + 2 * pad > width:  # a long word on a narrow picture
        scale = (width - 2 * pad) / total
        parts = [shrink(p, scale) for p in parts]
        gap, total = int(gap * scale), sum(p.shape[1] for p in parts) + int(gap * scale) * (len(parts) - 1)
    band = max(p.shape[0] for p in parts) + pad
    top, left = max(0, height - band - pad), max(0, (width - total) // 2)
    colour = EMOTION_COLOURS[word.emotion] if word.emotion else (255, 255, 255)
    picture[top : top + band, max(0, left - pad) : left + total + pad] = colour
    for part in parts:
        stamp(picture, part, left, top + (band - part.shape[0]) // 2, INK)
        left += part.shape[1] + gap


def draw_bars(picture: np.ndarray, prediction: "EmotionPrediction", language: str = "kk") -> None:
    """Draws the seven emotion probabilities as bars in the upper left corner; the frame's emotion, if any, is in bold.

    Args:
        picture: (H, W, 3) uint8 RGB, changed in place.
        prediction: of one frame; abstaining (its label is None) shows the bars grey.
        language: ``kk``, ``ru`` or ``en``.
    """
    height, width = picture.shape[:2]
    line = max(11, height // 32)
    panel_width = min(width, line * 13)
    panel = picture[: line * 7 + line // 2, :panel_width]
    panel //= 3
    for row, (emotion, probability) in enumerate(zip(EMOTION_NAMES, prediction.probabilities, strict=True)):
        y = line // 4 + row * line
        chosen = emotion == prediction.label
        stamp(panel, text_mask(EMOTION_NAMES[emotion][language], round(line * 0.72), chosen), line // 3, y, (255, 255, 255))
        start = line * 7
        end = start + round((panel_width - start - line // 3) * float(probability))
        panel[y + line // 6 : y + line - line // 6, start : max(end, start + 1)] = (
            EMOTION_COLOURS[emotion] if prediction.label else EMOTION_COLOURS["neutral"]
        )


def annotate(rgb: np.ndarray, observation: "Observation", word: TaggedWord | None = None, language: str = "kk") -> np.ndarray:
    """A copy of the picture with all that was seen in it.

    Args:
        rgb: (H, W, 3) uint8.
        observation: what the interpreter made of it.
        word: the subtitle.
        language: ``kk``, ``ru`` or ``en``.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    picture = rgb.copy()
    draw_skeleton(picture, observation.landmarks)
    if observation.crop is not None:
        label = observation.emotion.label if observation.emotion else None
        draw_box(picture, observation.crop.box, EMOTION_COLOURS[label] if label else PART_COLOURS["face"])
    if observation.emotion is not None:
        draw_bars(picture, observation.emotion, language)
    if word is not None:
        draw_subtitle(picture, word, language)
    return picture


@lru_cache(maxsize=256)
def text_mask(text: str, size: int, bold: bool) -> np.ndarray:
    """Text as a (height, width) uint8 mask.

    Args:
        text: one line.
        size: of the letters, in pixels.
        bold: whether in bold.

    >>> text_mask("Рақмет", 20, bold=True).shape[0] >= 20
    True
    """
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(str(_font_path(bold)), size)
    left, _, right, _ = (round(edge) for edge in font.getbbox(text))
    image = Image.new("L", (max(0, right) - min(0, left), sum(font.getmetrics())))
    ImageDraw.Draw(image).text((-min(0, left), 0), text, 255, font)
    return np.asarray(image)


def _font_path(bold: bool) -> Path:
    """DejaVu Sans, which has all Kazakh letters and comes with matplotlib."""
    from matplotlib import get_data_path

    return Path(get_data_path(), "fonts/ttf", "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


@lru_cache(maxsize=64)
def icon_mask(emotion: str, size: int) -> np.ndarray:
    """An emotion's icon as a (size, size) uint8 mask."""
    import cv2

    mask = np.zeros((size * 4, size * 4), np.uint8)
    scale, thick = size * 4 / 2.2, max(1, size // 4)

    def pixel(point: Sequence[float]) -> tuple[int, int]:
        return round((point[0] + 1.1) * scale), round((point[1] + 1.1) * scale)

    cv2.circle(mask, pixel((0, 0)), round(0.95 * scale), [255], thick)
    for eye in EYES:
        cv2.circle(mask, pixel(eye), max(1, round(0.1 * scale)), [255], -1)
    for run in icon_runs(emotion):
        cv2.polylines(mask, [np.array([pixel(p) for p in run])], False, [255], thick)
    return cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)


def shrink(mask: np.ndarray, scale: float) -> np.ndarray:
    """The mask at a smaller scale (0–1)."""
    import cv2

    height, width = mask.shape
    return cv2.resize(mask, (max(1, int(width * scale)), max(1, int(height * scale))), interpolation=cv2.INTER_AREA)


def stamp(picture: np.ndarray, mask: np.ndarray, left: int, top: int, colour: tuple[int, int, int]) -> None:
    """Blends a colour into a picture where a mask is, cut at the edges."""
    part = picture[max(0, top) : top + mask.shape[0], max(0, left) : left + mask.shape[1]]
    if part.size == 0:
        return
    weight = mask[: part.shape[0], : part.shape[1], None].astype(np.float32) / 255
    part[:] = (part * (1 - weight) + np.array(colour, np.float32) * weight).astype(np.uint8)
