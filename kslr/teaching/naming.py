"""The names of vocabularies and words: what is allowed, how a word's id is made, and which word three names mean."""

import unicodedata
from dataclasses import dataclass, replace

from kslr.core.cards import MODELS
from kslr.core.errors import InputError
from kslr.core.files import one_line
from kslr.vocabulary import Sign, kslr30

NAME_LENGTH, WORD_LENGTH = 40, 60
_LETTERS = (
    "а:a ә:a б:b в:v г:g ғ:g д:d е:e ё:yo ж:zh з:z и:i й:y к:k қ:q л:l м:m н:n ң:n о:o ө:o п:p р:r с:s т:t у:u ұ:u ү:u "
    "ф:f х:kh һ:h ц:ts ч:ch ш:sh щ:sh ъ: ы:y і:i ь: э:e ю:yu я:ya"
)
_LATIN = dict(pair.split(":") for pair in _LETTERS.split())


class LessonError(InputError):
    """A vocabulary, a word or a take cannot be used. `code` and `values` let the app say so in its own languages.

    >>> error = LessonError("A word has at most 60 characters.", "long-word", n=60)
    >>> error.code, error.values
    ('long-word', {'n': 60})
    """

    def __init__(self, message: str, code: str, **values: object) -> None:
        super().__init__(message, code)
        self.values = values


def is_word_id(text: object) -> bool:
    """Whether a word's id is one: Latin letters, digits and _; wherever it comes from.

    >>> is_word_id("good_morning"), is_word_id('x"><img src=x>'), is_word_id("su\\n"), is_word_id("")
    (True, False, False, False)
    """
    plain = isinstance(text, str) and len(text) <= WORD_LENGTH and text.isascii()
    return plain and str(text).replace("_", "a").isalnum()


def is_plain_text(text: object, most: int = WORD_LENGTH) -> bool:
    """Whether a name is short, of one line, and without characters that steer a terminal or a text's direction.

    >>> is_plain_text("Қайырлы таң!"), is_plain_text("a\\nb"), is_plain_text("a\\0"), is_plain_text("a" * 61)
    (True, False, False, False)
    """
    return isinstance(text, str) and len(text) <= most and text.isprintable()


@dataclass(frozen=True)
class WordNames:
    """What a person calls a word: in Kazakh, Russian and English, and its id. Each may be empty, but not all of them."""

    kk: str = ""
    ru: str = ""
    en: str = ""
    id: str = ""


def check_name(name: str) -> str:
    """A vocabulary's name, fit for a file.

    >>> check_name("  Менің сөздерім ")
    'Менің сөздерім'

    Raises:
        LessonError: empty, too long, a shipped model's, or with other characters than letters, digits, spaces, - and _.
    """
    name = unicodedata.normalize("NFC", " ".join(str(name).split()))
    plain = all(c.isalnum() or c in " -_" for c in name)
    if not 1 <= len(name) <= NAME_LENGTH or not plain or not any(c.isalnum() for c in name):
        text = f"A vocabulary's name has 1 to {NAME_LENGTH} characters: letters, digits, spaces, - and _."
        raise LessonError(text, "bad-name", n=NAME_LENGTH)
    if name.lower() in {path.stem.lower() for path in MODELS.glob("*.json")}:
        raise LessonError(f"{name} is the name of a shipped model. Choose another name.", "shipped-name", name=name)
    return name


def word_id(*names: str) -> str:
    """A word's id, made of the first of its names that has letters.

    >>> word_id("Good morning!"), word_id("Қайырлы таң")
    ('good_morning', 'qayyrly_tan')

    Raises:
        LessonError: none of the names has letters.
    """
    for name in names:
        latin = "".join(_LATIN.get(c, c) if not c.isascii() else c for c in name.lower())
        kept = "".join(c if c.isascii() and c.isalnum() else "_" for c in latin)
        found = "_".join(part for part in kept.split("_") if part)[:WORD_LENGTH]
        if found:
            return found
    raise LessonError("The word has no name. Give it in at least one language.", "no-word")


def resolve_sign(names: WordNames, taught: tuple[Sign, ...] = ()) -> Sign:
    """The word that the names mean: one of the taught ones, one of the thirty, or a new one.

    A missing name is taken from the known word, else from another language.

    Args:
        taught: the words of the vocabulary.

    Raises:
        LessonError: no name at all, one that is too long, or an id with other characters than Latin letters, digits and _.

    >>> resolve_sign(WordNames(kk="Нан")).latin, resolve_sign(WordNames(id="su")).ru
    ('nan', 'Вода')
    """
    kk, ru, en = (one_line(text) for text in (names.kk, names.ru, names.en))
    sign_id = names.id
    if max(len(kk), len(ru), len(en), len(sign_id)) > WORD_LENGTH:
        raise LessonError(f"A word has at most {WORD_LENGTH} characters.", "long-word", n=WORD_LENGTH)
    if not all(map(is_plain_text, (kk, ru, en))):
        raise LessonError("A word is of letters, digits and signs that can be printed.", "bad-word")
    if sign_id and not is_word_id(sign_id):
        raise LessonError(f"{sign_id!r} cannot be a word's id. Use Latin letters, digits and _, such as rakhmet.", "bad-id")
    known = {sign.id: sign for sign in (*kslr30().signs, *taught)}
    if not sign_id:
        same = [s.id for s in known.values() if _same(kk, s.kk) and (not en or _same(en, s.en))]
        sign_id = same[-1] if same else word_id(en, kk, ru)
    old = known.get(sign_id)
    if old is None:
        text = kk or ru or en or sign_id.replace("_", " ")
        return Sign(sign_id, kk or text, word_id(kk, en, ru, sign_id).replace("_", " "), en or text, ru or text)
    return replace(old, kk=kk or old.kk, ru=ru or old.ru, en=en or old.en, trained_on={})


def _same(given: str, known: str) -> bool:
    return given.casefold() == known.casefold()
