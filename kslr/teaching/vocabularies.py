"""Taught vocabularies: what is in one, its file, and the folder of those that are called by name.

A vocabulary holds embeddings, labels and where each recording came from, but no video. It may hold one recording of each
word as landmarks, so that learners can see the sign as a moving skeleton.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from io import BytesIO
from pathlib import Path
from unicodedata import normalize

import numpy as np

from kslr.core.arrays import read_arrays
from kslr.core.errors import InputError
from kslr.core.files import data_folder, parse_json, write_file
from kslr.landmarks import FACE, VALUES
from kslr.teaching.naming import is_plain_text, is_word_id
from kslr.vocabulary import Sign

VERSION = 3  # earlier ones held embeddings of the face and of changed copies: other numbers for the same sign
# Limits of a file, far above those of `kslr.teaching.shelf`.
FILE_WORDS, FILE_ROWS, FILE_FRAMES, FILE_BYTES = 2000, 200_000, 300, 512 * 1024 * 1024
FILE_NAME, FILE_COUNTS = 200, 100  # characters of a name; entries of a word's counts


@dataclass(frozen=True)
class Exemplar:
    """One recording of a word, kept as landmarks to be shown.

    Attributes:
        recording: its number in the vocabulary.
        seconds: how long the sign lasted.
        window: (frames, 1662) float16, evenly spaced over the sign, in the 4:3 aspect; NaN where a part is absent.
    """

    recording: int
    seconds: float
    window: np.ndarray

    @property
    def face(self) -> bool:
        """Whether the face is in it."""
        return bool(np.isfinite(self.window[:, FACE]).any())


@dataclass(frozen=True)
class TaughtVocabulary:
    """Words and the embeddings of their recordings.

    Attributes:
        name: of the vocabulary.
        encoder: digest of the encoder's weights; embeddings of another one mean nothing.
        signs: the words, in the order of their labels.
        embeddings: (n, values) float32 of length 1, one a recording.
        label: (n,) int index into `signs`.
        provenance: n, of each recording, such as its file's name.
        exemplars: word id → one of its recordings as landmarks; words may be missing.
    """

    name: str
    encoder: str
    signs: tuple[Sign, ...] = ()
    embeddings: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    label: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    provenance: tuple[str, ...] = ()
    exemplars: Mapping[str, Exemplar] = field(default_factory=dict)

    def recordings_of(self, sign_id: str) -> int:
        """How many recordings of a word there are."""
        index = [s.id for s in self.signs].index(sign_id)
        return int((self.label == index).sum())


def save_vocabulary(path: str | Path, vocabulary: TaughtVocabulary) -> Path:
    """Writes a vocabulary file (``.npz``) in one step.

    >>> import tempfile
    >>> path = save_vocabulary(f"{tempfile.mkdtemp()}/mine.npz", TaughtVocabulary("mine", "0" * 64))
    >>> load_vocabulary(path).name
    'mine'
    """
    write_file(path, vocabulary_bytes(vocabulary))
    return Path(path)


def vocabulary_bytes(vocabulary: TaughtVocabulary) -> bytes:
    """The content of a vocabulary file."""
    shown = dict(vocabulary.exemplars)
    about = {
        "version": VERSION,
        "name": vocabulary.name,
        "encoder": vocabulary.encoder,
        "signs": [asdict(s) for s in vocabulary.signs],
        "provenance": list(vocabulary.provenance),
        "exemplars": {word: {"recording": one.recording, "seconds": one.seconds} for word, one in shown.items()},
    }
    buffer = BytesIO()
    np.savez_compressed(
        buffer,
        about=np.array(json.dumps(about, ensure_ascii=False)),
        embeddings=vocabulary.embeddings.astype(np.float32),
        label=vocabulary.label.astype(np.int64),
        **{f"exemplar_{i}": one.window.astype(np.float16) for i, one in enumerate(shown.values())},
    )
    return buffer.getvalue()


def without_file_names(vocabulary: TaughtVocabulary) -> TaughtVocabulary:
    """The same with numbers for its recordings, as it is given to others: the names of files tell who was recorded.

    >>> without_file_names(TaughtVocabulary("mine", "0" * 64, provenance=("Aigerim 8A.mp4",))).provenance
    ('recording 1',)
    """
    return replace(vocabulary, provenance=tuple(f"recording {n + 1}" for n in range(len(vocabulary.provenance))))


def load_vocabulary(path: str | Path, most: int = FILE_BYTES) -> TaughtVocabulary:
    """Reads a vocabulary file, which takes at most so many bytes unpacked.

    Raises:
        InputError: missing, damaged, too large, no vocabulary, or of an older version (code ``old-version``).
    """
    try:
        if Path(path).stat().st_size > FILE_BYTES:
            raise InputError(f"{path} is larger than {FILE_BYTES >> 20} MiB, which no vocabulary is.")
        arrays = read_arrays(path, most)
        # The same letters typed on a Mac and elsewhere are the same name.
        about = parse_json(normalize("NFC", str(arrays["about"])))
        if about["version"] in range(1, VERSION):
            raise InputError(
                f"{path} was taught with an older version, which read signs in another way. Teach its words again.", "old-version"
            )
        exemplars = {
            str(word): Exemplar(int(one["recording"]), float(one["seconds"]), arrays[f"exemplar_{i}"])
            for i, (word, one) in enumerate(about.get("exemplars", {}).items())
        }
        signs = tuple(Sign(**sign) for sign in about["signs"])
        loaded = TaughtVocabulary(
            str(about["name"]),
            str(about["encoder"]),
            signs,
            arrays["embeddings"],
            arrays["label"],
            tuple(about["provenance"]),
            exemplars,
        )
        if about["version"] != VERSION or not _is_consistent(loaded):
            raise ValueError("its parts don't fit each other")
        return loaded
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"The vocabulary {path} cannot be read ({error.strerror or error}). Check the path.") from error
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise InputError(f"{path} is not a vocabulary of this version ({error}). Teach it again.") from error


def _is_consistent(one: TaughtVocabulary) -> bool:
    """Whether the parts of a vocabulary that came from a file fit each other."""
    words, rows, recordings = [sign.id for sign in one.signs], len(one.label), len(one.provenance)
    texts = [*one.provenance, *(text for s in one.signs for text in (s.id, s.kk, s.latin, s.en, s.ru))]
    counts = [s.trained_on for s in one.signs]
    return (
        len(set(words)) == len(words) <= FILE_WORDS
        and rows <= FILE_ROWS
        and all(map(is_word_id, words))
        and is_plain_text(one.name, FILE_NAME)
        and all(is_plain_text(text, FILE_NAME) for text in texts)
        and all(isinstance(found, Mapping) and all(isinstance(n, int) and n >= 0 for n in found.values()) for found in counts)
        and all(len(found) <= FILE_COUNTS and all(is_plain_text(name, FILE_NAME) for name in found) for found in counts)
        and one.embeddings.ndim == 2
        and one.label.shape == (len(one.embeddings),)
        and (one.embeddings.dtype.kind, one.label.dtype.kind) == ("f", "i")
        and bool((np.abs(one.embeddings) <= 1.01).all())
        and rows == recordings
        and np.array_equal(np.unique(one.label), np.arange(len(words)))  # every word has recordings
        and all(word in words and _fits(exemplar, recordings) for word, exemplar in one.exemplars.items())
    )


def _fits(exemplar: Exemplar, recordings: int) -> bool:
    window = exemplar.window
    known = 0 <= exemplar.recording < recordings and 0 < exemplar.seconds < 3600
    return (
        known and window.ndim == 2 and window.dtype.kind == "f" and window.shape[1] == VALUES and 0 < len(window) <= FILE_FRAMES
    )


@contextmanager
def lock_folder(folder: str | Path, patience: float = 60.0) -> Iterator[None]:
    """Keeps every other program that takes this lock from changing the folder, so that no change is lost.

    Args:
        folder: where a vocabulary or a data set lies; made when missing. A network drive must support locks.
        patience: seconds to wait for other programs.

    Raises:
        InputError: the folder cannot be written, or another program did not finish in time.

    >>> import tempfile
    >>> with lock_folder(tempfile.mkdtemp()) as nothing:
    ...     pass  # load, change, save
    """
    from filelock import FileLock, Timeout

    folder = Path(folder).resolve()
    lock = FileLock(folder / ".kslr.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=patience)
    except Timeout as error:
        raise InputError(f"Another program is changing {folder}. Wait for it, then try again.") from error
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror}). Choose another place.") from error
    try:
        yield
    finally:
        lock.release()


def vocabularies_folder() -> Path:
    """The folder of the vocabularies called by name: ``vocabularies`` in ``KSLR_HOME``, else in ``~/.local/share/kslr``."""
    return data_folder() / "vocabularies"


def vocabulary_path(name: str | Path) -> Path:
    """A vocabulary's file by name or path.

    Raises:
        InputError: a name with a folder in it.
    """
    path = Path(name)
    if path.suffix == ".npz":
        return path
    if path.name != str(name) or not path.name.strip("."):
        raise InputError(f"{name} is no name of a vocabulary. Use letters and digits, or the path of a .npz file.")
    return vocabularies_folder() / f"{normalize('NFC', str(name))}.npz"


def taught_vocabularies() -> list[Path]:
    """The files of the vocabularies that can be called by name; none without a home folder, or with one that is not ours."""
    try:
        return sorted(vocabularies_folder().glob("*.npz"))
    except (InputError, OSError):
        return []
