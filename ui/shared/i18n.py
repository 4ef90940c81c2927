"""The app's words in Kazakh, Russian and English, which stand in words.json.

Pages write no visible text themselves: they write elements that name a word (`word_html`) or carry a text in all three
languages (`texts_html`). The browser shows the chosen language at once, without asking the server again.
"""

import json
from collections.abc import Mapping
from functools import cache
from html import escape
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


def word_html(key: str, tag: str = "span", attributes: str = "", **values: object) -> str:
    """An element whose text is a word of the app.

    Args:
        key: of words.json.
        tag: the element's name.
        attributes: more of them, as HTML.
        values: what the word's braces stand for.

    >>> word_html("live.camera_n", "b", n=2)
    '<b data-word="live.camera_n" data-values="{&quot;n&quot;: 2}"></b>'

    Raises:
        KeyError: there is no such word.
    """
    words()[key]
    data = f' data-values="{escape(json.dumps(values))}"' if values else ""
    return f'<{tag} data-word="{key}"{data}{" " if attributes else ""}{attributes}></{tag}>'


def texts_html(texts: Mapping[str, str], tag: str = "span", attributes: str = "") -> str:
    """An element whose text is given in all three languages.

    >>> texts_html({"kk": "Су", "ru": "Вода", "en": "Water"})
    '<span data-kk="Су" data-ru="Вода" data-en="Water"></span>'
    """
    data = " ".join(f'data-{language}="{escape(texts[language])}"' for language in LANGUAGES)
    return f"<{tag} {data}{' ' if attributes else ''}{attributes}></{tag}>"


def names(sign: Sign) -> dict[str, str]:
    """A sign's word in every language of the app."""
    return {language: getattr(sign, language) for language in LANGUAGES}
