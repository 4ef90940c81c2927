"""The transcript formats: one table with the name, file extension and media type of each, and their writers."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fusion.observation import TaggedWord
    from kslr.landmarks import Landmarks
    from kslr.lookup.dictionary import Found


@dataclass(frozen=True)
class Transcript:
    """What is written.

    Attributes:
        words: in the order they were signed.
        source: the video's path or a name for it; JSON holds it.
        duration: of the source, in seconds.
        vocabulary: the name of the vocabulary.
        language: of words and emotions, where a format has only one: ``kk``, ``ru`` or ``en``.
        landmarks: of every frame; only ``pose`` needs them.
        face: whether a ``pose`` file holds the face.
        found: the signs that were looked up in a dictionary; None where words were read.
        media: the video that ELAN opens beside the words, see `fusion.transcripts.elan.to_eaf`.
    """

    words: "Sequence[TaggedWord]"
    source: str
    duration: float
    vocabulary: str
    language: str = "kk"
    landmarks: "Sequence[Landmarks]" = ()
    face: bool = True
    media: str | None = None
    found: "Sequence[Found] | None" = None


class Format(str, Enum):
    """How a transcript is written.

    Attributes:
        extension: of its files, without the dot.
        media_type: for a browser.

    >>> Format.vtt.serialize(Transcript((), "clip.mp4", 3.0, "kslr30")).strip()
    b'WEBVTT'
    """

    extension: str
    media_type: str

    text = "text", "txt", "text/plain; charset=utf-8"
    json = "json", "json", "application/json"
    csv = "csv", "csv", "text/csv; charset=utf-8"
    srt = "srt", "srt", "application/x-subrip; charset=utf-8"
    vtt = "vtt", "vtt", "text/vtt; charset=utf-8"
    eaf = "eaf", "eaf", "text/xml; charset=utf-8"
    pose = "pose", "pose", "application/octet-stream"

    def __new__(cls, name: str, extension: str, media_type: str) -> "Format":
        """A member, whose value is its name on the command line."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.extension, member.media_type = extension, media_type
        return member

    def serialize(self, transcript: Transcript) -> bytes:
        """The content of a file in this format.

        Raises:
            InputError: ``pose`` without a frame, or a format that cannot hold signs that were looked up.
        """
        # The command line reads this table for its options, so writers and their libraries are imported only to write.
        from fusion.transcripts import elan, exports, lookups, subtitles
        from kslr.core.files import csv_bytes
        from kslr.posefile import to_pose

        t = transcript
        self.check_lookups(t.found is not None)
        match self:
            case Format.text if t.found is not None:
                return lookups.found_text(t.found, t.language).encode()
            case Format.json if t.found is not None:
                return lookups.found_json(t.found, source=t.source, duration=t.duration, vocabulary=t.vocabulary).encode()
            case Format.csv if t.found is not None:
                return csv_bytes(lookups.found_csv(t.found))
            case Format.text:
                return exports.to_text(t.words, t.language).encode()
            case Format.json:
                return exports.to_json(t.words, source=t.source, duration=t.duration, vocabulary=t.vocabulary).encode()
            case Format.csv:
                return csv_bytes(exports.to_csv(t.words))
            case Format.eaf:
                return elan.to_eaf(t.words, media=t.media, language=t.language)
            case Format.pose:
                return to_pose(t.landmarks, face=t.face)
            case _:
                return subtitles.to_subtitles(t.words, self.value, t.language).encode()

    def check_lookups(self, looked_up: bool) -> None:
        """Checks that the format can hold what is written.

        Args:
            looked_up: whether signs were looked up, so that there are lists of nearest words and no words.

        Raises:
            InputError: it cannot.
        """
        if looked_up and self not in (*LOOKUPS.values(), Format.pose):
            from kslr.core.errors import InputError

            names = ", ".join(format.value for format in LOOKUPS.values())
            raise InputError(f"The format {self.value} holds words, and a dictionary says none. Choose one of {names}.")


# What the app offers, by extension: the formats of words, and those of signs that were looked up.
DOWNLOADS = {format.extension: format for format in Format if format is not Format.pose}
LOOKUPS = {format.extension: format for format in (Format.text, Format.json, Format.csv)}
