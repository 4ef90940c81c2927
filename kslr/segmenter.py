"""When a sign begins and ends, learnt: a small causal network looks at the hands and says of every moment whether it lies
in a sign and whether a sign begins there.

Hands are seen on the signer's body (body units, `kslr.segment`), at an even `RATE` whatever the camera's, with speeds per
second, so neither frame rate nor distance matters. The network answers for `AHEAD` steps ago, so it has seen a little of
what follows. It was trained on streams joined from real recordings (`kslr.training.streams`, kslr/training/ship/segmenter.py).
"""

from collections import deque
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from kslr.core.cards import Card, shipped
from kslr.core.errors import InputError
from kslr.core.runtime import LiteModel
from kslr.core.trial import read_tried
from kslr.landmarks import Landmarks
from kslr.segment import OnBody, SignSegment, on_body

TASK = "sign segments"
RATE = 15.0  # steps a second
AHEAD = 3  # steps that the answer lags behind
WINDOW = 40  # steps that one answer looks at
HAND_VALUES = 10
VALUES = 2 * HAND_VALUES
AWAY = -2.0  # where a hand is said to be that is not seen


@dataclass(frozen=True)
class TagRule:
    """How the network's answers become segments. Probabilities 0–1, times in seconds.

    Attributes:
        on: a sign begins above this probability of being in one.
        off: it ends below this.
        begin: within a sign, a peak above this probability of a beginning starts another.
        least: a sign is at least so old before another may start in it.
        shortest: what is shorter is no sign.
        longest: what is longer is cut here and goes on as another.
        handed: hands are found in at least this share of a sign's frames (0–1), or it is none.
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


class Steps:
    """Frames at any rate, in; what the network looks at, at an even rate, out."""

    def __init__(self) -> None:
        self._before: OnBody | None = None
        self._last: tuple[np.ndarray, np.ndarray] | None = None
        self._next = 0.0

    def push(self, landmarks: Landmarks) -> list[tuple[float, np.ndarray]]:
        """Takes the next frame.

        Returns:
            (seconds, (VALUES,) float32) of every step up to this frame that was not given before.
        """
        now, before = on_body(landmarks), self._before
        self._before = now
        if before is None:
            self._next = now.seconds + 1 / RATE
            return [(now.seconds, self._row(now, now, 1.0))]
        steps = []
        while self._next <= now.seconds + 1e-9:
            share = (self._next - before.seconds) / (now.seconds - before.seconds)
            steps.append((self._next, self._row(before, now, float(np.clip(share, 0, 1)))))
            self._next += 1 / RATE
        return steps

    def _row(self, before: OnBody, now: OnBody, share: float) -> np.ndarray:
        near = now if share >= 0.5 else before
        points, wrists = (
            np.where(np.isfinite(mixed := (1 - share) * a + share * b), mixed, c)
            for a, b, c in ((before.points, now.points, near.points), (before.wrists, now.wrists, near.wrists))
        )
        places = np.where(np.isfinite(points[:, 0]), points[:, 0], wrists)
        last_points, last_places = self._last or (points, places)
        self._last = points, places
        shapes, last_shapes = points - points[:, :1], last_points - last_points[:, :1]
        values = np.empty((2, HAND_VALUES), np.float32)
        values[:, 0], values[:, 1], values[:, 2] = np.isfinite(points[:, 0, 0]), np.isfinite(places[:, 0]), near.below
        values[:, 3:5] = np.nan_to_num(places, nan=AWAY).clip(-3, 3)
        values[:, 5:7] = np.nan_to_num((places - last_places) * RATE).clip(-8, 8) / 2
        values[:, 7] = np.nan_to_num(np.abs(shapes - last_shapes).mean(axis=(1, 2)) * RATE).clip(0, 5)
        values[:, 8] = np.nan_to_num(np.linalg.norm(points - last_points, axis=-1).mean(axis=1) * RATE / 2).clip(0, 5)
        values[:, 9] = np.nan_to_num(np.linalg.norm(shapes[:, [5, 9, 17]], axis=-1).mean(axis=1))
        return values.ravel()


class SignTagger:
    """The network: the last `WINDOW` steps → (in a sign, a sign begins) for `AHEAD` steps ago.

    Args:
        model: a shipped name or the path of a card.

    Raises:
        InputError: no such model, another kind of model, or a damaged one.

    >>> SignTagger()(np.zeros((WINDOW, VALUES), np.float32)).shape
    (2,)
    """

    def __init__(self, model: str | Path = "segmenter") -> None:
        path = Path(model)
        path = path if path.suffix == ".json" else shipped(str(model))
        self.card: Card
        self.card, weights = read_tried(path)
        if self.card.task != TASK:
            raise InputError(f"{path} is a model of {self.card.task}, not of {TASK}.")
        self._model = LiteModel(weights, 1, self.card.name)
        if self._model.input_shape != (WINDOW, VALUES) or self._model.outputs != 2:
            raise InputError(f"{path} does not take {WINDOW} steps of {VALUES} values. Train the segmenter again.")
        known = {field.name for field in fields(TagRule)}
        self.rule = TagRule(**{key: float(value) for key, value in self.card.calibration.items() if key in known})

    def __call__(self, steps: np.ndarray) -> np.ndarray:
        """(WINDOW, VALUES) float32 → (2,) probabilities."""
        return self._model(steps[None])[0]


class LearnedSegmenter:
    """Cuts a stream of landmarks into signs, as they come; used like `kslr.segment.Segmenter`.

    Args:
        tagger: the network; the shipped one when None. One may serve many segmenters.
        rule: the tagger's own when None.

    >>> segmenter = LearnedSegmenter()
    >>> segmenter.push(Landmarks(0.0)) is None, segmenter.signing, segmenter.flush() is None
    (True, False, True)
    """

    def __init__(self, tagger: SignTagger | None = None, rule: TagRule | None = None) -> None:
        self._tagger = tagger or SignTagger()
        self.rule = rule or self._tagger.rule
        self._done: deque[SignSegment] = deque()
        self._begin_again()

    def _begin_again(self) -> None:
        self._frames: list[Landmarks] = []
        self._steps, self._rows = Steps(), deque[np.ndarray](maxlen=WINDOW)
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
            landmarks: of a frame later than the one before; an earlier one begins a new recording.

        Returns:
            A sign that has just ended, or None.
        """
        if self._frames and not 0 < landmarks.seconds - self._frames[-1].seconds <= self.rule.gap:
            self._end()
        self._frames.append(landmarks)
        for seconds, row in self._steps.push(landmarks):
            # Before the stream there was what it begins with.
            self._rows.extend([row] * (WINDOW - len(self._rows)) or [row])
            self._times.append(seconds)
            if len(self._times) > AHEAD:
                self._decide(self._times[0], *self._tagger(np.stack(self._rows)))
        if self._start is None:
            oldest = landmarks.seconds - (AHEAD + 2) / RATE - 0.2
            self._frames = [one for one in self._frames if one.seconds >= oldest]
        return self._done.popleft() if self._done else None

    def provisional(self, shortest: float = 0.4) -> SignSegment | None:
        """The sign under way as far as it has come, for a first guess at the word; it may still change or come to nothing.

        Args:
            shortest: seconds that there must be of it.
        """
        if self._start is None or self._frames[-1].seconds - self._start < shortest:
            return None
        return self._cut(self._start, self._frames[-1].seconds)

    def flush(self) -> SignSegment | None:
        """Ends the stream. Returns the sign that had not ended yet, or None."""
        self._end()
        return self._done.popleft() if self._done else None

    def _decide(self, seconds: float, inside: float, begins: float) -> None:
        """Takes the network's answer for a moment."""
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
        """Keeps the sign from its start to `end`, if it is one."""
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
