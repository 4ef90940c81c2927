"""The vocabularies of a server: the shipped ones and those that people taught, with their recognisers, loaded once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fusion.interpreter import Models
from kslr.core.cards import MODELS, read_card, card_path
from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.recognizer import SignRecognizer
from kslr.segment import SignSegment
from kslr.teaching.vocabularies import (
    TaughtVocabulary,
    changing,
    load_vocabulary,
    save_vocabulary,
    taught_vocabularies,
    vocabularies_folder,
)
from kslr.teaching.words import check, forget, new_vocabulary, teach
from kslr.vocabulary import Sign, Vocabulary, kslr30
from ui.shared.i18n import Refusal
from ui.shared.naming import safe_name

MOST_VOCABULARIES, MOST_WORDS, MOST_RECORDINGS = 100, 500, 50
LOADED = 6  # recognisers kept ready


@dataclass(frozen=True)
class Listed:
    """A vocabulary to choose."""

    name: str
    words: int
    shipped: bool


class Vocabularies:
    """All of them, for all sessions. Changes take turns, also with other processes that share the folder, so that two
    people who teach one vocabulary lose nothing.

    Args:
        default: the models that the server was started with.
    """

    def __init__(self, default: Models) -> None:
        self._default = default
        self._lock = threading.Lock()  # of what is kept ready
        self._turn = threading.Lock()  # of changes
        self._ready: OrderedDict[tuple[str, float], SignRecognizer] = OrderedDict()
        self._counted: dict[tuple[str, float], int] = {}
        self._checked: OrderedDict[tuple[str, float], dict[str, Any]] = OrderedDict()

    @cached_property
    def encoder(self) -> SignEncoder:
        """The shared one, loaded when it is first needed."""
        return SignEncoder()

    @cached_property
    def thirty(self) -> Vocabulary:
        """The thirty words of the paper, with what the shipped model was trained on."""
        card, _ = read_card("kslr30")
        return kslr30().trained_on(card.extra.get("trained_on", {}))

    @property
    def default(self) -> str:
        """The name of the vocabulary that the server was started with."""
        return self._default.signs.vocabulary.name

    def listed(self) -> list[Listed]:
        """Those to choose from: the default, the shipped, the taught."""
        first = self._default.signs.vocabulary
        found = [Listed(first.name, len(first.signs) - len(first.untrained), True)]
        for path in sorted(MODELS.glob("*.json")):
            card, _ = read_card(path)
            if card.task == "signs" and card.name != first.name:
                found.append(Listed(card.name, sum(not label.startswith("_") for label in card.labels), True))
        for path in taught_vocabularies():
            if path.stem != first.name:
                try:
                    found.append(Listed(path.stem, self._count(path), False))
                except InputError:
                    continue  # a damaged file is no choice
        return found

    def _count(self, path: Path) -> int:
        """A taught vocabulary's words, counted anew when its file has changed."""
        key = (str(path), path.stat().st_mtime)
        if key not in self._counted:
            self._counted = {k: n for k, n in self._counted.items() if k[0] != key[0]}
            self._counted[key] = len(load_vocabulary(path).signs)
        return self._counted[key]

    def models(self, name: str | None) -> Models:
        """The models with the signs of a vocabulary.

        Args:
            name: None or empty for the default.

        Raises:
            Refusal: there is none of this name, or it has fewer than two words.
        """
        if not name or name == self.default:
            return self._default
        try:
            return replace(self._default, signs=self._recognizer(name))
        except Refusal:
            raise
        except InputError as error:
            raise Refusal("teach.unusable", name=name) from error

    def _recognizer(self, name: str) -> SignRecognizer:
        shipped = MODELS / f"{name}.json"
        path = shipped if any(shipped == card for card in MODELS.glob("*.json")) else self.path(name)
        if not path.is_file():
            raise Refusal("teach.unknown", name=name)
        if path != shipped and len(load_vocabulary(path).signs) < 2:
            raise Refusal("teach.two_words")
        key = (str(path), path.stat().st_mtime)
        with self._lock:
            found = self._ready.get(key)
        if found is None:
            found = SignRecognizer(path)
        with self._lock:
            self._ready[key] = found
            self._ready.move_to_end(key)
            while len(self._ready) > LOADED:
                self._ready.popitem(last=False)
        return found

    def path(self, name: str) -> Path:
        """A taught vocabulary's file, which may not be there.

        Raises:
            Refusal: no name for one.
        """
        return vocabularies_folder() / f"{safe_name(name)}.npz"

    def load(self, name: str) -> TaughtVocabulary:
        """A taught vocabulary.

        Raises:
            Refusal: there is none of this name, or it can't be read.
        """
        path = self.path(name)
        if not path.is_file():
            raise Refusal("teach.unknown", name=name)
        try:
            return load_vocabulary(path)
        except InputError as error:
            raise Refusal("teach.unusable", name=name) from error

    def create(self, name: str) -> str:
        """An empty vocabulary.

        Raises:
            Refusal: the name is taken or none, or there are too many.
        """
        with self._changing():
            path = self.path(name)
            self._room_for(path)
            save_vocabulary(path, new_vocabulary(path.stem, self.encoder))
        return path.stem

    def add(self, name: str, content: Path) -> str:
        """Takes a vocabulary file that somebody sent.

        Raises:
            Refusal: it is none, another encoder's, too large, or the name is taken.
        """
        try:
            sent = load_vocabulary(content)
        except InputError as error:
            raise Refusal("teach.no_vocabulary") from error
        if sent.encoder != self.encoder.card.weights["sha256"]:
            raise Refusal("teach.other_encoder")
        if len(sent.signs) > MOST_WORDS:
            raise Refusal("teach.too_many_words", n=MOST_WORDS)
        with self._changing():
            path = self.path(name)
            self._room_for(path)
            save_vocabulary(path, replace(sent, name=path.stem))
        return path.stem

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._turn, changing(vocabularies_folder()):
            yield

    def _room_for(self, path: Path) -> None:
        there = taught_vocabularies()
        if path.name.casefold() in {one.name.casefold() for one in there}:
            raise Refusal("teach.taken", name=path.stem)
        if len(there) >= MOST_VOCABULARIES:
            raise Refusal("teach.too_many", n=MOST_VOCABULARIES)

    def teach(
        self,
        name: str,
        sign_of: Callable[[TaughtVocabulary], Sign],
        signs: Sequence[SignSegment],
        provenance: Sequence[str],
        *,
        face: bool = False,
    ) -> Sign:
        """Adds recordings of a word; makes the vocabulary if it is not there.

        Args:
            sign_of: the word, told from the vocabulary as it is now.
            signs: one a recording.
            provenance: where each is from.
            face: whether the word's exemplar keeps the face.

        Raises:
            Refusal: it is full, or the name is none.
        """
        with self._changing():
            path = self.path(name)
            if not path.is_file():
                self._room_for(path)
            taught = self.load(name) if path.is_file() else new_vocabulary(path.stem, self.encoder)
            sign = sign_of(taught)
            there = [s.id for s in taught.signs]
            if sign.id not in there and len(there) >= MOST_WORDS:
                raise Refusal("teach.too_many_words", n=MOST_WORDS)
            if (taught.recordings_of(sign.id) if sign.id in there else 0) + len(signs) > MOST_RECORDINGS:
                raise Refusal("teach.too_many_recordings", n=MOST_RECORDINGS)
            windows = np.stack([one.window(self.encoder.frames) for one in signs])
            lengths = [one.end - one.start for one in signs]
            save_vocabulary(path, teach(taught, sign, windows, self.encoder, provenance, seconds=lengths, face=face))
        return sign

    def forget(self, name: str, sign_id: str) -> None:
        """Takes a word out.

        Raises:
            Refusal: it is not there.
        """
        with self._changing():
            taught = self.load(name)
            if sign_id not in {s.id for s in taught.signs}:
                raise Refusal("teach.unknown", name=sign_id)
            save_vocabulary(self.path(name), forget(taught, sign_id))

    def delete(self, name: str) -> None:
        """Deletes a taught vocabulary.

        Raises:
            Refusal: it is not there.
        """
        with self._changing():
            path = self.path(name)
            if not path.is_file():
                raise Refusal("teach.unknown", name=name)
            path.unlink()

    def checked(self, name: str) -> dict[str, Any]:
        """How well the words are told apart, as `kslr.teaching.words.check`; empty with fewer than two words."""
        path = self.path(name)
        taught = self.load(name)
        if len(taught.signs) < 2:
            return {}
        key = (str(path), path.stat().st_mtime)
        with self._lock:
            found = self._checked.get(key)
        if found is None:
            found = check(taught, self.encoder.background)
        with self._lock:
            self._checked[key] = found
            while len(self._checked) > LOADED:
                self._checked.popitem(last=False)
        return found

    def words(self, name: str | None) -> dict[str, dict[str, str]]:
        """The words of any vocabulary: id → names in three languages and in Latin."""
        if name and name != self.default and not any(path.stem == name for path in MODELS.glob("*.json")):
            signs: Sequence[Sign] = self.load(name).signs
        else:
            signs = self.models(name).signs.vocabulary.signs
        return {s.id: {"kk": s.kk, "ru": s.ru, "en": s.en, "latin": s.latin} for s in signs}
