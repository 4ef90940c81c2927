"""The app's icon: an open hand as the app draws hands, white on its blue, drawn here at any size."""

import io
import math
from functools import cache

from fusion.appearance import HAND_LINES, PART_COLOURS

SIZES = (180, 192, 512)
BACKGROUND, LINES = (0, 98, 122), (255, 255, 255)
FINE = 4  # drawn larger by this and then made smaller, so that edges are smooth
# Thumb to little finger: where each begins around the wrist, where it points (degrees from upwards), and its length.
FINGERS = (
    (-0.26, -0.22, -44, 0.34),
    (-0.19, -0.46, -14, 0.40),
    (-0.04, -0.50, -2, 0.45),
    (0.10, -0.47, 9, 0.41),
    (0.22, -0.40, 22, 0.32),
)
JOINTS = (0.0, 0.45, 0.75, 1.0)  # of a finger's length
WRIST = (0.0, 0.0)


def icon_points() -> list[tuple[float, float]]:
    """The 21 points of the hand in MediaPipe's order, wrist at (0, 0), y downwards, about one unit high."""
    points = [WRIST]
    for x, y, degrees, length in FINGERS:
        across, up = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        points += [(x + across * length * joint, y - up * length * joint) for joint in JOINTS]
    return points


@cache
def icon_png(size: int, safe: bool = False) -> bytes:
    """The icon as a PNG.

    Args:
        size: pixels a side.
        safe: whether a phone may cut any shape out of it: then the hand lies in the inner circle.

    >>> icon_png(192)[:8]
    b'\\x89PNG\\r\\n\\x1a\\n'
    """
    from PIL import Image, ImageDraw

    side = size * FINE
    image = Image.new("RGB", (side, side), BACKGROUND)
    draw, scale = ImageDraw.Draw(image), side * (0.6 if safe else 0.78)
    hand = icon_points()
    middle = [(min(values) + max(values)) / 2 for values in zip(*hand, strict=True)]
    points = [tuple(side / 2 + (at - half) * scale for at, half in zip(point, middle, strict=True)) for point in hand]
    for a, b in HAND_LINES:
        draw.line([points[a], points[b]], LINES, round(0.05 * scale))
    for n, (x, y) in enumerate(points):
        tip = n > 0 and n % 4 == 0
        radius = scale * (0.05 if tip else 0.034)
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], PART_COLOURS["left_hand"] if tip else LINES)
    out = io.BytesIO()
    image.resize((size, size), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()
