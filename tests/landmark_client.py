"""A program that tracks a person itself and sends a server the landmarks, written from docs/protocol.md alone."""

import struct
from collections.abc import Mapping, Sequence

import numpy as np

PARTS = ("pose", "face", "left_hand", "right_hand")


def packet(
    seconds: float,
    parts: Mapping[str, np.ndarray],
    aspect: float = 4 / 3,
    emotion: Sequence[float] | None = None,
    quality: float = 1.0,
    version: int = 1,
) -> bytes:
    """One frame as a packet.

    Args:
        parts: those that are seen, by name; (points, values) each.
        emotion: seven probabilities.
    """
    bits = sum(1 << n for n, name in enumerate(PARTS) if name in parts) + (16 if emotion is not None else 0)
    values = [round(float(v) * 8192) for name in PARTS if name in parts for v in parts[name].flat]
    body = struct.pack(f"<{len(values)}h", *values)
    if emotion is not None:
        body += struct.pack("<8H", *(round(float(v) * 65535) for v in (quality, *emotion)))
    return b"KSL" + struct.pack("<BdfH", version, seconds, aspect, bits) + body


def read_packet(message: bytes) -> dict[str, object]:
    """What stands in a packet, and nothing else may."""
    mark, version, seconds, aspect, bits = struct.unpack_from("<3sBdfH", message)
    assert (mark, version) == (b"KSL", 1)
    at, found = 18, {"seconds": seconds, "aspect": aspect}
    for n, (name, points, width) in enumerate(zip(PARTS, (33, 468, 21, 21), (4, 3, 3, 3), strict=True)):
        if bits & 1 << n:
            values = struct.unpack_from(f"<{points * width}h", message, at)
            found[name] = np.reshape(values, (points, width)) / 8192
            at += 2 * points * width
    if bits & 16:
        found["quality"], *found["emotion"] = (v / 65535 for v in struct.unpack_from("<8H", message, at))
        at += 16
    assert at == len(message) <= 4096
    return found
