"""Figures that reports of every branch share, drawn with matplotlib without a screen.

Each function returns a `matplotlib.figure.Figure`; nothing is shown or kept open.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kslr.core.calibration import risk_coverage, top_answers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, BLUE, ORANGE = "#222222", "#1f6f9f", "#c8641b"


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def confusion_matrix_figure(matrix: np.ndarray, names: Sequence[str]) -> "Figure":
    """Rows are right classes, columns answers; colour is the share of the row, the number the count.

    Args:
        matrix: (classes, classes) counts.
        names: of the classes; numbers are written into cells up to 20 classes.

    >>> confusion_matrix_figure(np.eye(2), ["a", "b"]).axes[0].get_xlabel()
    'answer'
    """
    side = max(3.6, 0.32 * len(names) + 1.8)
    figure = _figure(side, side)
    axes = figure.subplots()
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("answer")
    axes.set_ylabel("right class")
    if len(names) <= 20:
        for (row, column), count in np.ndenumerate(matrix):
            if count:
                colour = "white" if share[row, column] > 0.55 else INK
                axes.text(column, row, f"{int(count)}", ha="center", va="center", fontsize=7, color=colour)
    return figure


def reliability_figure(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> "Figure":
    """Accuracy against confidence, with the share of samples in each bin under it.

    Args:
        probabilities: (n, classes).
        labels: (n,).

    >>> len(reliability_figure(np.array([[0.9, 0.1]]), np.array([0])).axes)
    2
    """
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == np.asarray(labels)
    index = np.clip((confidence * bins).astype(int), 0, bins - 1)
    figure = _figure(4.2, 4.6)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    filled = np.unique(index)
    upper.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--", label="perfect")
    upper.plot(
        [confidence[index == b].mean() for b in filled],
        [correct[index == b].mean() for b in filled],
        "o-",
        color=BLUE,
        label="measured",
    )
    upper.set_ylabel("accuracy")
    upper.set_ylim(0, 1)
    upper.legend(frameon=False)
    lower.bar((np.arange(bins) + 0.5) / bins, np.bincount(index, minlength=bins) / len(index), 0.9 / bins, color=ORANGE)
    lower.set_xlabel("confidence")
    lower.set_ylabel("share")
    lower.set_xlim(0, 1)
    return figure


def risk_coverage_figure(curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> "Figure":
    """Error rate among the kept against the share kept, a line for each (probabilities, labels).

    >>> risk_coverage_figure({"sign": (np.array([[0.9, 0.1]]), np.array([0]))}).axes[0].get_ylabel()
    'error rate of the kept'
    """
    figure = _figure(4.6, 3.4)
    axes = figure.subplots()
    for (name, (probabilities, labels)), colour in zip(curves.items(), (BLUE, ORANGE, "#3a7d44", "#7a4b94"), strict=False):
        coverage, risk, _ = risk_coverage(*top_answers(probabilities, labels))
        axes.plot(coverage, risk, color=colour, label=name)
    axes.set_xlabel("share kept")
    axes.set_ylabel("error rate of the kept")
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure
