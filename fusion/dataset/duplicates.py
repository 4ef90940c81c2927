"""The same recording twice: under one name or two, copied, or tracked again from the same video.

Two takes of one person always differ, because nobody moves the same way twice. So two takes whose body and hands are in the
same places, moment by moment, are one recording, whatever word or signer they are called.
"""

from collections.abc import Sequence

import numpy as np

from kslr.landmarks import HANDS, PARTS
from kslr.recordings import Recording
from kslr.segment import SignSegment

FRAMES = 12  # moments that are compared
# Root mean square distance, in shares of the picture, below which two takes are one recording. The same video tracked again
# after another compression is below 0.002, two takes in a row by one person, as alike as can be, above 0.006.
SAME = 0.003
BATCH = 512


def cut_sign(recording: Recording, start: float, end: float) -> SignSegment:
    """The stretch of a recording that a row names; at least its nearest frame."""
    frames = recording.landmarks()
    inside = tuple(one for one in frames if start <= one.seconds <= end)
    inside = inside or (min(frames, key=lambda one: abs(one.seconds - start)),)
    return SignSegment(start, end, inside)


def trace(recording: Recording, start: float, end: float) -> np.ndarray:
    """(FRAMES × 75 × 2,) float32: where the upper body and the hands are at even moments of a sign; 0 where absent."""
    x = np.nan_to_num(cut_sign(recording, start, end).window(FRAMES))
    pose = PARTS["pose"].points(x)[..., :2]
    hands = x[:, HANDS].reshape(FRAMES, -1, 3)[..., :2]
    return np.concatenate([pose.reshape(FRAMES, -1), hands.reshape(FRAMES, -1)], axis=1).ravel().astype(np.float32)


def same_recordings(traces: np.ndarray, same: float = SAME) -> list[tuple[int, int]]:
    """Pairs of takes that are one recording.

    Args:
        traces: (n, values) of `trace`.

    Returns:
        (earlier, later) indices, in order.

    >>> same_recordings(np.array([[0.1, 0.2], [0.5, 0.5], [0.1, 0.2001]], np.float32))
    [(0, 2)]
    """
    found = []
    squares = np.square(traces, dtype=np.float64).sum(axis=1)
    # Of many numbers the product loses digits; what may be the same is measured again.
    rough = (same * same + 1e-6) * traces.shape[1] if traces.size else 0.0
    for first in range(0, len(traces), BATCH):
        rows = slice(first, first + BATCH)
        near = (
            squares[rows, None] + squares[None] - 2.0 * (traces[rows].astype(np.float64) @ traces.T.astype(np.float64)) <= rough
        )
        for i, j in np.argwhere(near).tolist():
            i += first
            if i < j and distance(traces[i], traces[j]) < same:
                found.append((i, j))
    return sorted(found)


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Root mean square distance of two traces."""
    return float(np.sqrt(np.square(one - other, dtype=np.float64).mean()))


def groups(pairs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Later take → the first take that it is.

    >>> groups([(0, 2), (2, 3)])
    {2: 0, 3: 0}
    """
    first: dict[int, int] = {}
    for earlier, later in sorted(pairs):
        first.setdefault(later, first.get(earlier, earlier))
    return first
