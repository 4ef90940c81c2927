from html.parser import HTMLParser

import numpy as np

from kslr.core.reports import (
    confusion_matrix_figure,
    figure_html,
    paragraph_html,
    reliability_figure,
    render_report,
    risk_coverage_figure,
    table_html,
)


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.tags = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.found += [value for name, value in attributes if name in ("src", "href") and not (value or "").startswith("#")]


def test_one_file_that_loads_nothing():
    drawing = figure_html(confusion_matrix_figure(np.eye(3), ["a", "b", "c"]), "Which word was taken for which")
    text = render_report("Report", "Lead", {"Signs": [paragraph_html("p"), table_html(["x"], [[1], [None]]), drawing]})
    links = Links()
    links.feed(text)
    assert links.found == []
    assert "script" not in links.tags
    assert {"table", "svg", "figcaption"} <= set(links.tags)
    assert 'aria-label="Which word was taken for which"' in text


def test_names_cannot_break_out():
    text = render_report("<b>", "a & b", {"<script>": [table_html(["<i>"], [["<script>alert(1)</script>"]])]})
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_the_same_figure_is_the_same_bytes():
    assert figure_html(confusion_matrix_figure(np.eye(2), "ab"), "c") == figure_html(
        confusion_matrix_figure(np.eye(2), "ab"), "c"
    )


def test_the_matrix_shows_counts_and_names():
    axes = confusion_matrix_figure(np.array([[3, 1], [0, 4]]), ["sad", "angry"]).axes[0]
    assert sorted(text.get_text() for text in axes.texts) == ["1", "3", "4"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["sad", "angry"]


def test_many_classes_have_no_numbers():
    assert not confusion_matrix_figure(np.eye(40), [str(i) for i in range(40)]).axes[0].texts


def test_reliability_of_a_sure_and_right_model_lies_on_top():
    probabilities = np.array([[0.95, 0.05]] * 10)
    line = reliability_figure(probabilities, np.zeros(10, int)).axes[0].lines[1]
    assert list(line.get_ydata()) == [1.0]


def test_each_curve_has_its_line():
    pair = ([0.5, 1.0], [0.0, 0.5])
    axes = risk_coverage_figure({"sign": pair, "emotion": pair}).axes[0]
    assert [line.get_label() for line in axes.lines] == ["sign", "emotion"]
    assert list(axes.lines[0].get_ydata()) == [0.0, 0.5]
