import numpy as np
import pytest

from kslr.core.errors import InputError
from tests.pictures import message
from ui.shared.pictures import TooLarge, decode_picture


def test_a_message_is_a_time_and_a_jpeg(astronaut):
    frame = decode_picture(message(astronaut, 1.25))
    assert frame.seconds == 1.25
    assert frame.rgb.shape == astronaut.shape
    assert np.abs(frame.rgb.astype(int) - astronaut).mean() < 8


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
def test_a_time_is_a_number(astronaut, seconds):
    with pytest.raises(InputError, match="number of seconds"):
        decode_picture(message(astronaut, seconds))


def test_what_is_no_picture_or_too_large_is_refused(astronaut):
    whole = message(astronaut, 0.0)
    for bad in (b"", b"12345678", whole[:8] + b"GIF89a" + whole[14:], whole[: len(whole) // 2], whole[:8] + bytes(1000)):
        with pytest.raises(InputError):
            decode_picture(bad)
    with pytest.raises(TooLarge, match="at most 1000 bytes"):
        decode_picture(whole, largest=1000)
    # Few bytes can unpack to very many pixels: the size is read before anything is unpacked.
    bomb = message(np.zeros((8000, 8000, 3), np.uint8), 0.0)
    with pytest.raises(TooLarge, match="8000×8000"):
        decode_picture(bomb, largest=10_000_000)
