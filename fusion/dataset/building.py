"""From a data set to a vocabulary that the app reads: taught by the app's own path, measured on people left out, with a card.

The encoder stays as it is shipped; a data set that people record in an afternoon teaches words, not an encoder.
"""

import dataclasses
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fusion.dataset.folder import DataFolder
from fusion.dataset.measuring import Material, measure_material
from fusion.dataset.rows import Row
from fusion.dataset.store import DataSet
from fusion.dataset.takes import cut_sign
from kslr.core.errors import InputError
from kslr.core.files import parse_json, write_file
from kslr.encoder import SignEncoder
from kslr.landmarks import HANDS
from kslr.recordings import Recording, load_recording
from kslr.segment import SignSegment
from kslr.teaching.naming import WordNames
from kslr.teaching.shelf import MOST_RECORDINGS, create_vocabulary, delete_vocabulary, shelf_path, teach_word
from kslr.teaching.takes import LANDMARK_BYTES, Take, Verdict
from kslr.teaching.vocabularies import TaughtVocabulary, load_vocabulary, lock_folder, save_vocabulary, vocabularies_folder
from kslr.vocabulary import Sign

LEAST_FRAMES = 3  # with a hand, below which nothing is taught
CARD = ".card.json"


@dataclasses.dataclass(frozen=True)
class Built:
    """A vocabulary that was built.

    Attributes:
        path: its file.
        card: what it is, from whom, how well; also in the file beside it.
    """

    path: Path
    card: dict[str, Any]


def build_vocabulary(
    data: DataFolder,
    name: str,
    made: str,
    encoder: SignEncoder,
    *,
    takes: Sequence[str] | None = None,
    replace: bool = False,
    progress: Callable[[str, float], None] = lambda text, done: None,
) -> Built:
    """Teaches the words of a data set to a vocabulary that is called by name, and measures it.

    Args:
        data: where the takes lie.
        name: of the vocabulary.
        made: date, ISO 8601.
        takes: ids of those that are used; all when None.
        replace: whether a vocabulary of this name is replaced.
        progress: called with what is done, and the share (0–1).

    Raises:
        InputError: no takes, a take that cannot be read, or a name that is taken or not allowed.
    """
    path, wanted = shelf_path(name), None if takes is None else set(takes)
    rows = [row for row in data.rows() if wanted is None or row.take in wanted]
    words = [word for word in data.project.words if any(row.sign == word.id for row in rows)]
    if not words:
        raise InputError("There are no takes to build a vocabulary from. Record some.", "no-takes")
    new = not path.is_file()
    if new or not replace:
        create_vocabulary(name, encoder)
    try:
        signs = list[SignSegment]()
        for number, row in enumerate(rows):
            progress(f"Reading {row.landmarks}", 0.8 * number / len(rows))
            signs.append(sign_of_take(data, row))
        chosen = choose_takes(rows)
        progress("Teaching", 0.8)
        taught = _teach(data, name, words, rows, signs, chosen, encoder)
        progress("Leaving signers out", 0.9)
        ids = tuple(word.id for word in words)
        material = Material(
            encoder.embed(np.stack([sign.window(encoder.frames) for sign in signs])),
            np.array([ids.index(row.sign) for row in rows]),
            np.array([row.signer for row in rows]),
            ids,
            chosen,
        )
        card = _card(data, name, made, rows, chosen, encoder) | {"figures": measure_material(material, encoder)}
        with lock_folder(path.parent):
            save_vocabulary(path, taught)
            write_file(card_file(path), (json.dumps(card, ensure_ascii=False, indent=2) + "\n").encode())
    except BaseException:
        if new:
            path.unlink(missing_ok=True)
        raise
    return Built(path, card)


def sign_of_take(data: DataFolder, row: Row) -> SignSegment:
    """The sign of a take.

    Raises:
        InputError: its landmarks cannot be read, or show no hands.
    """
    sign = cut_sign(load_recording(data.path(row.landmarks), LANDMARK_BYTES), row.start, row.end)
    seen = np.isfinite(np.stack([one.values() for one in sign.landmarks])[:, HANDS]).any(axis=1).sum()
    if seen < LEAST_FRAMES:
        raise InputError(f"{row.landmarks} shows no hands. kslr dataset check finds such takes; record them again.", "no-hands")
    return sign


def choose_takes(rows: Sequence[Row], most: int = MOST_RECORDINGS) -> np.ndarray:
    """(n,) bool: at most so many takes of each word, as many of every signer, and of every affect, as there are.

    >>> rows = [Row("a", "su", "sad", signer, 0.0, 1.0, str(n), "a") for n, signer in enumerate("AAAB")]
    >>> choose_takes(rows, 2).tolist()
    [True, False, False, True]
    """
    seen, order = Counter[tuple[str, ...]](), []
    for number, row in enumerate(rows):
        cell, whole = (row.sign, row.signer, row.emotion), (row.sign, row.signer)
        order.append((seen[cell], seen[whole], number))
        seen[cell] += 1
        seen[whole] += 1
    chosen, used = np.zeros(len(rows), bool), Counter[str]()
    for _, _, number in sorted(order):
        if used[rows[number].sign] < most:
            used[rows[number].sign] += 1
            chosen[number] = True
    return chosen


def _teach(
    data: DataFolder,
    name: str,
    words: Sequence[Sign],
    rows: Sequence[Row],
    signs: Sequence[SignSegment],
    chosen: np.ndarray,
    encoder: SignEncoder,
) -> TaughtVocabulary:
    with tempfile.TemporaryDirectory(prefix="kslr-build-") as folder:
        path = Path(folder) / f"{shelf_path(name).stem}.npz"
        for word in words:
            own = [i for i in np.flatnonzero(chosen) if rows[i].sign == word.id]
            takes = [Take(_named(data, rows[i]), Verdict(signs[i], (), rows[i].hands)) for i in own]
            teach_word(path, WordNames(word.kk, word.ru, word.en, word.id), takes, encoder)
        return load_vocabulary(path)


def _named(data: DataFolder, row: Row) -> Recording:
    """A take's recording under a name that tells its signer by pseudonym."""
    return dataclasses.replace(load_recording(data.path(row.landmarks), LANDMARK_BYTES), name=f"{row.signer} {row.take}")


def _card(
    data: DataFolder, name: str, made: str, rows: Sequence[Row], chosen: np.ndarray, encoder: SignEncoder
) -> dict[str, Any]:
    counts, keys = Counter(row.signer for row in rows), {one.pseudonym: one.key for one in data.people().signers}
    return {
        "name": name,
        "made": made,
        "dataset": {"id": data.project.id, "name": data.project.name, "licence": data.project.licence},
        "signers": [{"pseudonym": one, "key": keys.get(one, ""), "takes": counts[one]} for one in sorted(counts)],
        "words": dict(Counter(row.sign for row in rows)),
        "emotions": dict(Counter(row.emotion for row in rows)),
        "taught": int(chosen.sum()),
        "takes": [row.take for row in rows],
        "encoder": encoder.card.name,
    }


def card_file(path: Path) -> Path:
    """Where the card of a vocabulary's file is."""
    return path.with_name(path.stem + CARD)


def withdraw_signer(data: DataSet, pseudonym: str, made: str, encoder: SignEncoder) -> tuple[int, list[str]]:
    """Deletes a signer from a data set, and from every vocabulary on this machine that was built from it.

    Args:
        made: date of the vocabularies that are built again, ISO 8601.

    Returns:
        How many takes are gone, and the names of the vocabularies that were built again or, with nothing left, deleted.

    Raises:
        InputError: nobody of this pseudonym.
    """
    key = data.people()[pseudonym].key
    gone, changed = data.withdraw(pseudonym), []
    left = {row.take for row in data.rows()}
    for path in sorted(vocabularies_folder().glob(f"*{CARD}")):
        try:
            card = parse_json(path.read_bytes())
            made_of = card["dataset"]["id"] == data.project.id and key in {one["key"] for one in card["signers"]}
            name, takes = str(card["name"]), [one for one in card["takes"] if one in left]
        except (OSError, InputError, KeyError, TypeError):  # no card of ours
            continue
        if not made_of:
            continue
        delete_vocabulary(name)  # first of all: what follows may fail
        path.unlink(missing_ok=True)
        changed.append(name)
        if takes:
            build_vocabulary(data, name, made, encoder, takes=takes)
    return gone, changed
