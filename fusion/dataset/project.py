"""What a data set is to hold: words, affects and repetitions; its name, licence and what its datasheet tells."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from emotion.faces import EMOTIONS
from kslr.core.errors import InputError
from kslr.core.files import one_line
from kslr.teaching.naming import WordNames, is_plain_text, is_word_id, resolve_sign
from kslr.vocabulary import Sign, kslr30

VERSION = 1
MOST_WORDS, MOST_REPETITIONS, NAME_LENGTH, TEXT_LENGTH = 500, 50, 80, 2000
# Under what others may use it; the name as people choose it, and where its text stands.
LICENCES: Mapping[str, str] = {
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC-BY-SA-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "CC-BY-NC-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "CC-BY-NC-SA-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "private": "",
}
FOUR = ("neutral", "happy", "sad", "angry")  # the affects of the KSL-Emo benchmark (2026), twenty words of each
LISTS = ("thirty", "twenty", "pasted")


@dataclass(frozen=True)
class Project:
    """The plan of a data set.

    Attributes:
        id: random; the same wherever the folder is copied to.
        name: for people.
        words: what is signed.
        emotions: with what affect, in the order of `emotion.faces.EMOTIONS`.
        repetitions: how often each signer signs a word with an affect.
        licence: a key of `LICENCES`; ``private`` is not to be given away.
        made: date, ISO 8601.
        about: who records, where and how, for the datasheet; may be empty.
    """

    id: str
    name: str
    words: tuple[Sign, ...]
    emotions: tuple[str, ...]
    repetitions: int
    licence: str
    made: str
    about: str = ""

    @property
    def takes_of_signer(self) -> int:
        """How many takes a signer's whole part has."""
        return len(self.words) * len(self.emotions) * self.repetitions

    def as_dict(self) -> dict[str, Any]:
        """The project as ``project.json`` has it."""
        words = [{key: getattr(word, key) for key in ("id", "kk", "latin", "en", "ru")} for word in self.words]
        return {"version": VERSION, **asdict(replace(self, words=())), "words": words, "emotions": list(self.emotions)}


def new_project(
    name: str, words: Sequence[Sign], emotions: Sequence[str], repetitions: int, licence: str, made: str, about: str = ""
) -> Project:
    """A project with an id of its own.

    Args:
        made: date, ISO 8601.

    Raises:
        InputError: a part of it is impossible (code ``project``).

    >>> new_project("Pilot", kslr30().signs[:2], ["happy", "neutral"], 3, "private", "2026-01-31").takes_of_signer
    12
    """
    return _checked(Project(secrets.token_hex(8), name, tuple(words), tuple(emotions), repetitions, licence, made, about))


def read_project(raw: Any) -> Project:
    """A project from the content of ``project.json``.

    Raises:
        InputError: it is none of this version.
    """
    try:
        if raw["version"] != VERSION:
            raise InputError(f"This data set is of version {raw['version']}, which this program does not know. Update it.")
        fields = {key: str(raw[key]) for key in ("id", "name", "licence", "made", "about")}
        names = ("id", "kk", "latin", "en", "ru")
        words = tuple(Sign(*map(str, [word[name] for name in names][:5])) for word in raw["words"])  # type: ignore[arg-type]
        emotions = tuple(str(one) for one in raw["emotions"])
        return _checked(Project(words=words, emotions=emotions, repetitions=int(raw["repetitions"]), **fields))
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"project.json is not the plan of a data set ({error}). Restore it from a copy.") from error


def _checked(project: Project) -> Project:
    ids = [word.id for word in project.words]
    name, about = one_line(project.name), "\n".join(one_line(line) for line in project.about.splitlines())
    texts = [text for word in project.words for text in (word.kk, word.latin, word.en, word.ru)]
    wrong = {
        f"a name of 1 to {NAME_LENGTH} characters": not 1 <= len(name) <= NAME_LENGTH,
        f"at most {TEXT_LENGTH} characters about it": len(about) > TEXT_LENGTH,
        f"1 to {MOST_WORDS} different words": not 1 <= len(ids) <= MOST_WORDS or len(set(ids)) != len(ids),
        "words with plain names and ids": not all(map(is_word_id, ids)) or not all(map(is_plain_text, texts)),
        f"affects among {', '.join(EMOTIONS)}": not project.emotions or not set(project.emotions) <= set(EMOTIONS),
        f"1 to {MOST_REPETITIONS} repetitions": not 1 <= project.repetitions <= MOST_REPETITIONS,
        f"a licence among {', '.join(LICENCES)}": project.licence not in LICENCES,
        "an id of 16 hexadecimal digits": len(project.id) != 16 or not set(project.id) <= set("0123456789abcdef"),
    }
    if missing := [what for what, is_so in wrong.items() if is_so]:
        raise InputError(f"A data set needs {missing[0]}.", "project")
    ordered = tuple(one for one in EMOTIONS if one in project.emotions)
    return replace(project, name=name, about=about, emotions=ordered)


def choose_words(kind: str, pasted: str = "") -> tuple[Sign, ...]:
    """The words of a list.

    Args:
        kind: ``thirty`` (of the KSLR paper), ``twenty`` (its first twenty, the size of the KSL-Emo benchmark) or ``pasted``.
        pasted: see `parse_words`.

    Raises:
        InputError: another kind, or as `parse_words` raises it.

    >>> len(choose_words("thirty")), len(choose_words("twenty")), [word.id for word in choose_words("pasted", "Нан; Хлеб; Bread")]
    (30, 20, ['bread'])
    """
    if kind not in LISTS:
        raise InputError(f"A list of words is one of {', '.join(LISTS)}, not {kind!r}.", "project")
    return parse_words(pasted) if kind == "pasted" else kslr30().signs[: 30 if kind == "thirty" else 20]


def parse_words(text: str) -> tuple[Sign, ...]:
    """Words as people write them: one a line, in Kazakh, or in Kazakh, Russian and English with ``;``, ``,`` or tabs between.

    A word that is one of the thirty gets its id and the names that are missing. Empty lines and repeated words count once.

    Raises:
        InputError: no words, too many, or a word that cannot be one.

    >>> [(word.id, word.ru) for word in parse_words("Су\\nЖылқы; Лошадь; Horse\\n\\nсу")]
    [('su', 'Вода'), ('horse', 'Лошадь')]
    """
    found: dict[str, Sign] = {}
    for line in text.splitlines():
        for mark in ("\t", ";", ","):
            if mark in line:
                break
        names = [one_line(part) for part in line.split(mark)]
        if any(names):
            sign = resolve_sign(WordNames(*[*names, "", ""][:3]))
            found.setdefault(sign.id, sign)
        if len(found) > MOST_WORDS:
            break
    if not 1 <= len(found) <= MOST_WORDS:
        raise InputError(f"Write 1 to {MOST_WORDS} words, one a line.", "words")
    return tuple(found.values())
