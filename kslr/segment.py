"""When a sign begins and ends: hands up and moving, until they are down, gone or still.

Everything is decided from the times of the landmarks, in seconds, and from distances on the signer's own body, so
that neither the frame rate nor the distance to the camera matters. One body unit is a shoulder width; heights are
measured upwards from the middle of the shoulders, so hanging hands are at about −1.4.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kslr.landmarks import LEFT_SHOULDER, LEFT_WRIST, RIGHT_SHOULDER, RIGHT_WRIST, Landmarks, resample, to_aspect

NOSE = 0


@dataclass(frozen=True)
class SignSegment:
    """One sign's stretch of landmarks.

    Attributes:
        start, end: seconds on the source's clock.
        landmarks: those from start to end, in the order of time.
    """

    start: float
    end: float
    landmarks: tuple[Landmarks, ...]

    def window(self, frames: int = 30) -> np.ndarray:
        """The sign as networks take it, whatever the frame rate and the shape of the picture were.

        Returns:
            (frames, 1662) float32, evenly spaced from start to end, in the aspect `landmarks.ASPECT`; NaN where absent.

        >>> hands = [Landmarks(t, left_hand=np.full((21, 3), t, np.float32)) for t in (0.0, 0.5, 1.0)]
        >>> SignSegment(0.0, 1.0, tuple(hands)).window(5)[:, 1537]
        array([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float32)
        """
        seconds = np.array([one.seconds for one in self.landmarks])
        x = np.stack([to_aspect(one.values(), one.aspect) for one in self.landmarks])
        return resample(seconds, x, frames, self.start, self.end)


@dataclass(frozen=True)
class SegmentRule:
    """Where the lines are. Heights and distances in body units, times in seconds.

    Attributes:
        raised: a hand above this height may begin a sign.
        lowered: a hand below this height is down; between the two it stays what it was.
        move: a sign begins when a raised hand's way, end to end, was this long within `move_time`.
        still: a hand whose way was shorter than this for `still_time` is still, and ends the sign.
        hold: how much of the stillness belongs to the sign.
        rest: a hand this near to where it was seen lying has not begun to rise.
        down_time: hands that were seen to go down, or out below the picture, for so long end the sign.
        lost_time: hands of which one is merely not found for so long end the sign.
        shortest: what is shorter is no sign.
        handed: a hand is found in at least this share of a sign's frames (0–1), or it is none.
        longest: what is longer is cut here and goes on as another.
        look_back: how far back the beginning of a raise is looked for.
        gap: a longer pause between two frames ends the sign, as a new recording does.
        visible: a wrist counts where its hand isn't found from this visibility (0–1) on.
    """

    raised: float = -0.9
    lowered: float = -1.0
    move: float = 0.1
    move_time: float = 0.5
    still: float = 0.04
    still_time: float = 1.2
    hold: float = 0.4
    rest: float = 0.1
    down_time: float = 0.15
    lost_time: float = 0.25
    shortest: float = 0.25
    handed: float = 0.2
    longest: float = 4.0
    look_back: float = 1.0
    gap: float = 1.0
    visible: float = 0.5


class OnBody(NamedTuple):
    """One frame on the signer's body, in body units; the first axis is left, right; NaN where absent."""

    seconds: float
    landmarks: Landmarks
    points: np.ndarray  # (2, 21, 2) hand landmarks
    wrists: np.ndarray  # (2, 2) visible wrists of the pose
    below: np.ndarray  # (2,) whether the hand is out below the picture, as the pose guesses

    def place(self) -> np.ndarray:
        """(2, 2) where each hand is: its own wrist, else the pose's."""
        return np.where(np.isfinite(self.points[:, 0]), self.points[:, 0], self.wrists)


def on_body(one: Landmarks, visible: float = 0.5) -> OnBody:
    """Where hands and wrists are on the signer's body.

    Args:
        visible: a wrist of the pose counts from this visibility (0–1) on.
    """
    points, wrists, below = np.full((2, 21, 2), np.nan), np.full((2, 2), np.nan), np.zeros(2, bool)
    if one.pose is not None:
        square = np.array([one.aspect, 1.0])
        pose = one.pose[:, :2] * square
        middle = (pose[LEFT_SHOULDER] + pose[RIGHT_SHOULDER]) / 2
        # From the side the shoulders lie behind each other; the way to the nose then tells how large the body is.
        unit = max(np.hypot(*(pose[LEFT_SHOULDER] - pose[RIGHT_SHOULDER])), 1.3 * np.hypot(*(pose[NOSE] - middle)), 1e-6)
        body = np.array([1.0, -1.0]) / unit
        for side, (hand, wrist) in enumerate(((one.left_hand, LEFT_WRIST), (one.right_hand, RIGHT_WRIST))):
            if hand is not None:
                points[side] = (hand[:, :2] * square - middle) * body
            x, y, _, visibility = one.pose[wrist]
            if visibility >= visible and 0 <= x <= 1 and 0 <= y <= 1:
                wrists[side] = (pose[wrist] - middle) * body
            below[side] = hand is None and y > 1
    return OnBody(one.seconds, one, points, wrists, below)


def _way(track: np.ndarray) -> float:
    """(n, points, 2) → how far it went, mean of the points; 0 where fewer than two frames have it.

    For an even movement this is the way from end to end. It comes from the variance, because that stays the same when
    the frames are fewer, where the distance between extremes shrinks.
    """
    track = track[np.isfinite(track).all(axis=(1, 2))]
    if len(track) < 2:
        return 0.0
    return float(np.sqrt(12 * track.var(axis=0).sum(axis=-1)).mean())


class Segmenter:
    """Cuts a stream of landmarks into signs, as they come.

    Args:
        rule: where the lines are.

    >>> segmenter = Segmenter()
    >>> segmenter.push(Landmarks(0.0)) is None, segmenter.signing, segmenter.flush() is None
    (True, False, True)
    """

    def __init__(self, rule: SegmentRule | None = None) -> None:
        self.rule = rule or SegmentRule()
        self._frames: list[OnBody] = []  # from the sign's start on, or what may become its raise
        self._start: float | None = None
        self._last_up = 0.0

    @property
    def signing(self) -> bool:
        """Whether a sign has begun and not ended."""
        return self._start is not None

    def push(self, landmarks: Landmarks) -> SignSegment | None:
        """Takes the next frame.

        Args:
            landmarks: of a frame later than the one before; an earlier one begins a new recording.

        Returns:
            A sign that has just ended, or None.
        """
        rule, now = self.rule, landmarks.seconds
        done = None
        if self._frames and not 0 < now - self._frames[-1].seconds <= rule.gap:
            done = self.flush()
        self._frames.append(on_body(landmarks, rule.visible))
        if done is not None:
            return done
        up = self._up(rule.lowered if self.signing else rule.raised)
        if self._start is None:
            self._begin(up)
            return None
        if up.any():
            self._last_up = now
        if now - self._last_up >= (rule.down_time if self._down() else rule.lost_time):
            return self._finish(self._last_up)
        if up.any() and now - self._start >= rule.still_time and self._moved(up, rule.still_time) < rule.still:
            return self._finish(now - rule.still_time + rule.hold)
        if now - self._start >= rule.longest:
            done = self._finish(now)
            self._start = self._last_up = now
            return done
        return None

    def provisional(self, shortest: float = 0.4) -> SignSegment | None:
        """The sign under way as far as it has come, for a first guess at the word; it may still change or come to nothing.

        Args:
            shortest: seconds that there must be of it.

        Returns:
            From the sign's start to the last frame with a hand up; None while no sign is under way or it is too short.
        """
        if self._start is None or self._last_up - self._start < shortest:
            return None
        frames = [seen for seen in self._frames if self._start <= seen.seconds <= self._last_up]
        return SignSegment(self._start, self._last_up, tuple(seen.landmarks for seen in frames)) if self._signed(frames) else None

    def flush(self) -> SignSegment | None:
        """Ends the stream. Returns the sign that had not ended yet, or None."""
        done = self._finish(self._last_up) if self.signing else None
        self._frames = []
        return done

    def _up(self, line: float) -> np.ndarray:
        """(2,) whether the left and right hand are above a line now."""
        return np.nan_to_num(self._frames[-1].place()[:, 1], nan=-np.inf) > line

    def _down(self) -> bool:
        """Whether it is known of both hands where they are, when none is up."""
        seen = self._frames[-1]
        return bool((np.isfinite(seen.place()[:, 1]) | seen.below).all())

    def _moved(self, up: np.ndarray, seconds: float) -> float:
        """The longest way of the raised hands in the last seconds, by their landmarks, or by the wrist without them."""
        now = self._frames[-1].seconds
        recent = [seen for seen in self._frames if seen.seconds > now - seconds - 1e-6]
        points, wrists = np.stack([seen.points for seen in recent]), np.stack([seen.wrists for seen in recent])
        ways = [_way(points[:, side]) or _way(wrists[:, None, side]) for side in np.flatnonzero(up)]
        return max(ways, default=0.0)

    def _begin(self, up: np.ndarray) -> None:
        rule, now = self.rule, self._frames[-1].seconds
        if up.any() and self._moved(up, rule.move_time) >= rule.move:
            self._start, self._last_up = min(self._raised_from(side) for side in np.flatnonzero(up)), now
            oldest = self._start
        else:
            oldest = now - rule.look_back
        self._frames = [seen for seen in self._frames if seen.seconds >= oldest]

    def _raised_from(self, side: int) -> float:
        """When the raise of a hand began: the last time that it was near to where it rested, or to where it came from."""
        seconds, places = [], []
        for seen in reversed(self._frames):
            place = seen.place()[side]
            if not np.isfinite(place).all():
                break
            seconds.append(seen.seconds)
            places.append(place)
        lowest = int(np.argmin([height for _, height in places]))
        origin = places[lowest] if places[lowest][1] <= self.rule.raised else places[-1]
        near = np.hypot(*(np.stack(places) - origin).T) <= self.rule.rest
        return seconds[int(np.argmax(near))]

    def _finish(self, end: float) -> SignSegment | None:
        start, self._start = self._start, None
        frames = [seen for seen in self._frames if start is not None and start <= seen.seconds <= end]
        self._frames = [seen for seen in self._frames if seen.seconds >= end]
        if start is None or end - start < self.rule.shortest or not self._signed(frames):
            return None
        return SignSegment(start, end, tuple(seen.landmarks for seen in frames))

    def _signed(self, frames: list[OnBody]) -> bool:
        """Whether hands were really seen, and did more than sink after a sign that was held still."""
        if sum(seen.landmarks.hands > 0 for seen in frames) < self.rule.handed * len(frames):
            return False
        heights = np.stack([seen.place()[:, 1] for seen in frames])
        if not (heights[0] > self.rule.raised).any():
            return True
        tracks = [height[np.isfinite(height)] for height in heights.T]
        sank = [len(h) > 0 and h[0] - h[-1] >= self.rule.move for h in tracks]
        rose = [len(h) > 0 and (h - np.minimum.accumulate(h)).max() > self.rule.rest for h in tracks]
        return any(rose) or not any(sank)
