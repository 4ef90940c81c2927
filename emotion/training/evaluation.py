"""How good an emotion model is: figures from arrays, and the report of a saved model on FER2013.

``probabilities`` are (n, 7) rows in the order of EMOTIONS, ``labels`` (n,) indices into it. Figures against FER's labels
and against FER+'s majority are never mixed: a report names one of them in ``measured_against``.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_fscore_support

from emotion.faces import EMOTIONS
from emotion.recognizer import EmotionRecognizer
from emotion.training.corruptions import corruption_scores, jitter_curve
from emotion.training.datasets import FaceData, find_copies, load_faces
from emotion.training.targets import majority
from kslr.core import reports, scores
from kslr.core.calibration import coverage_at, expected_calibration_error, top_answers
from kslr.core.errors import InputError
from kslr.core.files import check_writable, write_file
from kslr.core.scores import accuracy_figures, build_report, count_confusions, median_milliseconds

Progress = Callable[[str, float], None]
# The classes of the benchmark KSL-Emo.
FOUR = ("neutral", "happy", "sad", "angry")


def evaluate_emotion_model(
    data: str | Path | Mapping[str, FaceData],
    model: str | Path = "emotion",
    *,
    labels: str = "fer",
    split: str = "private",
    jitter: bool = False,
    corruptions: bool = False,
    against: str | Path | None = None,
    html: str | Path | None = None,
    progress: Progress | None = None,
    name: str = "FER2013",
    origin: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Measures a saved model on FER2013, or on FER+, by the network's reading of that name.

    A network with one reading answers both. Figures of one are never mixed with the other's: where both can be measured, the
    report on FER has FER+'s beside it in the entry ``ferplus``.

    Args:
        data: a path for `emotion.training.datasets.load_faces`, or what that returns.
        model: a shipped name or a card's path.
        labels: ``fer``, or ``ferplus`` for the majority of the FER+ votes (ambiguous faces dropped).
        split: ``private`` or ``public``.
        jitter: also measure shifted, scaled and turned crops (about two minutes more).
        corruptions: also measure faces with a camera's faults (about a minute more).
        against: another model, whose answers to the very same faces are compared (entry ``against``).
        html: where to write a page; None for no page.
        progress: called with (text, share done 0–1).
        name: of data that are not a path.
        origin: of `kslr.origins.describe_origin`.

    Returns:
        `kslr.core.scores.build_report` and what is special to emotion; all of it can be written as JSON.

    Raises:
        InputError: data, model or page path cannot be used, or there are no FER+ votes.
    """
    if html:
        check_writable(html)
    if isinstance(data, str | Path):
        name, data = Path(data).name, load_faces(data)
    faces, right = _select_labels(data, split, labels)
    recognizer, other = load_reading(model, labels), None if against is None else load_reading(against, labels)
    tell = progress or (lambda text, share: None)
    tell("faces", 0.0)
    probabilities = classify_faces(recognizer, faces.images)
    answers = probabilities.argmax(axis=1)
    special: dict[str, Any] = {"measured_against": labels, "split": split, "model": recognizer.card.name}
    if other is not None:
        tell("the other model's answers", 0.2)
        theirs = classify_faces(other, faces.images).argmax(axis=1)
        copies = [image.tobytes() for image in faces.images]
        special["against"] = {"model": other.card.name, **scores.compare_answers(right, answers, theirs, copies)}
    tell("mirrored faces", 0.3)
    mirrored = classify_faces(recognizer, faces.images[:, :, ::-1])
    special |= emotion_figures(probabilities, right, recognizer.threshold)
    special["accuracy_with_mirror"] = float(((probabilities + mirrored).argmax(axis=1) == right).mean())
    if labels == "fer" and faces.votes is not None:
        clear, agreed = _select_labels(data, split, "ferplus")
        seen = load_reading(model, "ferplus")
        special["ferplus"] = accuracy_figures(agreed, classify_faces(seen, clear.images).argmax(axis=1))
    if "train" in data:
        special["copies"] = _compare_copies(answers == right, find_copies(faces.images, data["train"].images))
    thirty = [faces.images[i : i + 30] for i in range(0, min(len(faces), 600), 30)]
    special["milliseconds_30_faces"] = median_milliseconds(recognizer.probabilities, thirty)

    def answer(images: np.ndarray) -> np.ndarray:
        return classify_faces(recognizer, images).argmax(axis=1)

    if corruptions:
        special["corruptions"] = corruption_scores(
            answer, faces.images, right, lambda share: tell("a camera's faults", 0.4 + 0.3 * share)
        )
    if jitter:
        special["jitter"] = jitter_curve(
            answer, faces.images, right, progress=lambda share: tell("moved crops", 0.7 + 0.3 * share)
        )
    against = "FER labels" if labels == "fer" else "the FER+ majority"
    made = build_report(
        task="emotion",
        data=name,
        protocol=f"{split} split against {against}, one pass, no test-time augmentation",
        labels=right,
        predicted=answers,
        milliseconds=median_milliseconds(recognizer.probabilities, [image[None] for image in faces.images[:200]]),
        **special,
        **(origin or {}),
    )
    if html:
        write_file(html, emotion_page(made, probabilities, right).encode())
    tell("done", 1.0)
    return made


def emotion_figures(probabilities: np.ndarray, labels: np.ndarray, threshold: float) -> dict[str, Any]:
    """Per-class scores, confusion matrix, calibration, what abstaining buys, and the four-class figure."""
    predicted = probabilities.argmax(axis=1)
    every = range(len(EMOTIONS))
    precision, recall, f1, support = precision_recall_fscore_support(labels, predicted, labels=every, zero_division=0)
    kept = probabilities.max(axis=1) >= threshold
    return {
        "classes": {
            name: {"precision": float(p), "recall": float(r), "f1": float(f), "samples": int(n)}
            for name, p, r, f, n in zip(EMOTIONS, precision, recall, f1, support, strict=True)
        },
        "classes_without_samples": scores.absent_classes(labels, EMOTIONS),
        "confusion": count_confusions(labels, predicted, len(EMOTIONS)).tolist(),
        "expected_calibration_error": expected_calibration_error(*top_answers(probabilities, labels)),
        "threshold": threshold,
        "coverage": float(kept.mean()),
        "accuracy_of_kept": float((predicted == labels)[kept].mean()) if kept.any() else None,
        "coverage_at": coverage_at(*top_answers(probabilities, labels)),
        "four_classes": four_class_scores(probabilities, labels),
    }


def load_reading(model: str | Path, labels: str) -> EmotionRecognizer:
    """A recogniser by the reading ``labels`` (``fer``, ``ferplus``) where the network has it, else by its only one."""
    recognizer = EmotionRecognizer(model)
    return EmotionRecognizer(model, reading=labels) if labels in recognizer.readings else recognizer


def _compare_copies(correct: np.ndarray, copied: np.ndarray) -> dict[str, Any]:
    """How many measured faces are in the training split too, and the accuracy on these and on the others.

    A network that was trained on them has memorised them; `emotion.training.datasets.clean_training_split` drops them.
    """
    accuracies = {"accuracy": correct[copied], "accuracy_of_others": correct[~copied]}
    return {"samples": int(copied.sum())} | {name: float(part.mean()) if len(part) else None for name, part in accuracies.items()}


def four_class_scores(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Scores of the faces with one of KSL-Emo's four emotions, answered among these four only."""
    columns = np.array([EMOTIONS.index(name) for name in FOUR])
    rows = np.isin(labels, columns)
    return accuracy_figures(labels[rows], columns[probabilities[rows][:, columns].argmax(axis=1)]) if rows.any() else {}


def classify_faces(recognizer: EmotionRecognizer, images: np.ndarray, batch: int = 64) -> np.ndarray:
    """(n, 48, 48) faces → (n, 7) calibrated probabilities, in batches."""
    return np.concatenate([recognizer.probabilities(images[i : i + batch]) for i in range(0, len(images), batch)])


def _select_labels(splits: Mapping[str, FaceData], split: str, labels: str) -> tuple[FaceData, np.ndarray]:
    if split not in splits:
        raise InputError(f"The data has no {split} split. It has {', '.join(splits)}.")
    faces = splits[split]
    if labels == "fer":
        return faces, faces.labels
    if labels != "ferplus":
        raise InputError(f"Labels are fer or ferplus, not {labels!r}.")
    if faces.votes is None:
        raise InputError("This data has no FER+ votes. Put fer2013new.csv beside fer2013.csv, or use --labels fer.")
    agreed = majority(faces.votes)
    return faces.take(agreed >= 0), agreed[agreed >= 0]


def emotion_page(report: dict[str, Any], probabilities: np.ndarray, labels: np.ndarray) -> str:
    """A report as one HTML file of tables and figures.

    Args:
        report: of `evaluate_emotion_model`.
        probabilities, labels: (n, 7) and (n,) that the report is made from.
    """
    low, high = report["interval"]
    lead = (
        f"{report['accuracy']:.1%} of {report['samples']} faces right (95 % interval {low:.1%} to {high:.1%}), "
        f"macro F1 {report['macro_f1']:.3f}: {report['protocol']}."
    )
    classes = [[name, *report["classes"][name].values()] for name in EMOTIONS]
    if report["classes_without_samples"]:
        lead += f" Macro F1 is without {', '.join(report['classes_without_samples'])}, of which there is no sample."
    other = [
        ["with the mirrored face as well", report["accuracy_with_mirror"]],
        ["four classes (neutral, happy, sad, angry)", report["four_classes"].get("accuracy")],
        ["expected calibration error", report["expected_calibration_error"]],
        [f"share kept at the threshold {report['threshold']:.2f}", report["coverage"]],
        ["accuracy of the kept", report["accuracy_of_kept"]],
        *[
            [f"share of the answers of which {float(wanted):.0%} are right", share]
            for wanted, share in report["coverage_at"].items()
        ],
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
            reports.table_html(["emotion", "precision", "recall", "F1", "faces"], classes),
            reports.figure_html(
                reports.confusion_matrix_figure(np.array(report["confusion"]), EMOTIONS), "What was right and what was answered"
            ),
        ],
        "How far to trust it": [
            reports.figure_html(reports.reliability_figure(probabilities, labels), "Accuracy against confidence"),
            reports.figure_html(
                reports.risk_coverage_figure({report["model"]: top_answers(probabilities, labels)}), "What abstaining buys"
            ),
            reports.paragraph_html("Below the threshold the model abstains: it names no emotion."),
        ],
        "Other figures": [reports.table_html(["figure", "value"], other)],
    }
    if "jitter" in report:
        rows = [[kind, amount, value] for kind, curve in report["jitter"].items() for amount, value in curve.items()]
        sections["When the crop is cut a little wrong"] = [reports.table_html(["moved", "by", "accuracy"], rows)]
    if "corruptions" in report:
        rows = [[kind, value] for kind, value in report["corruptions"]["kinds"].items()]
        rows += [["mean", report["corruptions"]["mean"]], ["mean of kinds not met in training", report["corruptions"]["unseen"]]]
        sections["With a camera's faults"] = [reports.table_html(["fault", "accuracy"], rows)]
    sections |= reports.comparison_section(report) | reports.origin_section(report)
    return reports.render_report(f"Emotion report: {report['model']} on {report['data']}", lead, sections)
