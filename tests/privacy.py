"""Looks for pictures and for single persons in bytes that a classroom session left somewhere."""

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from emotion.detection import FaceDetector
from emotion.faces import crop_from_box

# What picture and video files begin with, and how a picture stands inside a text. Short ones are looked for with enough
# around them that chance does not make them.
MAGIC = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF",
    b"\xff\xd8\xff\xdb",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"WEBPVP8",
    b"ftypisom",
    b"\x1aE\xdf\xa3",
)
INSIDE_TEXT = (b"data:image", b"data:video", b"/9j/4AAQ", b"iVBORw0KGgo")
# All that an answer about a session may be made of.
KEYS = {
    "start", "end", "rate", "least", "most", "engagement", "facing", "seen", "valence", "arousal", "glad", "calm",
    "surprised", "troubled", "margin", "confidence", "id", "name", "started", "status", "k", "place", "seconds", "moments",
    "windows", "text", "ready", "session", "milliseconds", "window", "ended",
}  # fmt: skip
FIGURES = {
    "least",
    "most",
    "engagement",
    "facing",
    "seen",
    "valence",
    "arousal",
    "glad",
    "calm",
    "surprised",
    "troubled",
    "margin",
}
FIGURES |= {"confidence"}


def traces(pictures: Iterable[np.ndarray]) -> list[bytes]:
    """Bytes that only these pictures and their faces have: rows of crops and of the pictures, plain and as text."""
    rows = []
    with FaceDetector() as detector:
        for rgb in pictures:
            for box in detector.detect(rgb):
                if crop := crop_from_box(rgb, box):
                    x, y, w, h = box.astype(int)
                    rows += [crop.image[row].tobytes() for row in range(4, 48, 4)]
                    inside = rgb[max(0, y) : y + h, max(0, x) : x + w]
                    rows += [inside[row, :16].tobytes() for row in range(0, len(inside), max(1, len(inside) // 8))]
                    rows += [np.float32(box).tobytes(), np.float64(box).tobytes()]
    # A plain row, as of a wall, may be anywhere by chance.
    told = [row for row in rows if len(set(row)) > 8]
    assert len(told) > 20
    as_text = [base64.b64encode(row[offset:])[4:-4] for row in told for offset in range(3)]
    return [*told, *as_text, *(row.hex().encode() for row in told)]


def check_bytes(named: dict[str, bytes], known: Iterable[bytes]) -> None:
    """Fails when anything holds a picture."""
    known = list(known)
    for name, content in named.items():
        for sign in (*MAGIC, *INSIDE_TEXT):
            assert sign not in content, f"{name} holds a picture ({sign!r})"
        for trace in known:
            assert trace not in content, f"{name} holds a part of a face or frame"


def check_json(answer: Any, figures: bool = True) -> None:
    """Fails when an answer has a key that it may not have, a list of numbers, or (where forbidden) any figure."""
    for key, value in walk(answer):
        assert key in KEYS, f"{key} is not among what may be told"
        if isinstance(value, list):
            assert all(isinstance(item, dict) for item in value), f"{key} is a list of values"
        if not figures and key in FIGURES:
            assert value is None, f"{key} is told of too few faces"


def walk(answer: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value in JSON, however deep."""
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield key, value
            yield from walk(value)
    elif isinstance(answer, list):
        for item in answer:
            yield from walk(item)


def parsed(content: bytes) -> Any:
    """JSON, or None where it is not."""
    try:
        return json.loads(content)
    except ValueError:
        return None
