"""A sign report as one HTML page with tables and figures."""

from typing import Any

import numpy as np

from kslr.core.figures import confusion_matrix_figure
from kslr.core.pages import figure, page, paragraph, table

MOST_CLASSES = 64  # a larger confusion matrix is unreadable


def sign_page(report: dict[str, Any]) -> str:
    """The page for a report of `kslr.training.cross_validation` or `kslr.training.evaluation`.

    >>> report = {"data": "mine", "protocol": "random", "samples": 2, "accuracy": 0.5, "interval": [0.0, 1.0], "macro_f1": 0.5}
    >>> "50.0 %" in sign_page({**report, "milliseconds": 1.0})
    True
    """
    low, high = report["interval"]
    lead = (
        f"{_percent(report['accuracy'])} of {report['samples']} test samples were read rightly "
        f"(95 % interval {_percent(low)} to {_percent(high)})."
    )
    figures = [["Accuracy", _percent(report["accuracy"])], ["Macro F1", f"{report['macro_f1']:.4f}"]]
    figures += [["Top 5", _percent(report["top5_accuracy"])]] if "top5_accuracy" in report else []
    figures += [["Statement and question merged", _percent(report["merged_accuracy"])]] if "merged_accuracy" in report else []
    figures += [["Mean of signers", _percent(report["mean_of_signers"])]] if "mean_of_signers" in report else []
    figures += [["Parameters", f"{report['parameters']:,}"]] if "parameters" in report else []
    figures += [["Milliseconds a sample in LiteRT", f"{report['milliseconds']:.2f}"]]
    about = [f"Data: {report['data']}.", f"Protocol: {report['protocol']}."]
    about += [f"Network: {report['architecture']}."] if "architecture" in report else []
    sections: dict[str, list[str]] = {"What was measured": [paragraph(" ".join(about)), table(["", "Figure"], figures)]}
    for key, heading in (("per_signer", "Signers"), ("per_seed", "Seeds"), ("per_source", "Sources")):
        if report.get(key):
            columns = [c for c in report[key][0] if c != "interval"]
            sections[heading] = [table(columns, [[_cell(row.get(c)) for c in columns] for row in report[key]])]
    if "confusion" in report and len(report["names"]) <= MOST_CLASSES:
        drawing = confusion_matrix_figure(np.array(report["confusion"]), report["names"])
        sections["Confusions"] = [figure(drawing, "Right words by row, answers by column.")]
    if report.get("most_confused"):
        rows = [[r["right"], r["answered"], r["times"]] for r in report["most_confused"]]
        sections.setdefault("Confusions", []).append(table(["Right", "Answered", "Times"], rows))
    if "clips" in report:
        clips = [
            [r["clip"], r["sign"], r["answer"] or "—", ", ".join(r["top5"]), _percent(r["probability"])] for r in report["clips"]
        ]
        sections["Clips"] = [table(["Clip", "Sign", "Answer", "Top 5", "Probability"], clips)]
    return page("Signs", lead, sections)


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _cell(value: Any) -> Any:
    return f"{value:.4f}" if isinstance(value, float) else value
