"""Tagged words as text and as JSON."""

import json
from collections.abc import Sequence

from fusion.tagged import TaggedWord


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
        affect = f" · {word.emotion} {word.emotion_probabilities[word.emotion]:.2f}" if word.emotion else ""
        lines.append(f"{word.start:7.2f} – {word.end:6.2f}  {name} {word.sign_probability:.2f}{affect}\n")
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
