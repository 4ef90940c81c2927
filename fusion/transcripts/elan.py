"""Tagged words as an ELAN annotation file (.eaf): linked tiers that linguists can correct by hand.

Tiers: ``sign`` (the word), ``emotion``, ``confidence`` (the word's probability) and ``alternatives``. ELAN's clock
is in whole milliseconds.
"""

import mimetypes
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from fusion.appearance import EMOTION_NAMES
from fusion.observation import TaggedWord
from fusion.transcripts.exports import CORRECTED
from fusion.transcripts.subtitles import EMOTION_IDS
from kslr.core.errors import InputError
from kslr.core.files import one_line

TIERS = ("sign", "emotion", "confidence", "alternatives")


def to_eaf(words: Sequence[TaggedWord], *, media: str | Path | None = None, language: str = "kk") -> bytes:
    """The content of an ``.eaf`` file.

    Args:
        media: the video that ELAN opens beside it: a path, or a name alone for a file that lies beside this one.
        language: of words and emotions. A corrected word's ``confidence`` says "corrected".
    """
    from pympi.Elan import Eaf, to_string

    eaf = Eaf(author="kslr")
    eaf.remove_tier("default")
    for tier in TIERS:
        eaf.add_tier(tier)
    for word in words:
        start = round(word.start * 1000)
        end = max(round(word.end * 1000), start + 1)
        values = {
            "sign": word.names[language],
            "emotion": EMOTION_NAMES[word.emotion][language] if word.emotion else "",
            "confidence": CORRECTED[language] if word.corrected else f"{word.sign_probability:.4f}",
            "alternatives": " ".join(f"{one_line(sign_id)}:{p:.4f}" for sign_id, p in word.alternatives),
        }
        for tier in TIERS:
            eaf.add_annotation(tier, start, end, values[tier])
    if media is not None:
        media = Path(media)
        kind = mimetypes.guess_type(media)[0] or "video/*"
        beside = f"./{quote(media.name)}"
        # Of an upload the name alone is known; the folder of this machine would tell nothing.
        eaf.add_linked_file(beside if media.name == str(media) else media.resolve().as_uri(), relpath=beside, mimetype=kind)
    # ELAN counts on from here; with pympi's 0 it would give an id twice.
    eaf.properties = [("lastUsedAnnotationId", str(eaf.maxaid)), ("lastUsedAnnotation", str(eaf.maxaid))]
    return to_string(eaf, encoding="UTF-8")


def read_eaf(path: str | Path) -> list[tuple[float, float, str, str | None, float | None]]:
    """Reads such a file back, also after somebody corrected it in ELAN.

    Returns:
        (start, end, word, emotion or None, confidence) for each annotation of the tier ``sign``; seconds. The emotion is one
        of `emotion.faces.EMOTIONS`, or what somebody wrote there; the confidence is None for a corrected word.

    Raises:
        InputError: no such file, or none with these tiers.
    """
    from pympi.Elan import Eaf

    try:
        ElementTree.parse(path)  # pympi raises a bare Exception for what is no XML.
        eaf = Eaf(str(path))
        tiers = {tier: {a[:2]: a[2] for a in eaf.get_annotation_data_for_tier(tier)} for tier in TIERS[:3]}
        return [
            (
                start / 1000,
                end / 1000,
                word,
                _parse_emotion(tiers["emotion"].get(span)),
                _parse_confidence(tiers["confidence"][span]),
            )
            for span, word in sorted(tiers["sign"].items())
            for start, end in [span]
        ]
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}). Check the path.") from error
    except (ElementTree.ParseError, LookupError, ValueError, AttributeError, TypeError) as error:
        raise InputError(f"{path} is not an ELAN file of kslr ({error}). Use one written with --format eaf.") from error


def _parse_emotion(value: str | None) -> str | None:
    return EMOTION_IDS.get(value, value) if value else None


def _parse_confidence(value: str) -> float | None:
    return None if value in CORRECTED.values() else float(value)
