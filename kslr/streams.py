"""Long streams with known signs, joined from recordings of single signs: what segmentation is measured (and tuned) on.

What is real: every frame of a sign and every resting pose, as MediaPipe saw them in the recordings, with their own
trembling and lost hands. What is made: the joins. A recording is moved and scaled so that its shoulders lie where the
stream's are; between the last frame of one part and the first of the next everything goes over in 0.2–0.5 s along a
smooth (minimum-jerk) path, the hand in the shape it had, until it leaves the picture; a rest of a few frames is
prolonged forwards and backwards with a little noise. The packs don't say how fast they were recorded, so each source
is given one frame rate between 12 and 22 per second. The stream is then seen at its own, uneven, 10–30 frames a
second, and hands are lost for moments, more often while they move over.

What a sign is: the recording from the first to the last frame with a raised hand, without its first frame (webcams
hand over what they had buffered before) and without most of the stillness at both ends, in which the signer waited for
the recorder. The joins belong to no sign. Only pose and hands are joined; there is no face.

Source of the recordings: `kslr.packs`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kslr.augment import sample_times
from kslr.landmarks import ASPECT, LEFT_SHOULDER, LEFT_WRIST, RIGHT_SHOULDER, RIGHT_WRIST, Landmarks, absent_as_nan
from kslr.packs import LAYOUTS, read_pack
from models.errors import InputError

PACKS = ("world_pose_hands", "holistic59", "ksl30_by_meaning")
PARTS = {"train": 0.5, "validation": 0.2, "test": 0.3}
RAISED = -1.1  # body units above the middle of the shoulders
STILL = 0.012  # body units a frame
_POSE, _HANDS = slice(0, 132), (slice(132, 195), slice(195, 258))
_WRISTS = (LEFT_WRIST, RIGHT_WRIST)


@dataclass(frozen=True)
class Part:
    """One person's material: pose and hands (frames, 258) in 4:3 pictures, NaN where absent.

    Attributes:
        source: the recorder.
        signs: each from the first to the last frame of a sign.
        labels: their words.
        rests: frames with the hands down.
        fps: given to the source.
    """

    source: str
    signs: tuple[np.ndarray, ...]
    labels: tuple[str, ...]
    rests: tuple[np.ndarray, ...]
    fps: float


@dataclass(frozen=True)
class Stream:
    """A joined stream.

    Attributes:
        source: the recorder.
        seconds: (n,) ascending, uneven.
        x: (n, 258) pose and hands, NaN where absent.
        spans: (signs, 2) true start and end of each sign in seconds.
        direct: (signs,) whether the next sign follows without a rest.
        labels: the words.
    """

    source: str
    seconds: np.ndarray
    x: np.ndarray
    spans: np.ndarray
    direct: np.ndarray
    labels: tuple[str, ...]

    def landmarks(self, every: int = 1) -> Iterator[Landmarks]:
        """The frames, or every n-th."""
        for seconds, frame in zip(self.seconds[::every], self.x[::every], strict=True):
            pose, (left, right) = frame[_POSE].reshape(33, 4), (frame[hand].reshape(21, 3) for hand in _HANDS)
            yield Landmarks(float(seconds), pose, None, _seen(left), _seen(right))


def _seen(hand: np.ndarray) -> np.ndarray | None:
    return hand if np.isfinite(hand).all() else None


def body(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(…, 258) → middle of the shoulders (…, 2) and body unit (…,), in picture heights."""
    points = x[..., _POSE].reshape(*x.shape[:-1], 33, 4)[..., :2] * (ASPECT, 1)
    middle = (points[..., LEFT_SHOULDER, :] + points[..., RIGHT_SHOULDER, :]) / 2
    width = np.linalg.norm(points[..., LEFT_SHOULDER, :] - points[..., RIGHT_SHOULDER, :], axis=-1)
    return middle, np.maximum(np.maximum(width, 1.3 * np.linalg.norm(points[..., 0, :] - middle, axis=-1)), 1e-3)


def heights(x: np.ndarray) -> np.ndarray:
    """(…, 258) → (…, 2) height of the left and right hand above the shoulders in body units, NaN where not seen."""
    middle, unit = body(x)
    out = []
    for hand, wrist in zip(_HANDS, _WRISTS, strict=True):
        y, seen = x[..., 4 * wrist + 1], x[..., 4 * wrist + 3] >= 0.5
        y = np.where(np.isfinite(x[..., hand.start + 1]), x[..., hand.start + 1], np.where(seen & (y <= 1), y, np.nan))
        out.append((middle[..., 1] - y) / unit)
    return np.stack(out, axis=-1)


def load_parts(folder: str | Path | None = None, packs: Sequence[str] = PACKS, seed: int = 0) -> dict[str, list[Part]]:
    """The packs' recordings as train, validation and test, each source in one of them.

    Args:
        folder: where the packs lie, see `kslr.packs.packs_folder`.

    Raises:
        InputError: a pack is missing.
    """
    recordings: dict[str, list[tuple[np.ndarray, str]]] = {}
    for name in packs:
        arrays = read_pack(name, folder)
        x = arrays["x"] if arrays["x"].shape[-1] == 258 else arrays["x"][..., LAYOUTS[258]]
        for one, word, source in zip(x, arrays["label"], np.char.replace(arrays["source"], "__", "/"), strict=True):
            recordings.setdefault(str(source), []).append((one, str(word)))
    return split_sources({source: cut_recordings(source, found, seed) for source, found in recordings.items()}, seed)


def split_sources(found: dict[str, Part], seed: int = 0) -> dict[str, list[Part]]:
    """Sources to train, validation and test, by chance but for good. Sources with fewer than two signs are left out."""
    names = sorted(name for name, part in found.items() if len(part.signs) > 1)
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    ends = np.round(np.cumsum([0, *PARTS.values()]) * len(order)).astype(int)
    return {part: [found[name] for name in order[a:b]] for part, a, b in zip(PARTS, ends[:-1], ends[1:], strict=True)}


def cut_recordings(source: str, recordings: Sequence[tuple[np.ndarray, str]], seed: int = 0) -> Part:
    """A source's recordings, cut into signs and rests.

    Args:
        recordings: (frames, 258) raw values, absent parts zeros, and the word.
    """
    generator = np.random.default_rng([seed, *source.encode()])
    fps, signs, labels, rests = float(generator.uniform(12, 22)), [], [], []
    for raw, word in recordings:
        x = _absent(raw[1:])
        if not np.isfinite(x[:, _POSE]).all():
            continue
        up = (np.nan_to_num(heights(x), nan=-np.inf) > RAISED).any(axis=1)
        if (~up).sum() >= 3 and not up[:3].any():
            rests.append(x[: int(up.argmax()) if up.any() else len(x)])
        if up.sum() >= 8:
            first, last = _moving(x, int(up.argmax()), len(up) - 1 - int(up[::-1].argmax()), fps, generator)
            signs.append(x[first : last + 1])
            labels.append(word)
    return Part(source, tuple(signs), tuple(labels), tuple(rests), fps)


def _absent(raw: np.ndarray) -> np.ndarray:
    full = np.zeros((len(raw), 1662), np.float32)
    full[:, LAYOUTS[258]] = raw
    return absent_as_nan(full)[:, LAYOUTS[258]]


def _moving(x: np.ndarray, first: int, last: int, fps: float, generator: np.random.Generator) -> tuple[int, int]:
    """The frames between which hands move, with up to a quarter of a second of stillness at both ends."""
    _, unit = body(x)
    step = np.zeros(len(x))
    for hand in _HANDS:
        points = x[:, hand].reshape(-1, 21, 3)[..., :2] * (ASPECT, 1)
        step[1:] = np.fmax(step[1:], np.linalg.norm(np.diff(points, axis=0), axis=-1).mean(axis=1) / unit[1:])
    moves = np.flatnonzero(np.convolve(step, np.ones(3) / 3, "same")[first : last + 1] > STILL)
    pause = round(0.25 * fps)
    a, b = (first + moves[0] - pause, first + moves[-1] + pause) if len(moves) else (first, first)
    shortest = round(generator.uniform(0.6, 1.0) * fps)  # a shape that is only held
    b = max(b, a + shortest)
    return max(first, a), min(last, b)


def join(
    part: Part,
    others: Sequence[Part],
    generator: np.random.Generator,
    signs: int = 6,
    direct: float = 0.0,
    fps: float | None = None,
) -> Stream:
    """A stream of some signs of one source.

    Args:
        part: whose signs.
        others: sources of the same side of the split; a rest of theirs stands in where the source has none.
        direct: share of signs that the next follows without a rest, after a pause of at most 0.3 s.
        fps: frames a second that the stream is seen at; 10–30 by chance when None.

    Raises:
        InputError: no rest is found anywhere.
    """
    rests = part.rests or [rest for other in others for rest in other.rests]
    if not rests:
        raise InputError("No recording holds a rest (hands down), so no stream can be joined. Add recordings that begin in rest.")
    chosen = generator.choice(len(part.signs), min(signs, len(part.signs)), replace=False)
    centres, sizes = body(part.signs[chosen[0]])
    home = np.median(centres, axis=0), float(np.median(sizes))
    follows = generator.random(len(chosen)) < direct
    follows[-1] = False
    pieces, clocks, spans, now = [], [], [], 0.0

    def add(x: np.ndarray, fps: float) -> None:
        nonlocal now
        clocks.append(now + np.arange(len(x)) / fps)
        pieces.append(x)
        now = float(clocks[-1][-1])

    def go_to(x: np.ndarray) -> None:
        nonlocal now
        way = _transition(pieces[-1][-1], x[0], generator.uniform(0.2, 0.5), generator)
        now += 1 / 30
        add(way, 30)
        now += 1 / 30

    def rest(longest: float) -> np.ndarray:
        clip = _moved(rests[generator.integers(len(rests))], home)
        there_and_back = np.concatenate([clip, clip[-2:0:-1]]) if len(clip) > 2 else clip
        frames = np.resize(np.arange(len(there_and_back)), max(2, round(generator.uniform(0.5, longest) * part.fps)))
        x = there_and_back[frames]
        return x + generator.normal(0, 0.002 * home[1], x.shape).astype(np.float32)

    add(rest(1.5), part.fps)
    for number, index in enumerate(chosen):
        sign = _moved(part.signs[index], home)
        go_to(sign)
        start = now
        add(sign, part.fps)
        spans.append((start, now))
        if follows[number]:
            held = sign[-1:].repeat(2, axis=0)
            add(held + generator.normal(0, 0.002, held.shape).astype(np.float32), 1 / generator.uniform(0.05, 0.3))
        else:
            lying = rest(2.5)
            go_to(lying)
            add(lying, part.fps)
    losses = np.random.default_rng(generator.integers(2**32))
    fps = fps or generator.uniform(10, 30)
    steps = generator.uniform(0.8, 1.2, int(now * fps * 1.3)) / fps
    times = np.cumsum(steps)
    times = times[times < now]
    clock, x = np.concatenate(clocks), np.concatenate(pieces)
    seen = sample_times(x[None], np.interp(times, clock, np.arange(len(clock)))[None])[0]
    labels = tuple(part.labels[i] for i in chosen)
    return Stream(part.source, times, _lost(seen, times, now, losses), np.array(spans), follows, labels)


def joined_streams(
    parts: Sequence[Part], count: int, seed: int = 0, signs: int = 6, direct: float = 0.0, fps: float | None = None
) -> Iterator[Stream]:
    """Streams of the sources in turn, the same for the same seed."""
    for number in range(count):
        yield join(parts[number % len(parts)], parts, np.random.default_rng([seed, number]), signs, direct, fps)


def _moved(x: np.ndarray, home: tuple[np.ndarray, float]) -> np.ndarray:
    """The recording with its shoulders where the stream's are."""
    middle, unit = (np.median(value, axis=0) for value in body(x))
    scale = home[1] / float(unit)
    out = np.array(x, np.float32)
    for block, width in ((out[:, _POSE], 4), *((out[:, hand], 3) for hand in _HANDS)):
        for axis, aspect in ((0, ASPECT), (1, 1.0)):
            block[:, axis::width] = ((block[:, axis::width] * aspect - middle[axis]) * scale + home[0][axis]) / aspect
        block[:, 2::width] *= scale
    return out


def _transition(a: np.ndarray, b: np.ndarray, seconds: float, generator: np.random.Generator) -> np.ndarray:
    """(n, 258) thirty frames a second from one frame to another, both left out."""
    time = np.linspace(0, 1, max(3, round(seconds * 30)) + 1)[1:-1, None]
    share = (time**3 * (10 - 15 * time + 6 * time**2)).astype(np.float32)
    out = a + (b - a) * share
    for hand, wrist in zip(_HANDS, _WRISTS, strict=True):
        seen = [np.isfinite(end[hand]).all() for end in (a, b)]
        if seen[0] != seen[1]:
            end = a if seen[0] else b
            way = out[:, 4 * wrist : 4 * wrist + 3] - end[4 * wrist : 4 * wrist + 3]
            carried = end[hand] + np.tile(way, (1, 21))
            inside = (carried[:, 1::3].mean(axis=1) < 1) & (generator.random() < 0.7)
            out[:, hand] = np.where(inside[:, None], carried, np.float32(np.nan))
    return out


def _lost(x: np.ndarray, times: np.ndarray, until: float, generator: np.random.Generator) -> np.ndarray:
    """Hands that are lost for 0.05–0.3 s, about once in seven seconds."""
    for hand in _HANDS:
        for _ in range(generator.poisson(0.15 * until)):
            first = generator.uniform(0, until)
            x[(times >= first) & (times < first + generator.uniform(0.05, 0.3)), hand] = np.nan
    return x
