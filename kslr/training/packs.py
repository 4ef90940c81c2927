"""Packs: recordings of signs as ``NAME.npz`` with labels; the landmarks lie in it or in ``NAME.npy.xz`` beside it.

A packed ``.npy.xz`` holds int16 steps of 1/2048, differenced over time. `to_raw` brings packs with fewer values to the
1662 of the raw contract; what they lack is absent.

The K-RSL pack stores hands one after another without saying which frame or side each belongs to. A frame with one hand
has 42 values, a frame with two has 84, and clips are cut every 84 values, so after one frame with one hand all later pairs
mix two frames. `repair_hands` finds frames and sides again: the cheapest path through the hands under wrist continuity
and the usual sides (a beam search).
"""

import lzma
import os
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.arrays import read_array, read_arrays
from kslr.core.errors import InputError
from kslr.landmarks import VALUES, absent_as_nan, columns, resample

FRAMES = 30  # of a sample
MOST_BYTES = 64 << 30  # of one file, unpacked; whether it fits is the machine's to say
# Number of values of a frame → where they lie in the 1662: hands as x, y (84) or x, y, z (126); pose and hands (258).
LAYOUTS = {
    VALUES: np.arange(VALUES),
    258: np.concatenate([columns("pose"), columns("left_hand"), columns("right_hand")]),
    126: np.concatenate([columns("left_hand"), columns("right_hand")]),
    84: np.concatenate([columns("left_hand", axes=2), columns("right_hand", axes=2)]),
}

QAZSIGN_IDS = {"сәлеметсіз бе": "salemetsiz_be", "сау болыңыз": "sau_bolynyz"}

PALM = [0, 5, 17]  # wrist and the roots of index and little finger
# The hands a frame may have, in the order they are stored; 0 is the signer's right (left in the picture), 1 the left.
_FRAMES: tuple[tuple[int, ...], ...] = ((0,), (1,), (0, 1), (1, 0))
_ALONE = 0.06  # cost of a frame with one hand: two are usual
_SIDE = 0.4  # cost a unit of picture width that the right hand lies to the right of the left
_SWITCH = 0.03  # cost of a pair written the other way round than the pair before
_FORGET = 0.15  # what a jump costs at most
_BEAM = 12  # states kept a step

# Last block seen as right, last seen as left, which of them the last pair began with; -1 none yet.
_State = tuple[int, int, int]


def packs_folder(folder: str | Path | None = None) -> Path | None:
    """Where packs lie: the argument, else the environment's KSLR_DATA, ``../shared/data`` beside the checkout, ``./data``."""
    root = Path(__file__).resolve().parents[2]
    for place in (folder, os.environ.get("KSLR_DATA"), root.parent / "shared" / "data", Path("data")):
        if place and (Path(place) / "signs").is_dir():
            return Path(place) / "signs"
        if place and Path(place).is_dir() and any(Path(place).glob("*.npz")):
            return Path(place)
    return None


def pack_names(folder: str | Path | None = None) -> tuple[str, ...]:
    """The packs that are there, by name."""
    found = packs_folder(folder)
    return tuple(sorted(p.stem for p in found.glob("*.npz"))) if found else ()


def to_raw(x: np.ndarray, what: str = "x") -> np.ndarray:
    """Frames of 84, 126, 258 or 1662 values, absent ones zeros or NaN → (…, 1662) float32 with absent parts NaN.

    84 = two hands of (x, y), left first; 126 = two hands of (x, y, z); 258 = pose, then both hands (`LAYOUTS`).

    Raises:
        InputError: another number of values.

    >>> int(np.isfinite(to_raw(np.ones((2, 5, 126)))).sum(axis=-1)[0, 0])
    126
    """
    x = np.asarray(x, np.float32)
    if x.ndim != 3 or x.shape[-1] not in LAYOUTS:
        raise InputError(
            f"{what} has the shape {x.shape}; it must be (samples, frames, values) with 84, 126, 258 or 1662 values."
        )
    out = np.zeros((*x.shape[:2], VALUES), np.float32)
    out[..., LAYOUTS[x.shape[-1]]] = np.nan_to_num(x)
    return absent_as_nan(out)


def fit_frames(x: np.ndarray, frames: int = FRAMES, length: np.ndarray | None = None) -> np.ndarray:
    """(n, any, values) → (n, frames, values): longer recordings are resampled in time, shorter ones end in zeros.

    >>> fit_frames(np.ones((1, 3, 126)), frames=5)[0, :, 0]
    array([1., 1., 1., 0., 0.], dtype=float32)
    """
    x = np.asarray(x, np.float32)
    if length is None:
        used = np.nan_to_num(x).any(axis=-1)
        length = np.where(used.any(axis=1), x.shape[1] - used[:, ::-1].argmax(axis=1), 0)
    length = np.clip(np.asarray(length).astype(int), 0, x.shape[1])
    out = np.zeros((len(x), frames, x.shape[-1]), np.float32)
    for target, sample, n in zip(out, x, length, strict=True):
        if n > frames:
            # Zeros mean absent. Interpolating between a hand and zeros would invent places, so they become NaN first.
            values = to_raw(sample[None, :n])[0][:, LAYOUTS[sample.shape[-1]]]
            target[:] = np.nan_to_num(resample(np.linspace(0, 1, n), values, frames))
        else:
            target[:n] = np.nan_to_num(sample[:n])
    return out


def read_pack(name: str, folder: str | Path | None = None, repaired: bool = True) -> dict[str, np.ndarray]:
    """A pack's arrays.

    Args:
        name: file stem, such as ``holistic59``.
        folder: where to look first, see `packs_folder`.
        repaired: whether the hands of ``krsl20_hands`` are paired anew (`repair_hands`).

    Returns:
        ``x`` (n, frames, values) float32 with zeros where absent, ``label`` (n,), and the pack's other columns.

    Raises:
        InputError: no such pack, or it is damaged.
    """
    found = packs_folder(folder)
    if found is None or not (found / f"{name}.npz").is_file():
        raise InputError(f"No pack {name!r} was found. Set KSLR_DATA to the folder that holds {name}.npz.")
    try:
        arrays = read_arrays(found / f"{name}.npz", MOST_BYTES)
        packed = found / f"{name}.npy.xz"
        if packed.exists():
            with lzma.open(packed) as stream:
                steps = read_array(stream, MOST_BYTES)
            arrays["x"] = np.cumsum(steps, axis=1, dtype=np.int16).astype(np.float32) / 2048
        arrays["x"] = arrays["x"].astype(np.float32)
        x, label, length = arrays["x"], arrays["label"], arrays.get("length", np.zeros(len(arrays["x"]), int))
        fitting = x.ndim == 3 and label.shape == length.shape == x.shape[:1] and length.dtype.kind in "iu"
        if not fitting or (length < 0).any() or (length > x.shape[1]).any():
            raise InputError("its arrays don't fit each other")
    except (OSError, ValueError, KeyError, TypeError, EOFError, lzma.LZMAError) as error:
        raise InputError(f"The pack {found / name} is damaged ({error}). Copy it again.") from error
    if repaired and arrays["x"].shape[-1] == 84 and "length" in arrays:
        arrays["x"], arrays["length"] = repair_hands(arrays["x"], arrays["length"])
    return arrays


def pair_hands(blocks: np.ndarray) -> list[tuple[int | None, int | None]]:
    """Hands in the order they were written → frames, each (index of the right hand, of the left), None when absent.

    Args:
        blocks: (hands, 42) x, y of 21 points a hand.

    >>> right, left = np.full(42, 0.3), np.full(42, 0.7)
    >>> pair_hands(np.stack([right, left, left, right, left, right, left]))[1]
    (None, 2)
    """
    palm = blocks.reshape(-1, 21, 2)[:, PALM].mean(axis=1)
    n = len(blocks)
    jump = np.minimum(np.abs(palm[:, None] - palm[None]).sum(axis=-1), _FORGET).tolist()
    same = [0.0 if i + 1 == n else _FORGET * float(np.abs(blocks[i] - blocks[i + 1]).mean() < 0.02) for i in range(n)]
    across = palm[:, 0].tolist()
    # Before block i: state → (cost, path) of the cheapest path, a path being (earlier path, frame) or None.
    best: list[dict[_State, tuple[float, Any]]] = [{} for _ in range(n + 1)]
    best[0][(-1, -1, -1)] = (0.0, None)
    for i in range(n):
        for last, (cost, path) in sorted(best[i].items(), key=lambda item: item[1][0])[:_BEAM]:
            for sides in _FRAMES[: 4 if i + 1 < n else 2]:
                now, total = list(last), cost
                for k, side in enumerate(sides, start=i):
                    if last[side] >= 0:
                        total += jump[k][last[side]]
                    else:
                        total += _SIDE * max(0.0, (across[k] - 0.5) * (1 if side == 0 else -1))
                    now[side] = k
                if len(sides) == 2:
                    # Two detections of one hand lie on each other; two hands hardly ever do.
                    total += _SIDE * max(0.0, across[now[0]] - across[now[1]]) + same[i]
                    total += _SWITCH * (last[2] not in (-1, sides[0]))
                    now[2] = sides[0]
                else:
                    total += _ALONE
                following, key = best[i + len(sides)], (now[0], now[1], now[2])
                if key not in following or total < following[key][0]:
                    frame = tuple(i + sides.index(side) if side in sides else None for side in (0, 1))
                    following[key] = (total, (path, frame))
    frames: list[tuple[int | None, int | None]] = []
    path = min(best[n].values(), key=lambda one: one[0])[1]
    while path:
        path, frame = path
        frames.append(frame)
    return frames[::-1]


def repair_hands(x: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Clips cut every 84 values → frames of (left hand, right hand), zeros where one is absent.

    Args:
        x: (n, frames, 84), rows past the length zero.
        length: (n,).

    Returns:
        (n, most frames, 84) float32 and the new lengths.
    """
    clips = []
    for sample, frames in zip(x, length, strict=True):
        blocks = sample[: int(frames)].reshape(-1, 42)
        blocks = blocks[blocks.any(axis=1)]
        pairs = pair_hands(blocks) if len(blocks) else []
        clip = np.zeros((len(pairs), 2, 42), np.float32)
        for row, hands in zip(clip, pairs, strict=True):
            for hand, block in zip((1, 0), hands, strict=True):
                if block is not None:
                    row[hand] = blocks[block]
        clips.append(clip.reshape(-1, 84))
    lengths = np.array([len(c) for c in clips])
    padded = np.zeros((len(clips), max(1, int(lengths.max(initial=1))), 84), np.float32)
    for target, clip in zip(padded, clips, strict=True):
        target[: len(clip)] = clip
    return padded, lengths
