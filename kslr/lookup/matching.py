"""Which word of a dictionary a person means by a name, such as that of a folder of clips."""

from collections.abc import Sequence

from kslr.core.files import one_line
from kslr.teaching.naming import word_id
from kslr.vocabulary import Sign


def matching_words(signs: Sequence[Sign], text: str) -> list[int]:
    """The numbers of the words with this id or name, see `SignDictionary.matching`."""
    wanted = _plain(text)
    exact = [i for i, s in enumerate(signs) if wanted in {_plain(name) for name in _names(s)}]
    if exact or not any(letter.isalnum() for letter in text):
        return exact
    return [i for i, s in enumerate(signs) if _latin(text) in {s.id, *map(_latin, _names(s))}]


def _names(sign: Sign) -> list[str]:
    """All names of a word; an English name may hold several, parted by semicolons."""
    names = [sign.id, sign.kk, sign.latin, sign.ru, sign.en, *sign.en.split(";")]
    return [name for name in names if any(letter.isalnum() for letter in name)]


def _plain(text: str) -> str:
    return one_line(text.replace("_", " ")).casefold()


def _latin(text: str) -> str:
    return word_id(_plain(text).replace("ё", "е"))
