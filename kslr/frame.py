"""One timed picture: what every source of video gives and both branches take."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Frame:
    """One picture and its time.

    Attributes:
        rgb: (H, W, 3) uint8, contiguous.
        seconds: from the source's first frame, which is at 0.0.
    """

    rgb: np.ndarray
    seconds: float
