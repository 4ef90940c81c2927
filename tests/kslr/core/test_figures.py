import numpy as np

from kslr.core.figures import confusion_matrix_figure, reliability_figure, risk_coverage_figure


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
    pair = (np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 1]))
    axes = risk_coverage_figure({"sign": pair, "emotion": pair}).axes[0]
    assert [line.get_label() for line in axes.lines] == ["sign", "emotion"]
    assert list(axes.lines[0].get_ydata()) == [0.0, 0.5]
