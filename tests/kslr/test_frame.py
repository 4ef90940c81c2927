"""One timed picture."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from kslr.frame import Frame
from kslr.video import Frame as VideoFrame


def test_a_frame_holds_its_picture_itself_and_its_time():
    rgb = np.zeros((4, 6, 3), np.uint8)
    frame = Frame(rgb, 1.25)
    assert frame.rgb is rgb
    assert frame.seconds == 1.25
    with pytest.raises(FrozenInstanceError):
        frame.seconds = 2.0


def test_files_and_cameras_give_the_same_kind():
    assert VideoFrame is Frame
