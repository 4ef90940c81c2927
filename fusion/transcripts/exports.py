"""Tagged words as text, JSON and CSV, and back from JSON and CSV. Times are seconds."""

import csv
import json
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, ValidationError

from emotion.faces import EMOTIONS
from fusion.appearance import EMOTION_NAMES
from fusion.observation import TaggedWord
from kslr.core.errors import InputError
from kslr.core.files import csv_records, csv_text, parse_json
from kslr.vocabulary import Sign

Line = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00-\x1f]*$")]  # text on one line
Score = Annotated[float, Field(ge=-1e6, le=1e6)]
Seconds = Annotated[float, Field(ge=0, le=1e7)]
COLUMNS = ("start", "end", "sign", "kk", "latin", "en", "ru", "sign_probability", "emotion", *EMOTIONS, "corrected")
CORRECTED = {"kk": "түзетілді", "ru": "исправлено", "en": "corrected"}
QUESTION = {"kk": "сұрақ?", "ru": "вопрос?", "en": "question?"}


class SignModel(BaseModel):
    """A sign in a transcript."""

    id: Line
    kk: Line
    latin: Line
    en: Line
    ru: Line


class AlternativeModel(BaseModel):
    """A sign id and its probability."""

    id: Line
    probability: Score


class WordModel(BaseModel):
    """A word as `TaggedWord.as_dict` gives it, in the ranges that a transcript may have."""

    sign: SignModel
    sign_probability: Score | None = None
    start: Seconds
    end: Seconds
    alternatives: list[AlternativeModel]
    emotion: str | None
    emotion_probabilities: dict[str, Score]
    cues: dict[Line, Score] = {}
    corrected: bool = False

    def tagged(self) -> TaggedWord:
        """The word.

        Raises:
            ValueError: it ends before it starts, its emotion is unknown or has no probability, or it has none itself and is
                not corrected.
        """
        if self.start > self.end:
            raise ValueError("a word ends before it starts")
        if not {self.emotion or "neutral", *self.emotion_probabilities} <= set(EMOTIONS):
            raise ValueError("an emotion is not one of the seven")
        if self.emotion is not None and self.emotion not in self.emotion_probabilities:
            raise ValueError("an emotion has no probability")
        if self.sign_probability is None and not self.corrected:
            raise ValueError("a word has no probability")
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        fields["sign_probability"] = 1.0 if self.corrected else self.sign_probability
        alternatives = tuple((one.id, one.probability) for one in self.alternatives)
        return TaggedWord(**{**fields, "sign": Sign(**self.sign.model_dump()), "alternatives": alternatives})


class TranscriptModel(BaseModel):
    """What `to_json` writes, as far as it is read again."""

    words: list[WordModel]


def affect_text(word: TaggedWord, language: str = "en") -> str:
    """The affect behind a word, such as `` · happy 0.83`` or `` · удивление 0.71 · вопрос?``; empty without an emotion."""
    if not word.emotion:
        return ""
    emotion, probability = EMOTION_NAMES[word.emotion][language], word.emotion_probabilities[word.emotion]
    return f" · {emotion} {probability:.2f}{f' · {QUESTION[language]}' if word.question else ''}"


def to_text(words: Sequence[TaggedWord], language: str = "kk") -> str:
    """One line a word: its span in seconds, the word and its probability (or that a person corrected it), the emotion and its.

    Args:
        words: in the order they were signed.
        language: of words and emotions: ``kk``, ``ru`` or ``en``.

    >>> to_text([])
    ''
    """
    lines = []
    for word in words:
        sure = f"· {CORRECTED[language]}" if word.corrected else f"{word.sign_probability:.2f}"
        lines.append(f"{word.start:7.2f} – {word.end:6.2f}  {word.names[language]} {sure}{affect_text(word, language)}\n")
    return "".join(lines)


def to_json(words: Sequence[TaggedWord], *, source: str, duration: float, vocabulary: str) -> str:
    """The transcript as JSON: ``source``, ``duration`` in seconds, ``vocabulary`` and ``words``.

    >>> json.loads(to_json([], source="clip.mp4", duration=2.0, vocabulary="kslr30"))["words"]
    []
    """
    document = {
        "source": source.encode("utf-8", "replace").decode(),  # A path may hold bytes that are no text.
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
        return [word.tagged() for word in TranscriptModel.model_validate(parse_json(text)).words]
    except ValueError as error:
        raise InputError(f"This is not a transcript of kslr ({_reason(error)}). Use one written with --format json.") from error


def _reason(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def to_csv(words: Sequence[TaggedWord]) -> str:
    """One row a word with the columns `COLUMNS`; alternatives are left out, absent emotions are empty cells.

    >>> to_csv([]).startswith("start,end,sign,kk")
    True
    """
    rows = []
    for word in words:
        p = word.emotion_probabilities
        emotions = [f"{p[name]:.4f}" if name in p else "" for name in EMOTIONS]
        times = (f"{word.start:.3f}", f"{word.end:.3f}")
        sure = "" if word.corrected else f"{word.sign_probability:.4f}"
        rows.append([*times, *word.names.values(), sure, word.emotion or "", *emotions, "yes" if word.corrected else ""])
    return csv_text([COLUMNS, *rows])


def from_csv(text: str) -> list[TaggedWord]:
    """Reads what `to_csv` wrote; the word itself is the only alternative, and a corrected one has none.

    Raises:
        InputError: not such a table.
    """
    words = []
    try:
        for row in csv_records(text):
            sign = {"id": row["sign"], **{language: row[language] for language in ("kk", "latin", "en", "ru")}}
            probabilities = {name: row[name] for name in EMOTIONS if row[name]}
            sure = row["sign_probability"] or None
            alternatives = [{"id": row["sign"], "probability": sure}] if sure else []
            fields: dict[str, Any] = {**row, "sign": sign, "sign_probability": sure, "corrected": row.get("corrected") == "yes"}
            fields |= {"emotion": row["emotion"] or None, "emotion_probabilities": probabilities}
            words.append(WordModel.model_validate({**fields, "alternatives": alternatives}).tagged())
    except (ValueError, KeyError, csv.Error) as error:
        raise InputError(f"This is not a table of words ({_reason(error)}). Use one written with --format csv.") from error
    return words
