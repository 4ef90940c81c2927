"""The app's words in Kazakh, Russian and English, which stand in words.json."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from kslr.core.errors import InputError
from kslr.vocabulary import Sign

LANGUAGES = {"kk": "Қазақша", "ru": "Русский", "en": "English"}


class Refusal(InputError):
    """The app can't do what somebody asks; ``key`` of words.json and ``values`` for its braces say why."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@cache
def words() -> Mapping[str, dict[str, str]]:
    """Every word of the app by key: ``{"live.start": {"kk": "Бастау", "ru": "Начать", "en": "Start"}, …}``."""
    raw = json.loads((Path(__file__).parent / "words.json").read_text(encoding="utf-8"))
    return {key: dict(zip(LANGUAGES, texts, strict=True)) for key, texts in raw.items()}


def text(key: str, language: str, **values: object) -> str:
    """A word in one language. Braces name a value, ``{n}``, or the form of a word that fits a number, ``{n:word|words}``.

    >>> text("live.camera_n", "en", n=2)
    'Camera 2'
    """
    return _Plurals(language).vformat(words()[key][language], (), values)


class _Plurals(Formatter):
    """Braces of one language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if not format_spec:
            return str(value)
        forms = format_spec.split("|")
        return forms[min(plural_form(int(value), self._language), len(forms) - 1)]


def plural_form(n: int, language: str) -> int:
    """Which of a word's forms goes with a number: in Russian of three (один, два, пять), in English of two, in Kazakh of one.

    >>> [plural_form(n, "ru") for n in (1, 2, 5, 11, 21, 112, 122)]
    [0, 1, 2, 2, 0, 2, 1]
    >>> plural_form(1, "en"), plural_form(2, "en"), plural_form(2, "kk")
    (0, 1, 0)
    """
    if language == "kk":
        return 0
    if language == "en":
        return int(n != 1)
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14) else 2


def names(sign: Sign) -> dict[str, str]:
    """A sign's word in every language of the app."""
    return {language: getattr(sign, language) for language in LANGUAGES}
