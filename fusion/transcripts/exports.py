"""Tagged words as text, JSON and CSV, and back from JSON and CSV. Times are seconds."""

import csv
import io
import json
import math
from collections.abc import Sequence
from typing import Any

from emotion.faces import EMOTIONS
from fusion.observation import TaggedWord
from kslr.core.errors import InputError
from kslr.core.files import csv_text, parse_json
from kslr.vocabulary import Sign

COLUMNS = ("start", "end", "sign", "kk", "latin", "en", "ru", "sign_probability", "emotion", *EMOTIONS)


def affect_text(word: TaggedWord) -> str:
    """The affect behind a word, such as `` · happy 0.83`` or `` · surprise 0.71 · question?``; empty without an emotion."""
    if not word.emotion:
        return ""
    return f" · {word.emotion} {word.emotion_probabilities[word.emotion]:.2f}{' · question?' if word.question else ''}"


def to_text(words: Sequence[TaggedWord], language: str = "kk") -> str:
    """One line a word: its span in seconds, the word and its probability, the emotion and its probability.

    Args:
        words: in the order they were signed.
        language: ``kk``, ``ru`` or ``en``.

    >>> to_text([])
    ''
    """
    lines = []
    for word in words:
        name = getattr(word.sign, language)
        lines.append(f"{word.start:7.2f} – {word.end:6.2f}  {name} {word.sign_probability:.2f}{affect_text(word)}\n")
    return "".join(lines)


def to_json(words: Sequence[TaggedWord], *, source: str, duration: float, vocabulary: str) -> str:
    """The transcript as JSON: ``source``, ``duration`` in seconds, ``vocabulary`` and ``words``.

    >>> json.loads(to_json([], source="clip.mp4", duration=2.0, vocabulary="kslr30"))["words"]
    []
    """
    document = {
        "source": source,
        "duration": round(duration, 3),
        "vocabulary": vocabulary,
        "words": [word.as_dict() for word in words],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def from_json(text: str) -> list[TaggedWord]:
    """Reads what `to_json` wrote.

    Raises:
        InputError: not such a transcript.
    """
    try:
        return [
            _check_word(
                TaggedWord(
                    sign=Sign(**word["sign"]),
                    sign_probability=float(word["sign_probability"]),
                    start=float(word["start"]),
                    end=float(word["end"]),
                    alternatives=tuple((a["id"], float(a["probability"])) for a in word["alternatives"]),
                    emotion=word["emotion"],
                    emotion_probabilities={name: float(p) for name, p in word["emotion_probabilities"].items()},
                    cues={name: float(score) for name, score in word.get("cues", {}).items()},
                )
            )
            for word in parse_json(text)["words"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise InputError(f"This is not a transcript of kslr ({error}). Use one written with --format json.") from error


def _check_word(word: TaggedWord) -> TaggedWord:
    """A word that came from a file.

    Raises:
        ValueError: a number is out of range, or a text has several lines.
    """
    sign, emotion, felt = word.sign, word.emotion, word.emotion_probabilities
    texts: list[Any] = [sign.id, sign.kk, sign.latin, sign.en, sign.ru, *(name for name, _ in word.alternatives), *word.cues]
    if not all(isinstance(text, str) and len(text) <= 1000 and not any(c < " " for c in text) for text in texts):
        raise ValueError("a word's names must be text on one line")
    numbers = (word.sign_probability, *felt.values(), *word.cues.values(), *(p for _, p in word.alternatives))
    if not all(math.isfinite(number) and abs(number) <= 1e6 for number in numbers) or not 0 <= word.start <= word.end <= 1e7:
        raise ValueError("a time or probability is out of range")
    if not set(felt) <= set(EMOTIONS) or (emotion is not None and emotion not in felt):
        raise ValueError("an emotion is not one of the seven, or has no probability")
    return word


def to_csv(words: Sequence[TaggedWord]) -> str:
    """One row a word with the columns `COLUMNS`; alternatives are left out, absent emotions are empty cells.

    >>> to_csv([]).startswith("start,end,sign,kk")
    True
    """
    rows = []
    for word in words:
        s, p = word.sign, word.emotion_probabilities
        emotions = [f"{p[name]:.4f}" if name in p else "" for name in EMOTIONS]
        times = (f"{word.start:.3f}", f"{word.end:.3f}")
        rows.append([*times, s.id, s.kk, s.latin, s.en, s.ru, f"{word.sign_probability:.4f}", word.emotion or "", *emotions])
    return csv_text([COLUMNS, *rows])


def from_csv(text: str) -> list[TaggedWord]:
    """Reads what `to_csv` wrote; the word itself is the only alternative.

    Raises:
        InputError: not such a table.
    """
    words = []
    try:
        for row in csv.DictReader(io.StringIO(text)):
            probability = float(row["sign_probability"])
            words.append(
                _check_word(
                    TaggedWord(
                        sign=Sign(row["sign"], row["kk"], row["latin"], row["en"], row["ru"]),
                        sign_probability=probability,
                        start=float(row["start"]),
                        end=float(row["end"]),
                        alternatives=((row["sign"], probability),),
                        emotion=row["emotion"] or None,
                        emotion_probabilities={name: float(row[name]) for name in EMOTIONS if row[name]},
                    )
                )
            )
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise InputError(f"This is not a table of words ({error}). Use one written with --format csv.") from error
    return words
