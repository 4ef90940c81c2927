"""Long streams with known signs, joined from recordings of single signs; segmentation is trained and measured on them.

Real are every frame of a sign and every resting pose, as MediaPipe saw them, with their own trembling and lost hands.
Made are the joins: a recording is moved and scaled so that its shoulders lie where the stream's are; between two recordings
everything moves in 0.2–0.5 s along a smooth path; a rest of a few frames is prolonged forwards and backwards with a
little noise. Packs do not state their frame rate, so each source is given one between 12 and 22 a second. A camera then
films the stream at its own, uneven, 10–30 frames a second and loses hands for moments. The joins belong to no sign. Only
pose and hands are joined; there is no face.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from kslr.core.errors import InputError
from kslr.landmarks import ASPECT, Landmarks
from kslr.training.streams.material import Material
from kslr.training.streams.tape import Tape, hand_heights, hand_points, locate_body, median_body, move_body, pose_points


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
            hands = (hand_points(frame, hand) for hand in (0, 1))
            left, right = (hand if np.isfinite(hand).all() else None for hand in hands)
            yield Landmarks(float(seconds), pose_points(frame), None, left, right)


def join(
    material: Material,
    others: Sequence[Material],
    generator: np.random.Generator,
    signs: int = 6,
    direct: float = 0.0,
    fps: float | None = None,
) -> Stream:
    """A stream of some signs of one source.

    Args:
        material: whose signs.
        others: sources of the same side of the split; their rests are used where the source has none.
        direct: share of signs that the next follows without a rest, after a pause of at most 0.3 s.
        fps: frames a second of the camera; 10–30 by chance when None.

    Raises:
        InputError: no source has a rest.
    """
    rests = _find_rests(material, others)
    chosen = generator.choice(len(material.signs), min(signs, len(material.signs)), replace=False)
    tape = Tape(median_body(material.signs[chosen[0]]), generator)
    follows = generator.random(len(chosen)) < direct
    follows[-1] = False
    spans = []
    tape.add(_draw_rest(rests, tape, material.fps, 1.5), material.fps)
    for number, index in enumerate(chosen):
        sign = move_body(material.signs[index], tape.home)
        tape.go_to(sign)
        start = tape.now
        tape.add(sign, material.fps)
        spans.append((start, tape.now))
        if follows[number]:
            held = sign[-1:].repeat(2, axis=0)
            tape.add(held + generator.normal(0, 0.002, held.shape).astype(np.float32), 1 / generator.uniform(0.05, 0.3))
        else:
            _go_to_rest(tape, rests, material.fps, 2.5)
    return Stream(material.source, *tape.film(fps), np.array(spans), follows, tuple(material.labels[i] for i in chosen))


def join_idle(
    material: Material,
    others: Sequence[Material],
    generator: np.random.Generator,
    rests: int = 12,
    touches: float = 0.0,
    kind: str = "posing",
) -> Stream:
    """A stream in which nobody signs: rests, and hands that go up, stay for 0.5–2 s, and go down again.

    Args:
        rests: how many.
        touches: share of rests after which a hand goes up.
        kind: ``posing``: the hand stays, trembling, where a signing hand was and in its shape, as in a sign that is only
            held; ``scratching``: it rubs the face, the hair, the neck or the other arm (`scratch`).

    Raises:
        InputError: no source has a rest.
    """
    found = _find_rests(material, others)
    tape = Tape(median_body(found[0] if material.rests else material.signs[0]), generator)
    tape.add(_draw_rest(found, tape, material.fps, 2.5), material.fps)
    for _ in range(rests):
        if generator.random() < touches:
            sign = move_body(material.signs[generator.integers(len(material.signs))], tape.home)
            if kind == "scratching":
                held = scratch(sign[0], tape.last, generator, material.fps)
            else:
                frame = sign[generator.integers(len(sign))][None]
                frames = round(generator.uniform(0.5, 2.0) * material.fps)
                held = frame + np.cumsum(generator.normal(0, 0.001 * tape.home[1], (frames, frame.shape[1])), axis=0)
            tape.go_to(held)
            tape.add(held.astype(np.float32), material.fps)
        _go_to_rest(tape, found, material.fps, 5.0)
    return Stream(material.source, *tape.film(), np.zeros((0, 2)), np.zeros(0, bool), ())


# Pose points where people scratch themselves (nose, ears, mouth, shoulders, elbows), and how many body units above them.
_ITCHES = ((0, 0.0), (0, 0.45), (7, 0.0), (8, 0.0), (7, 0.2), (8, 0.2), (9, -0.1), (11, 0.1), (12, 0.1), (13, 0.0), (14, 0.0))
_ARMS = ((15, 13, (17, 19, 21)), (16, 14, (18, 20, 22)))  # wrist, elbow and finger points of the left and right arm
_FINGERTIPS = [8, 12, 16]  # of a hand: index, middle and ring finger


def scratch(raised: np.ndarray, lying: np.ndarray, generator: np.random.Generator, fps: float) -> np.ndarray:
    """A hand that rubs a place of its owner's body for 0.5–2 s.

    Args:
        raised: (258,) a frame with a raised hand, as at a sign's beginning, when it has no shape of its own yet.
        lying: (258,) the frame before; everything but the one arm stays as in it.

    Returns:
        (n, 258) frames.
    """
    hand = int(np.nan_to_num(hand_heights(raised), nan=-np.inf).argmax())
    wrist, elbow, tips = _ARMS[hand]
    frames = max(4, round(generator.uniform(0.5, 2.0) * fps))
    out = np.repeat(lying[None], frames, axis=0)
    _, unit = locate_body(lying)
    step = np.array([unit / ASPECT, unit])
    point, above = _ITCHES[generator.integers(len(_ITCHES))]
    place = pose_points(lying)[point, :2] - (0.0, above) * step
    fingers, pose = hand_points(raised, hand), pose_points(raised)
    touching = fingers[generator.choice(_FINGERTIPS), :2] if np.isfinite(fingers).all() else pose[wrist, :2]
    turn = generator.uniform(0, 2 * np.pi)
    beat = np.sin(2 * np.pi * generator.uniform(1.5, 4.0) * np.arange(frames) / fps + turn)
    rub = generator.uniform(0.02, 0.12) * np.array([np.cos(turn), np.sin(turn)])
    drift = np.cumsum(generator.normal(0, 0.004, (frames, 2)), axis=0)
    shift = place - touching + (beat[:, None] * rub + drift) * step
    hand_points(out, hand)[:] = fingers + np.pad(shift, ((0, 0), (0, 1)))[:, None]
    for joint, share in ((wrist, 1.0), *((tip, 1.0) for tip in tips), (elbow, 0.4)):
        pose_points(out)[:, joint] = pose[joint]
        pose_points(out)[:, joint, :2] += share * shift
    return out


def _find_rests(material: Material, others: Sequence[Material]) -> list[np.ndarray]:
    rests = list(material.rests) or [rest for other in others for rest in other.rests]
    if not rests:
        raise InputError("No recording holds a rest (hands down), so no stream can be joined. Add recordings that begin in rest.")
    return rests


def _draw_rest(rests: Sequence[np.ndarray], tape: Tape, fps: float, longest: float) -> np.ndarray:
    """A rest of 0.5 s to `longest` seconds, prolonged forwards and backwards."""
    generator = tape.generator
    clip = move_body(rests[generator.integers(len(rests))], tape.home)
    there_and_back = np.concatenate([clip, clip[-2:0:-1]]) if len(clip) > 2 else clip
    frames = np.resize(np.arange(len(there_and_back)), max(2, round(generator.uniform(0.5, longest) * fps)))
    x = there_and_back[frames]
    return x + generator.normal(0, 0.002 * tape.home[1], x.shape).astype(np.float32)


def _go_to_rest(tape: Tape, rests: Sequence[np.ndarray], fps: float, longest: float) -> None:
    rest = _draw_rest(rests, tape, fps, longest)
    tape.go_to(rest)
    tape.add(rest, fps)


def joined_streams(
    material: Sequence[Material], streams: int, seed: int = 0, signs: int = 6, direct: float = 0.0, fps: float | None = None
) -> Iterator[Stream]:
    """Streams of the sources in turn, the same for the same seed; see `join`."""
    for number in range(streams):
        own = material[number % len(material)]
        yield join(own, material, np.random.default_rng([seed, number]), signs, direct, fps)


def idle_streams(material: Sequence[Material], seed: int = 0, touches: float = 0.0, kind: str = "posing") -> Iterator[Stream]:
    """Streams without signing of the sources in turn, without end, the same for the same seed; see `join_idle`."""
    for number in count():
        generator = np.random.default_rng([seed, number])
        yield join_idle(material[number % len(material)], material, generator, touches=touches, kind=kind)
