"""What streams are joined on: a tape that recordings are laid onto one after another, with smooth ways between them.

Frames are (258,) pose and hands in 4:3 pictures, NaN where absent. Lengths on the body are in body units, see `body`.
"""

import numpy as np

from kslr.augment import sample_times
from kslr.landmarks import ASPECT, LEFT_SHOULDER, LEFT_WRIST, RIGHT_SHOULDER, RIGHT_WRIST

POSE, HANDS = slice(0, 132), (slice(132, 195), slice(195, 258))
WRISTS = (LEFT_WRIST, RIGHT_WRIST)


def body(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(…, 258) → middle of the shoulders (…, 2) and body unit (…,), in picture heights."""
    points = x[..., POSE].reshape(*x.shape[:-1], 33, 4)[..., :2] * (ASPECT, 1)
    middle = (points[..., LEFT_SHOULDER, :] + points[..., RIGHT_SHOULDER, :]) / 2
    width = np.linalg.norm(points[..., LEFT_SHOULDER, :] - points[..., RIGHT_SHOULDER, :], axis=-1)
    return middle, np.maximum(np.maximum(width, 1.3 * np.linalg.norm(points[..., 0, :] - middle, axis=-1)), 1e-3)


def heights(x: np.ndarray) -> np.ndarray:
    """(…, 258) → (…, 2) height of the left and right hand above the shoulders in body units, NaN where not seen."""
    middle, unit = body(x)
    out = []
    for hand, wrist in zip(HANDS, WRISTS, strict=True):
        y, seen = x[..., 4 * wrist + 1], x[..., 4 * wrist + 3] >= 0.5
        y = np.where(np.isfinite(x[..., hand.start + 1]), x[..., hand.start + 1], np.where(seen & (y <= 1), y, np.nan))
        out.append((middle[..., 1] - y) / unit)
    return np.stack(out, axis=-1)


class Tape:
    """Recordings joined one after another, each with its own frame rate.

    Args:
        home: middle of the shoulders and body unit that every recording is brought to.
        generator: decides how long ways take.

    Attributes:
        now: seconds laid so far.
    """

    def __init__(self, home: tuple[np.ndarray, float], generator: np.random.Generator) -> None:
        self.home, self.generator, self.now = home, generator, 0.0
        self._pieces: list[np.ndarray] = []
        self._clocks: list[np.ndarray] = []

    @property
    def last(self) -> np.ndarray:
        """(258,) the last frame that was laid."""
        return self._pieces[-1][-1]

    def add(self, x: np.ndarray, fps: float) -> None:
        """Lays frames down from now on."""
        self._clocks.append(self.now + np.arange(len(x)) / fps)
        self._pieces.append(x)
        self.now = float(self._clocks[-1][-1])

    def go_to(self, x: np.ndarray) -> None:
        """Lays the way from the last frame to the first of `x`."""
        way = transition(self._pieces[-1][-1], x[0], self.generator.uniform(0.2, 0.5), self.generator)
        self.now += 1 / 30
        self.add(way, 30)
        self.now += 1 / 30

    def seen(self, fps: float | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The tape as a camera sees it: uneven times, hands lost for moments.

        Args:
            fps: frames a second; 10–30 by chance when None.

        Returns:
            (n,) seconds and (n, 258) frames.
        """
        losses = np.random.default_rng(self.generator.integers(2**32))
        fps = fps or self.generator.uniform(10, 30)
        steps = self.generator.uniform(0.8, 1.2, int(self.now * fps * 1.3)) / fps
        times = np.cumsum(steps)
        times = times[times < self.now]
        clock, x = np.concatenate(self._clocks), np.concatenate(self._pieces)
        frames = sample_times(x[None], np.interp(times, clock, np.arange(len(clock)))[None])[0]
        return times, lost(frames, times, self.now, losses)


def moved(x: np.ndarray, home: tuple[np.ndarray, float]) -> np.ndarray:
    """The recording with its shoulders where the stream's are."""
    middle, unit = (np.median(value, axis=0) for value in body(x))
    scale = home[1] / float(unit)
    out = np.array(x, np.float32)
    for block, width in ((out[:, POSE], 4), *((out[:, hand], 3) for hand in HANDS)):
        for axis, aspect in ((0, ASPECT), (1, 1.0)):
            block[:, axis::width] = ((block[:, axis::width] * aspect - middle[axis]) * scale + home[0][axis]) / aspect
        block[:, 2::width] *= scale
    return out


def transition(a: np.ndarray, b: np.ndarray, seconds: float, generator: np.random.Generator) -> np.ndarray:
    """(n, 258) thirty frames a second from one frame to another, both left out."""
    time = np.linspace(0, 1, max(3, round(seconds * 30)) + 1)[1:-1, None]
    share = (time**3 * (10 - 15 * time + 6 * time**2)).astype(np.float32)
    out = a + (b - a) * share
    for hand, wrist in zip(HANDS, WRISTS, strict=True):
        seen = [np.isfinite(end[hand]).all() for end in (a, b)]
        if seen[0] != seen[1]:
            end = a if seen[0] else b
            way = out[:, 4 * wrist : 4 * wrist + 3] - end[4 * wrist : 4 * wrist + 3]
            carried = end[hand] + np.tile(way, (1, 21))
            inside = (carried[:, 1::3].mean(axis=1) < 1) & (generator.random() < 0.7)
            out[:, hand] = np.where(inside[:, None], carried, np.float32(np.nan))
    return out


def lost(x: np.ndarray, times: np.ndarray, until: float, generator: np.random.Generator) -> np.ndarray:
    """Hands that are lost for 0.05–0.3 s, about once in seven seconds."""
    for hand in HANDS:
        for _ in range(generator.poisson(0.15 * until)):
            first = generator.uniform(0, until)
            x[(times >= first) & (times < first + generator.uniform(0.05, 0.3)), hand] = np.nan
    return x
