"""The joint evaluator's report, as JSON and as one HTML file with figures that a paper could print."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from emotion.faces import EMOTIONS
from fusion.appearance import EMOTION_NAMES
from fusion.evaluation.joint import NOTHING, Answer, bootstrap_groups, evaluate_joint, given_emotion
from kslr.core.errors import InputError
from kslr.core.reports import (
    confusion_matrix_figure,
    figure_html,
    origin_section,
    paragraph_html,
    read_words,
    render_report,
    risk_coverage_figure,
    table_html,
)
from kslr.core.scores import absent_classes, build_report, share_text
from kslr.vocabulary import Vocabulary

COLUMNS = ("of_all", "from", "to", "of_answered", "answered_clips")  # of the headlines, as keys of words.json


def joint_report(
    answers: Sequence[Answer], data: str, emotions: Sequence[str] = EMOTIONS, vocabulary: Vocabulary | None = None
) -> dict[str, Any]:
    """The whole report. Its headline is what the manifest can say: sign and emotion together where emotions are labelled,
    else signs alone.

    Args:
        answers: one a clip.
        data: what to call the clips.
        emotions: the emotions to choose among.
        vocabulary: whose words without a clip are named.

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
    found = build_report(
        task="joint" if labelled else "signs",
        data=data,
        protocol="whole pipeline, models as they are",
        labels=[f"{a.clip.sign} {a.clip.emotion}" if labelled else str(a.clip.sign) for a in headline],
        predicted=[f"{a.sign} {given_emotion(a, emotions)}" if labelled else str(a.sign) for a in headline],
        groups=bootstrap_groups([a.clip for a in headline]),
        milliseconds=1000 * sum(delays) / len(delays) if delays else None,
        **evaluate_joint(answers, emotions),
    )
    if vocabulary is not None:
        learnt = [sign.id for sign in vocabulary.signs if not sign.untrained]
        found["sign"]["classes_without_samples"] = absent_classes([str(a.clip.sign) for a in signed], learnt)
    return found


def render_joint_report(report: dict[str, Any], language: str = "en") -> str:
    """The page of what `kslr evaluate joint` found.

    Args:
        report: of `joint_report`.
        language: one of `kslr.core.reports.LANGUAGES`.
    """
    words = read_words("fusion.evaluation", language)
    general = read_words("kslr.core", language)

    def share(part: str, figure: str) -> str:
        return share_text(report[part][figure]["value"], report[part]["clips"], words["few"], words["not_measured"])

    headline = {"sign": share("sign", "top1"), "emotion": share("emotion", "accuracy"), "both": share("joint", "exact_match")}
    lead = words["lead"].format(clips=report["clips"], data=report["data"], **headline)
    sections: dict[str, list[str]] = {words["headlines"]: [_headlines(report, words, general["figure"])]}
    curves = {}
    for name, heading in (("sign", words["signs"]), ("emotion", words["emotions"])):
        part = report[name]
        if not part["clips"]:
            sections[heading] = [paragraph_html(words["no_label"])]
            continue
        sections[heading] = _class_section(part, heading, words | general, language)
        curve = part["risk_coverage"]
        named = words["area"].format(name=words[name], area=f"{curve['area']:.3f}")
        curves[named] = curve["coverage"], curve["risk"]
    if curves:
        drawing = risk_coverage_figure(curves, (words["share_kept"], words["error_rate"]))
        sections[words["surest"]] = [figure_html(drawing, words["surest_note"])]
    tables = {
        "unknown_labels": [{"label": k, "clips": n} for k, n in report.get("unknown_labels", {}).items()],
        "per_signer": report["per_signer"],
        "per_sign_and_emotion": [
            {**row, "emotion": EMOTION_NAMES[row["emotion"]][language]} for row in report["per_sign_and_emotion"]
        ],
        "idle": [report["idle"]] if report["idle"]["clips"] else [],
        "problems": [{"clip": row["clip"], "problem": _problem_text(row, words, language)} for row in report["problems"]],
    }
    for key, records in tables.items():
        sections[words[key]] = [_records_table(records, words) if records else paragraph_html(words["none"])]
    return render_report(words["title"], lead, sections | origin_section(report, language), language)


def render_video_report(report: dict[str, Any]) -> str:
    """The page of what `kslr evaluate video` found, in English.

    Args:
        report: of `fusion.evaluation.video_models.evaluate_video_model`.
    """
    low, high = report["interval"]
    lead = (
        f"{share_text(report['accuracy'], report['samples'])} of {report['samples']} clips right "
        f"(95 % interval {low:.1%} to {high:.1%}): {report['model']} on {report['data']}, {report['protocol']}."
    )
    names = ("accuracy", "macro_f1", "training_clips", "training_minutes", "parameters", "milliseconds", "weights")
    figures = [[name.replace("_", " "), report[name]] for name in names if name in report]
    matrix = confusion_matrix_figure(np.array(report["confusion"]["counts"]), report["confusion"]["names"])
    parts = [table_html(("figure", "value"), figures), figure_html(matrix, "Which was taken for which")]
    if absent := report.get("classes_without_samples"):
        parts.append(paragraph_html(f"Macro-F1 is without {', '.join(absent)}, of which there is no clip."))
    sections = {"Figures": parts}
    if report["left_out"]:
        sections["Clips with a problem"] = [table_html(("clip", "problem"), [list(c.values()) for c in report["left_out"]])]
    return render_report("A video model as a baseline", lead, sections | origin_section(report))


def _headlines(report: dict[str, Any], words: dict[str, Any], first: str) -> str:
    joint = report["joint"]
    sign, emotion = report["sign"], report["emotion"]
    rows = [
        ["sign_top1", *_value(sign["top1"]), sign.get("top1_of_answered"), sign["clips"] - sign.get("rejected", 0)],
        ["sign_top5", *_value(sign["top5"]), None, None],
        ["emotion", *_value(emotion["accuracy"]), emotion.get("accuracy_of_answered"), emotion.get("answered")],
        ["both", *_value(joint["exact_match"]), joint.get("exact_match_of_answered"), joint.get("both_answered")],
    ]
    if joint["clips"]:
        rows += [
            ["product", joint["product_of_marginals"], None, None, None, None],
            ["gap", *_value(joint["independence_gap"]), None, None],
        ]
    columns = [first, *(words[key] for key in COLUMNS)]
    return table_html(columns, [[words[key], *rest] for key, *rest in rows])


def _class_section(part: dict[str, Any], heading: str, words: dict[str, Any], language: str) -> list[str]:
    """What is shown of signs or of emotions alone."""

    def translate(name: str) -> str:
        return str(words["nothing"]) if name == NOTHING else EMOTION_NAMES.get(name, {language: name})[language]

    names = [translate(name) for name in part["confusion"]["names"]]
    matrix = confusion_matrix_figure(np.array(part["confusion"]["counts"]), names, (words["answer"], words["right"]))
    rows = [[words[key], value] for key, value in part.items() if not isinstance(value, dict | list)]
    parts = [table_html((words["figure"], words["value"]), rows), figure_html(matrix, words["taken_for"].format(what=heading))]
    absent = [translate(name) for name in part.get("classes_without_samples", [])]
    return [*parts, paragraph_html(words["absent"].format(names=", ".join(absent)))] if absent else parts


def _problem_text(row: dict[str, Any], words: dict[str, Any], language: str) -> str:
    """What is wrong with a clip: in English as it was told, which names the file's trouble; else by its code."""
    return str(row["problem"] if language == "en" or row.get("code") not in words else words[row["code"]].format(**row))


def _records_table(records: Sequence[dict[str, Any]], words: dict[str, Any]) -> str:
    """A table of records with the same keys, which are its columns."""
    return table_html([words[key] for key in records[0]], [list(record.values()) for record in records])


def _value(entry: dict[str, Any]) -> list[float | None]:
    return [entry["value"], *(entry["interval"] or (None, None))]
