"""Transcripts in every format that people fetch from the app."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from fusion.tagged import TaggedWord
from fusion.transcripts.elan import write_eaf
from fusion.transcripts.exports import to_csv, to_json, to_subtitles, to_text

# extension → media type
FORMATS = {
    "txt": "text/plain; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "eaf": "text/xml; charset=utf-8",
}


def written(kind: str, words: Sequence[TaggedWord], *, source: str, duration: float, vocabulary: str, language: str) -> bytes:
    """A transcript as a file's content.

    Args:
        kind: a key of `FORMATS`.
        words: in order.
        source, duration, vocabulary: what the JSON says about them.
        language: of the words, where a format has only one.

    >>> written("txt", [], source="", duration=0.0, vocabulary="kslr30", language="kk")
    b''

    Raises:
        KeyError: there is no such format.
    """
    if kind == "eaf":
        with tempfile.TemporaryDirectory() as folder:
            write_eaf(Path(folder) / "words.eaf", words, language=language)
            return (Path(folder) / "words.eaf").read_bytes()
    texts = {
        "txt": lambda: to_text(words, language),
        "json": lambda: to_json(words, source=source, duration=duration, vocabulary=vocabulary),
        "csv": lambda: to_csv(words),
        "srt": lambda: to_subtitles(words, "srt", language),
        "vtt": lambda: to_subtitles(words, "vtt", language),
    }
    return texts[kind]().encode()
