from html.parser import HTMLParser

import numpy as np

from kslr.core.figures import confusion_matrix_figure
from kslr.core.pages import figure, page, paragraph, table


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.tags = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.found += [value for name, value in attributes if name in ("src", "href") and not (value or "").startswith("#")]


def test_one_file_that_loads_nothing():
    drawing = figure(confusion_matrix_figure(np.eye(3), ["a", "b", "c"]), "Which word was taken for which")
    text = page("Report", "Lead", {"Signs": [paragraph("p"), table(["x"], [[1], [None]]), drawing]})
    links = Links()
    links.feed(text)
    assert links.found == []
    assert "script" not in links.tags
    assert {"table", "svg", "figcaption"} <= set(links.tags)
    assert 'aria-label="Which word was taken for which"' in text


def test_names_cannot_break_out():
    text = page("<b>", "a & b", {"<script>": [table(["<i>"], [["<script>alert(1)</script>"]])]})
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_the_same_figure_is_the_same_bytes():
    assert figure(confusion_matrix_figure(np.eye(2), "ab"), "c") == figure(confusion_matrix_figure(np.eye(2), "ab"), "c")
