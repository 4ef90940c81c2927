"""What of Gradio is open to clients.

Gradio keeps its safeguards for apps that its own ``launch()`` starts; this one is mounted into a server of ours. So:

- ``allowed_paths`` and the check that an input file was uploaded hold only when ``has_launched`` is set: we set it, and every
  file that a request names is checked here before Gradio reads the request.
- ``concurrency_limit`` holds in the queue only; ``/run`` and ``/api`` call functions beside it: they are not open.
- ``max_size`` is of the queue in sum, and work goes on for who has gone: `ui.door.queue` has the limit of a client.
- ``max_file_size`` is of one file in one request: `ui.door.uploads` has the limits of a client and of all.
- ``/proxy=`` fetches addresses, ``/file=`` gives out files; these, ``/stream``, ``/process_recording``,
  ``/upload_progress``, ``/custom_component``, ``/deep_link``, ``/vibe-…`` and ``/dev/reload`` are of no use to our pages: they
  are not open. ``/component_server`` calls the functions of the Practice page, and no other.
- MCP: Gradio is its own client then, on this machine; the request keeps being one from elsewhere.
- CORS: Gradio answers preflights and allows other origins with passwords; `ui.door.front` refuses and deletes that.
- Tracebacks: Gradio prints them with what people sent and with paths; they go into our log instead, by type and place.
- Analytics: off by ``GRADIO_ANALYTICS_ENABLED`` and ``analytics_enabled=False``, which both hold for mounted apps.
"""

import re
import sys
import traceback
from collections import Counter
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response

from kslr.core.errors import InputError
from kslr.core.files import parse_json
from ui.door.front import LOCAL_HOSTS, PASSED_BY_PROXY, client_name
from ui.door.queue import JOIN, LISTENERS, MOST_OF_CLIENT, count_events
from ui.server.logs import is_own_code, log_error, log_event
from ui.shared.uploads import upload_path

if TYPE_CHECKING:
    import gradio as gr

# Of all that is mounted at the top: the page, what it loads, its events, and the functions for programs.
OPEN = re.compile(
    r"/(config/?|theme\.css|favicon\.ico|robots\.txt|manifest\.json|pwa_icon(/\d+)?|(static|assets|svelte)/[^?]*"
    r"|gradio_api/(info/?|app_id/?|startup-events|theme\.css|heartbeat/\w+|reset/?|cancel|component_server/?|login_check/?"
    r"|call/(v2/)?\w+/?|call/\w+/\w+|queue/(join|data)|mcp(/.*)?))?"
)
MCP = "/gradio_api/mcp"
QUEUE = 40  # events of all pages that wait
QUEUE_SECONDS = 0.02  # between two looks into an empty queue; Gradio takes a twentieth of a core to look every millisecond


class _LoggedTraceback:
    """The module ``traceback``, but a printed trace goes into our log, by type and place, without texts and paths."""

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)

    def print_exc(self, *_: object, **__: object) -> None:
        error = sys.exc_info()[1]
        if error is None:
            return
        files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        if any(is_own_code(file) for file in files):
            log_error(error)
        else:  # Gradio refuses a message that does not fit
            log_event("message refused", kind=type(error).__name__)


def close_gaps(app: "gr.Blocks") -> None:
    """Turns on what Gradio turns on in ``launch()`` alone, and lets an idle queue rest. Call it when the app is mounted."""
    from gradio import queueing, route_utils, routes

    app.has_launched = True
    app._queue.sleep_when_free = app._queue.progress_update_sleep_when_free = QUEUE_SECONDS
    for module in (queueing, route_utils, routes):
        module.traceback = _LoggedTraceback()  # type: ignore[attr-defined]


class GradioGate:
    """An ASGI application that opens only the routes of Gradio that the pages and programs need, for uploaded files only.

    Args:
        app: Gradio's.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._joining: Counter[str] = Counter()  # events on their way into the queue, by client

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            if scope["type"] != "websocket":
                await self._app(scope, receive, send)
                return
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        if not OPEN.fullmatch(path):
            await Response(status_code=404)(scope, receive, send)
            return
        if scope["method"] != "POST":
            with LISTENERS.reading(path, scope["query_string"]):
                await self._app(scope, receive, send)
            return
        client = client_name(scope)
        local = client in LOCAL_HOSTS and not scope.get(PASSED_BY_PROXY)
        if path.startswith(MCP) and not local:
            # Gradio calls the functions for it from this machine, with the headers that came.
            scope = {**scope, "headers": [*scope["headers"], (b"x-forwarded-for", client.encode())]}
        if not JOIN.fullmatch(path) or local:
            await self._post(scope, receive, send)
        elif count_events(self._app.get_blocks()._queue, client) + self._joining[client] >= MOST_OF_CLIENT:
            await JSONResponse({"detail": "Your other requests come first. Try again later."}, 503)(scope, receive, send)
        else:
            self._joining[client] += 1
            try:
                await self._post(scope, receive, send)
            finally:
                self._joining[client] -= 1
                self._joining += Counter()  # without zeros

    async def _post(self, scope: Any, receive: Any, send: Any) -> None:
        kind = Headers(scope=scope).get("content-type", "application/json").split(";")[0].strip().lower()
        message = await receive()  # the whole body; see `ui.door.bodies`
        if kind != "application/json" and message.get("body"):
            await Response(status_code=415)(scope, receive, send)
            return
        if not names_uploads_only(message.get("body", b"")):
            problem = "A file must be uploaded to this server first (POST /gradio_api/upload); no other can be read."
            await JSONResponse({"error": problem, "detail": problem}, 403)(scope, receive, send)
            return
        messages = [message]

        async def receive_body() -> Any:
            return messages.pop() if messages else await receive()

        await self._app(scope, receive_body, send)


def names_uploads_only(body: bytes) -> bool:
    """Whether every file that a JSON body names was uploaded here and is still there.

    >>> names_uploads_only(b'{"data": ["kk", {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}]}')
    False
    >>> names_uploads_only(b'{"data": ["kk", null]}')
    True
    """
    try:
        waiting = [parse_json(body)] if body else []
    except InputError:
        return False
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            # As Gradio recognises a file, and wider.
            if "meta" in one and ("path" in one or "url" in one) and upload_path(str(one.get("path"))) is None:
                return False
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return True
