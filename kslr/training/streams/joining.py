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

Source of the recordings: `kslr.training.packs`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count as count_from
from pathlib import Path

import numpy as np

from kslr.core.errors import InputError
from kslr.landmarks import ASPECT, Landmarks, absent_as_nan
from kslr.training.packs import LAYOUTS, read_pack
from kslr.training.streams.tape import HANDS, POSE, Tape, body, heights, moved

PACKS = ("world_pose_hands", "holistic59", "ksl30_by_meaning")
PARTS = {"train": 0.5, "validation": 0.2, "test": 0.3}
RAISED = -1.1  # body units above the middle of the shoulders
STILL = 0.012  # body units a frame


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
            pose, (left, right) = frame[POSE].reshape(33, 4), (frame[hand].reshape(21, 3) for hand in HANDS)
            yield Landmarks(float(seconds), pose, None, _seen(left), _seen(right))


def _seen(hand: np.ndarray) -> np.ndarray | None:
    return hand if np.isfinite(hand).all() else None


def load_parts(folder: str | Path | None = None, packs: Sequence[str] = PACKS, seed: int = 0) -> dict[str, list[Part]]:
    """The packs' recordings as train, validation and test, each source in one of them.

    Args:
        folder: where the packs lie, see `kslr.training.packs.packs_folder`.

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
        if not np.isfinite(x[:, POSE]).all():
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
    for hand in HANDS:
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
    rests = _rests(part, others)
    chosen = generator.choice(len(part.signs), min(signs, len(part.signs)), replace=False)
    tape = Tape(_home(part.signs[chosen[0]]), generator)
    follows = generator.random(len(chosen)) < direct
    follows[-1] = False
    spans = []
    tape.add(_rest(rests, tape, part.fps, 1.5), part.fps)
    for number, index in enumerate(chosen):
        sign = moved(part.signs[index], tape.home)
        tape.go_to(sign)
        start = tape.now
        tape.add(sign, part.fps)
        spans.append((start, tape.now))
        if follows[number]:
            held = sign[-1:].repeat(2, axis=0)
            tape.add(held + generator.normal(0, 0.002, held.shape).astype(np.float32), 1 / generator.uniform(0.05, 0.3))
        else:
            lying = _rest(rests, tape, part.fps, 2.5)
            tape.go_to(lying)
            tape.add(lying, part.fps)
    times, seen = tape.seen(fps)
    return Stream(part.source, times, seen, np.array(spans), follows, tuple(part.labels[i] for i in chosen))


def join_idle(
    part: Part,
    others: Sequence[Part],
    generator: np.random.Generator,
    pieces: int = 12,
    touches: float = 0.0,
    kind: str = "posing",
) -> Stream:
    """A stream in which nobody signs: rests, and hands that go up, stay for 0.5–2 s, and go down again.

    Args:
        pieces: how many rests.
        touches: share of rests that a raised hand follows.
        kind: ``posing``: the hand stays, trembling, where a signing hand was and in its shape, which a sign that is only
            held does too; ``scratching``: it rubs the face, the hair, the neck or the other arm (`scratch`).

    Raises:
        InputError: no rest is found anywhere.
    """
    rests = _rests(part, others)
    tape = Tape(_home(rests[0] if part.rests else part.signs[0]), generator)
    tape.add(_rest(rests, tape, part.fps, 2.5), part.fps)
    for _ in range(pieces):
        if generator.random() < touches:
            sign = moved(part.signs[generator.integers(len(part.signs))], tape.home)
            if kind == "scratching":
                held = scratch(sign[0], tape.last, generator, part.fps)
            else:
                frame = sign[generator.integers(len(sign))][None]
                count = round(generator.uniform(0.5, 2.0) * part.fps)
                held = frame + np.cumsum(generator.normal(0, 0.001 * tape.home[1], (count, frame.shape[1])), axis=0)
            tape.go_to(held)
            tape.add(held.astype(np.float32), part.fps)
        lying = _rest(rests, tape, part.fps, 5.0)
        tape.go_to(lying)
        tape.add(lying, part.fps)
    times, seen = tape.seen()
    return Stream(part.source, times, seen, np.zeros((0, 2)), np.zeros(0, bool), ())


# Nose, ears, mouth, shoulders and elbows: where people scratch themselves; body units above it for hair and chin.
_ITCHES = ((0, 0.0), (0, 0.45), (7, 0.0), (8, 0.0), (7, 0.2), (8, 0.2), (9, -0.1), (11, 0.1), (12, 0.1), (13, 0.0), (14, 0.0))
_ARMS = ((15, 13, (17, 19, 21)), (16, 14, (18, 20, 22)))


def scratch(raised: np.ndarray, lying: np.ndarray, generator: np.random.Generator, fps: float) -> np.ndarray:
    """A hand that rubs a place of its owner's body for 0.5–2 s.

    Args:
        raised: (258,) a frame with a raised hand, as at a sign's beginning, when it has no shape of its own yet.
        lying: (258,) the frame before; all but the one arm stays as in it.

    Returns:
        (n, 258) frames.
    """
    up = np.nan_to_num(heights(raised), nan=-np.inf)
    hand = int(up.argmax())
    wrist, elbow, tips = _ARMS[hand]
    count = max(4, round(generator.uniform(0.5, 2.0) * fps))
    out = np.repeat(lying[None], count, axis=0)
    _, unit = body(lying)
    step = np.array([unit / ASPECT, unit])
    point, above = _ITCHES[generator.integers(len(_ITCHES))]
    place = lying[4 * point : 4 * point + 2] - (0.0, above) * step
    fingers = raised[HANDS[hand]].reshape(21, 3)
    touching = fingers[generator.choice([8, 12, 16]), :2] if np.isfinite(fingers).all() else raised[4 * wrist : 4 * wrist + 2]
    turn = generator.uniform(0, 2 * np.pi)
    beat = np.sin(2 * np.pi * generator.uniform(1.5, 4.0) * np.arange(count) / fps + turn)
    rub = generator.uniform(0.02, 0.12) * np.array([np.cos(turn), np.sin(turn)])
    drift = np.cumsum(generator.normal(0, 0.004, (count, 2)), axis=0)
    shift = place - touching + (beat[:, None] * rub + drift) * step
    out[:, HANDS[hand]] = (fingers[None] + np.pad(shift, ((0, 0), (0, 1)))[:, None]).reshape(count, 63)
    for joint, share in ((wrist, 1.0), *((tip, 1.0) for tip in tips), (elbow, 0.4)):
        out[:, 4 * joint : 4 * joint + 4] = raised[4 * joint : 4 * joint + 4]
        out[:, 4 * joint : 4 * joint + 2] += share * shift
    return out


def _rests(part: Part, others: Sequence[Part]) -> list[np.ndarray]:
    rests = list(part.rests) or [rest for other in others for rest in other.rests]
    if not rests:
        raise InputError("No recording holds a rest (hands down), so no stream can be joined. Add recordings that begin in rest.")
    return rests


def _home(x: np.ndarray) -> tuple[np.ndarray, float]:
    centres, sizes = body(x)
    return np.median(centres, axis=0), float(np.median(sizes))


def _rest(rests: Sequence[np.ndarray], tape: Tape, fps: float, longest: float) -> np.ndarray:
    """A rest of half a second or longer, prolonged forwards and backwards."""
    generator = tape.generator
    clip = moved(rests[generator.integers(len(rests))], tape.home)
    there_and_back = np.concatenate([clip, clip[-2:0:-1]]) if len(clip) > 2 else clip
    frames = np.resize(np.arange(len(there_and_back)), max(2, round(generator.uniform(0.5, longest) * fps)))
    x = there_and_back[frames]
    return x + generator.normal(0, 0.002 * tape.home[1], x.shape).astype(np.float32)


def joined_streams(
    parts: Sequence[Part], count: int, seed: int = 0, signs: int = 6, direct: float = 0.0, fps: float | None = None
) -> Iterator[Stream]:
    """Streams of the sources in turn, the same for the same seed."""
    for number in range(count):
        yield join(parts[number % len(parts)], parts, np.random.default_rng([seed, number]), signs, direct, fps)


def idle_streams(parts: Sequence[Part], seed: int = 0, touches: float = 0.0, kind: str = "posing") -> Iterator[Stream]:
    """Streams without signing of the sources in turn, without end, the same for the same seed; see `join_idle`."""
    for number in count_from(0):
        generator = np.random.default_rng([seed, number])
        yield join_idle(parts[number % len(parts)], parts, generator, touches=touches, kind=kind)
