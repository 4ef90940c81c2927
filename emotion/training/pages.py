"""The page of an emotion report: tables and figures for people."""

from typing import Any

import numpy as np

from emotion.faces import EMOTIONS
from kslr.core.figures import confusion_matrix_figure, reliability_figure, risk_coverage_figure
from kslr.core.pages import figure, page, paragraph, table


def emotion_page(report: dict[str, Any], probabilities: np.ndarray, labels: np.ndarray) -> str:
    """One HTML file.

    Args:
        report: of `emotion.training.evaluation.evaluate`.
        probabilities, labels: (n, 7) and (n,) that the report was made from.
    """
    low, high = report["interval"]
    lead = (
        f"{report['accuracy']:.1%} of {report['samples']} faces right (95 % interval {low:.1%} to {high:.1%}), "
        f"macro F1 {report['macro_f1']:.3f}: {report['protocol']}."
    )
    classes = [[name, *report["classes"][name].values()] for name in EMOTIONS]
    other = [
        ["with the mirrored face as well", report["accuracy_with_mirror"]],
        ["four classes (neutral, happy, sad, angry)", report["four_classes"].get("accuracy")],
        ["expected calibration error", report["expected_calibration_error"]],
        [f"share kept at the threshold {report['threshold']:.2f}", report["coverage"]],
        ["accuracy of the kept", report["accuracy_of_kept"]],
        ["milliseconds, one face", report["milliseconds"]],
        ["milliseconds, 30 faces", report["milliseconds_30_faces"]],
    ]
    if "ferplus" in report:
        other.append([f"against the FER+ majority ({report['ferplus']['samples']} faces)", report["ferplus"]["accuracy"]])
    if report.get("copies", {}).get("samples"):
        other.append([f"{report['copies']['samples']} faces that the training split has too", report["copies"]["accuracy"]])
        other.append(["the other faces", report["copies"]["accuracy_of_others"]])
    sections = {
        "Emotions": [
            table(["emotion", "precision", "recall", "F1", "faces"], classes),
            figure(confusion_matrix_figure(np.array(report["confusion"]), EMOTIONS), "What was right and what was answered"),
        ],
        "How far to trust it": [
            figure(reliability_figure(probabilities, labels), "Accuracy against confidence"),
            figure(risk_coverage_figure({report["model"]: (probabilities, labels)}), "What abstaining buys"),
            paragraph("Below the threshold the model abstains: it names no emotion."),
        ],
        "Other figures": [table(["figure", "value"], other)],
    }
    if "jitter" in report:
        rows = [[kind, amount, value] for kind, curve in report["jitter"].items() for amount, value in curve.items()]
        sections["When the crop is cut a little wrong"] = [table(["moved", "by", "accuracy"], rows)]
    return page(f"Emotion report: {report['model']} on {report['data']}", lead, sections)
