from dataclasses import replace

import pytest

from kslr.core.cards import Card, read_card
from kslr.lookup.dictionary import shipped_dictionaries
from kslr.vocabulary import kslr30
from ui.about.page import figure_rows, headlines, page_html, shipped_layers
from ui.shared.i18n import LANGUAGES

CARD = Card(
    name="kslr30",
    task="signs",
    labels=("su", "it"),
    input={},
    sources=({"name": "a <source>", "samples": 7, "licence": "CC0"},),
    protocol="One split.",
    figures={"test": {"accuracy": 0.91234, "interval": [0.9, 0.93], "words": ["su", "it"]}},
    calibration={},
    limits="Only & two words.",
    commit="",
    weights={"file": "kslr30.tflite", "sha256": "", "bytes": 4321},
)


def test_the_cards_are_shown_as_they_are():
    vocabulary = kslr30().with_training({"su": {"rsl": 1}, "it": {"rsl": 2}})
    html = page_html(vocabulary, CARD, CARD)
    assert html.count("a &lt;source&gt;") == 2
    assert "91.2" in html  # a share as percent in the headlines
    assert "0.912" in html  # as it is in the full card
    assert "0.900 – 0.930" in html
    assert "Only &amp; two words." in html
    # The headlines come first, all figures in the full card.
    assert html.count("about.accuracy") == 2
    assert html.count("test · accuracy") == 2
    assert html.count("test · words") == 2
    waiting = html.split("about.untrained")[1].split("</ul>")[0]
    assert waiting.count("<li") == 28
    assert 'data-ru="Вода"' not in waiting


def test_the_network_is_drawn_from_the_model_itself():
    card = read_card("emotion")[0]
    found = shipped_layers(card)
    html = page_html(kslr30(), CARD, card)
    drawn = html.split('<ol class="layers">')[1].split("</ol>")[0]
    assert drawn.count("<li") == len(found) > 4
    assert "48 × 48" in drawn
    assert "about.convolution" in drawn
    assert shipped_layers(CARD) == ()
    # A vocabulary without a network of its own is asked by the encoder; another encoder's is not drawn.
    bare = replace(CARD, weights={}, extra={"encoder": read_card("sign_encoder")[0].weights["sha256"]})
    assert shipped_layers(bare) == shipped_layers(read_card("sign_encoder")[0])
    assert shipped_layers(replace(bare, extra={"encoder": "0" * 64})) == ()
    assert html.count('<ol class="layers">') == 1


def test_headlines_belong_together():
    figures = {"clips": {"interval": [0.1, 0.9]}, "people": {"accuracy": 0.5, "interval": [0.4, 0.6]}, "milliseconds": 1.5}
    assert headlines(figures) == [
        ("about.accuracy", [0.5], True),
        ("about.interval", [0.4, 0.6], True),
        ("about.milliseconds", [1.5], False),
    ]


def test_figures_of_any_shape_become_rows():
    assert figure_rows({"a": 1, "b": {"c": 0.5}}) == [("a", "1"), ("b · c", "0.500")]
    assert figure_rows({"x": ["<"]}) == [("x", "<")]


def test_what_matters_comes_first_and_is_of_the_shipped_model():
    card = read_card("kslr30")[0]
    vocabulary = kslr30().with_training(card.extra["trained_on"])
    html = page_html(vocabulary, card, card)
    matters = html.split("about.matters")[1].split("</ul>")[0]
    assert [key for key in ("about.kazakh", "about.strangers", "about.helps", "about.law_text") if key in matters] == [
        "about.kazakh", "about.strangers", "about.helps", "about.law_text",
    ]  # fmt: skip
    assert "{&#34;n&#34;: 24, &#34;k&#34;: 2}" in matters
    found = card.figures["new_recorders"]
    assert f"&#34;right&#34;: {round(100 * found['accuracy'])}" in matters
    assert html.index("about.matters") < html.index("about.words") < html.index('class="layers"')
    # Without such figures nothing is claimed.
    assert "about.strangers" not in page_html(vocabulary, CARD, CARD)


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_the_page_is_short_on_a_phone_and_in_one_language(visit, language):
    tab = visit("about", language, viewport={"width": 360, "height": 740})
    assert tab.evaluate("document.documentElement.scrollHeight") < 2500
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert not tab.locator(".about .layers").first.is_visible()
    for one in tab.locator(".about > .cards > details > summary").all():
        one.click()
    assert tab.locator(".about .card > .wide [lang=en]").count() <= 1  # the dictionary's own sentence
    decimal = tab.locator(".about .card [data-number]").first.inner_text()
    assert ("," in decimal) == (language != "en")


def test_the_untrained_words_of_the_shipped_model_are_named(visit, server):
    tab = visit("about", "ru")
    tab.click(".about > details summary")
    told = tab.locator("#page-about .waiting li").all_inner_texts()
    assert "Петух" in told
    assert "Вода" not in told
    assert tab.locator("#page-about .card").count() == 3
    tab.locator("#page-about .card > summary").nth(1).click()
    assert "FER2013" in tab.locator("#page-about .card").nth(1).inner_text()


def test_a_dictionary_is_listed_with_the_networks():
    (dictionary,) = shipped_dictionaries()
    html = page_html(kslr30(), CARD, CARD, [dictionary])
    assert html.count('class="card"') == 3
    assert str(dictionary.extra["words"]) in html.split("about.dictionary")[1]
    assert dictionary.limits.split(".")[0] in html
