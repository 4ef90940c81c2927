"""The About page: what the app does, what its networks are, and what they can't do, all from the loaded models' cards."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from kslr import __version__
from kslr.core.cards import Card, read_card
from kslr.core.errors import InputError
from kslr.lookup.dictionary import shipped_dictionaries
from kslr.vocabulary import Vocabulary
from ui.about.layers import Layer, layers
from ui.server.services import Services
from ui.shared.html import render

ENCODER = "sign_encoder"
# What a reader wants to know first; a card has many more.
HEADLINES = {
    "samples": "about.samples_measured",
    "accuracy": "about.accuracy",
    "interval": "about.interval",
    "top5_accuracy": "about.first_five",
    "macro_f1": "about.mean_of_classes",
    "said_rightly": "about.said_rightly",
    "said_wrongly": "about.said_wrongly",
    "milliseconds": "about.milliseconds",
}


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    models = services.models
    html = page_html(models.signs.vocabulary, models.signs.card, models.emotions.card, shipped_dictionaries())
    gr.HTML(html, apply_default_css=False)


def page_html(vocabulary: Vocabulary, signs: Card, emotion: Card, dictionaries: Sequence[Card] = ()) -> str:
    """The page: the words, the law, and a card each of the network for signs, the one for emotions, and the dictionaries."""
    networks = [("about.signs", signs, shipped_layers(signs)), ("about.emotion", emotion, shipped_layers(emotion))]
    return render(
        "about/page.html",
        trained=[sign for sign in vocabulary.signs if not sign.untrained],
        untrained=vocabulary.untrained,
        cards=[*networks, *(("about.dictionary", card, ()) for card in dictionaries)],
        figure_rows=figure_rows,
        headlines=headlines,
        version=__version__,
    )


def shipped_layers(card: Card) -> tuple[Layer, ...]:
    """The layers of a shipped model, or of the shipped encoder that its recordings are asked by; none of other models."""
    digest = card.weights.get("sha256", card.extra.get("encoder"))
    try:
        same, weights = read_card(card.name if card.weights else ENCODER)
    except InputError:
        return ()
    return layers(weights) if same.weights.get("sha256") == digest else ()


def headlines(figures: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What a reader wants to know first: the figures beside the first accuracy, and those named once.

    Args:
        figures: as `figure_rows` gives them.

    Returns:
        (key of words.json, value) rows.
    """
    last_parts = [name.split(" · ")[-1] for name, _ in figures]
    beside = next((name.removesuffix("accuracy") for name, _ in figures if name.split(" · ")[-1].endswith("accuracy")), "")
    known = {last: value for last, (_, value) in zip(last_parts, figures, strict=True) if last_parts.count(last) == 1}
    known |= {name.removeprefix(beside): value for name, value in figures if name.startswith(beside)}
    return [(word, known[name]) for name, word in HEADLINES.items() if name in known]


def figure_rows(figures: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Nested figures as flat (name, value) rows, numbers shortened.

    >>> figure_rows({"test": {"accuracy": 0.61234, "interval": [0.6, 0.62]}})
    [('test · accuracy', '0.612'), ('test · interval', '0.600 – 0.620')]
    """
    if isinstance(figures, dict):
        return [
            row for name, value in figures.items() for row in figure_rows(value, f"{prefix} · {name}" if prefix else str(name))
        ]
    values = list(figures) if isinstance(figures, (list, tuple)) else [figures]
    between = " – " if len(values) == 2 and all(isinstance(value, int | float) for value in values) else ", "
    return [(prefix, between.join(f"{value:.3f}" if isinstance(value, float) else str(value) for value in values))]
