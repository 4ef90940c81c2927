"""Where signs begin and end: a small causal network tells of every moment whether it lies in a sign and whether one begins.

The network sees the hands on the signer's body (shoulder widths, `kslr.segment`) at an even `RATE`, with speeds per second,
so neither the camera's frame rate nor the distance matters. It answers for the moment `AHEAD` steps ago, so it has seen a
little of what follows. It was trained on streams joined from real recordings (`kslr.training.streams`).
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from kslr.core.errors import InputError
from kslr.core.models import load_model
from kslr.landmarks import Landmarks
from kslr.segment import HandsOnBody, SignSegment, hands_on_body

TASK = "sign segments"
RATE = 15.0  # steps a second
AHEAD = 3  # steps that the answer lags behind
WINDOW = 40  # steps that one answer looks at
HAND_VALUES = 10
STEP_VALUES = 2 * HAND_VALUES
KNUCKLES = [5, 9, 17]  # their distance from the wrist is the hand's size
# Of a hand's seen, placed, below the picture, place, speed, change of shape, of points, size: what stands for it when it is
# not known, and how large it may be.
UNKNOWN = np.array([0, 0, 0, -2, -2, 0, 0, 0, 0, 0], float)
MOST = np.array([1, 1, 1, 3, 3, 4, 4, 5, 5, np.inf])


@dataclass(frozen=True)
class TagRule:
    """How the network's answers become segments. Probabilities 0–1, times in seconds.

    Attributes:
        on: a sign begins when the probability of being in one rises above this.
        off: the sign ends when that probability falls below this.
        begin: within a sign, a peak of the probability of a beginning above this starts the next sign.
        least: minimum age of a sign before the next may start in it.
        shortest: minimum length of a sign; a shorter segment is discarded.
        longest: maximum length of a sign; a longer one is cut and goes on as the next.
        handed: minimum share of frames with a visible hand (0–1); otherwise the segment is discarded.
        gap: a longer pause between two frames ends the sign, as a new recording does.
    """

    on: float = 0.5
    off: float = 0.4
    begin: float = 0.3
    least: float = 0.5
    shortest: float = 0.4
    longest: float = 4.0
    handed: float = 0.2
    gap: float = 1.0


class HandSteps:
    """Takes frames at any rate and gives the network's input at the even rate `RATE`."""

    def __init__(self) -> None:
        self._before: HandsOnBody | None = None
        self._last: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        self._next = 0.0

    def push(self, landmarks: Landmarks) -> list[tuple[float, np.ndarray]]:
        """Takes the next frame.

        Returns:
            (seconds, (STEP_VALUES,) float32) of every step up to this frame that was not given before.
        """
        now, before = hands_on_body(landmarks), self._before
        self._before = now
        if before is None:
            self._next = now.seconds + 1 / RATE
            return [(now.seconds, self._row(now, now, 1.0))]
        steps = []
        while self._next <= now.seconds + 1e-9:
            share = (self._next - before.seconds) / (now.seconds - before.seconds)
            steps.append((self._next, self._row(before, now, min(max(share, 0.0), 1.0))))
            self._next += 1 / RATE
        return steps

    def _row(self, before: HandsOnBody, now: HandsOnBody, share: float) -> np.ndarray:
        near = now if share >= 0.5 else before
        mixed = (1 - share) * before.places + share * now.places
        mixed = np.where(np.isnan(mixed), near.places, mixed)
        points, seen = mixed[:, :-1], ~np.isnan(mixed[:, 0])
        places, shapes = np.where(seen, mixed[:, 0], mixed[:, -1]), points - points[:, :1]
        last_points, last_shapes, last_places = self._last or (points, shapes, places)
        self._last = points, shapes, places
        values = np.empty((2, HAND_VALUES))
        values[:, 0], values[:, 1], values[:, 2] = seen[:, 0], ~np.isnan(places[:, 0]), near.below
        values[:, 3:5], values[:, 5:7] = places, (places - last_places) * (RATE / 2)
        values[:, 7] = np.abs(shapes - last_shapes).sum(axis=(1, 2)) * (RATE / shapes[0].size)
        values[:, 8] = np.linalg.norm(points - last_points, axis=-1).sum(axis=1) * (RATE / 2 / points.shape[1])
        values[:, 9] = np.linalg.norm(shapes[:, KNUCKLES], axis=-1).sum(axis=1) / len(KNUCKLES)
        values = np.where(np.isnan(values), UNKNOWN, values)
        return np.minimum(np.maximum(values, -MOST), MOST, dtype=np.float32, casting="same_kind").ravel()


class SignTagger:
    """The network: the last `WINDOW` steps → (in a sign, a sign begins) for `AHEAD` steps ago.

    Args:
        model: a shipped name or the path of a card.

    Raises:
        InputError: no such model, a model of another task, or a damaged one.

    >>> SignTagger()(np.zeros((WINDOW, STEP_VALUES), np.float32)).shape
    (2,)
    """

    def __init__(self, model: str | Path = "segmenter") -> None:
        loaded = load_model(TASK, model, threads=1)
        self.card, self._model = loaded.card, loaded.run
        if self._model.input_shape != (WINDOW, STEP_VALUES) or self._model.outputs != 2:
            raise InputError(f"{model} does not take {WINDOW} steps of {STEP_VALUES} values. Train the segmenter again.")
        known = {field.name for field in fields(TagRule)}
        self.rule = TagRule(**{key: float(value) for key, value in self.card.calibration.items() if key in known})

    def __call__(self, steps: np.ndarray) -> np.ndarray:
        """(WINDOW, STEP_VALUES) float32 → (2,) probabilities."""
        return self._model(steps[None])[0]


@cache
def shipped_tagger() -> SignTagger:
    """The shipped network, loaded once; all segmenters of a process share it."""
    return SignTagger()


class Segmenter:
    """Cuts a stream of landmarks into signs while they arrive. For a whole recording use `find_signs`.

    Args:
        tagger: the network; the shipped one when None. One may serve many segmenters.
        rule: the tagger's own when None.

    >>> segmenter = Segmenter()
    >>> segmenter.push(Landmarks(0.0)) is None, segmenter.signing, segmenter.flush() is None
    (True, False, True)
    """

    def __init__(self, tagger: SignTagger | None = None, rule: TagRule | None = None) -> None:
        self._tagger = tagger or shipped_tagger()
        self.rule = rule or self._tagger.rule
        self._done: deque[SignSegment] = deque()
        self._begin_again()

    def _begin_again(self) -> None:
        self._frames: list[Landmarks] = []
        self._steps, self._rows = HandSteps(), np.empty((0, STEP_VALUES), np.float32)
        self._times: deque[float] = deque(maxlen=AHEAD + 1)
        self._start: float | None = None
        self._before = 0.0  # the step before's probability of a beginning

    @property
    def signing(self) -> bool:
        """Whether a sign has begun and not ended."""
        return self._start is not None

    def push(self, landmarks: Landmarks) -> SignSegment | None:
        """Takes the next frame.

        Args:
            landmarks: of a frame later than the previous one; an earlier one begins a new recording.

        Returns:
            A sign that has just ended, or None.
        """
        if self._frames and not 0 < landmarks.seconds - self._frames[-1].seconds <= self.rule.gap:
            self._end()
        self._frames.append(landmarks)
        for seconds, row in self._steps.push(landmarks):
            # The stream is taken to have begun with its first step.
            self._rows = np.concatenate([self._rows[1:], [row]]) if len(self._rows) else np.tile(row, (WINDOW, 1))
            self._times.append(seconds)
            if len(self._times) > AHEAD:
                self._decide(self._times[0], *self._tagger(self._rows).tolist())
        if self._start is None:
            oldest = landmarks.seconds - (AHEAD + 2) / RATE - 0.2
            self._frames = [one for one in self._frames if one.seconds >= oldest]
        return self._done.popleft() if self._done else None

    def provisional(self, shortest: float = 0.4) -> SignSegment | None:
        """The sign under way so far, for a first guess at the word; it may still change or be discarded.

        Args:
            shortest: minimum length in seconds; None is returned for a shorter one.
        """
        if self._start is None or self._frames[-1].seconds - self._start < shortest:
            return None
        return self._cut(self._start, self._frames[-1].seconds)

    def flush(self) -> SignSegment | None:
        """Ends the stream and returns the sign that had not ended yet, or None. Call it until it returns None."""
        self._end()
        return self._done.popleft() if self._done else None

    def _decide(self, seconds: float, inside: float, begins: float) -> None:
        """Starts or ends a sign by the network's answer for one moment."""
        rule, start = self.rule, self._start
        if start is None:
            self._start = seconds if inside > rule.on else None
        else:
            peak = self._before > rule.begin and begins <= self._before and begins > rule.begin and seconds - start >= rule.least
            if inside < rule.off or peak or seconds - start >= rule.longest:
                self._finish(seconds)
                self._start = seconds if inside >= rule.off else None
        self._before = begins

    def _finish(self, end: float) -> None:
        """Keeps the sign from its start to `end`, if it is long enough and shows hands."""
        if self._start is not None and end - self._start >= self.rule.shortest:
            segment = self._cut(self._start, end)
            if segment:
                self._done.append(segment)
        self._frames = [one for one in self._frames if one.seconds >= end]

    def _end(self) -> None:
        if self._start is not None:
            self._finish(self._frames[-1].seconds)
        self._begin_again()

    def _cut(self, start: float, end: float) -> SignSegment | None:
        frames = tuple(one for one in self._frames if start - 1e-9 <= one.seconds <= end + 1e-9)
        if not frames or sum(one.hands > 0 for one in frames) < self.rule.handed * len(frames):
            return None
        return SignSegment(start, end, frames)


def find_signs(frames: Iterable[Landmarks], tagger: SignTagger | None = None) -> list[SignSegment]:
    """The signs in a whole stream of landmarks.

    Args:
        frames: in the order of time.
        tagger: the network; the shipped one when None.

    >>> find_signs([Landmarks(t / 15) for t in range(30)])
    []
    """
    segmenter = Segmenter(tagger)
    found = [segment for frame in frames if (segment := segmenter.push(frame))]
    while segment := segmenter.flush():
        found.append(segment)
    return found
