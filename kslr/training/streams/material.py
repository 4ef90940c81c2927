"""What streams are joined from: signs and rests, cut out of the packs' recordings and kept apart by source.

A sign is the recording from the first to the last frame with a raised hand, without its first frame (webcams deliver
buffered pictures first) and without most of the stillness at both ends, in which the signer waits for the recorder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kslr.landmarks import ASPECT
from kslr.training.packs import LAYOUTS, read_pack, to_raw
from kslr.training.streams.tape import POSE, hand_heights, hand_points, locate_body

PACKS = ("world_pose_hands", "holistic59", "ksl30_by_meaning")
SHARES = {"train": 0.5, "validation": 0.2, "test": 0.3}  # of the sources
RAISED = -1.1  # body units above the middle of the shoulders
STILL = 0.012  # body units a frame


@dataclass(frozen=True)
class Material:
    """One person's material: pose and hands (frames, 258) in 4:3 pictures, NaN where absent.

    Attributes:
        source: the recorder.
        signs: each from the first to the last frame of a sign.
        labels: their words.
        rests: frames with the hands down.
        fps: frames a second, drawn for the source since packs do not state it.
    """

    source: str
    signs: tuple[np.ndarray, ...]
    labels: tuple[str, ...]
    rests: tuple[np.ndarray, ...]
    fps: float


def load_material(folder: str | Path | None = None, packs: Sequence[str] = PACKS, seed: int = 0) -> dict[str, list[Material]]:
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


def split_sources(found: dict[str, Material], seed: int = 0) -> dict[str, list[Material]]:
    """Sources to train, validation and test, the same for the same seed. Sources with fewer than two signs are left out."""
    names = sorted(name for name, material in found.items() if len(material.signs) > 1)
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    ends = np.round(np.cumsum([0, *SHARES.values()]) * len(order)).astype(int)
    return {side: [found[name] for name in order[a:b]] for side, a, b in zip(SHARES, ends[:-1], ends[1:], strict=True)}


def cut_recordings(source: str, recordings: Sequence[tuple[np.ndarray, str]], seed: int = 0) -> Material:
    """A source's recordings, cut into signs and rests.

    Args:
        recordings: (frames, 258) raw values, absent parts zeros, and the word.
    """
    generator = np.random.default_rng([seed, *source.encode()])
    fps, signs, labels, rests = float(generator.uniform(12, 22)), [], [], []
    for raw, word in recordings:
        x = to_raw(raw[None, 1:])[0][:, LAYOUTS[258]]
        if not np.isfinite(x[:, POSE]).all():
            continue
        up = (np.nan_to_num(hand_heights(x), nan=-np.inf) > RAISED).any(axis=1)
        if (~up).sum() >= 3 and not up[:3].any():
            rests.append(x[: int(up.argmax()) if up.any() else len(x)])
        if up.sum() >= 8:
            first, last = _moving_part(x, int(up.argmax()), len(up) - 1 - int(up[::-1].argmax()), fps, generator)
            signs.append(x[first : last + 1])
            labels.append(word)
    return Material(source, tuple(signs), tuple(labels), tuple(rests), fps)


def _moving_part(x: np.ndarray, first: int, last: int, fps: float, generator: np.random.Generator) -> tuple[int, int]:
    """The frames between which hands move, with up to a quarter of a second of stillness at both ends."""
    _, unit = locate_body(x)
    step = np.zeros(len(x))
    for hand in (0, 1):
        points = hand_points(x, hand)[..., :2] * (ASPECT, 1)
        step[1:] = np.fmax(step[1:], np.linalg.norm(np.diff(points, axis=0), axis=-1).mean(axis=1) / unit[1:])
    moves = np.flatnonzero(np.convolve(step, np.ones(3) / 3, "same")[first : last + 1] > STILL)
    pause = round(0.25 * fps)
    a, b = (first + moves[0] - pause, first + moves[-1] + pause) if len(moves) else (first, first)
    shortest = round(generator.uniform(0.6, 1.0) * fps)  # of a shape that is only held
    return max(first, a), min(last, max(b, a + shortest))
