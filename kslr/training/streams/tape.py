"""The tape that streams are joined on: recordings one after another, with smooth transitions between them.

Frames are (258,) pose and hands in 4:3 pictures, NaN where absent. Lengths on the body are in body units
(`kslr.landmarks.body_frame`).
"""

import numpy as np

from kslr.augment import sample_times
from kslr.landmarks import ASPECT, LEFT_WRIST, PARTS, RIGHT_WRIST, body_frame

POSE, LEFT_HAND, RIGHT_HAND = slice(0, 132), slice(132, 195), slice(195, 258)  # of the 258 values
WRISTS = (LEFT_WRIST, RIGHT_WRIST)  # of hand 0 (left) and 1 (right)
BRIDGE_FPS = 30  # frames a second of a transition

Body = tuple[np.ndarray, float]  # middle of the shoulders (2,) and body unit, in picture heights


def pose_points(x: np.ndarray) -> np.ndarray:
    """(…, 258) → (…, 33, 4), a view."""
    return x[..., POSE].reshape(*x.shape[:-1], PARTS["pose"].count, PARTS["pose"].width)


def hand_points(x: np.ndarray, hand: int) -> np.ndarray:
    """(…, 258) → (…, 21, 3) of the left (0) or right (1) hand, a view."""
    return x[..., (LEFT_HAND, RIGHT_HAND)[hand]].reshape(*x.shape[:-1], PARTS["left_hand"].count, PARTS["left_hand"].width)


def locate_body(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(…, 258) → middle of the shoulders (…, 2) and body unit (…,), in picture heights."""
    middle, unit = body_frame(pose_points(x))
    return middle, np.maximum(unit, 1e-3)


def median_body(x: np.ndarray) -> Body:
    """(frames, 258) → where the body is most of the time, and its size."""
    middle, unit = locate_body(x)
    return np.median(middle, axis=0), float(np.median(unit))


def hand_heights(x: np.ndarray) -> np.ndarray:
    """(…, 258) → (…, 2) height of the left and right hand above the shoulders in body units, NaN where not seen."""
    middle, unit = locate_body(x)
    heights = []
    for hand, wrist in enumerate(WRISTS):
        y, of_pose = hand_points(x, hand)[..., 0, 1], pose_points(x)[..., wrist, :]
        seen = (of_pose[..., 3] >= 0.5) & (of_pose[..., 1] <= 1)
        heights.append((middle[..., 1] - np.where(np.isfinite(y), y, np.where(seen, of_pose[..., 1], np.nan))) / unit)
    return np.stack(heights, axis=-1)


class Tape:
    """Recordings joined one after another, each with its own frame rate.

    Args:
        home: the body that every recording is moved to.
        generator: decides how long transitions take.

    Attributes:
        now: seconds recorded so far.
    """

    def __init__(self, home: Body, generator: np.random.Generator) -> None:
        self.home, self.generator, self.now = home, generator, 0.0
        self._pieces: list[np.ndarray] = []
        self._clocks: list[np.ndarray] = []

    @property
    def last(self) -> np.ndarray:
        """(258,) the last frame."""
        return self._pieces[-1][-1]

    def add(self, x: np.ndarray, fps: float) -> None:
        """Adds frames from now on."""
        self._clocks.append(self.now + np.arange(len(x)) / fps)
        self._pieces.append(x)
        self.now = float(self._clocks[-1][-1])

    def go_to(self, x: np.ndarray) -> None:
        """Adds a transition from the last frame to the first of `x`."""
        bridge = transition(self.last, x[0], self.generator.uniform(0.2, 0.5), self.generator)
        self.now += 1 / BRIDGE_FPS
        self.add(bridge, BRIDGE_FPS)
        self.now += 1 / BRIDGE_FPS

    def film(self, fps: float | None = None) -> tuple[np.ndarray, np.ndarray]:
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
        return times, lose_hands(frames, times, self.now, losses)


def move_body(x: np.ndarray, home: Body) -> np.ndarray:
    """(frames, 258) → the same recording with its body at `home`."""
    middle, unit = median_body(x)
    scale = home[1] / unit
    out = np.array(x, np.float32)
    for points in (pose_points(out), hand_points(out, 0), hand_points(out, 1)):
        for axis, aspect in ((0, ASPECT), (1, 1.0)):
            points[..., axis] = ((points[..., axis] * aspect - middle[axis]) * scale + home[0][axis]) / aspect
        points[..., 2] *= scale
    return out


def transition(a: np.ndarray, b: np.ndarray, seconds: float, generator: np.random.Generator) -> np.ndarray:
    """(n, 258) frames between two frames (258,), at `BRIDGE_FPS`, along a smooth (minimum-jerk) path.

    A hand that only one of the two frames has keeps its shape and follows the wrist until it leaves the picture.
    """
    time = np.linspace(0, 1, max(3, round(seconds * BRIDGE_FPS)) + 1)[1:-1, None]
    share = (time**3 * (10 - 15 * time + 6 * time**2)).astype(np.float32)
    out = a + (b - a) * share
    for hand, wrist in enumerate(WRISTS):
        seen = [np.isfinite(hand_points(end, hand)).all() for end in (a, b)]
        if seen[0] != seen[1]:
            end = a if seen[0] else b
            way = pose_points(out)[:, wrist, :3] - pose_points(end)[wrist, :3]
            carried = hand_points(end, hand) + way[:, None]
            inside = (carried[..., 1].mean(axis=1) < 1) & (generator.random() < 0.7)
            hand_points(out, hand)[:] = np.where(inside[:, None, None], carried, np.float32(np.nan))
    return out


def lose_hands(x: np.ndarray, times: np.ndarray, until: float, generator: np.random.Generator) -> np.ndarray:
    """Removes hands for 0.05–0.3 s, about once in seven seconds, in place."""
    for hand in (0, 1):
        for _ in range(generator.poisson(0.15 * until)):
            first = generator.uniform(0, until)
            hand_points(x, hand)[(times >= first) & (times < first + generator.uniform(0.05, 0.3))] = np.nan
    return x
