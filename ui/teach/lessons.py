"""What the Teach page and the `/teach` function do: takes shown, words learnt and tried, recordings handed out."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from fusion.interpreter import Interpreter, Models
from kslr.core.errors import InputError
from kslr.landmarks import PARTS
from kslr.recordings import LANDMARK_SUFFIXES, VIDEO_SUFFIXES, Recording, save_recording
from kslr.segment import SignSegment
from ui.server.resources import give_memory_back
from ui.server.services import Services
from ui.shared.i18n import Refusal
from ui.shared.naming import sign_named
from ui.shared.pictures import points
from ui.teach.takes import TAKE_BYTES, Take

SHOWN_FRAMES = 24


def told(take: Take) -> dict[str, Any]:
    """What the page shows of a take: what it is worth, and the sign as a moving skeleton without a face."""
    verdict = take.verdict
    return {
        "take": take.key,
        "name": take.recording.name,
        "usable": verdict.sign is not None,
        "problems": list(verdict.problems),
        "seconds": round(verdict.seconds, 2),
        "hands": round(verdict.hands, 2),
        "aspect": round(take.recording.aspect, 3),
        "frames": skeleton(verdict.sign) if verdict.sign else [],
    }


def skeleton(sign: SignSegment) -> list[dict[str, Any]]:
    """At most `SHOWN_FRAMES` frames of a sign as the browser draws them."""
    chosen = np.unique(np.linspace(0, len(sign.landmarks) - 1, SHOWN_FRAMES).round().astype(int))
    return [{**points(sign.landmarks[i]), "face": None} for i in chosen]


def overview(services: Services, name: str) -> dict[str, Any]:
    """A taught vocabulary: its words with recordings and accuracy, what is confused, and where one more helps most."""
    taught, found = services.vocabularies.load(name), services.vocabularies.checked(name)
    per_word = found.get("per_word", {})
    words = [
        {
            "id": sign.id,
            **{language: getattr(sign, language) for language in ("kk", "ru", "en")},
            "recordings": taught.recordings_of(sign.id),
            "accuracy": per_word.get(sign.id, {}).get("accuracy"),
            "shown": sign.id in taught.exemplars,
        }
        for sign in taught.signs
    ]
    weak = sorted(
        (word for word in words if word["id"] in found.get("weak", [])), key=lambda w: (w["recordings"] >= 3, w["accuracy"])
    )
    return {
        "name": taught.name,
        "words": words,
        "recordings": len(taught.provenance),
        "accuracy": found.get("accuracy"),
        "confused": [pair for pair in found.get("confused", []) if "_idle" not in pair.values()][:5],
        "missed": [pair for pair in found.get("confused", []) if pair.get("answered") == "_idle"][:5],
        "advice": [word["id"] for word in weak][:3],
        "todo": todo(services, {sign.id for sign in taught.signs}),
    }


def todo(services: Services, there: set[str]) -> list[dict[str, str]]:
    """The words of the thirty that the shipped vocabulary could not be trained on and that are not taught yet."""
    return [{"id": s.id, "kk": s.kk, "ru": s.ru, "en": s.en} for s in services.vocabularies.thirty.untrained if s.id not in there]


def interpreted(path: Path, models: Models) -> dict[str, Any]:
    """A clip's words with emotion, and whether nobody is in view."""
    reading = Interpreter(models).interpret(path)
    words = [word.as_dict() for word in reading]
    return {"words": words, "vocabulary": models.signs.vocabulary.name, "nobody": reading.seen.nobody}


def tried(services: Services, name: str, content: bytes, file_name: str) -> dict[str, Any]:
    """Tries a vocabulary on a clip.

    Raises:
        Refusal: the clip can't be read, or the vocabulary not be used.
    """
    models = services.vocabularies.models(name)
    suffix = Path(file_name).suffix.lower()
    if suffix in LANDMARK_SUFFIXES:
        sign = services.desk.glance(content, file_name, trimmed=True).verdict.sign
        if sign is None:
            raise Refusal("take.no_hands")
        found = models.signs.recognize(sign)
        signs = services.vocabularies.words(name)
        ranked = [{"id": i, "probability": round(p, 4)} for i, p in found.ranked[:5]]
        word = found.sign_id and {
            "sign": {"id": found.sign_id, **signs[found.sign_id]},
            "sign_probability": round(found.probability, 4),
            "alternatives": ranked,
            "emotion": None,
        }
        return {"words": [word] if word else [], "signs": signs, "vocabulary": name, "nobody": False}
    if suffix not in VIDEO_SUFFIXES:
        raise Refusal("teach.format")
    if not content or len(content) > TAKE_BYTES:
        raise Refusal("teach.large" if content else "video.empty", size=round(TAKE_BYTES / 1e6))
    with tempfile.TemporaryDirectory(prefix="kslr-try-") as folder:
        path = Path(folder) / f"try{suffix}"
        path.write_bytes(content)
        try:
            answer = services.desk.thread.submit(interpreted, path, models).result()
        except InputError as error:
            raise Refusal("teach.unreadable", name=Path(file_name).name[:80]) from error
    give_memory_back()
    return {**answer, "signs": services.vocabularies.words(name)}


def landmark_file(take: Take, kind: str, face: bool) -> bytes:
    """A take's landmarks as ``npz`` or ``pose``, with or without the face."""
    recording = take.recording
    if not face:
        x = recording.x.copy()
        start, count, width = PARTS["face"]
        x[:, start : start + count * width] = np.nan
        recording = Recording(recording.seconds, x, recording.aspect, recording.name)
    with tempfile.TemporaryDirectory(prefix="kslr-take-") as folder:
        path = Path(folder) / f"take.{kind}"
        if kind == "pose":
            from kslr.posefile import write_pose

            write_pose(path, recording.landmarks(), face=face)
        else:
            save_recording(path, recording)
        return path.read_bytes()


def learn(
    services: Services, vocabulary: str, takes: list[Take], *, kk: str, ru: str, en: str, word: str = "", face: bool = False
) -> dict[str, Any]:
    """Teaches a word from takes.

    Returns:
        `overview` with ``word``, the id that was taught.

    Raises:
        Refusal: nothing to learn from, or the vocabulary or the word has no right name.
    """
    usable = [take for take in takes if take.verdict.sign is not None]
    if not usable:
        raise Refusal("teach.no_takes")
    signs = [take.verdict.sign for take in usable if take.verdict.sign is not None]
    names = [take.recording.name for take in usable]
    sign = services.vocabularies.teach(vocabulary, lambda taught: sign_named(kk, ru, en, taught, word), signs, names, face=face)
    return {**overview(services, vocabulary), "word": sign.id}
