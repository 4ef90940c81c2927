"""The web application: the pages, the routes beside them, and what every request passes."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ui.shared.frame import HEADER_SCRIPT, PAGES, build_script_router, component, head_html, header_html

if TYPE_CHECKING:
    import gradio as gr
    from fastapi import FastAPI

    from ui.server.services import Services

# Between two looks at what was kept for long enough.
CLEAN_SECONDS = 60.0


def keep_offline() -> None:
    """Keeps Gradio from asking the network anything. Call it before Gradio is imported."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("MPLBACKEND", "Agg")


def build_app(services: "Services") -> "gr.Blocks":
    """The pages as a Gradio app.

    Args:
        services: what they share.
    """
    keep_offline()
    import gradio as gr

    from ui.api import build_api

    # Gradio deletes files that were sent and never used, as when a tab is closed too early, after an hour.
    with gr.Blocks(title="KSLR", analytics_enabled=False, fill_width=True, delete_cache=(600, 3600)) as app:
        component(header_html(services.asks_password), HEADER_SCRIPT, elem_id="top")
        for name in PAGES:
            with gr.Column(elem_id=f"page-{name}", elem_classes="page"):
                import_module(f"ui.{name}.page").build_page(services)
        build_api(services)
    return app


def build_server(services: "Services", root_path: str = "", metrics_for_all: bool = False) -> "FastAPI":
    """The whole web application: the pages, the routes, and the files that people fetch.

    Args:
        services: what they share; closed when the server ends.
        root_path: where a proxy serves it, such as ``/kslr``.
        metrics_for_all: whether ``/metrics`` answers other machines than this one too.
    """
    keep_offline()
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.responses import FileResponse, Response
    from starlette.routing import Mount

    from ui.captions.routes import build_captions_router
    from ui.classroom.routes import build_classroom_router
    from ui.counter.routes import build_lexicon_router
    from ui.door.bodies import BodyLimit
    from ui.door.gradio import QUEUE, GradioGate, close_gaps
    from ui.door.uploads import build_upload_router
    from ui.live.routes import build_live_router
    from ui.offline.routes import HEAD, build_offline_router
    from ui.server.logs import log_event
    from ui.server.metrics import build_health_router
    from ui.studio.routes import build_studio_router
    from ui.teach.routes import build_teach_router
    from ui.tracking.routes import build_tracking_router

    async def clean_up() -> None:
        expired = time.monotonic()
        while True:  # nothing else tells that somebody who posts pictures is gone
            await asyncio.sleep(services.limits.idle_seconds / 4)
            services.sessions.close_idle()
            services.captions.forget_old()
            if time.monotonic() - expired > CLEAN_SECONDS:
                expired = time.monotonic()
                await asyncio.to_thread(services.expire)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        log_event("server started", places=services.limits.sessions)
        closing, began = asyncio.create_task(clean_up()), time.monotonic()
        yield
        closing.cancel()
        services.close()
        log_event("server stopped", seconds=round(time.monotonic() - began))

    server = FastAPI(title="KSLR", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    server.add_middleware(BodyLimit)
    server.include_router(build_health_router(services, metrics_for_all))
    server.include_router(build_script_router())
    server.include_router(build_offline_router(services))
    server.include_router(build_upload_router(services.uploads))
    routers = [build_live_router, build_lexicon_router, build_teach_router, build_classroom_router, build_tracking_router]
    for build_router in [*routers, build_captions_router, build_studio_router]:
        server.include_router(build_router(services))

    @server.get("/results/{token}/{name}")
    async def results(token: str, name: str) -> Response:
        path = services.results.find(token, name)
        if path is None:
            return Response(status_code=404)
        return FileResponse(path, headers={"Cache-Control": "private, no-store"})

    app = build_app(services)
    app.queue(max_size=QUEUE, api_open=False)
    gr.mount_gradio_app(
        server,
        app,
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
        head=HEAD + head_html(services),
    )
    close_gaps(app)
    mounted = next(route for route in server.routes if isinstance(route, Mount))
    mounted.app = GradioGate(mounted.app)
    return server
