"""The routes of the Teach page: takes in; vocabularies taught, tried, fetched and deleted. Answers are JSON.

An error is answered as ``{"error": key, "values": {…}}`` with a key of words.json.
"""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from kslr.core.errors import InputError
from kslr.teaching.naming import WordNames
from kslr.teaching.vocabularies import vocabulary_bytes, without_file_names
from ui.door.messages import read_model
from ui.server.logs import log_error
from ui.server.metrics import is_local
from ui.server.services import Services
from ui.shared.i18n import Refusal
from ui.shared.worker import WorkFailed
from ui.teach.lessons import landmark_file, learn, likeness_json, take_json, thirty_words, todo_words, try_clip, vocabulary_json
from ui.teach.owners import HEADER, Owners
from ui.teach.requests import check_session, file_response, read_body, waiting
from ui.teach.takes import TAKE_BYTES

VOCABULARY_BYTES = 60_000_000
BODY_BYTES = 100_000  # of a JSON body


class Lesson(BaseModel):
    """The body of ``/teach/word``: takes of a word, by their keys, and its names in three languages or its id."""

    session: str
    vocabulary: str
    takes: list[str] = Field(max_length=100)
    kk: str = ""
    ru: str = ""
    en: str = ""
    word: str = ""
    face: bool = False


class Change(BaseModel):
    """The body of ``/teach/change``: what to do with a vocabulary, with one of its words, or with somebody's takes."""

    do: Literal["create", "forget", "undo", "delete", "drop"]
    vocabulary: str = ""
    word: str = ""
    last: int = Field(1, ge=1, le=100)
    session: str = ""
    takes: list[str] | None = None


def build_teach_router(services: Services) -> APIRouter:
    """The routes ``/teach/…`` and ``/vocabularies``."""
    routes = APIRouter()
    vocabularies, desk, owners = services.vocabularies, services.desk, Owners()

    def check_owner(request: Request, name: str) -> None:
        """Lets only the owner of a vocabulary go on; what is not there has none.

        Raises:
            Refusal: it is somebody else's.
        """
        path = vocabularies.path(name)
        if path.is_file():
            owners.check(path.stem, request.headers.get(HEADER, ""), is_local(request))

    def made(name: str) -> dict[str, Any]:
        """What the browser that made a vocabulary gets of it: the vocabulary, and once its key."""
        return {**vocabulary_json(services, name), "key": owners.create(name)}

    async def answer(request: Request, work: Callable[..., Any], most: int = 0, long: bool = False) -> Response:
        """What the work gives, as JSON, or the error. The work runs in a thread.

        Args:
            work: takes the request's body when `most` is given, else nothing.
            most: bytes that the body may have.
            long: whether the work takes also what tells it that the client still waits.
        """
        try:
            arguments: list[Any] = [await read_body(request, most)] if most else []
            async with waiting(request) as waits:
                arguments += [waits] if long else []
                found = await asyncio.get_running_loop().run_in_executor(None, work, *arguments)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is left to read it
        except Refusal as refusal:
            found = {"error": refusal.key, "values": refusal.values}
        except (InputError, WorkFailed):
            found = {"error": "teach.failed", "values": {}}
        except OSError as error:  # the disk is full for the moment
            log_error(error)
            found = {"error": "teach.busy", "values": {}}
        return found if isinstance(found, Response) else JSONResponse(found)

    @routes.get("/vocabularies")
    async def list_vocabularies(request: Request) -> Response:
        return await answer(request, lambda: [asdict(one) for one in vocabularies.choices()])

    @routes.get("/vocabularies/words")
    async def list_words(request: Request, name: str = "") -> Response:
        return await answer(request, lambda: vocabularies.words(name))

    @routes.get("/teach/vocabulary")
    async def show_vocabulary(request: Request, name: str) -> Response:
        return await answer(request, lambda: vocabulary_json(services, name))

    @routes.get("/teach/todo")
    async def list_todo(request: Request) -> Response:
        return await answer(request, lambda: todo_words(services, set()))

    @routes.get("/teach/thirty")
    async def list_thirty(request: Request) -> Response:
        return await answer(request, lambda: thirty_words(services))

    @routes.post("/teach/take")
    async def post_take(
        request: Request, session: str, name: str, trimmed: bool = False, vocabulary: str = "", word: str = ""
    ) -> Response:
        def watch(content: bytes, waits: Callable[[], bool]) -> dict[str, Any]:
            others = desk.signs(check_session(session))
            kept = desk.watch(session, content, name, trimmed, waits)
            return {**take_json(kept), **likeness_json(services, kept, others, vocabulary, word)}

        return await answer(request, watch, TAKE_BYTES, long=True)

    @routes.post("/teach/try")
    async def post_try(request: Request, vocabulary: str, name: str) -> Response:
        def read(content: bytes, waits: Callable[[], bool]) -> dict[str, Any]:
            return try_clip(services, vocabulary, content, name, waits)

        return await answer(request, read, TAKE_BYTES, long=True)

    @routes.post("/teach/word")
    async def post_word(request: Request) -> Response:
        def teach(content: bytes) -> dict[str, Any]:
            body = read_model(content, Lesson)
            takes = [kept.take for kept in desk.find(check_session(body.session), body.takes)]
            word = WordNames(body.kk, body.ru, body.en, body.word)
            path = vocabularies.path(body.vocabulary)
            check_owner(request, body.vocabulary)
            new = not path.is_file()
            taught = learn(services, body.vocabulary, word, takes, body.face)
            return {**taught, "key": owners.create(path.stem)} if new else taught

        return await answer(request, teach, BODY_BYTES)

    @routes.post("/teach/change")
    async def post_change(request: Request) -> Response:
        def change(content: bytes) -> dict[str, Any]:
            body = read_model(content, Change)
            match body.do:
                case "create":
                    return made(vocabularies.create(body.vocabulary))
                case "forget":
                    check_owner(request, body.vocabulary)
                    vocabularies.forget(body.vocabulary, body.word)
                    return vocabulary_json(services, body.vocabulary)
                case "undo":
                    check_owner(request, body.vocabulary)
                    vocabularies.forget(body.vocabulary, body.word, body.last)
                    return vocabulary_json(services, body.vocabulary)
                case "delete":
                    check_owner(request, body.vocabulary)
                    vocabularies.delete(body.vocabulary)
                    owners.forget(body.vocabulary)
                    return {"deleted": body.vocabulary}
                case "drop":
                    desk.drop(check_session(body.session), body.takes)
                    return {"dropped": True}

        return await answer(request, change, BODY_BYTES)

    @routes.post("/teach/upload")
    async def upload_vocabulary(request: Request, name: str) -> Response:
        def add(content: bytes) -> dict[str, Any]:
            with tempfile.TemporaryDirectory(prefix="kslr-vocabulary-") as folder:
                path = Path(folder) / "sent.npz"
                path.write_bytes(content)
                return made(vocabularies.add(name, path))

        return await answer(request, add, VOCABULARY_BYTES)

    @routes.get("/teach/download")
    async def download_vocabulary(request: Request, vocabulary: str, shown: bool = True) -> Response:
        def file() -> Response:
            taught = without_file_names(vocabularies.load(vocabulary))
            content = vocabulary_bytes(taught if shown else replace(taught, exemplars={}))
            return file_response(content, f"{taught.name}.npz")

        return await answer(request, file)

    @routes.get("/teach/recording")
    async def download_recording(request: Request, session: str, take: str, kind: str = "npz", face: bool = False) -> Response:
        def file() -> Response:
            if kind not in ("npz", "pose"):
                raise Refusal("teach.failed")
            recording = desk.find(check_session(session), [take])[0].take.recording
            return file_response(landmark_file(recording, kind, face), f"{Path(recording.name).stem or 'take'}.{kind}")

        return await answer(request, file)

    return routes
