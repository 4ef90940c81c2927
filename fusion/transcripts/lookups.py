"""Signs that were looked up in a dictionary as text, JSON and CSV. Times are seconds; nearness is no probability."""

import json
from collections.abc import Sequence

from kslr.core.files import csv_text
from kslr.lookup.dictionary import Found

NAMES = ("id", "kk", "latin", "en", "ru")
COLUMNS = ("start", "end", "place", *NAMES, "nearness")


def found_text(found: Sequence[Found], language: str = "kk") -> str:
    """One line a sign with its span, and below it one line a word: its place, the word and its nearness.

    Args:
        found: in the order they were signed.
        language: of the words: ``kk``, ``ru`` or ``en``.

    >>> found_text([])
    ''
    """
    lines = []
    for one in found:
        lines.append(f"{one.start:7.2f} – {one.end:6.2f}\n")
        for place, word in enumerate(one.as_dict()["nearest"], 1):
            lines.append(f"  {place:3d}. {word['nearness']:5.2f}  {word[language]}\n")
    return "".join(lines)


def found_json(found: Sequence[Found], *, source: str, duration: float, vocabulary: str) -> str:
    """As `fusion.transcripts.exports.to_json` without words, and ``found``: each with ``start``, ``end`` and ``nearest``.

    >>> json.loads(found_json([], source="clip.mp4", duration=2.0, vocabulary="rsl"))["found"]
    []
    """
    document = {
        "source": source.encode("utf-8", "replace").decode(),  # A path may hold bytes that are no text.
        "duration": round(duration, 3),
        "vocabulary": vocabulary,
        "words": [],
        "found": [one.as_dict() for one in found],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def found_csv(found: Sequence[Found]) -> str:
    """One row for each nearest word of each sign, with the columns `COLUMNS`.

    >>> found_csv([]).strip()
    'start,end,place,id,kk,latin,en,ru,nearness'
    """
    rows = []
    for one in found:
        for place, word in enumerate(one.as_dict()["nearest"], 1):
            names = [word[name] for name in NAMES]
            rows.append([f"{one.start:.3f}", f"{one.end:.3f}", place, *names, f"{word['nearness']:.4f}"])
    return csv_text([COLUMNS, *rows])
