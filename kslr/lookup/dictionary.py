"""A dictionary of signs: the words whose recordings lie nearest to a sign, for who asks what a sign means.

Most words have one recording by one signer, so the nearest word is often a wrong one while the right one is among the ten
nearest. A dictionary therefore gives a list with nearness and never says a word.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.cards import MODELS, Card, card_path, read_card, read_card_arrays
from kslr.core.errors import InputError
from kslr.core.files import one_line, parse_json
from kslr.encoder import SignEncoder
from kslr.lookup.comparison import LookUpRule, nearest_words, read_parts
from kslr.lookup.matching import matching_words
from kslr.segment import SignSegment
from kslr.vocabulary import Sign, Vocabulary

TASK = "sign dictionary"
NEAREST = 10  # words that a look-up gives


@dataclass(frozen=True)
class Found:
    """What a sign may mean.

    Attributes:
        start, end: of the sign, in seconds.
        nearest: (word, nearness), nearest first; nearness is a cosine less the crowding of the recording, at most 1.
    """

    start: float
    end: float
    nearest: tuple[tuple[Sign, float], ...]

    def as_dict(self) -> dict[str, Any]:
        """The look-up as JSON has it: ``start``, ``end`` and ``nearest``, each with its names and ``nearness``.

        >>> Found(0, 1, ((Sign("voda", "су", "su", "water", "вода"), 0.81234),)).as_dict()["nearest"]
        [{'id': 'voda', 'kk': 'су', 'latin': 'su', 'en': 'water', 'ru': 'вода', 'nearness': 0.8123}]
        """
        names = ("id", "kk", "latin", "en", "ru")
        nearest = [
            {name: one_line(getattr(sign, name)) for name in names} | {"nearness": round(nearness, 4)}
            for sign, nearness in self.nearest
        ]
        return {"start": round(self.start, 3), "end": round(self.end, 3), "nearest": nearest}


class SignDictionary:
    """Words and embeddings of their recordings, to look signs up in.

    Args:
        model: a shipped dictionary's name, or the path of a card.
        encoder: the encoder that made its embeddings; loaded when None.
        threads: CPU threads of one call.
        count: how many nearest words a look-up gives.

    Attributes:
        card: what the dictionary is.
        file: of the card.
        vocabulary: its words.
        rule: how signs are compared.

    Raises:
        InputError: no such dictionary, it is damaged, or it was made with another encoder (code ``other-encoder``).

    >>> SignDictionary("rsl").vocabulary["voda"].en
    'water'
    """

    def __init__(
        self, model: str | Path = "rsl", encoder: SignEncoder | None = None, threads: int = 2, count: int = NEAREST
    ) -> None:
        self.file = path = card_path(model)
        self.count = count
        self.card, _ = read_card(path)
        if self.card.task != TASK:
            raise InputError(f"{model} is for the task {self.card.task!r}, not {TASK!r}. Choose a dictionary.", "other-task")
        self.encoder = encoder or SignEncoder(threads=threads)
        if self.card.extra.get("encoder") != self.encoder.card.weights["sha256"]:
            raise InputError(
                f"The dictionary {self.card.name} was made with another encoder than the one installed, so that its signs and "
                "yours cannot be compared. Make it again with python -m kslr.training.ship rsl, or install the package again.",
                "other-encoder",
            )
        self.rule = LookUpRule.from_card(self.card.extra)
        arrays = read_card_arrays(path, self.card)
        self.vocabulary = Vocabulary(self.card.name, _read_words(self.card.name, arrays))
        self._rows, self._label, self._crowding = _check_arrays(arrays, self.encoder.values, len(self.vocabulary.signs))

    @property
    def frames(self) -> int:
        """Number of frames of a window."""
        return self.encoder.frames

    def nearness(self, x: np.ndarray) -> np.ndarray:
        """How near every word is to signs that mean the same, such as those of one clip.

        Args:
            x: (n, frames, 1662) windows, absent parts NaN or zeros, in the 4:3 aspect.

        Returns:
            (words,): the largest over the signs; −1 for all words of no sign.

        Raises:
            InputError: another shape.
        """
        if not len(x):
            return np.full(len(self.vocabulary.signs), -1.0, np.float32)
        asked = self.encoder.embed(read_parts(x, self.rule.asked, self.rule.still, self.rule.both))
        return nearest_words(asked, self._rows, self._label, self._crowding).max(axis=0)

    def look_up(self, segment: SignSegment) -> Found:
        """The words that are nearest to one sign, nearest first."""
        near = self.nearness(segment.window(self.frames)[None])
        order = np.argsort(-near, kind="stable")[: self.count]
        return Found(segment.start, segment.end, tuple((self.vocabulary.signs[i], float(near[i])) for i in order))

    def matching(self, text: str) -> list[int]:
        """The words that a person means by an id, or by a Russian, Kazakh, English or Latin name: their numbers, may be several.

        Letters of either case count the same; where nothing fits exactly, ё also counts as е, and _ and brackets are left out.

        >>> words = SignDictionary("rsl")
        >>> [words.vocabulary.signs[i].en for i in words.matching("ВОДА")], words.matching("no such word")
        (['water'], [])
        """
        return matching_words(self.vocabulary.signs, text)


def shipped_dictionaries() -> list[Card]:
    """The cards of the shipped dictionaries, in the order of their names.

    >>> [card.name for card in shipped_dictionaries()]
    ['rsl']
    """
    cards = [read_card(path)[0] for path in sorted(MODELS.glob("*.json"))]
    return [card for card in cards if card.task == TASK]


def load_dictionaries(encoder: SignEncoder) -> dict[str, SignDictionary]:
    """The shipped dictionaries by name, without those that cannot be used with this encoder."""
    found = {}
    for card in shipped_dictionaries():
        with suppress(InputError):
            found[card.name] = SignDictionary(card.name, encoder)
    return found


def is_dictionary(model: str | Path) -> bool:
    """Whether a name or path is a dictionary's; no error where there is nothing.

    >>> is_dictionary("rsl"), is_dictionary("kslr30"), is_dictionary("nothing")
    (True, False, False)
    """
    try:
        return read_card(model)[0].task == TASK
    except InputError:
        return False


def _read_words(dictionary: str, arrays: dict[str, np.ndarray]) -> tuple[Sign, ...]:
    """The words: an array of bytes that holds JSON, one mapping a word in the order of the labels."""
    try:
        found = []
        for word in parse_json(arrays["words"].astype(np.uint8).tobytes()):
            names = {name: one_line(str(word.get(name, ""))) for name in ("id", "kk", "latin", "en", "ru")}
            # Kazakh is missing where the translation is not sure.
            found.append(Sign(**{**names, "kk": names["kk"] or names["ru"]}, trained_on={dictionary: int(word["recordings"])}))
    except (InputError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"The words of the dictionary {dictionary} are damaged. Install or make it again.") from error
    if not found or not all(sign.id and sign.ru for sign in found):
        raise InputError(f"The dictionary {dictionary} has no words. Install or make it again.")
    return tuple(found)


def _check_arrays(arrays: dict[str, np.ndarray], values: int, words: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    try:
        rows, label, crowding = (arrays[name] for name in ("embeddings", "label", "crowding"))
    except KeyError as error:
        raise InputError(f"The dictionary lacks its {error.args[0]}. Install or make it again.") from error
    fits = rows.ndim == 2 and rows.shape[1] == values and label.shape == crowding.shape == (len(rows),)
    if not fits or rows.dtype.kind != "f" or not np.array_equal(np.unique(label), np.arange(words)) or (np.diff(label) < 0).any():
        raise InputError("The dictionary's words and embeddings don't fit each other. Install or make it again.")
    return rows.astype(np.float32), label.astype(int), crowding.astype(np.float32)
