"""Reports as one HTML file: text, tables and matplotlib charts, no scripts, nothing loaded from elsewhere, printable.

Charts are `matplotlib.figure.Figure` objects, drawn without a screen; nothing is shown or kept open.
"""

import io
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from kslr.core.calibration import top_answers
from kslr.core.errors import InputError
from kslr.core.scores import difference_text

if TYPE_CHECKING:
    from jinja2 import Environment
    from matplotlib.figure import Figure

LANGUAGES = ("kk", "ru", "en")  # of reports, in the order of every words.json
INK, BLUE, ORANGE = "#222222", "#1f6f9f", "#c8641b"


@cache
def report_templates(package: str = "kslr.core") -> "Environment":
    """The jinja2 templates of a package and of this room (``base.html`` is the frame of every report); values are escaped."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    loader = ChoiceLoader([PackageLoader(name, ".") for name in dict.fromkeys((package, "kslr.core"))])
    templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    templates.filters["cell"] = format_cell
    return templates


def render_report(title: str, lead: str, sections: Mapping[str, Sequence[str]], language: str = "en") -> str:
    """A whole report.

    Args:
        title: plain text.
        lead: plain text, what a reader should know first.
        sections: heading → parts made by `table_html`, `figure_html` and `paragraph_html`.

    >>> "<h2>Words</h2>" in render_report("Report", "All is well.", {"Words": [paragraph_html("a < b")]})
    True
    """
    return report_templates().get_template("report.html").render(title=title, lead=lead, sections=sections, language=language)


def paragraph_html(text: str) -> str:
    """A paragraph of plain text."""
    return _part("paragraph", text)


def table_html(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table; floats have four significant digits, None is a dash.

    >>> "<td>0.3333</td>" in table_html(["share"], [[1 / 3]])
    True
    """
    return _part("table", columns, rows)


def figure_html(figure: "Figure", caption: str) -> str:
    """A chart as SVG inside the page, always the same text; its caption is also what a screen reader says."""
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "kslr"}):
        # Without metadata: it has addresses in it, and a report names nothing that could be fetched.
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    svg = buffer.getvalue()
    return _part("figure", svg[svg.index("<svg") :], caption)


def read_words(package: str, language: str) -> dict[str, Any]:
    """A package's ``words.json`` in one language: key → text, or a list of texts.

    Raises:
        InputError: not one of `LANGUAGES`.

    >>> read_words("kslr.core", "ru")["made"]
    'Как это получено'
    """
    if language not in LANGUAGES:
        raise InputError(f"Reports are written in {', '.join(LANGUAGES)}, not in {language}.")
    column = LANGUAGES.index(language)
    every = json.loads(files(package).joinpath("words.json").read_text(encoding="utf-8"))
    return {k: [t[column] for t in texts] if isinstance(texts[0], list) else texts[column] for k, texts in every.items()}


def origin_section(report: Mapping[str, Any], language: str = "en") -> dict[str, list[str]]:
    """The section that says what a report was made with (its entry ``made``), empty where it is not known.

    >>> list(origin_section({"made": {"version": "0.1.0"}}))
    ['How it was made']
    """
    words = read_words("kslr.core", language)
    rows = [(words.get(key, key.replace("_", " ")), value) for key, value in report.get("made", {}).items()]
    return {words["made"]: [table_html((words["figure"], words["value"]), rows)]} if rows else {}


def comparison_section(report: Mapping[str, Any]) -> dict[str, list[str]]:
    """The section that compares a report's model with another one on the same samples (its entry ``against``), if any."""
    other = report.get("against")
    if not other:
        return {}
    rows = [
        ["accuracy", other["own_accuracy"], other["accuracy"], difference_text(other["accuracy_difference"])],
        ["macro F1", other["own_macro_f1"], other["macro_f1"], difference_text(other["macro_f1_difference"])],
        ["right where the other is wrong", other["only_ours_right"], other["only_theirs_right"], None],
    ]
    drawn = f"Paired on {other['samples']} samples; the bootstrap drew {other['groups']} independent ones with both answers."
    table = table_html(("figure", "this model", other["model"], "difference"), rows)
    return {f"Against {other['model']}": [table, paragraph_html(drawn)]}


def format_cell(value: Any) -> str:
    """A table's value as text.

    >>> format_cell(None), format_cell(0.123456), format_cell("su")
    ('–', '0.1235', 'su')
    """
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _part(macro: str, *values: Any) -> str:
    return str(getattr(report_templates().get_template("parts.html").module, macro)(*values))


def new_figure(width: float, height: float) -> "Figure":
    """An empty chart of so many inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def confusion_matrix_figure(
    matrix: np.ndarray, names: Sequence[str], axis_names: tuple[str, str] = ("answer", "right class")
) -> "Figure":
    """Rows are right classes, columns answers; colour is the share of the row, the number the count.

    Args:
        matrix: (classes, classes) counts.
        names: of the classes; up to 20 classes have numbers in the cells.
        axis_names: what stands below and beside it.

    >>> confusion_matrix_figure(np.eye(2), ["a", "b"]).axes[0].get_xlabel()
    'answer'
    """
    side = max(3.6, 0.32 * len(names) + 1.8)
    figure = new_figure(side, side)
    axes = figure.subplots()
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel(axis_names[0])
    axes.set_ylabel(axis_names[1])
    if len(names) <= 20:
        for (row, column), count in np.ndenumerate(matrix):
            if count:
                colour = "white" if share[row, column] > 0.55 else INK
                axes.text(column, row, f"{int(count)}", ha="center", va="center", fontsize=7, color=colour)
    return figure


def reliability_figure(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> "Figure":
    """Accuracy against confidence, and below it the share of samples in each bin.

    Args:
        probabilities: (n, classes).
        labels: (n,).

    >>> len(reliability_figure(np.array([[0.9, 0.1]]), np.array([0])).axes)
    2
    """
    confidence, correct = top_answers(probabilities, labels)
    index = np.clip((confidence * bins).astype(int), 0, bins - 1)
    figure = new_figure(4.2, 4.6)
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


def shares_figure(shares: Sequence[float], name: str) -> "Figure":
    """How often each share occurs, in bins of a twentieth.

    Args:
        shares: (n,) 0–1.
        name: what they are.

    >>> shares_figure([0.5, 1.0], "accuracy").axes[0].get_xlabel()
    'accuracy'
    """
    figure = new_figure(4.6, 3.0)
    axes = figure.subplots()
    axes.hist(shares, np.linspace(0, 1, 21).tolist(), color=BLUE, rwidth=0.9)
    axes.axvline(float(np.mean(shares)), color=ORANGE, linestyle="--", label="mean")
    axes.set_xlabel(name)
    axes.set_ylabel("number")
    axes.set_xlim(0, 1)
    axes.legend(frameon=False)
    return figure


def risk_coverage_figure(
    curves: Mapping[str, tuple[Sequence[float] | np.ndarray, Sequence[float] | np.ndarray]],
    axis_names: tuple[str, str] = ("share kept", "error rate of the kept"),
) -> "Figure":
    """Error rate among the kept answers against the share kept.

    Args:
        curves: name → coverage and risk, both (n,), from `kslr.core.calibration.risk_coverage`; one line each.

    >>> risk_coverage_figure({"sign": ([0.5, 1.0], [0.0, 0.5])}).axes[0].get_ylabel()
    'error rate of the kept'
    """
    figure = new_figure(4.6, 3.4)
    axes = figure.subplots()
    for (name, (coverage, risk)), colour in zip(curves.items(), (BLUE, ORANGE, "#3a7d44", "#7a4b94"), strict=False):
        axes.plot(coverage, risk, color=colour, label=name)
    axes.set_xlabel(axis_names[0])
    axes.set_ylabel(axis_names[1])
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure
