"""The transcript formats: one table with the name, file extension, media type and writer of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

# The command line reads this table for its options, so the writers and their libraries are imported only when one writes.
if TYPE_CHECKING:
    from fusion.observation import TaggedWord
    from kslr.landmarks import Landmarks


@dataclass(frozen=True)
class Transcript:
    """What is written.

    Attributes:
        words: in the order they were signed.
        source: the video's path or a name for it; JSON holds it.
        duration: of the source, in seconds.
        vocabulary: the name of the vocabulary.
        language: of the words, where a format has only one: ``kk``, ``ru`` or ``en``.
        landmarks: of every frame; only ``pose`` needs them.
        face: whether a ``pose`` file holds the face.
        media: the video that ELAN opens beside the words.
    """

    words: "Sequence[TaggedWord]"
    source: str
    duration: float
    vocabulary: str
    language: str = "kk"
    landmarks: "Sequence[Landmarks]" = ()
    face: bool = True
    media: str | None = None


def _text(transcript: Transcript) -> bytes:
    from fusion.transcripts.exports import to_text

    return to_text(transcript.words, transcript.language).encode()


def _json(transcript: Transcript) -> bytes:
    from fusion.transcripts.exports import to_json

    return to_json(
        transcript.words, source=transcript.source, duration=transcript.duration, vocabulary=transcript.vocabulary
    ).encode()


def _csv(transcript: Transcript) -> bytes:
    from fusion.transcripts.exports import to_csv

    return to_csv(transcript.words).encode()


def _srt(transcript: Transcript) -> bytes:
    from fusion.transcripts.subtitles import to_subtitles

    return to_subtitles(transcript.words, "srt", transcript.language).encode()


def _vtt(transcript: Transcript) -> bytes:
    from fusion.transcripts.subtitles import to_subtitles

    return to_subtitles(transcript.words, "vtt", transcript.language).encode()


def _eaf(transcript: Transcript) -> bytes:
    from fusion.transcripts.elan import to_eaf

    return to_eaf(transcript.words, media=transcript.media, language=transcript.language)


def _pose(transcript: Transcript) -> bytes:
    from kslr.posefile import to_pose

    return to_pose(transcript.landmarks, face=transcript.face)


class Format(str, Enum):
    """How a transcript is written.

    Attributes:
        extension: of its files, without the dot.
        media_type: for a browser.
        serialize: the content of a file; raises InputError where there is nothing that the format could hold.

    >>> Format.vtt.serialize(Transcript((), "clip.mp4", 3.0, "kslr30")).strip()
    b'WEBVTT'
    """

    extension: str
    media_type: str
    serialize: Callable[[Transcript], bytes]

    text = "text", "txt", "text/plain; charset=utf-8", _text
    json = "json", "json", "application/json", _json
    csv = "csv", "csv", "text/csv; charset=utf-8", _csv
    srt = "srt", "srt", "application/x-subrip; charset=utf-8", _srt
    vtt = "vtt", "vtt", "text/vtt; charset=utf-8", _vtt
    eaf = "eaf", "eaf", "text/xml; charset=utf-8", _eaf
    pose = "pose", "pose", "application/octet-stream", _pose

    def __new__(cls, name: str, extension: str, media_type: str, serialize: Callable[[Transcript], bytes]) -> "Format":
        """A member, whose value is its name on the command line."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.extension, member.media_type, member.serialize = extension, media_type, serialize
        return member


# What the app offers, by extension: the formats of words.
DOWNLOADS = {format.extension: format for format in Format if format is not Format.pose}
