"""Pages as HTML. jinja2 templates, which escape every value, lie in the rooms beside the page.py that fills them.

Templates write no visible text: their elements name a word of words.json (``data-word``) or carry a text in all three
languages. The browser shows the chosen language at once, without asking the server again.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fusion.appearance import EMOTION_COLOURS, EMOTION_NAMES, icon_svg
from ui.shared.i18n import LANGUAGES, names, words

UI = Path(__file__).resolve().parents[1]


def word_attributes(key: str, **values: object) -> Markup:
    """The attributes of an element whose text is a word of the app; ``word`` in templates.

    Args:
        key: of words.json.
        values: what the word's braces stand for.

    >>> word_attributes("live.camera_n", n=2)
    Markup('data-word="live.camera_n" data-values="{&#34;n&#34;: 2}"')

    Raises:
        KeyError: there is no such word.
    """
    words()[key]
    data = Markup(' data-values="{}"').format(json.dumps(values)) if values else ""
    return Markup('data-word="{}"{}').format(key, data)


def text_attributes(texts: Mapping[str, str]) -> Markup:
    """The attributes of an element whose text is given in all three languages; ``texts`` in templates.

    >>> text_attributes({"kk": "Су", "ru": "Вода", "en": "Water"})
    Markup('data-kk="Су" data-ru="Вода" data-en="Water"')
    """
    return Markup(" ").join(Markup('data-{}="{}"').format(language, texts[language]) for language in LANGUAGES)


def css_colour(colour: tuple[int, int, int]) -> str:
    """A colour (red, green, blue; 0–255) in CSS.

    >>> css_colour((255, 176, 0))
    'rgb(255 176 0)'
    """
    return "rgb({} {} {})".format(*colour)


def clock(seconds: float) -> str:
    """Minutes and seconds.

    >>> clock(75.4)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(UI), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found.globals.update(
        word=word_attributes,
        texts=text_attributes,
        names=names,
        clock=clock,
        emotion_names=EMOTION_NAMES,
        emotion_colour=lambda emotion: css_colour(EMOTION_COLOURS[emotion or "neutral"]),
        emotion_icon=lambda emotion: Markup(icon_svg(emotion)),
    )
    return found


def render(template: str, **values: object) -> str:
    """A template filled in.

    Args:
        template: its path in ``ui``, such as ``live/page.html``.
        values: what it names.
    """
    return _environment().get_template(template).render(values)


def macros(template: str) -> Any:
    """The macros of a template, as functions that give HTML."""
    return _environment().get_template(template).module
