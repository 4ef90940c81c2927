"""Packs: sign recordings of others, as ``NAME.npz`` with labels, the landmarks in it or in ``NAME.npy.xz`` beside it.

A packed ``.npy.xz`` holds int16 steps of 1/2048, differenced over time. Packs with fewer than the 1662 values are
brought to the raw layout here; what they lack is absent.
"""

import lzma
import os
from pathlib import Path

import numpy as np

from kslr.core.arrays import read_array, read_arrays
from kslr.core.errors import InputError
from kslr.landmarks import VALUES
from kslr.training.pairing import repair, slipped

MOST_BYTES = 64 << 30  # of one file, unpacked; whether it fits is the machine's to say
# Layouts of a frame by its number of values → where its parts go in the 1662 values.
_POSE_HANDS = np.r_[0:132, 1536:1662]
_HANDS = np.r_[1536:1662]
_HANDS_XY = np.array([1536 + 63 * hand + 3 * point + axis for hand in (0, 1) for point in range(21) for axis in (0, 1)])
LAYOUTS = {VALUES: np.arange(VALUES), 258: _POSE_HANDS, 126: _HANDS, 84: _HANDS_XY}

QAZSIGN_IDS = {"сәлеметсіз бе": "salemetsiz_be", "сау болыңыз": "sau_bolynyz"}


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

    84 = two hands of (x, y), left first; 126 = two hands of (x, y, z); 258 = pose, then both hands.

    Raises:
        InputError: another number of values.

    >>> int(np.isfinite(to_raw(np.ones((2, 5, 126)))).sum(axis=-1)[0, 0])
    126
    """
    from kslr.landmarks import absent_as_nan

    x = np.asarray(x, np.float32)
    if x.ndim != 3 or x.shape[-1] not in LAYOUTS:
        raise InputError(
            f"{what} has the shape {x.shape}; it must be (samples, frames, values) with 84, 126, 258 or 1662 values."
        )
    out = np.zeros((*x.shape[:2], VALUES), np.float32)
    out[..., LAYOUTS[x.shape[-1]]] = np.nan_to_num(x)
    return absent_as_nan(out)


def read_pack(name: str, folder: str | Path | None = None, repaired: bool = True) -> dict[str, np.ndarray]:
    """A pack's arrays.

    Args:
        name: file stem, such as ``holistic59``.
        folder: where to look first, see `packs_folder`.
        repaired: give ``krsl20_hands`` back with its hands paired anew (`kslr.training.pairing.repair`).

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
        whole = arrays["x"].ndim == 3 and arrays["label"].shape == arrays["x"].shape[:1]
        if not whole or ("length" in arrays and not _lengths(arrays["length"], arrays["x"])):
            raise InputError("its arrays don't fit each other")
    except (OSError, ValueError, KeyError, TypeError, EOFError, lzma.LZMAError) as error:
        raise InputError(f"The pack {found / name} is damaged ({error}). Copy it again.") from error
    if arrays["x"].shape[-1] == 84 and "length" in arrays:
        pair = repair if repaired else slipped
        arrays["x"], arrays["length"] = pair(arrays["x"], arrays["length"])
    return arrays


def _lengths(length: np.ndarray, x: np.ndarray) -> bool:
    """Whether lengths may be those of the recordings."""
    return length.shape == x.shape[:1] and length.dtype.kind in "iu" and bool(((length >= 0) & (length <= x.shape[1])).all())
