"""The vocabularies of a server: the shipped ones and those that people taught, with their recognisers, loaded once."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from fusion.interpreter import Models
from kslr.core.cards import MODELS, read_card
from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.recognizer import SignRecognizer, shipped_sign_cards
from kslr.teaching import shelf
from kslr.teaching.naming import LessonError, WordNames
from kslr.teaching.takes import Take
from kslr.teaching.vocabularies import TaughtVocabulary, load_vocabulary, taught_vocabularies
from kslr.teaching.words import check_words
from kslr.vocabulary import Sign, Vocabulary, kslr30
from ui.shared.i18n import Refusal

KEPT = 6  # recognisers and checks that are kept ready
Made = TypeVar("Made")


@contextmanager
def refusals() -> Iterator[None]:
    """Turns what a lesson raises into a `Refusal`, which the pages show in the person's language.

    >>> with refusals():
    ...     raise LessonError("A word has at most 60 characters.", "long-word", n=60)
    Traceback (most recent call last):
    ...
    ui.shared.i18n.Refusal: teach.long_word
    """
    try:
        yield
    except LessonError as error:
        raise Refusal("teach." + error.code.replace("-", "_"), **error.values) from error


@dataclass(frozen=True)
class Listed:
    """A vocabulary to choose from."""

    name: str
    words: int
    shipped: bool


class FileCache:
    """What was made of files: the `most` latest, each made again when its file has changed. For all threads."""

    def __init__(self, most: int = KEPT) -> None:
        self._most, self._lock = most, threading.Lock()
        self._made: OrderedDict[tuple[str, float], Any] = OrderedDict()

    def get(self, path: Path, make: Callable[[Path], Made]) -> Made:
        """What `make` gives for the file as it is now."""
        key = (str(path), path.stat().st_mtime)
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]  # type: ignore[no-any-return]
        made = make(path)
        with self._lock:
            self._made[key] = made
            while len(self._made) > self._most:
                self._made.popitem(last=False)
        return made


class Vocabularies:
    """All vocabularies, for all sessions. Changes go through `kslr.teaching.shelf`; every error of a lesson is a `Refusal`.

    Args:
        default: the models that the server was started with.
    """

    def __init__(self, default: Models) -> None:
        self._default = default
        self._recognizers, self._checks, self._counts = FileCache(), FileCache(), FileCache(shelf.MOST_VOCABULARIES)

    @cached_property
    def encoder(self) -> SignEncoder:
        """The shared encoder, loaded when it is first needed."""
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
        """The vocabularies to choose from: the default, the shipped, the taught. Damaged files are left out."""
        first = self._default.signs.vocabulary
        found = [Listed(first.name, len(first.signs) - len(first.untrained), True)]
        for card in shipped_sign_cards():
            if card.name != first.name:
                found.append(Listed(card.name, sum(not label.startswith("_") for label in card.labels), True))
        for path in taught_vocabularies():
            with suppress(InputError):
                if path.stem != first.name:
                    found.append(Listed(path.stem, self._counts.get(path, lambda file: len(load_vocabulary(file).signs)), False))
        return found

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
        path = MODELS / f"{name}.json"
        if path not in MODELS.glob("*.json"):  # The name comes from outside: it may lead out of the folder.
            path = self.path(name)
            if len(self.load(name).signs) < 2:
                raise Refusal("teach.two_words")
        return self._recognizers.get(path, SignRecognizer)

    @refusals()
    def path(self, name: str) -> Path:
        """A taught vocabulary's file, which may not exist.

        Raises:
            Refusal: the name is not allowed.
        """
        return shelf.shelf_path(name)

    @refusals()
    def load(self, name: str) -> TaughtVocabulary:
        """A taught vocabulary.

        Raises:
            Refusal: there is none of this name, or it cannot be read.
        """
        return shelf.open_vocabulary(shelf.shelf_path(name))

    @refusals()
    def create(self, name: str) -> str:
        """Makes an empty vocabulary; see `kslr.teaching.shelf.create_vocabulary`."""
        return shelf.create_vocabulary(name, self.encoder).stem

    @refusals()
    def add(self, name: str, file: Path) -> str:
        """Adds a vocabulary file that somebody sent; see `kslr.teaching.shelf.add_vocabulary`."""
        return shelf.add_vocabulary(name, file, self.encoder).stem

    @refusals()
    def teach(self, name: str, word: WordNames, takes: Sequence[Take], *, face: bool = False) -> Sign:
        """Adds takes of a word; see `kslr.teaching.shelf.teach_word`."""
        return shelf.teach_word(shelf.shelf_path(name), word, takes, self.encoder, face=face)[1]

    @refusals()
    def forget(self, name: str, sign_id: str) -> None:
        """Takes a word out; see `kslr.teaching.shelf.forget_word`."""
        shelf.forget_word(shelf.shelf_path(name), sign_id)

    @refusals()
    def delete(self, name: str) -> None:
        """Deletes a taught vocabulary; see `kslr.teaching.shelf.delete_vocabulary`."""
        shelf.delete_vocabulary(name)

    def check(self, name: str) -> dict[str, Any]:
        """How well the words are told apart, as `kslr.teaching.words.check_words`; empty with fewer than two words."""
        if len(self.load(name).signs) < 2:
            return {}
        return self._checks.get(self.path(name), lambda file: check_words(load_vocabulary(file), self.encoder.background))

    def words(self, name: str | None) -> dict[str, dict[str, str]]:
        """The words of any vocabulary: id → names in three languages and in Latin."""
        if name and name != self.default and not any(path.stem == name for path in MODELS.glob("*.json")):
            signs: Sequence[Sign] = self.load(name).signs
        else:
            signs = self.models(name).signs.vocabulary.signs
        return {s.id: {"kk": s.kk, "ru": s.ru, "en": s.en, "latin": s.latin} for s in signs}
