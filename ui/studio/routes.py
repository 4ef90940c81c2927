"""The routes of the Studio: its state, changes of it, and takes. They answer this machine alone, and JSON.

An error is answered as ``{"error": key, "values": {…}}`` with a key of words.json. No request names a path: the folder is the
one that `kslr studio` was given.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from kslr.core.errors import InputError
from ui.door.messages import read_model
from ui.server.logs import log_error
from ui.server.metrics import is_local
from ui.server.services import Services
from ui.shared.i18n import Refusal
from ui.shared.worker import WorkFailed
from ui.studio.booth import Agreement, Booth, Plan, watch_clip_of_studio
from ui.teach.routes import read_body, waiting
from ui.teach.takes import TAKE_BYTES

BODY_BYTES = 100_000  # of a JSON body


class StudioChange(BaseModel):
    """The body of ``/studio/change``."""

    do: Literal["project", "signer", "undo", "withdraw"]
    plan: Plan | None = None
    agreement: Agreement | None = None
    take: str = ""
    signer: str = ""


def build_studio_router(services: Services) -> APIRouter:
    """The routes ``/studio/…``."""
    routes = APIRouter()

    def booth(request: Request) -> Booth:
        """The data set of this server.

        Raises:
            Refusal: it has none, or somebody elsewhere asks.
        """
        if services.studio is None:
            raise Refusal("studio.closed")
        if not is_local(request):
            raise Refusal("studio.elsewhere")
        return Booth(services.studio)

    async def answer(request: Request, work: Callable[..., Any], most: int = 0) -> Response:
        """What the work gives, as JSON, or the error. The work runs in a thread.

        Args:
            work: takes the booth and, when `most` is given, the body and what tells whether the client still waits.
            most: bytes that the body may have.
        """
        try:
            arguments: list[Any] = [booth(request)]
            arguments += [await read_body(request, most)] if most else []
            async with waiting(request) as waits:
                arguments += [waits] if most else []
                found = await asyncio.get_running_loop().run_in_executor(None, work, *arguments)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is left to read it
        except Refusal as refusal:
            found = {"error": refusal.key, "values": refusal.values}
        except (InputError, WorkFailed):
            found = {"error": "studio.failed", "values": {}}
        except OSError as error:  # the disk is full for the moment
            log_error(error)
            found = {"error": "teach.busy", "values": {}}
        return JSONResponse(found, headers={"Cache-Control": "no-store"})

    @routes.get("/studio/state")
    async def show_state(request: Request) -> Response:
        return await answer(request, Booth.state)

    @routes.post("/studio/change")
    async def post_change(request: Request) -> Response:
        def change(place: Booth, content: bytes, _: Callable[[], bool]) -> dict[str, Any]:
            body, done = read_model(content, StudioChange), {}
            match body:
                case StudioChange(do="project", plan=Plan() as plan):
                    place.plan(plan)
                case StudioChange(do="signer", agreement=Agreement() as agreement):
                    place.agree(agreement)
                case StudioChange(do="undo"):
                    place.undo(body.take)
                case StudioChange(do="withdraw"):
                    done = place.withdraw(body.signer, services.vocabularies.encoder)
                case _:
                    raise Refusal("studio.failed")
            return {**place.state(), **done}

        return await answer(request, change, BODY_BYTES)

    @routes.post("/studio/take")
    async def post_take(request: Request, signer: str, sign: str, emotion: str, name: str) -> Response:
        def keep(place: Booth, content: bytes, waits: Callable[[], bool]) -> dict[str, Any]:
            place.check_prompt(signer, sign, emotion)
            take = services.desk.run(content, name, watch_clip_of_studio, wanted=waits)
            return place.keep(signer, sign, emotion, take, content, Path(name).suffix)

        return await answer(request, keep, TAKE_BYTES)

    return routes
