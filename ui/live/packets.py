"""Landmarks as they travel: one frame that a browser, or any program, has tracked itself, in at most 4 kB and without a picture.

A packet is binary and little-endian (docs/protocol.md):

    offset  type      is
    0       3 bytes   ``KSL``
    3       uint8     version, 1
    4       float64   the frame's seconds, on the client's own clock
    12      float32   width / height of the picture
    16      uint16    what follows, by bits: 1 pose, 2 face, 4 left hand, 8 right hand, 16 emotion
    18      int16 …   each part that is seen, in this order; pose 33 × 4, face 468 × 3, a hand 21 × 3; in 8192ths
    …       uint16 …  emotion: the crop's quality, then seven probabilities in the order of `emotion.faces.EMOTIONS`; in 65535ths

Parts that are not seen are left out. Coordinates are MediaPipe's (`kslr.landmarks`); 1/8192 of a picture 640 pixels wide is a
twelfth of a pixel. Every version that a server does not know is refused.
"""

import math
import struct
from dataclasses import dataclass

import numpy as np

from emotion.faces import EMOTIONS
from kslr.core.errors import InputError
from kslr.landmarks import PARTS, Landmarks
from ui.shared.pictures import LATEST, TooLarge

VERSION = 1
HEAD = struct.Struct("<3sBdfH")
COORDINATE, SHARE = 8192.0, 65535.0
EMOTION_BIT = 1 << len(PARTS)
EMOTION_BYTES = 2 * (1 + len(EMOTIONS))
LARGEST = HEAD.size + 2 * sum(part.count * part.width for part in PARTS.values()) + EMOTION_BYTES
WIDEST = 10.0  # of a picture, times its height; as high the other way
LEAST_SUM, MOST_SUM = 0.99, 1.01  # of seven probabilities that were rounded


@dataclass(frozen=True)
class Packet:
    """One frame as a client has tracked it.

    Attributes:
        landmarks: of the frame.
        probabilities: (7,) float32 of the face, calibrated, in the order of EMOTIONS; None where no face was read.
        quality: of the face's crop, 0–1; 0 without one.
    """

    landmarks: Landmarks
    probabilities: np.ndarray | None = None
    quality: float = 0.0


def pack(packet: Packet) -> bytes:
    """A frame as bytes. Coordinates beyond ±4 pictures are cut.

    >>> len(pack(Packet(Landmarks(0.0)))), LARGEST
    (18, 3358)
    """
    landmarks, bits, body = packet.landmarks, 0, b""
    for n, name in enumerate(PARTS):
        part = getattr(landmarks, name)
        if part is not None:
            bits |= 1 << n
            # The lowest number of all is none of ours.
            body += np.clip(np.rint(np.asarray(part) * COORDINATE), -32767, 32767).astype("<i2").tobytes()
    if packet.probabilities is not None:
        bits |= EMOTION_BIT
        shares = np.clip([packet.quality, *packet.probabilities], 0, 1)
        body += np.rint(shares * SHARE).astype("<u2").tobytes()
    return HEAD.pack(b"KSL", VERSION, landmarks.seconds, landmarks.aspect, bits) + body


def unpack(message: bytes) -> Packet:
    """The frame in a client's bytes.

    Raises:
        TooLarge: more than `LARGEST` bytes.
        InputError: another version, or no packet as the module describes it.

    >>> unpack(pack(Packet(Landmarks(2.5)))).landmarks.seconds
    2.5
    >>> unpack(b"picture")
    Traceback (most recent call last):
    ...
    kslr.core.errors.InputError: This is no packet of landmarks.
    """
    if len(message) > LARGEST:
        raise TooLarge(f"A packet of landmarks has at most {LARGEST} bytes, this one {len(message)}.")
    if len(message) < HEAD.size or not message.startswith(b"KSL"):
        raise InputError("This is no packet of landmarks.", "packet")
    _, version, seconds, aspect, bits = HEAD.unpack_from(message)
    if version != VERSION:
        raise InputError(f"This server reads packets of version {VERSION}, not {version}. Load the page again.", "version")
    if not (math.isfinite(seconds) and 0 <= seconds <= LATEST):
        raise InputError("A packet's time is a number of seconds from 0 on.", "time")
    if not (math.isfinite(aspect) and 1 / WIDEST <= aspect <= WIDEST):
        raise InputError(f"A picture's width / height is from {1 / WIDEST:g} to {WIDEST:g}.", "aspect")
    parts, at = {}, HEAD.size
    present = {name: part for n, (name, part) in enumerate(PARTS.items()) if bits & 1 << n}
    length = at + sum(2 * part.count * part.width for part in present.values()) + (EMOTION_BYTES if bits & EMOTION_BIT else 0)
    if bits >= 2 * EMOTION_BIT or len(message) != length:
        raise InputError("A packet of landmarks has just the parts that its head names.", "parts")
    for name, part in present.items():
        raw = np.frombuffer(message, "<i2", part.count * part.width, at).reshape(part.count, part.width)
        at += raw.nbytes
        if not raw.any() or raw.min() == -32768:
            raise InputError("A part that is not seen is left out of a packet, and never zeros.", "hidden")
        parts[name] = raw.astype(np.float32) / np.float32(COORDINATE)
    landmarks = Landmarks(seconds=seconds, aspect=float(aspect), **parts)
    if not bits & EMOTION_BIT:
        return Packet(landmarks)
    shares = np.frombuffer(message, "<u2", 1 + len(EMOTIONS), at).astype(np.float32) / np.float32(SHARE)
    if landmarks.face is None or not LEAST_SUM <= float(shares[1:].sum()) <= MOST_SUM:
        raise InputError("An emotion is seven probabilities of a face that is seen, with the sum 1.", "emotion")
    return Packet(landmarks, shares[1:], float(shares[0]))
