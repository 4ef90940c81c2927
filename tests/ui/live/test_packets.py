import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kslr.core.errors import InputError
from kslr.landmarks import PARTS, Landmarks
from tests.landmark_client import packet, read_packet
from ui.live.packets import COORDINATE, LARGEST, SHARE, Packet, pack, unpack
from ui.shared.pictures import TooLarge

COORDINATES = st.floats(-3.875, 3.875, width=32)


@st.composite
def frames(draw: st.DrawFn) -> Packet:
    """A frame with any of its parts."""
    parts = {}
    for name, part in PARTS.items():
        if draw(st.booleans()):
            few = draw(arrays(np.float32, (3, part.width), elements=COORDINATES))
            parts[name] = np.concatenate([few, np.linspace(0.1, 0.9, (part.count - 3) * part.width).reshape(-1, part.width)])
    landmarks = Landmarks(draw(st.floats(0, 1e8)), aspect=draw(st.floats(0.125, 8, width=32)), **parts)
    if "face" not in parts or draw(st.booleans()):
        return Packet(landmarks)
    odds = draw(arrays(np.float64, 7, elements=st.floats(0.001, 1)))
    return Packet(landmarks, odds / odds.sum(), draw(st.floats(0, 1)))


@given(frames())
def test_what_is_packed_is_read_again(frame):
    message = pack(frame)
    assert len(message) <= LARGEST <= 4096
    found = unpack(message)
    assert (found.landmarks.seconds, found.landmarks.aspect) == (frame.landmarks.seconds, frame.landmarks.aspect)
    for name in PARTS:
        given_part, part = getattr(frame.landmarks, name), getattr(found.landmarks, name)
        if given_part is None:
            assert part is None
        else:
            assert np.abs(part - given_part).max() <= 0.51 / COORDINATE
    if frame.probabilities is None:
        assert found.probabilities is None
    else:
        assert np.abs(found.probabilities - frame.probabilities).max() <= 0.51 / SHARE
        assert abs(found.quality - frame.quality) <= 0.51 / SHARE
    # Another program, written from the description, makes the same bytes and reads the same numbers.
    parts = {name: part for name in PARTS if (part := getattr(frame.landmarks, name)) is not None}
    theirs = packet(frame.landmarks.seconds, parts, frame.landmarks.aspect, frame.probabilities, frame.quality)
    assert unpack(theirs).landmarks.vector() == pytest.approx(found.landmarks.vector(), abs=1.01 / COORDINATE)
    assert set(read_packet(message)) - {"seconds", "aspect", "emotion", "quality"} == set(parts)


@given(st.binary(max_size=4200))
def test_no_bytes_break_the_reader(message):
    for one in (message, b"KSL\x01" + message, pack(Packet(Landmarks(1.0))) + message):
        try:
            frame = unpack(one)
        except InputError:
            continue
        assert np.isfinite(frame.landmarks.vector()).all()
        assert math.isfinite(frame.landmarks.seconds)


@given(frames(), st.data())
def test_one_changed_byte_is_refused_or_gives_numbers(frame, data):
    message = bytearray(pack(frame))
    message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = unpack(bytes(message))
    except InputError:
        return
    assert np.isfinite(found.landmarks.vector()).all()
    assert found.probabilities is None or abs(found.probabilities.sum() - 1) < 0.011


HAND = np.full((21, 3), 0.5)
FACE = np.full((468, 3), 0.5)
EVEN = [1 / 7] * 7


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", "packet"),
        (b"\xff\xd8\xff" + bytes(40), "packet"),
        (packet(0.0, {}, version=2), "version"),
        (packet(math.nan, {}), "time"),
        (packet(-1.0, {}), "time"),
        (packet(1e9, {}), "time"),
        (packet(0.0, {}, aspect=math.inf), "aspect"),
        (packet(0.0, {}, aspect=0.01), "aspect"),
        (packet(0.0, {"left_hand": HAND})[:-1], "parts"),
        (packet(0.0, {"left_hand": HAND}) + b"\0", "parts"),
        (b"KSL" + struct.pack("<BdfH", 1, 0.0, 1.0, 32), "parts"),
        (packet(0.0, {"left_hand": HAND * 0}), "hidden"),
        (packet(0.0, {"right_hand": HAND * -8}), "hidden"),
        (packet(0.0, {"face": FACE}, emotion=[0.9, *EVEN[1:]]), "emotion"),
        (packet(0.0, {"left_hand": HAND}, emotion=EVEN), "emotion"),
    ],
)
def test_what_is_no_packet_is_refused_with_a_code(message, code):
    with pytest.raises(InputError) as refused:
        unpack(message)
    assert refused.value.code == code


def test_a_picture_in_a_packets_place_is_too_large():
    with pytest.raises(TooLarge):
        unpack(b"KSL\x01" + bytes(LARGEST))
