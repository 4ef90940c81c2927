"""Live messages for tests."""

import io
import struct

import numpy as np
from PIL import Image


def message(rgb: np.ndarray, seconds: float) -> bytes:
    """A live message as the browser sends it."""
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=80)
    return struct.pack("<d", seconds) + out.getvalue()
