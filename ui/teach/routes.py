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

from fastapi import APIRouter, Request, Response

from kslr.core.errors import InputError
from kslr.core.files import parse_json
from kslr.teaching.vocabularies import vocabulary_bytes
from ui.server.guard import same_origin
from ui.server.resources import give_memory_back
from ui.server.services import Services
from ui.shared.i18n import Refusal
from ui.teach.lessons import landmark_file, learn, overview, todo, told, tried
from ui.teach.takes import TAKE_BYTES

VOCABULARY_BYTES = 60_000_000


def build_teach_router(services: Services) -> APIRouter:
    """The routes ``/teach/…`` and ``/vocabularies``."""
    routes = APIRouter()
    shelf, desk = services.vocabularies, services.desk

    async def body(request: Request, most: int) -> bytes:
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise Refusal("teach.large", size=round(most / 1e6))
            parts.append(part)
        return b"".join(parts)

    async def answered(request: Request, work: Callable[[], Any]) -> Response:
        """What the work gives as JSON, or why not; the work is done in a thread."""
        if not same_origin(request.headers):
            return Response(status_code=403)
        try:
            found = await asyncio.get_running_loop().run_in_executor(None, work)
        except Refusal as refused:
            found = {"error": refused.key, "values": refused.values}
        except InputError:
            found = {"error": "teach.failed", "values": {}}
        return found if isinstance(found, Response) else Response(json.dumps(found), media_type="application/json")

    async def sent(request: Request, most: int, work: Callable[[bytes], Any]) -> Response:
        if not same_origin(request.headers):
            return Response(status_code=403)
        try:
            content = await body(request, most)
        except Refusal as refused:
            return Response(json.dumps({"error": refused.key, "values": refused.values}), media_type="application/json")
        return await answered(request, partial(work, content))

    def fields(content: bytes) -> dict[str, Any]:
        try:
            found = parse_json(content)
        except InputError:
            found = None
        if not isinstance(found, dict):
            raise Refusal("teach.failed")
        return found

    def keys(given: Any) -> list[str]:
        if not isinstance(given, list):
            raise Refusal("teach.failed")
        return [str(key) for key in given]

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
            takes = desk.find(session_key(str(given.get("session", ""))), keys(given.get("takes", []))[:100])
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
                    desk.drop(session_key(str(given.get("session", ""))), None if takes is None else keys(takes))
                    return {"dropped": True}
            raise Refusal("teach.failed")

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
                raise Refusal("teach.failed")
            one = desk.find(session_key(session), [take])[0]
            return _file(landmark_file(one, kind, face), f"{Path(one.recording.name).stem or 'take'}.{kind}")

        return await answered(request, work)

    return routes


def session_key(session: str) -> str:
    """A tab's key, which it makes up itself, long enough that nobody else's is met by chance.

    Raises:
        Refusal: shorter or longer.
    """
    if not 16 <= len(session) <= 64:
        raise Refusal("teach.failed")
    return session


def _file(content: bytes, name: str) -> Response:
    from urllib.parse import quote

    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", "Cache-Control": "private, no-store"}
    return Response(content, media_type="application/octet-stream", headers=headers)
