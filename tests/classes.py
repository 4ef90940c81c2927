"""Classes for tests: frames with so many real faces in rows, moving a little as people do who sit."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from kslr.frame import Frame

# The astronaut's head and shoulders in skimage's picture: x, y, side.
HEAD = (130, 10, 200)


def portraits(astronaut: np.ndarray, n: int) -> list[np.ndarray]:
    """So many pictures of one real face that differ: mirrored, lighter or darker."""
    x, y, side = HEAD
    head = astronaut[y : y + side, x : x + side]
    return [cv2.convertScaleAbs(head[:, :: -1 if i % 2 else 1], alpha=0.8 + 0.05 * (i % 8), beta=4 * (i % 5)) for i in range(n)]


def photographed(folder: Path, n: int) -> list[np.ndarray]:
    """So many faces from the group photographs, again from the beginning when there are not enough."""
    from emotion.detection import FaceDetector

    found = []
    with FaceDetector() as detector:
        for path in sorted(folder.glob("*.jpg")):
            picture = cv2.imread(str(path))[..., ::-1].copy()
            for x, y, w, _ in detector.detect(picture):
                pad = int(w)
                padded = cv2.copyMakeBorder(picture, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
                left, top = int(x + pad - 0.35 * w), int(y + pad - 0.35 * w)
                if (tile := padded[max(0, top) : top + int(1.7 * w), max(0, left) : left + int(1.7 * w)]).size:
                    found.append(cv2.resize(tile, (200, 200), interpolation=cv2.INTER_AREA))
    return [found[i % len(found)] for i in range(n)]


def seated(faces: Sequence[np.ndarray], size: tuple[int, int] = (1280, 720), turn: float = 0.0) -> np.ndarray:
    """One picture of a class: the faces in rows; `turn` (radians) is where everybody is in a slow sway."""
    width, height = size
    columns = int(np.ceil(np.sqrt(len(faces) * width / height)))
    cell = min(width // columns, height // int(np.ceil(len(faces) / columns)))
    picture = np.full((height, width, 3), (205, 200, 190), np.uint8)
    for i, face in enumerate(faces):
        side = int(cell * 0.86)
        sway = round(0.05 * cell * np.sin(turn + i))
        x, y = i % columns * (width // columns) + (width // columns - side) // 2 + sway, i // columns * cell + (cell - side) // 2
        x, y = int(np.clip(x, 0, width - side)), int(np.clip(y, 0, height - side))
        picture[y : y + side, x : x + side] = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    return picture


def lesson(faces: Sequence[np.ndarray], seconds: float, fps: float = 2.0, size: tuple[int, int] = (1280, 720)) -> Iterator[Frame]:
    """Frames of a class for so long."""
    for i in range(round(seconds * fps)):
        yield Frame(seated(faces, size, i / fps), i / fps)
