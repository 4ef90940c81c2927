"""The joint evaluator's report as one HTML file with figures that a paper could print."""

from typing import Any

import numpy as np

from kslr.core.figures import confusion_matrix_figure
from kslr.core.pages import figure, page, paragraph, table


def joint_page(report: dict[str, Any]) -> str:
    """The page of what `kslr evaluate joint` found.

    Args:
        report: `kslr.core.scores.report` with the entries of `fusion.evaluation.joint.evaluate`.
    """
    lead = (
        f"{report['clips']} clips of {report['data']}: sign {_share(report['sign']['top1'])}, "
        f"emotion {_share(report['emotion']['accuracy'])}, both right {_share(report['joint']['exact_match'])}. "
        "Intervals are 95 % bootstrap intervals. What was rejected, unseen or unreadable counts as wrong."
    )
    sections: dict[str, list[str]] = {"Headlines": [_headlines(report)]}
    for name, heading in (("sign", "Signs"), ("emotion", "Emotions")):
        part = report[name]
        if not part["clips"]:
            sections[heading] = [paragraph("No clip of the manifest has this label.")]
            continue
        matrix = confusion_matrix_figure(np.array(part["confusion"]["counts"]), part["confusion"]["names"])
        sections[heading] = [_details(part), figure(matrix, f"{heading}: which was taken for which")]
    curves = {name: report[name]["risk_coverage"] for name in ("sign", "emotion") if report[name]["clips"]}
    if curves:
        sections["When only the surest are kept"] = [figure(_curves(curves), "Error rate of the kept against the share kept")]
    columns = ("clips", "sign_accuracy", "emotion_accuracy", "joint_accuracy")
    sections["By signer"] = [table(("signer", *columns), [[r["signer"], *(r[c] for c in columns)] for r in report["per_signer"]])]
    rows = [[r["sign"], r["emotion"], *(r[c] for c in columns)] for r in report["per_sign_and_emotion"]]
    sections["By sign and emotion"] = [table(("sign", "emotion", *columns), rows)]
    idle = report["idle"]
    sections["Clips without signing"] = [
        table(("clips", "minutes", "false words", "false words a minute"), [list(idle.values())])
        if idle["clips"]
        else paragraph("The manifest has none, so false words were not measured.")
    ]
    if report["problems"]:
        sections["Clips with a problem"] = [
            table(("clip", "problem"), [[problem["clip"], problem["problem"]] for problem in report["problems"]])
        ]
    return page("Sign and affect, evaluated together", lead, sections)


def _headlines(report: dict[str, Any]) -> str:
    joint = report["joint"]
    rows = [
        ["sign, top-1", *_value(report["sign"]["top1"])],
        ["sign, top-5", *_value(report["sign"]["top5"])],
        ["emotion", *_value(report["emotion"]["accuracy"])],
        ["both right", *_value(joint["exact_match"])],
    ]
    if joint["clips"]:
        rows += [
            ["product of the two alone", joint["product_of_marginals"], None, None],
            ["independence gap", *_value(joint["independence_gap"])],
        ]
    return table(("figure", "value", "from", "to"), rows)


def _details(part: dict[str, Any]) -> str:
    return table(("figure", "value"), [[k.replace("_", " "), v] for k, v in part.items() if not isinstance(v, dict | list)])


def _value(entry: dict[str, Any]) -> list[float | None]:
    return [entry["value"], *(entry["interval"] or (None, None))]


def _share(entry: dict[str, Any]) -> str:
    return "not measured" if entry["value"] is None else f"{entry['value']:.1%}"


def _curves(curves: dict[str, dict[str, Any]]) -> Any:
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(4.6, 3.4), layout="constrained")
    axes = drawing.subplots()
    for (name, curve), colour in zip(curves.items(), ("#1f6f9f", "#c8641b"), strict=False):
        axes.plot(curve["coverage"], curve["risk"], color=colour, label=f"{name} (area {curve['area']:.3f})")
    axes.set_xlabel("share kept")
    axes.set_ylabel("error rate of the kept")
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return drawing
