"""Changes to vocabulary files: the one path that the Teach page, the API and `kslr teach` take.

Every change locks the vocabulary's folder, reads the file again, checks the limits and saves in one step, so that people
and programs that teach one vocabulary at the same time lose nothing.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.teaching.naming import LessonError, WordNames, check_name, resolve_sign
from kslr.teaching.takes import Take
from kslr.teaching.vocabularies import (
    TaughtVocabulary,
    load_vocabulary,
    lock_folder,
    save_vocabulary,
    taught_vocabularies,
    vocabularies_folder,
    without_file_names,
)
from kslr.teaching.words import forget, forget_last, new_vocabulary, teach
from kslr.vocabulary import Sign

SAME = 1e-4  # below this distance two embeddings are of one recording, taught twice
SENT_BYTES = 150_000_000  # of a file from elsewhere, unpacked
_unpacking = threading.Lock()  # so that several small files that unpack to large ones do not add up
MOST_VOCABULARIES, MOST_WORDS, MOST_RECORDINGS = 100, 500, 50  # by name; in a vocabulary; of a word


def shelf_path(name: str) -> Path:
    """The file of a taught vocabulary by its name; it may not exist.

    Raises:
        LessonError: the name is not allowed.
    """
    return vocabularies_folder() / f"{check_name(name)}.npz"


def open_vocabulary(path: Path) -> TaughtVocabulary:
    """Reads a taught vocabulary.

    Raises:
        LessonError: it does not exist (code ``unknown``), is of an older version (``other-encoder``) or cannot be read
            (``unusable``).
    """
    if not path.is_file():
        raise LessonError(f"There is no vocabulary {path.stem}.", "unknown", name=path.stem)
    try:
        return load_vocabulary(path)
    except InputError as error:
        code = "other-encoder" if error.code == "old-version" else "unusable"
        raise LessonError(str(error), code, name=path.stem) from error


def teach_word(
    path: Path, names: WordNames, takes: Sequence[Take], encoder: SignEncoder, *, face: bool = False
) -> tuple[TaughtVocabulary, Sign]:
    """Adds the usable takes of a word to a vocabulary file, which is made when missing.

    Args:
        path: of the vocabulary.
        names: of the word.
        takes: clips of the word; those without a sign are ignored.
        face: whether the word's exemplar keeps the face.

    Returns:
        The vocabulary as it is saved, and the word.

    Raises:
        LessonError: no take is usable, the names are not allowed, or a limit is reached; the file is unchanged.
    """
    usable = [(take.verdict.sign, take.recording.name) for take in takes if take.verdict.sign is not None]
    if not usable:
        raise LessonError("None of the recordings can be used; nothing was changed.", "no-takes")
    signs, provenance = zip(*usable, strict=True)
    resolve_sign(names)  # Tells what is wrong with the names before anything is made.
    with lock_folder(path.parent):
        taught = open_vocabulary(path) if path.is_file() else _new_vocabulary(path, encoder)
        sign = resolve_sign(names, taught.signs)
        known = {one.id for one in taught.signs}
        if sign.id not in known and len(known) >= MOST_WORDS:
            raise LessonError(f"A vocabulary has at most {MOST_WORDS} words.", "too-many-words", n=MOST_WORDS)
        if (taught.recordings_of(sign.id) if sign.id in known else 0) + len(signs) > MOST_RECORDINGS:
            raise LessonError(f"A word has at most {MOST_RECORDINGS} recordings.", "too-many-recordings", n=MOST_RECORDINGS)
        windows = np.stack([one.window(encoder.frames) for one in signs])
        new = _new_recordings(taught, sign.id, windows, encoder)
        if not new:
            raise LessonError("These recordings were taught already; nothing was changed.", "no-takes")
        windows, signs, provenance = windows[new], tuple(signs[i] for i in new), tuple(provenance[i] for i in new)
        taught = teach(taught, sign, windows, encoder, provenance, seconds=[one.seconds for one in signs], face=face)
        save_vocabulary(path, taught)
    return taught, sign


def _new_recordings(taught: TaughtVocabulary, word: str, windows: np.ndarray, encoder: SignEncoder) -> list[int]:
    """Indices of the recordings that the word does not have yet, under whatever name.

    A clip that is taught twice would count as two recordings, and the word would look better known than it is.
    """
    index = next((i for i, sign in enumerate(taught.signs) if sign.id == word), -1)
    known = [embedding for label, embedding in zip(taught.label, taught.embeddings, strict=True) if label == index]
    new: list[int] = []
    for i, found in enumerate(encoder.embed(windows)):
        if not any(np.linalg.norm(embedding - found) < SAME for embedding in known):
            known.append(found)
            new.append(i)
    return new


def forget_word(path: Path, sign_id: str, last: int | None = None) -> TaughtVocabulary:
    """Takes a word out of a vocabulary file, or only the recordings of it that were taught last.

    Args:
        last: how many recordings; the whole word when None.

    Raises:
        LessonError: the vocabulary or the word does not exist (code ``unknown``).
    """
    open_vocabulary(path)  # Before a lock makes a folder.
    with lock_folder(path.parent):
        taught = open_vocabulary(path)
        if sign_id not in {sign.id for sign in taught.signs}:
            raise LessonError(f"{taught.name} has no word {sign_id!r}.", "unknown", name=sign_id)
        taught = forget(taught, sign_id) if last is None else forget_last(taught, sign_id, last)
        save_vocabulary(path, taught)
    return taught


def create_vocabulary(name: str, encoder: SignEncoder) -> Path:
    """Makes an empty vocabulary.

    Raises:
        LessonError: the name is not allowed or taken, or there are too many vocabularies.
    """
    path = shelf_path(name)
    with lock_folder(path.parent):
        save_vocabulary(path, _new_vocabulary(path, encoder))
    return path


def add_vocabulary(name: str, file: Path, encoder: SignEncoder) -> Path:
    """Adds a vocabulary file from elsewhere.

    Raises:
        LessonError: it is none, of another encoder or too large, or as in `create_vocabulary`.
    """
    try:
        with _unpacking:
            given = load_vocabulary(file, SENT_BYTES)
    except InputError as error:
        raise LessonError(str(error), "no-vocabulary") from error
    if given.encoder != encoder.card.weights["sha256"]:
        raise LessonError(f"{name} was taught with another encoder. Teach its words again.", "other-encoder")
    if len(given.signs) > MOST_WORDS:
        raise LessonError(f"A vocabulary has at most {MOST_WORDS} words.", "too-many-words", n=MOST_WORDS)
    path = shelf_path(name)
    with lock_folder(path.parent):
        save_vocabulary(path, without_file_names(replace(given, name=_new_vocabulary(path, encoder).name)))
    return path


def delete_vocabulary(name: str) -> None:
    """Deletes a taught vocabulary.

    Raises:
        LessonError: it does not exist.
    """
    path = shelf_path(name)
    with lock_folder(path.parent):
        if not path.is_file():
            raise LessonError(f"There is no vocabulary {path.stem}.", "unknown", name=path.stem)
        path.unlink()
        path.with_name(f"{path.stem}.card.json").unlink(missing_ok=True)  # of kslr build


def _new_vocabulary(path: Path, encoder: SignEncoder) -> TaughtVocabulary:
    """A vocabulary without words, if one may be made at this path."""
    if path.parent == vocabularies_folder():
        check_name(path.stem)
        others = taught_vocabularies()
        if path.name.casefold() in {one.name.casefold() for one in others}:
            raise LessonError(f"There is a vocabulary {path.stem} already. Choose another name.", "taken", name=path.stem)
        if len(others) >= MOST_VOCABULARIES:
            text = f"There are {MOST_VOCABULARIES} vocabularies, which is the maximum. Delete one."
            raise LessonError(text, "too-many", n=MOST_VOCABULARIES)
    return new_vocabulary(path.stem, encoder)
