"""FER2013 in its three common forms, and without what must not be trained on.

FER2013 (Goodfellow et al., 2013): 48×48 grey faces, seven emotions, official splits train / PublicTest / PrivateTest.
FER+ (Barsoum et al., ICMI 2016): ten new votes for each of the same pictures.
"""

import csv
import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion.faces import EMOTIONS, SIZE
from kslr.core.arrays import read_arrays
from kslr.core.errors import InputError
from kslr.core.files import csv_records, files_below, is_junk

FORMS = "fer2013.csv, a .npz pack, or a folder split/emotion/picture"
SPLITS = ("train", "public", "private")
# FER+'s columns, in its order.
VOTES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "not a face")

# Names of splits and emotions in the CSV and in folders, in lower case.
_SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("public", "publictest", "validation", "valid", "val"), "public"),
    **dict.fromkeys(("private", "privatetest", "test"), "private"),
}
_EMOTION_NAMES = {"anger": "angry", "happiness": "happy", "sadness": "sad", "fearful": "fear"}
_EMOTION_NAMES |= {"disgusted": "disgust", "surprised": "surprise"} | {name: name for name in EMOTIONS}
PACK_BYTES, PICTURE_SIDE = 2 << 30, 5000  # of a pack unpacked; pixels of a sheet's or picture's longer side
_PICTURES = {".png", ".jpg", ".jpeg", ".jfif", ".mpo", ".ppm", ".pgm", ".bmp", ".webp", ".tif", ".tiff", ".gif"}


@dataclass(frozen=True)
class FaceData:
    """Labelled faces.

    Attributes:
        images: (n, 48, 48) uint8 grey.
        labels: (n,) int64 indices into `emotion.faces.EMOTIONS`.
        votes: (n, 10) FER+ votes in the order of `VOTES`, or None where the data set has none.
    """

    images: np.ndarray
    labels: np.ndarray
    votes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: np.ndarray) -> "FaceData":
        """Selects rows (indices or a mask)."""
        return FaceData(self.images[rows], self.labels[rows], None if self.votes is None else self.votes[rows])


def load_faces(path: str | Path) -> dict[str, FaceData]:
    """Reads FER2013 (or a data set of its form): the classic ``fer2013.csv``, a ``.npz`` pack, or a folder of pictures.

    A folder holds ``split/emotion/picture`` with the splits train, public (or validation) and private (or test).
    FER+ votes come with the pack, or from a ``fer2013new.csv`` beside the classic CSV.

    Returns:
        split name (`SPLITS`, those that are there) → `FaceData`.

    Raises:
        InputError: nothing readable is there, or a label, picture or split is not what it must be.

    >>> load_faces("nowhere.csv")
    Traceback (most recent call last):
    ...
    kslr.core.errors.InputError: nowhere.csv does not exist. Give fer2013.csv, a .npz pack, or a folder split/emotion/picture.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path} does not exist. Give {FORMS}.")
    if path.is_dir():
        packs = sorted(path.glob("fer2013*.npz")) + sorted(path.glob("fer2013.csv"))
        splits = load_faces(packs[0]) if packs else _read_folder(path)
    elif path.suffix == ".npz":
        splits = _read_pack(path)
    elif path.suffix.lower() in (".csv", ".tsv"):
        splits = _read_csv(path)
    else:
        raise InputError(f"{path} is none of {FORMS}.")
    if not splits:
        raise InputError(f"{path} holds no faces. Give {FORMS}.")
    for name, faces in splits.items():
        if len(faces) == 0 or faces.labels.min() < 0 or faces.labels.max() >= len(EMOTIONS):
            raise InputError(f"The split {name} of {path} is empty or has labels outside 0–{len(EMOTIONS) - 1}.")
        if faces.images.shape != (len(faces), SIZE, SIZE) or not _are_votes(faces.votes, len(faces)):
            raise InputError(f"The split {name} of {path} has not one picture, or not ten votes, for every label.")
    return splits


def _are_votes(votes: np.ndarray | None, rows: int) -> bool:
    return votes is None or (
        votes.shape == (rows, len(VOTES)) and votes.dtype.kind in "iuf" and bool(((votes >= 0) & (votes < 1000)).all())
    )


def _decode(content: bytes) -> np.ndarray:
    """Reads a picture as grey, after its size was checked; a ValueError when it is none, or too large."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "PPM", "BMP", "WEBP", "TIFF", "GIF"]) as picture:
            if not 0 < max(picture.size) <= PICTURE_SIDE:
                raise ValueError(f"a picture of {picture.width}×{picture.height}")
            return np.asarray(picture.convert("L"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("not a picture, damaged, or far too large") from error


def _read_pack(path: Path) -> dict[str, FaceData]:
    """Faces in lossless sheets of 50×50, one sheet after another as encoded bytes."""
    try:
        packed = read_arrays(path, PACK_BYTES)
        splits = {}
        for split in SPLITS:
            sizes, content = packed[f"sizes_{split}"], packed[f"sheets_{split}"]
            if sizes.ndim != 1 or content.dtype != np.uint8 or (sizes < 0).any() or sizes.sum() != content.size:
                raise ValueError("its sheets are not as long as it says")
            sheets = [_decode(part.tobytes()) for part in np.split(content, np.cumsum(sizes)[:-1])]
            tiles = [s.reshape(50, SIZE, 50, SIZE).swapaxes(1, 2).reshape(-1, SIZE, SIZE) for s in sheets]
            labels = packed[f"y_{split}"].astype(np.int64)
            splits[split] = FaceData(np.concatenate(tiles)[: len(labels)], labels, packed.get(f"votes_{split}"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a pack of FER2013 faces ({error}). Use fer2013.csv or a folder instead.") from error
    return splits


def _read_csv(path: Path) -> dict[str, FaceData]:
    """The CSV of the original challenge: emotion, pixels (2,304 numbers), Usage."""
    csv.field_size_limit(sys.maxsize)
    rows: list[tuple[str, int, np.ndarray]] = []
    try:
        for line, row in enumerate(csv_records(path.read_bytes()), 2):
            try:
                rows.append(_parse_face(row))
            except ValueError as error:
                raise ValueError(f"line {line}: {error}") from error
        if not rows:
            raise ValueError("it has no rows")
        usage, labels, images = zip(*rows, strict=True)
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path} is not the classic fer2013.csv (emotion, pixels, Usage): {error}.") from error
    faces = FaceData(np.stack(images), np.array(labels), _read_votes(path, len(labels)))
    return {split: faces.take(np.array(usage) == split) for split in SPLITS if split in usage}


def _parse_face(row: Mapping[str, str]) -> tuple[str, int, np.ndarray]:
    """Split, label and (48, 48) uint8 picture of a row; without Usage, it is for training."""
    if not {"emotion", "pixels"} <= set(row):
        raise ValueError(f"its columns are {', '.join(row)}")
    name, text = row["emotion"].strip().lower(), row["pixels"].strip()
    try:
        # Spaces part the pixels, or commas where there are no spaces; with both, the comma is that of decimals.
        pixels = np.array(text.replace(",", "." if " " in text else " ").split(), float)
        label = EMOTIONS.index(_EMOTION_NAMES[name]) if name in _EMOTION_NAMES else int(float(name.replace(",", ".")))
    except (ValueError, OverflowError):
        raise ValueError("the emotion is a number from 0 to 6 or a name, and pixels are numbers") from None
    split = _SPLIT_NAMES.get(row.get("usage", "train").strip().lower())
    if split is None or pixels.size != SIZE * SIZE or not (pixels.min() >= 0 and pixels.max() <= 255):
        raise ValueError(f"it needs Training, PublicTest or PrivateTest, and {SIZE * SIZE} pixels from 0 to 255")
    return split, label, np.round(pixels).astype(np.uint8).reshape(SIZE, SIZE)


def _read_votes(path: Path, rows: int) -> np.ndarray | None:
    """(rows, 10) votes beside the CSV; None where there are none, or fewer."""
    beside = path.with_name("fer2013new.csv")
    if not beside.is_file():
        return None
    try:
        with beside.open(newline="", encoding="utf-8") as file:
            votes = np.array([[int(value) for value in row[2:12]] for row in list(csv.reader(file))[1:]])
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise InputError(f"{beside} is not the vote file of FER+: {error}.") from error
    return votes[:rows] if len(votes) >= rows else None


def _read_folder(path: Path) -> dict[str, FaceData]:
    faces: dict[str, list[tuple[np.ndarray, int]]] = {}
    for folder in sorted(path.glob("*/*")):
        split = _SPLIT_NAMES.get(folder.parent.name.lower())
        if split is None or not folder.is_dir() or is_junk(folder.relative_to(path)):
            continue
        if folder.name.lower() not in _EMOTION_NAMES:
            raise InputError(f"{folder} is not named after one of {', '.join(EMOTIONS)}. Rename or remove it.")
        label = EMOTIONS.index(_EMOTION_NAMES[folder.name.lower()])
        for file in files_below(folder):
            if file.suffix.lower() in _PICTURES:
                faces.setdefault(split, []).append((_read_picture(file), label))
    if not faces:
        raise InputError(f"{path} holds no pictures as split/emotion/picture (splits: {', '.join(SPLITS)}).")
    return {split: FaceData(*(np.array(column) for column in zip(*rows, strict=True))) for split, rows in faces.items()}


def _read_picture(file: Path) -> np.ndarray:
    """A picture file as (48, 48) uint8."""
    import cv2

    try:
        picture = _decode(file.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be read as a picture ({error}). Remove or replace it.") from error
    shrinks = min(picture.shape) > SIZE
    return cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def clean_training_split(splits: Mapping[str, FaceData]) -> tuple[FaceData, dict[str, int]]:
    """Drops training faces that would make a measured figure wrong.

    FER2013 leaks: hundreds of its test pictures are exact copies of training pictures. The copies are dropped from the
    training split, never from the test splits; so are blank pictures and pictures that occur with two different labels.

    Returns:
        The faces to train on, and reason → how many were dropped.

    Raises:
        InputError: there is no training split, or nothing of it is left.
    """
    if "train" not in splits:
        raise InputError("The data has no training split. Give fer2013.csv, a pack, or a folder with train/emotion/picture.")
    train = splits["train"]
    keys = [image.tobytes() for image in train.images]
    blank = np.array([image.min() == image.max() for image in train.images])
    tested = [faces.images for name, faces in splits.items() if name != "train"]
    copied = (find_copies(train.images, np.concatenate(tested)) if tested else np.zeros(len(train), bool)) & ~blank
    first: dict[bytes, int] = {}
    doubtful = {key for key, label in zip(keys, train.labels, strict=True) if first.setdefault(key, label) != label}
    double = np.array([key in doubtful for key in keys]) & ~copied & ~blank
    if (blank | copied | double).all():
        raise InputError("No training picture is left without blank ones, copies of test pictures and doubtful ones.")
    dropped = {"copies of test pictures": int(copied.sum()), "blank": int(blank.sum()), "labelled twice": int(double.sum())}
    return train.take(~(blank | copied | double)), dropped


def find_copies(images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(n,) bool, which of (n, side, side) pictures are pixel for pixel among others: the leak that `clean_training_split` closes.

    >>> find_copies(np.zeros((2, 4, 4), np.uint8), np.zeros((1, 4, 4), np.uint8)).tolist()
    [True, True]
    """
    known = {image.tobytes() for image in others}
    return np.array([image.tobytes() in known for image in images], bool)
