"""Measures looking signs up: at which place the right word stands among the nearest. Needs no Keras."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.errors import InputError
from kslr.core.reports import origin_section, paragraph_html, render_report, table_html
from kslr.core.scores import FEW, bootstrap_interval, build_report, median_milliseconds, share_text
from kslr.landmarks import VALUES
from kslr.lookup.dictionary import NEAREST, SignDictionary
from kslr.recordings import cut_signs, record
from kslr.training.clips import clip_files, stack_windows, word_of


def place_of(nearness: np.ndarray, right: Sequence[int] | np.ndarray) -> int | None:
    """The place (from 1) of the nearest of the right words; a word that is as near as it counts as before it.

    Args:
        nearness: (words,).
        right: numbers of the words that are right; None is given where there are none.

    >>> place_of(np.array([0.1, 0.9, 0.5, 0.5]), [2]), place_of(np.array([0.1, 0.9]), [])
    (3, None)
    """
    if not len(right):
        return None
    others = np.delete(nearness, right)
    return 1 + int((others >= nearness[list(right)].max()).sum())


def place_figures(places: Sequence[int | None]) -> dict[str, Any]:
    """``top10_accuracy`` and ``mrr`` (mean of 1 / place) with 95 % intervals; without a place nothing is found.

    >>> figures = place_figures([1, 2, None, 20])
    >>> figures["top10_accuracy"], round(figures["mrr"], 4)
    (0.5, 0.3875)
    """
    inverse = np.array([1 / place if place else 0.0 for place in places])
    first = np.array([place is not None and place <= NEAREST for place in places])
    return {
        "top10_accuracy": float(first.mean()),
        "top10_interval": list(bootstrap_interval(first)),
        "mrr": float(inverse.mean()),
        "mrr_interval": list(bootstrap_interval(inverse)),
    }


def evaluate_dictionary(
    folder: str | Path, dictionary: SignDictionary, progress: Callable[[str, float], None] | None = None
) -> dict[str, Any]:
    """Looks up every clip of a folder ``word/clip.mp4`` (or ``word--note.mp4``, or landmark files).

    Args:
        folder: its folders are named by a word's id or by the word in Russian, Kazakh or English.
        progress: called with a line and the done share (0–1).

    Returns:
        The report, with the entries of `place_figures` over all nearest words, said or not, and ``clips``: for each
        ``clip``, ``sign`` (the folder's word), ``place`` (None for an unknown word), ``answer`` and ``nearest`` (ten ids
        with nearness). Clips of words that the dictionary lacks count as not found; ``known`` has the figures without
        them. All signs of a clip are taken for the same word. Where a name fits several words, each of them is right.

    Raises:
        InputError: no clips, or none of a word of the dictionary.
    """
    root, files, signs = Path(folder), clip_files(folder), dictionary.vocabulary.signs
    right = {path: dictionary.matching(word_of(path, root)) for path in files}
    unknown = dict(Counter(sorted(word_of(path, root) for path, words in right.items() if not words)))
    if not any(right.values()):
        listed = ", ".join(f"{label} ({count} clips)" for label, count in unknown.items())
        raise InputError(
            f"No folder is named after a word of {dictionary.card.name}: {listed}. Name them in Russian, such as {signs[0].ru}."
        )
    rows: list[dict[str, Any]] = []
    for i, path in enumerate(files):
        row: dict[str, Any] = {"clip": str(path.relative_to(root)), "sign": word_of(path, root)}
        try:
            windows = stack_windows(cut_signs(record(path)), dictionary.frames)
        except InputError as error:
            windows, row = np.zeros((0, dictionary.frames, VALUES), np.float32), {**row, "error": str(error)}
        nearness = dictionary.nearness(windows)
        order = np.argsort(-nearness, kind="stable")[: NEAREST if len(windows) else 0]
        nearest = [{"id": signs[n].id, "nearness": round(float(nearness[n]), 4)} for n in order]
        place = place_of(nearness, right[path])
        is_right = len(nearest) > 0 and order[0] in right[path]
        answer = row["sign"] if is_right else nearest[0]["id"] if nearest else None
        rows.append({**row, "place": place, "answer": answer, "nearest": nearest})
        if progress:
            progress(row["clip"], (i + 1) / len(files))
    names = sorted({row["sign"] for row in rows} | {row["answer"] or "" for row in rows})
    blank = np.ones((1, dictionary.frames, VALUES), np.float32)
    return build_report(
        task="signs",
        data=root.name,
        protocol=f"shipped dictionary {dictionary.card.name}, untouched",
        labels=np.array([names.index(row["sign"]) for row in rows]),
        predicted=np.array([names.index(row["answer"] or "") for row in rows]),
        milliseconds=median_milliseconds(dictionary.nearness, [blank] * 20),
        **place_figures([row["place"] for row in rows]),
        known={"samples": sum(map(bool, right.values())), **place_figures([r["place"] for r in rows if r["place"]])},
        dictionary_words=len(signs),
        clips=rows,
        unknown_labels=unknown,
    )


def lookup_page(report: dict[str, Any]) -> str:
    """An HTML page of a report of `evaluate_dictionary`."""
    count = report["samples"]
    lead = (
        f"The right word was among the ten nearest of {report['dictionary_words']} words for "
        f"{share_text(report['top10_accuracy'], count)}{'' if count < FEW else f' of {count} clips'}."
    )
    rows = [
        [label, f"{report[key]:.4f}", *(f"{edge:.4f}" for edge in report[interval])]
        for key, interval, label in (
            ("top10_accuracy", "top10_interval", "Among the ten nearest"),
            ("mrr", "mrr_interval", "Mean of 1 / place"),
            ("accuracy", "interval", "Nearest word right"),
        )
    ]
    clips = [
        [c["clip"], c["sign"], c["place"] or "unknown word", ", ".join(f"{n['id']} {n['nearness']:.2f}" for n in c["nearest"])]
        for c in report["clips"]
    ]
    sections = {
        "What was measured": [
            paragraph_html(f"Data: {report['data']}. Protocol: {report['protocol']}."),
            table_html(["", "Figure", "95 % from", "to"], rows),
        ],
        "Clips": [table_html(["Clip", "Word", "Place", "Nearest"], clips)],
    }
    if report["unknown_labels"]:
        sections["Labels that the dictionary lacks"] = [table_html(["Label", "Clips"], [*report["unknown_labels"].items()])]
    return render_report("Signs looked up", lead, sections | origin_section(report))
