"""Measures a shipped or taught vocabulary as it is on clips, and shows sign reports as a page. Needs no Keras."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.errors import InputError
from kslr.core.reports import (
    comparison_section,
    confusion_matrix_figure,
    figure_html,
    origin_section,
    paragraph_html,
    render_report,
    shares_figure,
    table_html,
)
from kslr.core.scores import (
    FEW,
    absent_classes,
    bootstrap_interval,
    build_report,
    compare_answers,
    median_milliseconds,
    share_text,
)
from kslr.landmarks import VALUES, mirror
from kslr.recognizer import SignPrediction, SignRecognizer
from kslr.recordings import Recording, cut_signs, record
from kslr.training.clips import clip_files, stack_windows, word_of

MOST_CLASSES = 64  # a larger confusion matrix cannot be read
RATES = (10, 15, 25)  # frames a second of the slower cameras


def evaluate_vocabulary(
    folder: str | Path,
    vocabulary: str | Path = "kslr30",
    progress: Callable[[str, float], None] | None = None,
    invariance: bool = False,
    against: str | Path | None = None,
) -> dict[str, Any]:
    """Measures a vocabulary, untouched, on a folder ``word/clip.mp4`` (or ``word--note.mp4``, or landmark files).

    Args:
        vocabulary: a shipped model's name, a card, or a taught vocabulary.
        progress: called with a line and the done share (0–1).
        invariance: whether each clip is also recognized mirrored and at 10, 15 and 25 frames a second.
        against: another vocabulary, whose answers to the same clips are compared, as far as both know their words.

    Returns:
        The report, with ``top5_accuracy``, ``rejected`` (share of the clips) and ``clips``: for each ``clip``, ``sign``
        (the right word), ``answer``, ``top5``, ``probability`` (of the answer), ``rejected``. Clips of words that the
        vocabulary has not learnt count as wrong. With `invariance` also ``agreement``: for each variant, the share of
        clips with an unchanged answer; with `against` also ``against`` of `kslr.core.scores.compare_answers`, and its
        ``left_out``, the clips of words that one of the two lacks.

    Raises:
        InputError: no clips, no such vocabulary, or no word that both know.
    """
    recognizer, other = SignRecognizer(vocabulary), None if against is None else SignRecognizer(against)
    root, files = Path(folder), clip_files(folder)
    words = {path: recognizer.vocabulary.find_id(word_of(path, root)) or word_of(path, root) for path in files}
    unknown = dict(Counter(sorted(word for word in words.values() if word not in recognizer.vocabulary)))
    if len(unknown) == len(set(words.values())):
        listed = ", ".join(f"{label} ({count} clips)" for label, count in unknown.items())
        known = ", ".join(sign.id for sign in recognizer.vocabulary.signs[:12])
        raise InputError(f"No folder is named after a word of {vocabulary}: {listed}. It has {known}, ….")
    rows: list[dict[str, Any]] = []
    theirs: list[str] = []
    agreement: dict[str, list[bool]] = {}
    for i, path in enumerate(files):
        row: dict[str, Any] = {"clip": str(path.relative_to(root)), "sign": words[path]}
        try:
            recording = record(path)
        except InputError as error:
            rows.append({**row, **combine_predictions([]), "error": str(error)})
            theirs.append("")
            continue
        segments = cut_signs(recording)
        predictions = recognizer.recognize_windows(stack_windows(segments, recognizer.frames))
        rows.append({**row, **combine_predictions(predictions)})
        if other is not None:
            windows = stack_windows(segments, other.frames)
            theirs.append(combine_predictions(other.recognize_windows(windows))["answer"] or "")
        if invariance and predictions:
            for kind, variant in vary_camera(recording).items():
                again = combine_predictions(recognizer.recognize_windows(stack_windows(cut_signs(variant), recognizer.frames)))
                agreement.setdefault(kind, []).append(again["answer"] == rows[-1]["answer"])
        if progress:
            progress(row["clip"], (i + 1) / len(files))
    names = sorted({row["sign"] for row in rows} | {row["answer"] or "" for row in rows})
    top5 = np.array([row["sign"] in row["top5"] for row in rows])
    blank = np.zeros((1, recognizer.frames, VALUES), np.float32)
    found = build_report(
        task="signs",
        data=root.name,
        protocol=f"shipped vocabulary {recognizer.card.name}, untouched",
        labels=np.array([names.index(row["sign"]) for row in rows]),
        predicted=np.array([names.index(row["answer"] or "") for row in rows]),
        milliseconds=median_milliseconds(recognizer.recognize_windows, [blank] * 20),
        top5_accuracy=float(top5.mean()),
        top5_interval=list(bootstrap_interval(top5)),
        rejected=float(np.mean([row["rejected"] for row in rows])),
        clips=rows,
        unknown_labels=unknown,
        classes_without_samples=absent_classes(
            [row["sign"] for row in rows], [sign.id for sign in recognizer.vocabulary.signs if not sign.untrained]
        ),
    )
    if other is not None:
        found["against"] = _compare_vocabularies(rows, theirs, recognizer, other)
    return found | ({"agreement": {kind: float(np.mean(same)) for kind, same in agreement.items()}} if invariance else {})


def _compare_vocabularies(
    rows: list[dict[str, Any]], theirs: list[str], recognizer: SignRecognizer, other: SignRecognizer
) -> dict[str, Any]:
    """`kslr.core.scores.compare_answers` on the clips of words that both know; other ids of a word count as the same."""
    ids = {row["sign"]: other.vocabulary.find_id(row["sign"]) for row in rows if row["sign"] in recognizer.vocabulary}
    both = [i for i, row in enumerate(rows) if ids.get(row["sign"])]
    if not both:
        raise InputError(f"No clip shows a word that both {recognizer.card.name} and {other.card.name} know. Choose others.")
    own = {theirs: ours for ours, theirs in ids.items() if theirs}
    compared = compare_answers(
        [rows[i]["sign"] for i in both],
        [rows[i]["answer"] or "" for i in both],
        [own.get(theirs[i], theirs[i]) for i in both],
    )
    return {"model": other.card.name, **compared, "left_out": len(rows) - len(both)}


def combine_predictions(predictions: list[SignPrediction]) -> dict[str, Any]:
    """One answer for a clip that shows one word, maybe several times: the mean log-probability over its signs."""
    if not predictions:
        return {"answer": None, "top5": [], "probability": 0.0, "rejected": True}
    total: dict[str, float] = {}
    for prediction in predictions:
        for word, probability in prediction.ranked:
            total[word] = total.get(word, 0.0) + float(np.log(max(probability, 1e-9))) / len(predictions)
    order = sorted(total, key=lambda word: -total[word])
    return {
        "answer": order[0],
        "top5": order[:5],
        "probability": float(np.exp(total[order[0]])),
        "rejected": all(p.rejected for p in predictions),
    }


def vary_camera(recording: Recording) -> dict[str, Recording]:
    """The recording as a mirror and slower cameras would have made it, by kind."""
    variants, seconds = {"mirrored": replace(recording, x=mirror(recording.x))}, recording.seconds
    own_rate = (len(seconds) - 1) / max(seconds[-1] - seconds[0], 1e-6)
    for rate in RATES:
        if rate < own_rate * 0.95:
            times = np.arange(seconds[0], seconds[-1], 1 / rate)
            rows = np.unique(np.searchsorted(seconds, times).clip(0, len(seconds) - 1))
            variants[f"{rate} fps"] = replace(recording, seconds=seconds[rows], x=recording.x[rows])
    return variants


def sign_page(report: dict[str, Any]) -> str:
    """An HTML page with the tables and figures of a sign report.

    >>> report = {"data": "mine", "protocol": "random", "samples": 20, "accuracy": 0.5, "interval": [0.3, 0.7], "macro_f1": 0.5}
    >>> "50.0 %" in sign_page({**report, "milliseconds": 1.0})
    True
    """
    low, high = report["interval"]
    count, few = report["samples"], report["samples"] < FEW
    lead = (
        f"{share_text(report['accuracy'], report['samples']) if few else _percent(report['accuracy']) + f' of {count}'} "
        "test samples were read rightly "
        f"(95 % interval {_percent(low)} to {_percent(high)})."
    )
    rows = [
        [label, write(report[key])]
        for key, label, write in (
            ("accuracy", "Accuracy", _percent),
            ("macro_f1", "Macro F1", "{:.4f}".format),
            ("top5_accuracy", "Top 5", _percent),
            ("merged_accuracy", "Statement and question merged", _percent),
            ("mean_of_signers", "Mean of signers", _percent),
            ("parameters", "Parameters", "{:,}".format),
            ("milliseconds", "Milliseconds a sample in LiteRT", "{:.2f}".format),
        )
        if key in report
    ]
    about = f"Data: {report['data']}. Protocol: {report['protocol']}."
    about += f" Network: {report['architecture']}." if "architecture" in report else ""
    sections: dict[str, list[str]] = {"What was measured": [paragraph_html(about), table_html(["", "Figure"], rows)]}
    for key, heading in (("per_signer", "Signers"), ("per_seed", "Seeds"), ("per_source", "Sources")):
        if report.get(key):
            columns = [c for c in report[key][0] if c != "interval"]
            sections[heading] = [table_html(columns, [[_cell(row.get(c)) for c in columns] for row in report[key]])]
    if report.get("per_episode"):
        drawing = shares_figure(report["per_episode"], "accuracy of a task")
        sections["Tasks"] = [figure_html(drawing, f"Accuracy of the {len(report['per_episode'])} few-shot tasks.")]
    if "confusion" in report and len(report["names"]) <= MOST_CLASSES:
        drawing = confusion_matrix_figure(np.array(report["confusion"]), report["names"])
        sections["Confusions"] = [figure_html(drawing, "Right words by row, answers by column.")]
    if report.get("most_confused"):
        pairs = [[r["right"], r["answered"], r["times"]] for r in report["most_confused"]]
        sections.setdefault("Confusions", []).append(table_html(["Right", "Answered", "Times"], pairs))
    if "clips" in report:
        clips = [[c["clip"], c["sign"], c["answer"], ", ".join(c["top5"]), _percent(c["probability"])] for c in report["clips"]]
        sections["Clips"] = [table_html(["Clip", "Sign", "Answer", "Top 5", "Probability"], clips)]
    if report.get("unknown_labels"):
        sections["Labels that the vocabulary lacks"] = [table_html(["Label", "Clips"], [*report["unknown_labels"].items()])]
    if report.get("classes_without_samples"):
        absent = ", ".join(report["classes_without_samples"])
        sections["What was measured"].append(
            paragraph_html(f"Macro F1 is without these words, of which there is no sample: {absent}.")
        )
    return render_report("Signs", lead, sections | comparison_section(report) | origin_section(report))


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _cell(value: Any) -> Any:
    return f"{value:.4f}" if isinstance(value, float) else value
