"""A drawn person who moves their hands, as pictures for a camera: for screenshots in which nobody is shown.

MediaPipe finds body, face and hands in these pictures as it does in anybody's, so what the app shows of them is what it
really made of them. The movements mean nothing in any sign language, and their names say what they are.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

import numpy as np

WIDTH, HEIGHT, FINE = 640, 480, 3  # drawn at three times the size, so that edges are smooth
SKIN, SHADE, TIP, HAIR = (226, 178, 148), (196, 146, 118), (236, 198, 176), (60, 44, 36)
SHIRT, SLEEVE, WALL, LIPS = (52, 96, 128), (44, 84, 114), (222, 226, 228), (176, 84, 80)
MIDDLE, SHOULDERS, UPPER_ARM, FOREARM = 320, 84, 104, 96
# name → (Kazakh, Russian, English)
MOVEMENTS = {
    "wave": ("Бұлғау", "Махать рукой", "Wave"),
    "circle": ("Шеңбер", "Круг", "Circle"),
    "both_up": ("Екі қол жоғары", "Обе руки вверх", "Both hands up"),
}
SECONDS = 3.4

Point = tuple[float, float]


class Sheet:
    """What is drawn on."""

    def __init__(self) -> None:
        light = np.linspace(0, 18, HEIGHT * FINE)[:, None, None]
        self.pixels = np.ascontiguousarray(
            np.broadcast_to(np.array(WALL) - light, (HEIGHT * FINE, WIDTH * FINE, 3)).astype(np.uint8)
        )

    def shape(self, points: np.ndarray, colour: tuple[int, int, int], line: bool = False) -> None:
        """A filled polygon, or its edge."""
        import cv2

        whole = np.round(np.asarray(points) * FINE).astype(int)
        if line:
            cv2.polylines(self.pixels, [whole], True, colour, FINE, cv2.LINE_AA)
        else:
            cv2.fillPoly(self.pixels, [whole], colour, cv2.LINE_AA)

    def oval(self, at: Point, axes: Point, colour: tuple[int, int, int], arc: Point = (0, 360), line: float = 0) -> None:
        """An ellipse or a part of it; filled unless a line's width is given."""
        import cv2

        centre, radii = (tuple(np.round(np.array(pair) * FINE).astype(int).tolist()) for pair in (at, axes))
        cv2.ellipse(self.pixels, centre, radii, 0, *arc, colour, round(line * FINE) or -1, cv2.LINE_AA)

    def limb(self, one: np.ndarray | Point, other: np.ndarray | Point, wide: Point, colour: tuple[int, int, int]) -> None:
        """A rounded stretch between two points, half as wide as told at each."""
        a, b = np.array(one, float), np.array(other, float)
        along = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6)
        across = np.array([-along[1], along[0]])
        self.shape(np.array([a + across * wide[0], b + across * wide[1], b - across * wide[1], a - across * wide[0]]), colour)
        for point, width in ((a, wide[0]), (b, wide[1])):
            self.oval(tuple(point), (width, width), colour)


def picture(right: Point | None, left: Point | None, smile: float = 0.4, spread: float = 1.1, lean: float = 0.0) -> np.ndarray:
    """One picture.

    Args:
        right, left: where the wrists are, in pixels; None for a hand that hangs down.
        smile: 0–1; at 0 the mouth is closed.
        spread: of the fingers, radians between the first and the last, about twice.
        lean: to which side the raised hands lean, radians.

    Returns:
        (480, 640, 3) uint8 RGB.
    """
    import cv2

    sheet, x = Sheet(), MIDDLE
    trunk = [(-92, 268), (-70, 246), (-26, 232), (26, 232), (70, 246), (92, 268), (84, 480), (-84, 480)]
    sheet.shape(np.array(trunk) + np.array([x, 0]), SHIRT)
    sheet.limb((x, 238), (x, 200), (24, 22), SHADE)
    sheet.oval((x, 238), (30, 14), SKIN)
    _head(sheet, smile)
    for side, wrist in ((-1, right), (1, left)):
        shoulder, hand = np.array([x + side * SHOULDERS, 268.0]), np.array(wrist or (x + side * 120, 452))
        elbow = _elbow(shoulder, hand, side)
        sheet.limb(shoulder, elbow, (23, 19), SLEEVE)
        sheet.limb(elbow, elbow + (hand - elbow) * 0.35, (19, 16), SLEEVE)
        sheet.limb(elbow + (hand - elbow) * 0.3, hand, (14, 10.5), SKIN)
        _hand(sheet, hand, lean if wrist else np.pi, side, spread if wrist else 0.4, 0.15 if wrist else 0.3)
    small = cv2.resize(sheet.pixels, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (3, 3), 0.6))


def _head(sheet: Sheet, smile: float) -> None:
    x = MIDDLE
    sheet.oval((x, 128), (58, 66), HAIR)
    for side in (-1, 1):
        sheet.oval((x + side * 52, 150), (9, 16), SKIN)
    sheet.oval((x, 150), (50, 64), SKIN)
    sheet.oval((x, 96), (52, 24), HAIR)
    for side in (-1, 1):
        eye = (x + side * 20, 146)
        sheet.oval(eye, (10, 5.5), (250, 250, 250))
        sheet.oval(eye, (5, 5.2), (70, 52, 40))
        sheet.oval(eye, (2.4, 2.4), (10, 10, 10))
        sheet.oval((eye[0] + 1.5, 144), (1.2, 1.2), (255, 255, 255))
        sheet.oval(eye, (10.5, 6), (90, 60, 50), (190, 350), 1)
        sheet.oval((eye[0], 136), (13, 5), HAIR, (200, 340), 2.6)
        sheet.oval((x + side * 26, 172), (11, 7), (232, 168, 140))
        sheet.oval((x + side * 4, 173), (2, 1.2), (150, 100, 80))
    sheet.limb((x - 1, 148), (x - 3, 168), (2.2, 3), (214, 164, 134))
    if smile < 0.1:
        sheet.oval((x, 185), (15, 4), LIPS, (0, 180))
        sheet.oval((x, 185), (15, 2.5), LIPS, (180, 360))
        sheet.limb((x - 14, 185), (x + 14, 185), (0.6, 0.6), SHADE)
    else:
        sheet.oval((x, 184), (17, 6 + 6 * smile), LIPS, (0, 180))
        sheet.oval((x, 184.5), (12, 2 + 4 * smile), (250, 246, 242), (0, 180))
        sheet.oval((x, 184), (17, 3), LIPS, (180, 360))
    sheet.oval((x, 202), (9, 2), SHADE, (20, 160), 1)


def _elbow(shoulder: np.ndarray, wrist: np.ndarray, side: int) -> np.ndarray:
    """Where the elbow is: low, and away from the body."""
    way = wrist - shoulder
    length = min(float(np.linalg.norm(way)), UPPER_ARM + FOREARM - 1)
    way = way / np.linalg.norm(way)
    along = (UPPER_ARM**2 - FOREARM**2 + length**2) / (2 * length)
    across = np.array([-way[1], way[0]]) * np.sqrt(max(UPPER_ARM**2 - along**2, 0))
    one, other = shoulder + way * along + across, shoulder + way * along - across
    return max(one, other, key=lambda elbow: elbow[1] + 0.6 * side * elbow[0])


def _hand(sheet: Sheet, wrist: np.ndarray, turn: float, side: int, spread: float, bend: float) -> None:
    """A hand whose palm faces the camera; `turn` 0 points up."""
    cos, sin = np.cos(turn * side), np.sin(turn * side)
    turned = np.array([[cos, -sin], [sin, cos]])

    def at(points: np.ndarray) -> np.ndarray:
        return np.asarray(wrist + (np.asarray(points, float) * (side, -1)) @ turned.T)

    palm = at(np.array([(-14, 4), (-18, 16), (-17, 32), (-6, 38), (6, 37), (16, 31), (16, 14), (11, 2)]))
    sheet.shape(palm, SKIN)
    sheet.shape(palm, SHADE, line=True)
    fingers = [((-13, 30), 27, -0.22), ((-5, 34), 31, -0.07), ((4, 33), 29, 0.08), ((12, 29), 22, 0.24), ((-15, 12), 27, -0.85)]
    for base, length, lean in fingers:
        joints, angle = [np.array(base, float)], lean * spread
        for k, part in enumerate((0.45, 0.32, 0.23)):
            step = np.array([np.sin(angle), np.cos(angle)]) * length * part * np.cos(bend * (0.6 + 0.5 * k))
            joints.append(joints[-1] + step)
        points = at(np.stack(joints))
        for width, colour in ((5.3, SHADE), (4.3, SKIN)):
            for one, other in pairwise(points):
                sheet.limb(one, other, (width, width - 0.3), colour)
        sheet.oval(tuple(points[-1]), (2.7, 2.7), TIP)


def movement(name: str, seconds: float, off: Point = (0, 0), pace: float = 1.0, smile: float = 0.4) -> np.ndarray:
    """A moment of a movement: the hands hang, rise, move and sink within `SECONDS` / pace.

    Args:
        name: a key of `MOVEMENTS`.
        off: how far from their usual place the raised hands are, in pixels.
    """
    t = seconds * pace
    up = float(np.interp(t, [0.6, 1.0, 2.5, 2.9], [0, 1, 1, 0]))
    phase = 2 * np.pi * (t - 1.0) / 1.5
    x, y, lean = {
        "wave": (226 + 14 * np.sin(2 * phase), 240, 0.35 * np.sin(2 * phase)),
        "circle": (236 + 34 * np.cos(phase), 262 + 34 * np.sin(phase), 0.0),
        "both_up": (210 - 12 * np.sin(phase), 232 - 26 * np.sin(phase), -0.15),
    }[name]
    down = np.array([MIDDLE - 120.0, 452.0])
    right = down + up * (np.array([x + off[0], y + off[1]]) - down)
    both = name == "both_up"
    shown = tuple(right) if up > 0.02 else None
    mate = (2 * MIDDLE - right[0], right[1]) if both and shown else None
    return picture(shown, mate, smile, lean=lean)


def clip(name: str, fps: float = 15.0, **how: float | Point) -> Iterator[np.ndarray]:
    """A movement from rest to rest."""
    for n in range(round(SECONDS * fps)):
        yield movement(name, n / fps, **how)  # type: ignore[arg-type]


def school_class(smiles: Sequence[float], across: int = 5) -> np.ndarray:
    """Several of them in rows, cut at the chest, as a camera beside the board sees a class.

    Args:
        smiles: one for each person, 0–1.
        across: how many sit in a row.

    Returns:
        (720, 1280, 3) uint8 RGB.
    """
    import cv2

    rows = -(-len(smiles) // across)
    wide, high = 1280 // across, 720 // rows
    page = np.full((720, 1280, 3), np.array(WALL) - 9, np.uint8)
    for n, smile in enumerate(smiles):
        side = min(WIDTH, round(400 * wide / high))
        cut = _seated(round(smile, 1))[20:420, MIDDLE - side // 2 : MIDDLE + side // 2]
        row, column = divmod(n, across)
        page[row * high : (row + 1) * high, column * wide : (column + 1) * wide] = cv2.resize(
            cut, (wide, high), interpolation=cv2.INTER_AREA
        )
    return page


@cache
def _seated(smile: float) -> np.ndarray:
    return picture(None, None, smile)


def lesson(seconds: float, fps: float) -> Iterator[np.ndarray]:
    """A class of ten that is calm at first and smiles, one after another, from the middle on."""
    for n in range(round(seconds * fps)):
        t = n / fps / seconds
        yield school_class([float(np.clip(6 * (t - 0.45) - 0.2 * k, 0, 1)) for k in range(10)])
