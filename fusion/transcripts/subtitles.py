"""Tagged words as subtitles (SRT and VTT), and back. Subtitles have whole milliseconds, so reading them back rounds."""

from collections.abc import Sequence

from fusion.observation import TaggedWord
from fusion.transcripts.exports import affect_text
from kslr.core.errors import InputError
from kslr.vocabulary import Vocabulary


def to_subtitles(words: Sequence[TaggedWord], kind: str = "srt", language: str = "kk") -> str:
    """Subtitles: one line a word with its affect, such as ``Рақмет · happy 0.83``.

    Args:
        kind: ``srt`` or ``vtt``.

    >>> to_subtitles([], "vtt").strip()
    'WEBVTT'
    """
    import pysubs2

    subtitles = pysubs2.SSAFile()
    for word in words:
        start, end = round(word.start * 1000), round(word.end * 1000)
        text = f"{getattr(word.sign, language)}{affect_text(word)}"
        subtitles.append(pysubs2.SSAEvent(start=start, end=max(end, start + 1), text=text))
    return subtitles.to_string(kind)


def from_subtitles(text: str, vocabulary: Vocabulary, language: str = "kk") -> list[tuple[float, float, str, str | None]]:
    """Reads subtitles back.

    Returns:
        (start, end, sign id, emotion or None) a line; seconds.

    Raises:
        InputError: not subtitles, or a word that is not in the vocabulary.
    """
    import pysubs2

    known = {getattr(sign, language): sign.id for sign in vocabulary.signs}
    if text.strip() in ("", "WEBVTT"):  # A clip without words; pysubs2 cannot detect its format.
        return []
    try:
        events = pysubs2.SSAFile.from_string(text).events
    except (pysubs2.exceptions.Pysubs2Error, ValueError) as error:
        raise InputError(f"These are not subtitles ({error}). Use SRT or VTT.") from error
    lines = []
    for event in events:
        name, _, affect = event.plaintext.partition(" · ")
        if name not in known:
            raise InputError(f"{name!r} is not a word of {vocabulary.name} in {language}.")
        lines.append((event.start / 1000, event.end / 1000, known[name], affect.split(" ")[0] or None))
    return lines
