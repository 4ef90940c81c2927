"""Sign data sets of any supported kind as one frozen `SignData`.

`load_signs` reads a pack by name, an ``.npz``, the tutorials' ``MP_Data/word/sequence/frame.npy``, a folder of
``word/clip.mp4`` (or ``WORD--note.mp4``), a folder of landmark files by word, a manifest (``.csv``) of clips with their
signers, or several of these joined by ``+``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.arrays import read_array, read_arrays
from kslr.core.errors import InputError
from kslr.core.files import is_junk, one_line
from kslr.landmarks import VALUES
from kslr.recordings import cut_signs
from kslr.training.clips import read_clips, read_listed_signs
from kslr.training.packs import FRAMES, LAYOUTS, MOST_BYTES, QAZSIGN_IDS, fit_frames, pack_names, read_pack, to_raw

FRAME_BYTES = 1 << 20  # maximum size of one frame's file


@dataclass(frozen=True)
class SignData:
    """Recordings of isolated signs.

    Attributes:
        x: (n, frames, 1662) float32 raw contract; absent parts, and frames past the end, are NaN.
        label: (n,) int index into `names`.
        names: the classes.
        signer: (n,) str, who signed; a split by signer keeps all recordings of a signer on one side.
        source: (n,) str, which data set or recorder.
        clip: (n,) str, which recording; every split keeps all parts of a clip on one side.
        name: of the data set, in reports.
    """

    x: np.ndarray
    label: np.ndarray
    names: tuple[str, ...]
    signer: np.ndarray
    source: np.ndarray
    clip: np.ndarray
    name: str = "signs"

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: np.ndarray) -> "SignData":
        """Some of the recordings (indices or a mask)."""
        return replace(self, **{key: getattr(self, key)[rows] for key in ("x", "label", "signer", "source", "clip")})

    def select_classes(self, names: Sequence[str]) -> "SignData":
        """The recordings of some classes, relabelled in that order.

        Raises:
            InputError: a class that the data does not have.
        """
        missing = [name for name in names if name not in self.names]
        if missing:
            raise InputError(f"{self.name} has no class {missing[0]!r}. It has {', '.join(self.names[:12])}, ….")
        new_label = np.full(len(self.names), -1)
        new_label[[self.names.index(name) for name in names]] = np.arange(len(names))
        kept = self[new_label[self.label] >= 0]
        return replace(kept, label=new_label[kept.label], names=tuple(names))

    def sample_classes(self, count: int, seed: int) -> "SignData":
        """`count` classes chosen by seed.

        Raises:
            InputError: fewer than two, or more than there are.
        """
        if not 1 < count <= len(self.names):
            raise InputError(f"{self.name} has {len(self.names)} classes; {count} of them cannot be chosen.")
        chosen = np.random.default_rng(seed).choice(len(self.names), count, replace=False)
        return self.select_classes([self.names[i] for i in sorted(chosen)])


def sign_data(
    x: np.ndarray,
    label: Sequence[str] | np.ndarray,
    signer: Sequence[str] | np.ndarray | None = None,
    source: Sequence[str] | np.ndarray | None = None,
    clip: Sequence[str] | np.ndarray | None = None,
    length: np.ndarray | None = None,
    name: str = "signs",
    frames: int = FRAMES,
) -> SignData:
    """Arrays of any frame layout and length → `SignData`.

    Args:
        x: (n, frames, 84 | 126 | 258 | 1662), absent values zeros or NaN.
        label: (n,) class names (or numbers).
        signer, source, clip: (n,); when None, the signer is the source, the source the name, and each recording a clip.
        length: (n,) frames in use; up to the last frame with any value when None.
        frames: longer recordings are resampled in time to so many, shorter ones end in absent frames.

    Raises:
        InputError: arrays that do not fit each other.
    """
    try:
        x, names_of = np.asarray(x, np.float32), np.array([one_line(name) for name in np.asarray(label).astype(str).flat])
        length = None if length is None else np.asarray(length).astype(int)
    except (ValueError, TypeError) as error:
        raise InputError(f"{name}: x and length must be numbers, and labels text or numbers ({error}).") from error
    if x.ndim != 3 or names_of.shape != (len(x),) or len(x) == 0:
        raise InputError(
            f"{name}: x must be (samples, frames, values) with one label a sample, not {x.shape} and {names_of.shape}."
        )
    for column in (length, signer, source, clip):
        if column is not None and np.shape(column) != (len(x),):
            raise InputError(f"{name}: signer, source, clip and length must have one entry a sample.")
    if x.shape[-1] not in LAYOUTS or x.shape[1] == 0:
        raise InputError(f"{name} has the shape {x.shape}; samples need frames, and a frame 84, 126, 258 or 1662 values.")
    names = tuple(sorted(set(names_of.tolist())))
    if len(names) < 2:
        raise InputError(f"{name} has one class only ({names[0]}). At least two are needed.")
    raw = fit_frames(x, frames, length)
    source = np.asarray([name] * len(x) if source is None else source).astype(str)
    return SignData(
        x=to_raw(raw, name),
        label=np.searchsorted(names, names_of),
        names=names,
        signer=source if signer is None else np.asarray(signer).astype(str),
        source=source,
        clip=np.array([f"{name}/{i}" for i in range(len(x))]) if clip is None else np.asarray(clip).astype(str),
        name=name,
    )


def load_npz(path: str | Path) -> SignData:
    """An ``.npz`` with ``x``, ``label`` and, if known, ``signer``, ``source``, ``clip``, ``length``.

    Raises:
        InputError: missing, damaged, or without these arrays.
    """
    path = Path(path)
    try:
        arrays = read_arrays(path, MOST_BYTES)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is not an .npz of landmarks ({error}). It needs the arrays x and label.") from error
    if "x" not in arrays or "label" not in arrays:
        raise InputError(f"{path} lacks the arrays x (samples, frames, values) and label (samples,).")
    columns: dict[str, Any] = {key: arrays.get(key) for key in ("signer", "source", "clip", "length")}
    return sign_data(arrays["x"], arrays["label"], name=path.stem, **columns)


def load_pack(name: str, folder: str | Path | None = None, repaired: bool = True) -> SignData:
    """A pack by name (`kslr.training.packs`), with the recorder as source, and as signer where signers are not named."""
    arrays = read_pack(name, folder, repaired)
    source = arrays.get("source")
    if source is not None:
        source = np.char.replace(source, "__", "/")
    signer = arrays["signer"] if "signer" in arrays and source is None else source
    label = np.array([QAZSIGN_IDS.get(word, word) for word in arrays["label"].astype(str)])
    # The K-RSL pack has some clips twice; copies share a clip name, so they stay on one side of a split.
    return sign_data(arrays["x"], label, signer, source, arrays.get("clip"), arrays.get("length"), name)


def load_tree(folder: str | Path) -> SignData:
    """The tutorials' layout: ``word/sequence/frame.npy``, a vector of values a frame, frames in numeric order."""
    folder = Path(folder)
    recordings, labels, clips = [], [], []
    for sequence in sorted({frame.parent for frame in _tree_frames(folder)}):
        frames = [frame for frame in sequence.glob("*.npy") if not is_junk(Path(frame.name))]
        frames.sort(key=lambda p: (not p.stem.isdigit(), int(p.stem) if p.stem.isdigit() else 0, p.stem))
        try:
            recordings.append(np.stack([read_array(f, FRAME_BYTES) for f in frames]).astype(np.float32))
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"{sequence} holds frames that cannot be read ({error}). Remove or record them again.") from error
        labels.append(sequence.parent.name)
        clips.append(str(sequence.relative_to(folder)))
    if not recordings:
        raise InputError(f"{folder} has no word/sequence/frame.npy inside. Give the folder that holds the words' folders.")
    if len({r.shape[1:] for r in recordings}) > 1 or recordings[0].ndim != 2:
        raise InputError(f"The frames in {folder} differ in their number of values. All must be 1662 (or 258, 126, 84).")
    fitted = np.concatenate([fit_frames(r[None]) for r in recordings])
    return sign_data(fitted, labels, clip=clips, name=folder.name)


def _tree_frames(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*/*/*.npy") if not is_junk(path.relative_to(folder)))


def load_clips(folder: str | Path) -> SignData:
    """A folder of clips or landmark files: one sample a sign; the clip's name is also its signer.

    Raises:
        InputError: no clips, or no signs in them.
    """
    signs = [(s.window(), word, clip.name) for word, clip in read_clips(folder) for s in cut_signs(clip)]
    if not signs:
        raise InputError(f"No hands were seen in the clips of {folder}. Film the signer from the front, hands in view.")
    windows, words, clips = zip(*signs, strict=True)
    return sign_data(np.stack(windows), words, signer=clips, clip=clips, name=Path(folder).name)


def load_listed(manifest: Path) -> SignData:
    """The clips of a manifest, with their signers; see `kslr.training.clips.read_listed_signs`."""
    signs = [(sign.window(), word, signer, clip) for word, signer, clip, sign in read_listed_signs(manifest)]
    if not signs:
        raise InputError(f"No signs were seen in the clips of {manifest}. Check that they lie where it says.")
    windows, words, signers, clips = zip(*signs, strict=True)
    return sign_data(np.stack(windows), words, signer=signers, clip=clips, name=manifest.stem)


def load_signs(data: str | Path, packs: str | Path | None = None, repaired: bool = True) -> SignData:
    """Reads sign data of any supported kind.

    Args:
        data: a pack's name, an ``.npz``, a folder (see the module's head), or several joined by ``+``.
        packs: where packs lie, see `kslr.training.packs.packs_folder`.
        repaired: whether the hands of the K-RSL pack are paired anew.

    Raises:
        InputError: nothing like that is there, or it cannot be used.
    """
    text = str(data)
    path = Path(text)
    if path.is_file() and path.suffix == ".npz":
        return load_npz(path)
    if path.is_file() and path.suffix == ".csv":
        return load_listed(path)
    if path.is_dir():
        if any(_tree_frames(path)):
            return load_tree(path)
        return load_clips(path)
    if text in pack_names(packs):
        return load_pack(text, packs, repaired)
    if "+" in text:
        return join_datasets([load_signs(part, packs, repaired) for part in text.split("+")], text)
    known = ", ".join(pack_names(packs)) or "none; set KSLR_DATA"
    raise InputError(f"{text} is no pack, .npz, .csv or folder. Packs found: {known}.")


def join_datasets(parts: Sequence[SignData], name: str) -> SignData:
    """Several data sets as one; equal class names are one class."""
    names = tuple(sorted({n for part in parts for n in part.names}))
    label = np.concatenate([np.searchsorted(names, [part.names[i] for i in part.label]) for part in parts])
    x = np.empty((len(label), parts[0].x.shape[1], VALUES), np.float32)
    np.concatenate([part.x for part in parts], out=x)
    columns = {key: np.concatenate([getattr(part, key) for part in parts]) for key in ("signer", "source", "clip")}
    return SignData(x, label, names, columns["signer"], columns["source"], columns["clip"], name)
