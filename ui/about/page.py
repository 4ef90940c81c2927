"""The About page: what the app does, what its networks are, and what they can't do, all from the loaded models' cards."""

from html import escape
from typing import Any

import gradio as gr

from kslr import __version__
from kslr.core.cards import Card, read_card
from kslr.core.errors import InputError
from kslr.vocabulary import Vocabulary
from ui.about.layers import Layer, layers
from ui.server.services import Services
from ui.shared.i18n import names, texts_html, word_html

# What a reader wants to know first; a card has many more.
HEADLINES = {
    "samples": "about.samples_measured",
    "accuracy": "about.accuracy",
    "interval": "about.interval",
    "top5_accuracy": "about.first_five",
    "macro_f1": "about.mean_of_classes",
    "right_signs_kept": "about.kept",
    "milliseconds": "about.milliseconds",
}
LAYERS = {
    "input": "about.input",
    "convolution": "about.convolution",
    "dense": "about.dense",
    "pooling": "about.pooling",
    "attention": "about.attention",
    "recurrent": "about.recurrent",
    "output": "about.output",
}


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    models = services.models
    cards = (models.signs.card, models.emotions.card)
    gr.HTML(page(models.signs.vocabulary, *cards, *(network(card) for card in cards)), apply_default_css=False)


def network(card: Card) -> tuple[Layer, ...]:
    """The layers of a shipped model; none of one that was loaded from elsewhere."""
    try:
        same, weights = read_card(card.name)
    except InputError:
        return ()
    return layers(weights) if same.weights == card.weights else ()


def page(
    vocabulary: Vocabulary,
    signs: Card,
    emotion: Card,
    sign_layers: tuple[Layer, ...] = (),
    emotion_layers: tuple[Layer, ...] = (),
) -> str:
    """The page as HTML."""
    known = [texts_html(names(sign), "li") for sign in vocabulary.signs if not sign.untrained]
    untrained = [texts_html(names(sign), "li") for sign in vocabulary.untrained]
    waiting = f'{word_html("about.untrained", "p", n=len(untrained))}<ul class="words waiting">{"".join(untrained)}</ul>'
    return f"""
<section class="about" aria-labelledby="about-heading">
  {word_html("about.heading", "h2", 'id="about-heading"')}
  {word_html("about.what", "p", 'class="lead"')}
  {word_html("about.words", "h3", n=len(known))}
  <ul class="words">{"".join(known)}</ul>
  {waiting if untrained else ""}
  {word_html("about.law", "h3")}
  {word_html("about.law_text", "p")}
  <div class="cards">{card_html("about.signs", signs, sign_layers)}{card_html("about.emotion", emotion, emotion_layers)}</div>
  {word_html("about.version", "p", 'class="note"', version=__version__)}
</section>"""


def card_html(heading: str, card: Card, network: tuple[Layer, ...]) -> str:
    """A network's card; its own sentences are in English."""
    every = rows(card.figures)
    first = headlines(every)
    sources = "".join(
        f"<tr><td>{escape(str(s.get('name', '')))}</td><td>{escape(str(s.get('samples', '')))}</td>"
        f"<td>{escape(str(s.get('licence', '')))}</td></tr>"
        for s in card.sources
    )
    head = "".join(word_html(f"about.{column}", "th", 'scope="col"') for column in ("source", "samples", "licence"))
    size = round(card.weights["bytes"] / 1000)
    return f"""
  <article class="card">
    {word_html(heading, "h3")}
    {word_html("about.size", "p", size=size, n=len(card.labels))}
    {network_html(network)}
    {word_html("about.figures", "h4")}{first}
    {word_html("about.sources", "h4")}
    <div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody lang="en">{sources}</tbody></table></div>
    <details><summary>{word_html("about.card")}</summary>
      {word_html("about.figures", "h4")}{figures_html(every)}
      {word_html("about.protocol", "h4")}<p lang="en">{escape(card.protocol)}</p>
      {word_html("about.limits", "h4")}<p lang="en">{escape(card.limits)}</p>
    </details>
  </article>"""


def network_html(network: tuple[Layer, ...]) -> str:
    """The network's layers one after another."""
    drawn = "".join(f'<li class="{one.kind}">{layer_html(one)}</li>' for one in network)
    return f'{word_html("about.network", "h4")}<ol class="layers">{drawn}</ol>' if drawn else ""


def layer_html(layer: Layer) -> str:
    """A layer's kind, how many in a row, and the shape of what comes out."""
    count = f" ×{layer.count}" if layer.count > 1 else ""
    return f"{word_html(LAYERS[layer.kind])}{count} <small>{' × '.join(map(str, layer.shape)) or 1}</small>"


def headlines(figures: list[tuple[str, str]]) -> str:
    """What a reader wants to know first as rows of a table: the figures beside the first accuracy, and those named once."""
    names = [name for name, _ in figures]
    beside = next((name.removesuffix("accuracy") for name in names if name.split(" · ")[-1].endswith("accuracy")), "")
    known = {name.split(" · ")[-1]: shown for name, shown in figures if _once(name, names)}
    known |= {name.removeprefix(beside): shown for name, shown in figures if name.startswith(beside)}
    scope = 'scope="row"'
    cells = "".join(
        f"<tr>{word_html(word, 'th', scope)}<td>{known[name]}</td></tr>" for name, word in HEADLINES.items() if name in known
    )
    return f'<div class="wide" tabindex="0"><table><tbody>{cells}</tbody></table></div>' if cells else ""


def _once(name: str, names: list[str]) -> bool:
    last = name.split(" · ")[-1]
    return sum(other.split(" · ")[-1] == last for other in names) == 1


def figures_html(figures: list[tuple[str, str]]) -> str:
    """Rows of figures as a table; their names are the card's."""
    cells = "".join(f"<tr><th scope='row'>{escape(name)}</th><td>{shown}</td></tr>" for name, shown in figures)
    return f'<div class="wide" tabindex="0"><table lang="en"><tbody>{cells}</tbody></table></div>' if cells else ""


def rows(figures: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Nested figures as flat (name, value) rows, numbers shortened.

    >>> rows({"test": {"accuracy": 0.61234, "interval": [0.6, 0.62]}})
    [('test · accuracy', '0.612'), ('test · interval', '0.600 – 0.620')]
    """
    if isinstance(figures, dict):
        return [row for name, value in figures.items() for row in rows(value, f"{prefix} · {name}" if prefix else str(name))]
    if isinstance(figures, (list, tuple)) and len(figures) == 2 and all(isinstance(v, int | float) for v in figures):
        return [(prefix, " – ".join(_shown(v) for v in figures))]
    if isinstance(figures, (list, tuple)):
        return [(prefix, ", ".join(_shown(v) for v in figures))]
    return [(prefix, _shown(figures))]


def _shown(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else escape(str(value))
