"""The app assembled: the pages of `ui`, the live routes beside them, and the server under both."""

import json
import os
import socket
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fusion.appearance import (
    EMOTION_COLOURS,
    EMOTION_NAMES,
    FACE_RUNS,
    HAND_LINES,
    PART_COLOURS,
    POSE_LINES,
    icon_svg,
)
from kslr.core.errors import InputError
from ui.shared.i18n import LANGUAGES, names, word_html, words

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI

    from ui.server.services import Services

UI = Path(__file__).resolve().parents[1]
# In the order of the navigation; each is a room of `ui`.
PAGES = ("live", "video", "teach", "practice", "classroom", "evaluate", "about")
SCRIPTS = (
    "shared/app.js",
    "shared/transcript.js",
    "live/live.js",
    "video/video.js",
    "shared/vocabulary.js",
    "teach/teach.js",
    "practice/practice.js",
    "classroom/classroom.js",
    "evaluate/evaluate.js",
)
LOCAL = ("127.0.0.1", "localhost", "::1")


def offline() -> None:
    """Keeps Gradio from asking the network anything; to be called before it is imported."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("MPLBACKEND", "Agg")


def build_app(services: "Services") -> "gr.Blocks":
    """The pages as a Gradio app.

    Args:
        services: what they share.
    """
    offline()
    from importlib import import_module

    import gradio as gr

    # Files that were sent and never used, as when a tab is closed too early, are deleted after an hour.
    with gr.Blocks(title="KSLR", analytics_enabled=False, fill_width=True, delete_cache=(600, 3600)) as app:
        gr.HTML(html_template=header(), js_on_load="window.kslr.header(element)", apply_default_css=False, elem_id="top")
        for name in PAGES:
            with gr.Column(elem_id=f"page-{name}", elem_classes="page"):
                import_module(f"ui.{name}.page").build_page(services)
        import_module("ui.api").build_api(services)
    return app


def build_server(services: "Services", root_path: str = "", metrics_for_all: bool = False) -> "FastAPI":
    """The whole web application: the pages, the live routes, and the files that people fetch.

    Args:
        services: what they share; closed when the server ends.
        root_path: where a proxy serves it, such as ``/kslr``.
        metrics_for_all: whether ``/metrics`` answers others than this machine.
    """
    offline()
    import asyncio
    from contextlib import asynccontextmanager

    import gradio as gr
    from fastapi import FastAPI
    from fastapi.responses import FileResponse, Response

    from ui.classroom.routes import router as classroom_router
    from ui.live.routes import router
    from ui.server.bodies import SmallBodies
    from ui.server.health import router as health
    from ui.server.logs import event
    from ui.teach.routes import router as teaching

    async def sweep() -> None:
        while True:  # whoever posts pictures can only be seen to be gone
            await asyncio.sleep(services.limits.idle_seconds / 4)
            services.sessions.close_idle()

    @asynccontextmanager
    async def life(_: FastAPI) -> Any:
        event("server started", places=services.limits.sessions)
        sweeping, began = asyncio.create_task(sweep()), time.monotonic()
        yield
        sweeping.cancel()
        services.close()
        event("server stopped", seconds=round(time.monotonic() - began))

    server = FastAPI(title="KSLR", lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    server.add_middleware(SmallBodies)
    server.include_router(health(services, metrics_for_all))
    server.include_router(router(services))
    server.include_router(teaching(services))
    server.include_router(classroom_router(services))

    @server.get("/results/{token}/{name}")
    async def results(token: str, name: str) -> Response:
        path = services.results.find(token, name)
        if path is None:
            return Response(status_code=404)
        return FileResponse(path, headers={"Cache-Control": "private, no-store"})

    return gr.mount_gradio_app(
        server,
        build_app(services),
        path="/",
        root_path=root_path or None,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=find_spec("mcp") is not None,
        max_file_size=f"{services.limits.upload_megabytes}mb",
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        head=head(services),
    )


def header() -> str:
    """The top of every page: name, pages, languages, light or dark."""
    pages = "".join(f'<a href="#{name}" data-goto="{name}" data-word="nav.{name}"></a>' for name in PAGES)
    languages = "".join(
        f'<button type="button" data-language="{code}" lang="{code}" aria-label="{name}" title="{name}">{code.upper()}</button>'
        for code, name in LANGUAGES.items()
    )
    return f"""
<header>
  <a class="skip" href="#" data-word="app.skip"></a>
  <div class="brand"><h1>KSLR</h1>{word_html("app.tagline", "p")}</div>
  <div class="choices-top">
    <div role="group" class="languages" data-word-label="app.language">{languages}</div>
    <button type="button" class="quiet" id="theme" data-word-label="app.theme">◐</button>
  </div>
  <nav data-word-label="app.pages">{pages}</nav>
</header>"""


def config(services: "Services") -> dict[str, Any]:
    """What the scripts need to know: words, signs, how things look."""
    from ui.shared.pictures import FACE_POINTS

    def css(colour: tuple[int, int, int]) -> str:
        return "rgb({} {} {})".format(*colour)

    return {
        "language": next(iter(LANGUAGES)),
        "languages": LANGUAGES,
        "words": words(),
        "pages": PAGES,
        "signs": {sign.id: {**names(sign), "latin": sign.latin} for sign in services.models.signs.vocabulary.signs},
        "emotions": {
            name: {"icon": icon_svg(name), "colour": css(EMOTION_COLOURS[name]), "names": texts}
            for name, texts in EMOTION_NAMES.items()
        },
        "colours": {part: css(colour) for part, colour in PART_COLOURS.items()},
        "pose": POSE_LINES,
        "hand": HAND_LINES,
        "face": [[FACE_POINTS.index(point) for point in run] for run in FACE_RUNS],
    }


def head(services: "Services") -> str:
    """Styles, words and scripts, all in the page itself, so that nothing else has to be fetched."""
    safe = json.dumps(config(services), ensure_ascii=False).replace("<", "\\u003c")
    shown = "".join(f'body[data-page="{name}"] #page-{name} {{ display: flex !important; }}\n' for name in PAGES)
    style = (UI / "shared/app.css").read_text(encoding="utf-8")
    scripts = "\n".join((UI / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return f"<style>{style}\n{shown}</style><script>window.KSLR_CONFIG = {safe};</script><script>{scripts}</script>"


def launch(
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    auth: str | None = None,
    certificate: str | Path | None = None,
    key: str | Path | None = None,
    max_sessions: int = 4,
    root_path: str = "",
    signs: str = "kslr30",
    emotion: str = "emotion",
    log: str = "text",
    metrics_for_all: bool = False,
    cookie_key: str = "",
) -> None:
    """Serves the app until it is interrupted.

    Args:
        host: the address to listen on.
        port: the port; the next free one of twenty when it is taken, any free one when 0.
        auth: ``USER:PASSWORD`` that everybody must give.
        certificate, key: PEM files for https, which browsers ask for before they open a camera elsewhere than here.
        max_sessions: people signing at the same time.
        root_path: where a proxy serves it.
        signs, emotion: models, by name or by their card's path.
        log: what goes to stderr, one of `ui.server.logs.KINDS`.
        metrics_for_all: whether ``/metrics`` answers others than this machine.
        cookie_key: with `auth`, the same for all servers behind one address.

    Raises:
        InputError: no port is free, a model or certificate is missing, or an option is wrong.
    """
    offline()
    import uvicorn

    from fusion.interpreter import Models
    from ui.server.guard import Guard
    from ui.server.logs import KINDS, log_to
    from ui.server.services import Limits, Services

    for path in (certificate, key):
        if path is not None and not Path(path).is_file():
            raise InputError(f"{path} does not exist. Give the PEM files of certificate and key.")
    if (certificate is None) != (key is None):
        raise InputError("https needs both a certificate and its key.")
    if max_sessions < 1:
        raise InputError("At least one person must be able to sign: --max-sessions 1 or more.")
    if log not in KINDS:
        raise InputError(f"A log is one of {', '.join(KINDS)}, not {log}.")
    listening = listen(host, port)
    services = Services(Models.load(signs, emotion), Limits(sessions=max_sessions))
    server: Any = build_server(services, root_path, metrics_for_all)
    if auth is not None:
        server = Guard(server, auth, cookie_key)
    scheme = "https" if certificate else "http"
    shown = f"[{host}]" if ":" in host else host
    print(f"KSLR is at {scheme}://{shown}:{listening.getsockname()[1]}{root_path}  (Ctrl+C stops it)", flush=True)
    if host not in LOCAL and (auth is None or certificate is None):
        missing = " and ".join(
            name for name, given in (("a password (--auth)", auth), ("https (--certificate, --key)", certificate)) if not given
        )
        print(f"Warning: others on the network can reach it without {missing}.", flush=True)
    log_to(log)
    options = uvicorn.Config(
        server,
        # Its lines go where ours do, and none is written for a request: it would tell who asked for what.
        log_config=None,
        log_level="warning",
        access_log=False,
        ssl_certfile=certificate,
        ssl_keyfile=str(key) if key else None,
        timeout_graceful_shutdown=3,
        ws_max_size=services.limits.frame_bytes + 1024,
        # A JPEG does not shrink, and what is not unpacked cannot swell.
        ws_per_message_deflate=False,
    )
    try:
        uvicorn.Server(options).run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        services.close()


def listen(host: str, port: int) -> socket.socket:
    """A socket on the port, or on the next free one.

    Raises:
        InputError: twenty ports in a row are taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    reason = ""
    for candidate in range(port, port + (20 if port else 1)):
        listening = socket.socket(family, socket.SOCK_STREAM)
        if os.name != "nt":  # there it would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, candidate))
        except (OSError, OverflowError) as error:
            listening.close()
            reason = str(error)
            continue
        return listening
    raise InputError(f"Cannot listen on {host}:{port} ({reason}). Choose another --host or --port.")
