"""The routes of captions: a page gives its words away under a token, programs and the caption page read along.

The token is long and random, made by the browser whose words they are; whoever knows it reads along, and nobody else.
"""

import asyncio
from contextlib import suppress

from fastapi import APIRouter, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse

from kslr.core.errors import InputError
from ui.door.front import client_name
from ui.door.messages import Rate
from ui.server.logs import log_error
from ui.server.metrics import is_local
from ui.server.services import Services
from ui.shared.frame import script_url
from ui.shared.html import render

TOKEN_SECONDS = 15.0  # in which a program has to say its token
TOKEN_BYTES = 200
PAGES_A_SECOND = 40  # messages of all pages together


def build_captions_router(services: Services) -> APIRouter:
    """The routes ``/captions`` (the page), ``/captions/words`` (WebSocket) and ``POST /captions/TOKEN``."""
    routes = APIRouter()
    captions, rate = services.captions, Rate(PAGES_A_SECOND)
    writing = asyncio.Lock()

    @routes.get("/captions")
    async def page() -> Response:
        return HTMLResponse(render("captions/page.html", script=script_url("captions/captions.js")))

    @routes.post("/captions/{token}")
    async def publish(request: Request, token: str) -> Response:
        if rate.flooded():
            return Response(status_code=429)
        try:
            state = captions.publish(token, await request.body(), client_name(request.scope))
        except InputError as error:
            return Response(str(error), status_code=429 if error.code == "full" else 422, media_type="text/plain")
        if captions.file is not None and is_local(request):
            words = [word[state["language"]] for word in state["words"]]
            async with writing:  # in their order
                try:
                    await asyncio.to_thread(captions.file.show, words)
                except InputError as error:  # the disk is full for the moment, or another program holds the file
                    log_error(error)
        return Response(status_code=204)

    @routes.websocket("/captions/words")
    async def listen(socket: WebSocket) -> None:
        await socket.accept()
        token, queue = "", None
        with suppress(WebSocketDisconnect, RuntimeError, asyncio.TimeoutError, KeyError):
            token = await asyncio.wait_for(socket.receive_text(), TOKEN_SECONDS)
            try:
                queue = captions.listen(token[:TOKEN_BYTES], client_name(socket.scope))
            except InputError as error:
                await socket.close(1013 if error.code == "full" else 1008)
                return
            leaving = asyncio.create_task(_wait_for_end(socket))
            try:
                while not leaving.done():
                    coming = asyncio.create_task(queue.get())
                    done, _ = await asyncio.wait({coming, leaving}, return_when=asyncio.FIRST_COMPLETED)
                    if coming not in done:
                        coming.cancel()
                        break
                    await asyncio.wait_for(socket.send_json(coming.result()), services.limits.idle_seconds)
            finally:
                leaving.cancel()
                captions.leave(token, queue)
        with suppress(RuntimeError):  # closed already
            await socket.close()

    return routes


async def _wait_for_end(socket: WebSocket) -> None:
    """Waits until the program hangs up; whatever it says meanwhile is ignored, and saying much ends it."""
    rate = Rate(10)
    while (await socket.receive())["type"] != "websocket.disconnect" and not rate.flooded():
        pass
