"""Tagged words as subtitles (SRT and VTT), and back. Subtitles have whole milliseconds, so reading them back rounds."""

import html
import re
from collections.abc import Sequence

from fusion.appearance import EMOTION_NAMES
from fusion.observation import TaggedWord
from fusion.transcripts.exports import CORRECTED, QUESTION, affect_text
from kslr.core.errors import InputError
from kslr.core.files import one_line
from kslr.vocabulary import Vocabulary

EMOTION_IDS = {name: emotion for emotion, texts in EMOTION_NAMES.items() for name in texts.values()}
AFFECT = re.compile(
    rf"(?P<name>.*?) · (?P<emotion>{'|'.join(EMOTION_IDS)}) \d\.\d\d( · ({'|'.join(map(re.escape, QUESTION.values()))}))?"
)
CORRECTED_END = re.compile(rf" · ({'|'.join(CORRECTED.values())})$")
# SRT cannot write what players and pysubs2 read as tags, line breaks or times, so an invisible word joiner parts it.
JOINER = "\u2060"
SPECIAL = rf"\\|<|\{{|--|:(?={JOINER}*\d\d)"


def to_subtitles(words: Sequence[TaggedWord], kind: str = "srt", language: str = "kk") -> str:
    """Subtitles: one line a word with its affect, such as ``Рақмет · қуаныш 0.83``; a corrected word says so.

    Args:
        kind: ``srt`` or ``vtt``.
        language: of words and emotions.

    >>> to_subtitles([], "vtt").strip()
    'WEBVTT'
    """
    import pysubs2

    subtitles = pysubs2.SSAFile()
    for word in words:
        start, end = round(word.start * 1000), round(word.end * 1000)
        corrected = f" · {CORRECTED[language]}" if word.corrected else ""
        text = _escape(f"{word.names[language]}{corrected}{affect_text(word, language)}", kind)
        subtitles.append(pysubs2.SSAEvent(start=start, end=max(end, start + 1), text=text))
    return subtitles.to_string(kind, keep_ssa_tags=True)


def from_subtitles(text: str, vocabulary: Vocabulary, language: str = "kk") -> list[tuple[float, float, str, str | None]]:
    """Reads subtitles back.

    Returns:
        (start, end, sign id, emotion or None) a line; seconds.

    Raises:
        InputError: not subtitles, or a word that is not in the vocabulary.
    """
    import pysubs2

    known = {one_line(getattr(sign, language)): sign.id for sign in vocabulary.signs}
    text = text.removeprefix("\ufeff")
    kind = "vtt" if text.lstrip().startswith("WEBVTT") else "srt"
    try:
        events = pysubs2.SSAFile.from_string(text, kind, keep_html_tags=True).events
    except (pysubs2.exceptions.Pysubs2Error, ValueError) as error:
        raise InputError(f"These are not subtitles ({error}). Use SRT or VTT.") from error
    if not events and text.strip() not in ("", "WEBVTT"):
        raise InputError("These are not subtitles (no times in them). Use SRT or VTT.")
    lines = []
    for event in events:
        line = one_line(_unescape(event.text, kind))
        affect = None if line in known else AFFECT.fullmatch(line)
        name, emotion = (affect["name"], EMOTION_IDS[affect["emotion"]]) if affect else (line, None)
        name = name if name in known else CORRECTED_END.sub("", name)
        if name not in known:
            raise InputError(f"{name!r} is not a word of {vocabulary.name} in {language}.")
        lines.append((event.start / 1000, event.end / 1000, known[name], emotion))
    return lines


def _escape(text: str, kind: str) -> str:
    """Text so that ``&``, tags, braces, ``\\N``, ``-->`` and times in it are shown as they are.

    >>> _escape("a --> b & <c>", "vtt")
    'a --&gt; b &amp; &lt;c&gt;'
    """
    if kind == "vtt":
        return re.sub(r"\\|:(?=\d\d)", lambda found: f"&#{ord(found[0])};", html.escape(text, quote=False))
    return re.sub(SPECIAL, rf"\g<0>{JOINER}", text)


def _unescape(text: str, kind: str) -> str:
    return html.unescape(text) if kind == "vtt" else re.sub(f"({SPECIAL}){JOINER}", r"\1", text)
