"""The routes of the Teach page: takes in, vocabularies taught, tried, fetched and deleted. Answers are JSON.

What goes wrong is answered as ``{"error": key, "values": {…}}`` with a key of words.json.
"""

import asyncio
import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response

from fusion.interpreter import Interpreter, Models
from kslr.clips import Recording, save_recording
from kslr.landmarks import PARTS
from kslr.segment import SignSegment
from kslr.vocabulary_file import vocabulary_bytes
from models.errors import InputError
from ui.live import points, same_origin
from ui.naming import sign_named
from ui.refused import Refused
from ui.services import Services, give_memory_back
from ui.takes import TAKE_BYTES, Take

SHOWN_FRAMES = 24
VOCABULARY_BYTES = 60_000_000


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
    interpreter = Interpreter(models)
    words = [word.as_dict() for word in interpreter.interpret(path)]
    return {"words": words, "vocabulary": models.signs.vocabulary.name, "nobody": interpreter.seen.nobody}


def tried(services: Services, name: str, content: bytes, file_name: str) -> dict[str, Any]:
    """Tries a vocabulary on a clip.

    Raises:
        Refused: the clip can't be read, or the vocabulary not be used.
    """
    models = services.vocabularies.models(name)
    suffix = Path(file_name).suffix.lower()
    if suffix in (".npz", ".pose"):
        sign = services.desk.glance(content, file_name, trimmed=True).verdict.sign
        if sign is None:
            raise Refused("take.no_hands")
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
    if not content or len(content) > TAKE_BYTES:
        raise Refused("teach.large" if content else "video.empty", size=round(TAKE_BYTES / 1e6))
    with tempfile.TemporaryDirectory(prefix="kslr-try-") as folder:
        path = Path(folder) / f"try{suffix}"
        path.write_bytes(content)
        try:
            answer = services.desk.thread.submit(interpreted, path, models).result()
        except InputError as error:
            raise Refused("teach.unreadable", name=Path(file_name).name[:80]) from error
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
        Refused: nothing to learn from, or the vocabulary or the word has no right name.
    """
    usable = [take for take in takes if take.verdict.sign is not None]
    if not usable:
        raise Refused("teach.no_takes")
    signs = [take.verdict.sign for take in usable if take.verdict.sign is not None]
    names = [take.recording.name for take in usable]
    sign = services.vocabularies.teach(vocabulary, lambda taught: sign_named(kk, ru, en, taught, word), signs, names, face=face)
    return {**overview(services, vocabulary), "word": sign.id}


def router(services: Services) -> APIRouter:
    """The routes ``/teach/…`` and ``/vocabularies``."""
    routes = APIRouter()
    shelf, desk = services.vocabularies, services.desk

    async def body(request: Request, most: int) -> bytes:
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise Refused("teach.large", size=round(most / 1e6))
            parts.append(part)
        return b"".join(parts)

    async def answered(request: Request, work: Callable[[], Any]) -> Response:
        """What the work gives as JSON, or why not; the work is done in a thread."""
        if not same_origin(request.headers):
            return Response(status_code=403)
        try:
            found = await asyncio.get_running_loop().run_in_executor(None, work)
        except Refused as refused:
            found = {"error": refused.key, "values": refused.values}
        except InputError:
            found = {"error": "teach.failed", "values": {}}
        return found if isinstance(found, Response) else Response(json.dumps(found), media_type="application/json")

    async def sent(request: Request, most: int, work: Callable[[bytes], Any]) -> Response:
        if not same_origin(request.headers):
            return Response(status_code=403)
        try:
            content = await body(request, most)
        except Refused as refused:
            return Response(json.dumps({"error": refused.key, "values": refused.values}), media_type="application/json")
        return await answered(request, partial(work, content))

    def fields(content: bytes) -> dict[str, Any]:
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Refused("teach.failed")
        return found

    @routes.get("/vocabularies")
    async def vocabularies(request: Request) -> Response:
        return await answered(request, lambda: [vars(one) for one in shelf.listed()])

    @routes.get("/vocabularies/words")
    async def words(request: Request, name: str = "") -> Response:
        return await answered(request, lambda: shelf.words(name))

    @routes.get("/teach/vocabulary")
    async def vocabulary(request: Request, name: str) -> Response:
        return await answered(request, lambda: overview(services, name))

    @routes.get("/teach/todo")
    async def left(request: Request) -> Response:
        return await answered(request, lambda: todo(services, set()))

    @routes.post("/teach/take")
    async def take(request: Request, session: str, name: str, trimmed: bool = False) -> Response:
        def work(content: bytes) -> dict[str, Any]:
            seen = desk.watch(session_key(session), content, name, trimmed)
            give_memory_back()
            return told(seen)

        return await sent(request, TAKE_BYTES, work)

    @routes.post("/teach/try")
    async def try_it(request: Request, vocabulary: str, name: str) -> Response:
        return await sent(request, TAKE_BYTES, lambda content: tried(services, vocabulary, content, name))

    @routes.post("/teach/word")
    async def word(request: Request) -> Response:
        def work(content: bytes) -> dict[str, Any]:
            given = fields(content)
            text = {key: str(given.get(key, "")) for key in ("kk", "ru", "en", "word")}
            takes = desk.find(session_key(str(given.get("session", ""))), [str(key) for key in given.get("takes", [])][:100])
            return learn(services, str(given.get("vocabulary", "")), takes, face=given.get("face") is True, **text)

        return await sent(request, 100_000, work)

    @routes.post("/teach/change")
    async def change(request: Request) -> Response:
        def work(content: bytes) -> dict[str, Any]:
            given = fields(content)
            name = str(given.get("vocabulary", ""))
            match given.get("do"):
                case "create":
                    return overview(services, shelf.create(name))
                case "forget":
                    shelf.forget(name, str(given.get("word", "")))
                    return overview(services, name)
                case "delete":
                    shelf.delete(name)
                    return {"deleted": name}
                case "drop":
                    takes = given.get("takes")
                    desk.drop(session_key(str(given.get("session", ""))), None if takes is None else [str(t) for t in takes])
                    return {"dropped": True}
            raise Refused("teach.failed")

        return await sent(request, 100_000, work)

    @routes.post("/teach/upload")
    async def upload(request: Request, name: str) -> Response:
        def work(content: bytes) -> dict[str, Any]:
            with tempfile.TemporaryDirectory(prefix="kslr-vocabulary-") as folder:
                path = Path(folder) / "sent.npz"
                path.write_bytes(content)
                return overview(services, shelf.add(name, path))

        return await sent(request, VOCABULARY_BYTES, work)

    @routes.get("/teach/download")
    async def download(request: Request, vocabulary: str, shown: bool = True) -> Response:
        def work() -> Response:
            from dataclasses import replace

            taught = shelf.load(vocabulary)
            return _file(vocabulary_bytes(taught if shown else replace(taught, exemplars={})), f"{taught.name}.npz")

        return await answered(request, work)

    @routes.get("/teach/recording")
    async def recording(request: Request, session: str, take: str, kind: str = "npz", face: bool = False) -> Response:
        def work() -> Response:
            if kind not in ("npz", "pose"):
                raise Refused("teach.failed")
            one = desk.find(session_key(session), [take])[0]
            return _file(landmark_file(one, kind, face), f"{Path(one.recording.name).stem or 'take'}.{kind}")

        return await answered(request, work)

    return routes


def session_key(session: str) -> str:
    """A tab's key, which it makes up itself, long enough that nobody else's is met by chance.

    Raises:
        Refused: shorter or longer.
    """
    if not 16 <= len(session) <= 64:
        raise Refused("teach.failed")
    return session


def _file(content: bytes, name: str) -> Response:
    from urllib.parse import quote

    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "Cache-Control": "private, no-store"}
    return Response(content, media_type="application/octet-stream", headers=headers)
