"""The vocabularies of a server: the shipped ones and those that people taught, with their recognisers, loaded once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from fusion.interpreter import Models
from kslr.core.cards import MODELS, read_card
from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.lookup.dictionary import NEAREST, SignDictionary, load_dictionaries
from kslr.recognizer import STRICTNESS, SignRecognizer
from kslr.signmodels import shipped_sign_cards
from kslr.teaching import shelf
from kslr.teaching.naming import LessonError, WordNames
from kslr.teaching.takes import Take
from kslr.teaching.vocabularies import TaughtVocabulary, load_vocabulary, taught_vocabularies
from kslr.teaching.words import check_words
from kslr.vocabulary import Sign, Vocabulary, kslr30
from ui.shared.i18n import Refusal

KEPT = 6  # recognisers and checks that are kept ready


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
class Choice:
    """A vocabulary to choose from; a dictionary is for looking signs up."""

    name: str
    words: int
    shipped: bool
    dictionary: bool = False


# What is made of a vocabulary file is kept until the file changes, for all threads; `changed` is the file's time.


@lru_cache(shelf.MOST_VOCABULARIES)
def _count_words(path: Path, changed: float) -> int:
    return len(load_vocabulary(path).signs)


@lru_cache(KEPT)
def _load_recognizer(path: Path, changed: float) -> SignRecognizer:
    return SignRecognizer(path, threads=1)


@lru_cache(KEPT)
def _check_words(path: Path, changed: float, encoder: SignEncoder) -> dict[str, Any]:
    return check_words(load_vocabulary(path), encoder)


def _changed(path: Path) -> float:
    return path.stat().st_mtime


@lru_cache(KEPT)
def _load_models(signs: Path, changed: float, emotion: Path) -> Models:
    return Models.load(str(signs), str(emotion), nearest=NEAREST)


@dataclass(frozen=True)
class ModelFiles:
    """Where models lie, for work in another process, which loads them itself.

    Attributes:
        signs: a card, of a dictionary too, or a taught vocabulary.
        changed: its time.
        emotion: a card.
        strictness: how sure a word must be.
    """

    signs: Path
    changed: float
    emotion: Path
    strictness: str

    @classmethod
    def of(cls, models: Models) -> "ModelFiles":
        """The files of models that are loaded here."""
        signs = (models.dictionary or models.signs).file
        return cls(signs, _changed(signs), models.emotions.file, models.signs.strictness)

    def load(self) -> Models:
        """The models, which are kept ready for the next time.

        Raises:
            InputError: a file is gone or damaged meanwhile.
        """
        return _load_models(self.signs, self.changed, self.emotion).with_strictness(self.strictness)


class Vocabularies:
    """All vocabularies, for all sessions. Changes go through `kslr.teaching.shelf`; every error of a lesson is a `Refusal`.

    Args:
        default: the models that the server was started with.
    """

    def __init__(self, default: Models) -> None:
        self._default = default

    @cached_property
    def encoder(self) -> SignEncoder:
        """The shared encoder, loaded when it is first needed."""
        return SignEncoder()

    @cached_property
    def dictionaries(self) -> dict[str, SignDictionary]:
        """The shipped dictionaries by name, without those that this encoder did not make."""
        return load_dictionaries(self.encoder)

    @cached_property
    def thirty(self) -> Vocabulary:
        """The thirty words of the paper, with what the shipped model was trained on."""
        card, _ = read_card("kslr30")
        return kslr30().with_training(card.extra.get("trained_on", {}))

    @property
    def default(self) -> str:
        """The name of the vocabulary that the server was started with."""
        return self._default.signs.vocabulary.name

    def choices(self) -> list[Choice]:
        """The vocabularies to choose from: the default, the shipped, the taught, the dictionaries. Damaged files are left out."""
        first = self._default.signs.vocabulary
        found = [Choice(first.name, len(first.signs) - len(first.untrained), True)]
        for card in shipped_sign_cards():
            if card.name != first.name:
                found.append(Choice(card.name, sum(not label.startswith("_") for label in card.labels), True))
        for path in taught_vocabularies():
            with suppress(InputError):
                if path.stem != first.name:
                    found.append(Choice(path.stem, _count_words(path, _changed(path)), False))
        return found + [Choice(name, len(one.vocabulary.signs), True, True) for name, one in self.dictionaries.items()]

    def models(self, name: str | None, strictness: str = "", dictionaries: bool = False) -> Models:
        """The models with the signs of a vocabulary.

        Args:
            name: None or empty for the default.
            strictness: how sure a word must be, one of `kslr.recognizer.STRICTNESS`; anything else is the server's own.
            dictionaries: whether it may be a dictionary, in which signs are looked up.

        Raises:
            Refusal: there is none of this name, or it has no words.
        """
        found = self._models(name, dictionaries)
        changed = strictness in STRICTNESS and strictness != found.signs.strictness
        return found.with_strictness(strictness) if changed else found

    def _models(self, name: str | None, dictionaries: bool) -> Models:
        if not name or name == self.default:
            return self._default
        try:
            if dictionaries and name in self.dictionaries:
                return replace(self._default, dictionary=self.dictionaries[name])
            return replace(self._default, signs=self._recognizer(name))
        except Refusal:
            raise
        except InputError as error:
            raise Refusal("teach.other_encoder" if error.code == "other-encoder" else "teach.unusable", name=name) from error

    def _recognizer(self, name: str) -> SignRecognizer:
        path = MODELS / f"{name}.json"
        if path not in MODELS.glob("*.json"):  # The name comes from outside: it may lead out of the folder.
            path = self.path(name)
            if not self.load(name).signs:
                raise Refusal("teach.no_words")
        return _load_recognizer(path, _changed(path))

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
    def forget(self, name: str, sign_id: str, last: int | None = None) -> None:
        """Takes a word, or its last recordings, out; see `kslr.teaching.shelf.forget_word`."""
        shelf.forget_word(shelf.shelf_path(name), sign_id, last)

    @refusals()
    def delete(self, name: str) -> None:
        """Deletes a taught vocabulary; see `kslr.teaching.shelf.delete_vocabulary`."""
        shelf.delete_vocabulary(name)

    def check(self, name: str) -> dict[str, Any]:
        """How well the words are told apart, as `check_words`; empty without words, or with another encoder's."""
        if not self.load(name).signs:
            return {}
        path = self.path(name)
        try:
            return _check_words(path, _changed(path), self.encoder)
        except InputError as error:
            if error.code != "other-encoder":
                raise
            return {}

    def words(self, name: str | None) -> dict[str, dict[str, str]]:
        """The words of any vocabulary: id → names in three languages and in Latin."""
        taught = name and name != self.default and not any(path.stem == name for path in MODELS.glob("*.json"))
        signs = self.load(name).signs if name and taught else self.models(name, dictionaries=True).vocabulary.signs
        return {s.id: {"kk": s.kk, "ru": s.ru, "en": s.en, "latin": s.latin} for s in signs}
