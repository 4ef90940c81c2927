"""The joint evaluator's report, as JSON and as one HTML file with figures that a paper could print."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from emotion.faces import EMOTIONS
from fusion.evaluation.joint import Answer, bootstrap_groups, evaluate_joint, given_emotion
from kslr.core.errors import InputError
from kslr.core.reports import (
    confusion_matrix_figure,
    figure_html,
    origin_section,
    paragraph_html,
    render_report,
    risk_coverage_figure,
    table_html,
)
from kslr.core.scores import build_report, share_text


def joint_report(answers: Sequence[Answer], data: str, emotions: Sequence[str] = EMOTIONS) -> dict[str, Any]:
    """The whole report. Its headline is what the manifest can say: sign and emotion together where emotions are labelled,
    else signs alone.

    Args:
        answers: one a clip.
        data: what to call the clips.
        emotions: the emotions to choose among.

    Returns:
        `kslr.core.scores.build_report` with the entries of `fusion.evaluation.joint.evaluate_joint`.

    Raises:
        InputError: no clip has a sign.
    """
    signed = [a for a in answers if a.clip.sign is not None]
    if not signed:
        raise InputError(f"No clip of {data} has a sign, so nothing can be right. Fill the column sign.")
    labelled = [a for a in signed if a.clip.emotion in emotions]
    headline = labelled or signed
    delays = [a.delay for a in signed if a.delay is not None]
    return build_report(
        task="joint" if labelled else "signs",
        data=data,
        protocol="whole pipeline, models as they are",
        labels=[f"{a.clip.sign} {a.clip.emotion}" if labelled else str(a.clip.sign) for a in headline],
        predicted=[f"{a.sign} {given_emotion(a, emotions)}" if labelled else str(a.sign) for a in headline],
        groups=bootstrap_groups([a.clip for a in headline]),
        milliseconds=1000 * sum(delays) / max(1, len(delays)),
        **evaluate_joint(answers, emotions),
    )


def render_joint_report(report: dict[str, Any]) -> str:
    """The page of what `kslr evaluate joint` found.

    Args:
        report: of `joint_report`.
    """
    lead = (
        f"{report['clips']} clips of {report['data']}: sign {_share(report['sign'], 'top1')}, "
        f"emotion {_share(report['emotion'], 'accuracy')}, both right {_share(report['joint'], 'exact_match')}. "
        "Intervals are 95 % intervals. What was rejected, abstained from, unseen or unreadable counts as wrong; the second "
        "column of the headlines leaves it out."
    )
    sections: dict[str, list[str]] = {"Headlines": [_headlines(report)]}
    for name, heading in (("sign", "Signs"), ("emotion", "Emotions")):
        part = report[name]
        if not part["clips"]:
            sections[heading] = [paragraph_html("No clip of the manifest has this label.")]
            continue
        matrix = confusion_matrix_figure(np.array(part["confusion"]["counts"]), part["confusion"]["names"])
        sections[heading] = [_details(part), figure_html(matrix, f"{heading}: which was taken for which")]
    curves = {name: report[name]["risk_coverage"] for name in ("sign", "emotion") if report[name]["clips"]}
    if curves:
        named = {f"{name} (area {c['area']:.3f})": (c["coverage"], c["risk"]) for name, c in curves.items()}
        drawing = risk_coverage_figure(named)
        sections["When only the surest are kept"] = [figure_html(drawing, "Error rate of the kept against the share kept")]
    tables = {
        "Labels that the vocabulary lacks": [{"label": k, "clips": n} for k, n in report.get("unknown_labels", {}).items()],
        "By signer": report["per_signer"],
        "By sign and emotion": report["per_sign_and_emotion"],
        "Clips without signing": [report["idle"]] if report["idle"]["clips"] else [],
        "Clips with a problem": report["problems"],
    }
    for heading, records in tables.items():
        sections[heading] = [_records_table(records) if records else paragraph_html("There are none.")]
    sections |= origin_section(report)
    return render_report("Sign and affect, evaluated together", lead, sections)


def _headlines(report: dict[str, Any]) -> str:
    joint = report["joint"]
    sign, emotion = report["sign"], report["emotion"]
    rows = [
        ["sign, top-1", *_value(sign["top1"]), sign.get("top1_of_answered"), sign["clips"] - sign.get("rejected", 0)],
        ["sign, top-5", *_value(sign["top5"]), None, None],
        ["emotion", *_value(emotion["accuracy"]), emotion.get("accuracy_of_answered"), emotion.get("answered")],
        ["both right", *_value(joint["exact_match"]), joint.get("exact_match_of_answered"), joint.get("both_answered")],
    ]
    if joint["clips"]:
        rows += [
            ["product of the two alone", joint["product_of_marginals"], None, None, None, None],
            ["independence gap", *_value(joint["independence_gap"]), None, None],
        ]
    return table_html(("figure", "of all clips", "from", "to", "of the answered", "answered clips"), rows)


def _details(part: dict[str, Any]) -> str:
    return table_html(("figure", "value"), [[k.replace("_", " "), v] for k, v in part.items() if not isinstance(v, dict | list)])


def _records_table(records: Sequence[dict[str, Any]]) -> str:
    """A table of records with the same keys, which are its columns."""
    return table_html([key.replace("_", " ") for key in records[0]], [list(record.values()) for record in records])


def _value(entry: dict[str, Any]) -> list[float | None]:
    return [entry["value"], *(entry["interval"] or (None, None))]


def _share(part: dict[str, Any], figure: str) -> str:
    return share_text(part[figure]["value"], part["clips"])
