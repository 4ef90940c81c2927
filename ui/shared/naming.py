"""What people may call vocabularies and words, and the ids of words."""

from dataclasses import replace

from kslr.core.cards import MODELS
from kslr.teaching.vocabularies import TaughtVocabulary
from kslr.vocabulary import Sign, kslr30
from ui.shared.i18n import Refusal

NAME_LENGTH, WORD_LENGTH = 40, 60
_LETTERS = (
    "а:a ә:a б:b в:v г:g ғ:g д:d е:e ё:yo ж:zh з:z и:i й:y к:k қ:q л:l м:m н:n ң:n о:o ө:o п:p р:r с:s т:t у:u ұ:u ү:u "
    "ф:f х:kh һ:h ц:ts ч:ch ш:sh щ:sh ъ: ы:y і:i ь: э:e ю:yu я:ya"
)
_LATIN = dict(pair.split(":") for pair in _LETTERS.split())


def safe_name(name: str) -> str:
    """A vocabulary's name, fit for a file.

    >>> safe_name("  Менің сөздерім ")
    'Менің сөздерім'

    Raises:
        Refusal: empty, too long, a shipped one's, or with other characters than letters, digits, spaces, - and _.
    """
    name = " ".join(str(name).split())
    plain = all(c.isalnum() or c in " -_" for c in name)
    if not 1 <= len(name) <= NAME_LENGTH or not plain or not any(c.isalnum() for c in name):
        raise Refusal("teach.bad_name", n=NAME_LENGTH)
    if name.lower() in {path.stem.lower() for path in MODELS.glob("*.json")}:
        raise Refusal("teach.shipped_name", name=name)
    return name


def word_id(*names: str) -> str:
    """A word's id, of the first of its names that gives one.

    >>> word_id("Good morning!"), word_id("Қайырлы таң")
    ('good_morning', 'qayyrly_tan')
    """
    for name in names:
        latin = "".join(_LATIN.get(c, c) if not c.isascii() else c for c in name.lower())
        kept = "".join(c if c.isascii() and c.isalnum() else "_" for c in latin)
        found = "_".join(part for part in kept.split("_") if part)[:WORD_LENGTH]
        if found:
            return found
    raise Refusal("teach.no_word")


def sign_named(kk: str, ru: str, en: str, taught: TaughtVocabulary, sign_id: str = "") -> Sign:
    """The word that three names mean: one of the vocabulary's, one of the thirty, or a new one.

    A name that is left out is taken from the word that is known, else from another language.

    Raises:
        Refusal: no name at all, one too long, or an id with other characters than Latin letters, digits and _.
    """
    kk, ru, en = (" ".join(text.split()) for text in (kk, ru, en))
    if max(len(kk), len(ru), len(en), len(sign_id)) > WORD_LENGTH:
        raise Refusal("teach.long_word", n=WORD_LENGTH)
    if sign_id and not (sign_id.isascii() and sign_id.replace("_", "").isalnum()):
        raise Refusal("teach.bad_id")
    known = {sign.id: sign for sign in (*kslr30().signs, *taught.signs)}
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
