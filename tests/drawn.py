"""The drawn person of docs/drawn_person.py as clips."""

import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

SOURCE = Path(__file__).resolve().parents[1] / "docs/drawn_person.py"
FPS = 15


@cache
def drawn_person() -> Any:
    """The module."""
    spec = importlib.util.spec_from_file_location("drawn_person", SOURCE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pictures(
    name: str, wide: float = 1.0, smile: float = 0.4, rest: float = 0.0, fps: float = FPS, **how: Any
) -> Iterator[np.ndarray]:
    """A movement from rest to rest.

    Args:
        name: of `MOVEMENTS`.
        wide: how wide the person is in the picture; another one is another person.
        smile: 0–1.
        rest: seconds of rest more before and after it.
        fps: pictures a second.
        how: more of `drawn_person.movement`.
    """
    import cv2

    shown = list(drawn_person().clip(name, fps, smile=smile, **how))
    still = round(rest * fps)
    for picture in [*shown[:1] * still, *shown, *shown[-1:] * still]:
        if wide != 1.0:
            height, width = picture.shape[:2]
            turn = np.array([[wide, 0, width * (1 - wide) / 2], [0, 1, 0]], np.float32)
            picture = cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
        yield np.ascontiguousarray(picture)
