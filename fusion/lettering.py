"""Words and icons as masks that are blended into a picture. OpenCV's own letters know neither Cyrillic nor Kazakh."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from fusion.appearance import EYES, icon_runs
from kslr.core.errors import InputError


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
    from PIL import ImageFont

    font = ImageFont.truetype(str(_font_path(bold)), size)
    mask, offset = font.getmask2(text, mode="L")
    ascent, descent = font.getmetrics()
    out = np.zeros((ascent + descent, mask.size[0] + max(0, offset[0])), np.uint8)
    glyphs = np.array(mask, np.uint8).reshape(mask.size[1], mask.size[0])
    rows = min(len(glyphs), out.shape[0] - offset[1])
    out[offset[1] : offset[1] + rows, max(0, offset[0]) : max(0, offset[0]) + glyphs.shape[1]] = glyphs[:rows]
    return out


def _font_path(bold: bool) -> Path:
    """DejaVu Sans, which has all Kazakh letters and comes with matplotlib, which MediaPipe requires."""
    from importlib.util import find_spec

    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise InputError("The letters for subtitles are missing. Install the matplotlib package.")
    return Path(spec.origin).parent / "mpl-data/fonts/ttf" / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


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


def shrunk(mask: np.ndarray, scale: float) -> np.ndarray:
    """The mask at a smaller scale."""
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
