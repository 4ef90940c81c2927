"""The app's words in Kazakh, Russian and English, which stand in words.json."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

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
    """A word in one language.

    >>> text("live.camera_n", "en", n=2)
    'Camera 2'
    """
    return words()[key][language].format(**values)


def names(sign: Sign) -> dict[str, str]:
    """A sign's word in every language of the app."""
    return {language: getattr(sign, language) for language in LANGUAGES}
