"""The About page: what the app does, what its networks are, and what they can't do, all from the loaded models' cards."""

from collections.abc import Mapping, Sequence
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
# What a reader wants to know first, and whether it is a share; a card has many more.
HEADLINES = {
    "samples": ("about.samples_measured", False),
    "accuracy": ("about.accuracy", True),
    "interval": ("about.interval", True),
    "top5_accuracy": ("about.first_five", True),
    "macro_f1": ("about.mean_of_classes", False),
    "said_rightly": ("about.said_rightly", True),
    "said_wrongly": ("about.said_wrongly", True),
    "milliseconds": ("about.milliseconds", False),
}
KAZAKHSTAN = ("qazsign", "krsl20")  # beginnings of the names of sources with recordings from there
# Beginnings of the names and licences of shipped sources, which are told in the reader's language; others as they are.
SOURCES = {
    "ksl30_by_meaning": "about.source_meaning",
    "qazsign7_hands": "about.source_kazakhstan",
    "rsl": "about.source_clips",
    "krsl20_hands": "about.source_questions",
    "FER2013": "about.source_faces",
    "FER+": "about.source_votes",
}
LICENCES = {
    "public repositor": "about.licence_unstated",
    "dictionary clips": "about.licence_unstated",
    "not stated": "about.licence_unstated",
    "made for a research challenge": "about.licence_faces",
    "MIT (the labels)": "about.licence_votes",
}


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    models = services.models
    html = page_html(models.signs.vocabulary, models.signs.card, models.emotions.card, shipped_dictionaries())
    gr.HTML(html, apply_default_css=False)


def page_html(vocabulary: Vocabulary, signs: Card, emotion: Card, dictionaries: Sequence[Card] = ()) -> str:
    """The page: what matters first; then the words, and a card each of the network for signs, for emotions, the dictionaries."""
    trained = [sign for sign in vocabulary.signs if not sign.untrained]
    networks = [("about.signs", signs, shipped_layers(signs)), ("about.emotion", emotion, shipped_layers(emotion))]
    return render(
        "about/page.html",
        trained=trained,
        kazakh=sum(any(source.startswith(KAZAKHSTAN) for source in sign.trained_on) for sign in trained),
        strangers=stranger_figures(signs),
        source_words=source_words,
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


def stranger_figures(card: Card) -> dict[str, int] | None:
    """How well signs of people are read of whom nothing was learnt, in percent; None where the card does not tell."""
    found = card.figures.get("new_recorders")
    if not isinstance(found, dict):
        return None
    low, high = found["accuracy_interval"]
    shares = {"right": found["accuracy"], "low": low, "high": high, "said": found["said_rightly"], "wrong": found["said_wrongly"]}
    return {name: round(100 * share) for name, share in shares.items()}


def source_words(source: Mapping[str, Any]) -> dict[str, str]:
    """Keys of words.json for a source's name and licence; empty for those that are told as they stand in the card.

    >>> source_words({"name": "rsl", "licence": "CC0"})
    {'name': 'about.source_clips', 'licence': ''}
    """

    def find(known: Mapping[str, str], text: str) -> str:
        return next((word for beginning, word in known.items() if text.startswith(beginning)), "")

    return {"name": find(SOURCES, source.get("name", "")), "licence": find(LICENCES, source.get("licence", ""))}


def headlines(figures: Any) -> list[tuple[str, list[Any], bool]]:
    """What a reader wants to know first: the figures beside the first accuracy, and those named once.

    Returns:
        (key of words.json, values, whether they are shares from 0 to 1) rows.
    """
    rows = _flat(figures)
    last_parts = [name.split(" · ")[-1] for name, _ in rows]
    beside = next((name.removesuffix("accuracy") for name, _ in rows if name.split(" · ")[-1].endswith("accuracy")), "")
    known = {last: value for last, (_, value) in zip(last_parts, rows, strict=True) if last_parts.count(last) == 1}
    known |= {name.removeprefix(beside): value for name, value in rows if name.startswith(beside)}
    known.setdefault("interval", known.get("accuracy_interval", []))
    return [(word, known[name], share) for name, (word, share) in HEADLINES.items() if known.get(name)]


def figure_rows(figures: Any) -> list[tuple[str, str]]:
    """Nested figures as flat (name, value) rows, numbers shortened.

    >>> figure_rows({"test": {"accuracy": 0.61234, "interval": [0.6, 0.62]}})
    [('test · accuracy', '0.612'), ('test · interval', '0.600 – 0.620')]
    """
    found = []
    for name, values in _flat(figures):
        between = " – " if len(values) == 2 and all(isinstance(value, int | float) for value in values) else ", "
        found.append((name, between.join(f"{value:.3f}" if isinstance(value, float) else str(value) for value in values)))
    return found


def _flat(figures: Any, prefix: str = "") -> list[tuple[str, list[Any]]]:
    if isinstance(figures, dict):
        return [row for name, value in figures.items() for row in _flat(value, f"{prefix} · {name}" if prefix else str(name))]
    return [(prefix, list(figures) if isinstance(figures, (list, tuple)) else [figures])]
