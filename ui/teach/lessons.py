"""What the Teach page and the `/teach` function do: show takes, teach and try words, hand out recordings."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from fusion.interpreter import Interpreter, Models
from kslr.core.errors import InputError
from kslr.posefile import to_pose
from kslr.recordings import LANDMARK_SUFFIXES, Recording, recording_bytes
from kslr.segment import SignSegment
from kslr.teaching.figure import figure
from kslr.teaching.likeness import find_likeness
from kslr.teaching.naming import LessonError, WordNames
from kslr.teaching.takes import Take, watch_take
from kslr.teaching.words import ENOUGH
from kslr.video import VideoFile
from kslr.vocabulary import IDLE
from ui.server.services import Services
from ui.shared.i18n import Refusal, names
from ui.shared.pictures import hundredths, points
from ui.shared.vocabularies import ModelFiles
from ui.teach.takes import KeptTake

SHOWN_FRAMES = 24
TRY_SECONDS = 60.0  # maximum length of a clip that a vocabulary is tried on


def take_json(kept: KeptTake) -> dict[str, Any]:
    """What the page shows of a take: its verdict, and the sign as a moving skeleton without a face."""
    recording, verdict = kept.take.recording, kept.take.verdict
    return {
        "take": kept.key,
        "name": recording.name,
        "usable": verdict.sign is not None,
        "problems": list(verdict.problems),
        "seconds": round(verdict.sign.seconds, 2) if verdict.sign else 0.0,
        "hands": round(verdict.hands, 2),
        "aspect": round(recording.aspect, 3),
        "frames": skeleton_json(verdict.sign) if verdict.sign else [],
    }


def likeness_json(services: Services, kept: KeptTake, others: list[SignSegment], vocabulary: str, word: str) -> dict[str, Any]:
    """Whether a take is a recording that is there already (``same``), and a word that it conflicts with (``conflict``).

    A conflict has the word's names and, where its example is kept, both signs as moving figures.

    Args:
        others: signs of the person's other takes.
        vocabulary: that it is to be taught to; empty for none.
        word: id of its word; empty for a new one.
    """
    sign, encoder = kept.take.verdict.sign, services.vocabularies.encoder
    if sign is None:
        return {"same": False, "conflict": None}
    taught = None
    if vocabulary and services.vocabularies.path(vocabulary).is_file():
        found = services.vocabularies.load(vocabulary)
        taught = found if found.encoder == encoder.card.weights["sha256"] else None
    like = find_likeness(sign, others, taught, word, encoder)
    if like.conflict is None or taught is None:
        return {"same": like.same, "conflict": None}
    other = next(one for one in taught.signs if one.id == like.conflict)
    example = taught.exemplars.get(other.id)
    pair = [(sign.seconds, sign.window(encoder.frames))] + ([(example.seconds, example.window)] if example else [])
    figures = [{"seconds": round(s, 2), "points": hundredths(figure(np.asarray(w, np.float32)))} for s, w in pair]
    return {"same": like.same, "conflict": {"id": other.id, **names(other), "figures": figures if example else []}}


def thirty_words(services: Services) -> list[dict[str, Any]]:
    """The thirty words of the paper, those without any recording first."""
    every = sorted(services.vocabularies.thirty.signs, key=lambda sign: not sign.untrained)
    return [{"id": sign.id, **names(sign), "untrained": sign.untrained} for sign in every]


def skeleton_json(sign: SignSegment) -> list[dict[str, Any]]:
    """At most `SHOWN_FRAMES` frames of a sign as the browser draws them."""
    chosen = np.unique(np.linspace(0, len(sign.landmarks) - 1, SHOWN_FRAMES).round().astype(int))
    return [{**points(sign.landmarks[i]), "face": None} for i in chosen]


def vocabulary_json(services: Services, name: str) -> dict[str, Any]:
    """A taught vocabulary: its words with recordings and accuracy, what is confused, and where one more helps most."""
    taught, found = services.vocabularies.load(name), services.vocabularies.check(name)
    per_word, confused = found.get("per_word", {}), found.get("confused", [])
    words = [
        {
            "id": sign.id,
            **names(sign),
            "recordings": taught.recordings_of(sign.id),
            **{key: per_word.get(sign.id, {}).get(key) for key in ("accuracy", "right", "asked", "interval")},
            "shown": sign.id in taught.exemplars,
        }
        for sign in taught.signs
    ]
    weak = [word for word in words if word["id"] in found.get("weak", [])]
    weak.sort(key=lambda word: (word["recordings"] >= ENOUGH, word["accuracy"] or 0.0))
    return {
        "name": taught.name,
        "words": words,
        "recordings": len(taught.provenance),
        **{key: found.get(key) for key in ("accuracy", "right", "asked", "interval")},
        "few": {"words": 0 < len(words) < ENOUGH, "takes": any(word["recordings"] < ENOUGH for word in words)},
        "confused": [pair for pair in confused if IDLE not in pair.values()][:5],
        "missed": [pair for pair in confused if pair["answered"] == IDLE][:5],
        "advice": [word["id"] for word in weak][:3],
        "todo": todo_words(services, {sign.id for sign in taught.signs}),
    }


def todo_words(services: Services, known: set[str]) -> list[dict[str, str]]:
    """The words of the thirty that neither the shipped vocabulary was trained on nor this one knows."""
    return [{"id": sign.id, **names(sign)} for sign in services.vocabularies.thirty.untrained if sign.id not in known]


def try_clip(
    services: Services, vocabulary: str, content: bytes, name: str, wanted: Callable[[], bool] = lambda: True
) -> dict[str, Any]:
    """Tries a vocabulary on a clip, in a process of its own.

    Args:
        wanted: whether the person still waits.

    Returns:
        words as in a transcript, signs (the vocabulary's words), vocabulary, and whether nobody is in view.

    Raises:
        Refusal: the clip cannot be read, or the vocabulary cannot be used.
    """
    files = ModelFiles.of(services.vocabularies.models(vocabulary))
    words = services.vocabularies.words(vocabulary)
    found = services.desk.run(content, name, read_clip, files, words, wanted=wanted)
    return {**found, "vocabulary": vocabulary, "signs": words}


def read_clip(path: Path, name: str, files: ModelFiles, words: dict[str, dict[str, str]]) -> Iterator[dict[str, Any]]:
    """The work of `try_clip`.

    Args:
        name: what the person calls the clip.
        files: the models.
        words: id → names.

    Raises:
        LessonError: the clip cannot be read.
    """
    models = files.load()
    if path.suffix in LANDMARK_SUFFIXES:
        yield _read_take(watch_take(path, name, trimmed=True), models, words)
        return
    try:
        with (
            VideoFile(path, longest=TRY_SECONDS) as video,
            Interpreter(models).session() as session,
            closing(session.observations(video)) as observations,
        ):
            found = [word for _, observation in observations for word in observation.words] + [*session.finish()]
            yield {"words": [word.as_dict() for word in found], "nobody": session.seen.nobody}
    except InputError as error:
        if error.code == "too-long":
            raise LessonError(str(error), "long-clip", n=round(TRY_SECONDS)) from error
        raise LessonError(str(error), "unreadable", name=name) from error


def _read_take(take: Take, models: Models, words: dict[str, dict[str, str]]) -> dict[str, Any]:
    """The word of a landmark file; without pictures there is no emotion."""
    if take.verdict.sign is None:
        raise Refusal("take.no_hands")
    found = models.signs.recognize(take.verdict.sign)
    if found.sign_id is None:
        return {"words": [], "nobody": False}
    word = {
        "sign": {"id": found.sign_id, **words[found.sign_id]},
        "sign_probability": round(found.probability, 4),
        "alternatives": [{"id": i, "probability": round(p, 4)} for i, p in found.ranked[:5]],
        "emotion": None,
    }
    return {"words": [word], "nobody": False}


def landmark_file(recording: Recording, kind: str, face: bool) -> bytes:
    """A take's landmarks as ``npz`` or ``pose``, with or without the face."""
    shown = recording if face else recording.without_face()
    return to_pose(shown.landmarks(), face=face) if kind == "pose" else recording_bytes(shown)


def learn(services: Services, vocabulary: str, word: WordNames, takes: list[Take], face: bool = False) -> dict[str, Any]:
    """Teaches a word from takes.

    Returns:
        `vocabulary_json` with ``word``, the id that was taught.

    Raises:
        Refusal: nothing to learn from, a name that is not allowed, or a limit that is reached.
    """
    sign = services.vocabularies.teach(vocabulary, word, takes, face=face)
    return {**vocabulary_json(services, vocabulary), "word": sign.id}
