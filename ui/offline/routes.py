"""What installs the app on a device: its description, its icons, and the service worker that keeps the page there.

They lie beside the page, at addresses relative to it, so that they work behind a proxy's path too; a service worker reaches as
far as the folder it lies in.
"""

import hashlib
import json
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response

from ui.offline.icons import SIZES, icon_png
from ui.shared.frame import scripts, scripts_version
from ui.shared.i18n import text

if TYPE_CHECKING:
    from ui.server.services import Services

WORKER = "offline/service.js"
PAGE_COLOUR, THEME_COLOUR = "#f4f6f8", "#00627a"
FRESH = "no-cache"
HEAD = (
    '<link rel="manifest" href="app.webmanifest" crossorigin="use-credentials"><link rel="apple-touch-icon" href="icons/180.png">'
    f'<link rel="icon" href="icons/192.png"><meta name="theme-color" content="{THEME_COLOUR}">'
)


def manifest() -> dict[str, Any]:
    """The web app manifest.

    >>> manifest()["display"]
    'standalone'
    """
    icons = [
        {"src": f"icons/{size}{kind}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size in SIZES
        for kind, purpose in (("", "any"), ("-safe", "maskable"))
    ]
    return {
        "name": "KSLR",
        "short_name": "KSLR",
        "description": text("app.tagline", "kk"),
        "lang": "kk",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": PAGE_COLOUR,
        "theme_color": THEME_COLOUR,
        "icons": icons,
    }


def worker_script(services: "Services") -> bytes:
    """The service worker, with the names of what it keeps in front: they change with what is kept."""
    import gradio

    page = hashlib.sha256(f"{scripts_version()} {gradio.__version__}".encode()).hexdigest()[:12]
    tracking = "" if services.assets is None else services.assets.version
    names = {"page": f"kslr-page-{page}", "tracking": f"kslr-tracking-{tracking}"}
    return f"const NAMES = {json.dumps(names)};\n".encode() + scripts()[WORKER]


def build_offline_router(services: "Services") -> APIRouter:
    """The routes ``/app.webmanifest``, ``/service.js`` and ``/icons/NAME.png``."""
    routes = APIRouter()

    @routes.get("/app.webmanifest")
    async def description() -> Response:
        body = json.dumps(manifest(), ensure_ascii=False)
        return Response(body, media_type="application/manifest+json", headers={"Cache-Control": FRESH})

    @routes.get("/service.js")
    async def service() -> Response:
        return Response(worker_script(services), media_type="text/javascript", headers={"Cache-Control": FRESH})

    @routes.get("/icons/{name}.png")
    async def icon(name: str) -> Response:
        size, _, kind = name.partition("-")
        if size not in map(str, SIZES) or kind not in ("", "safe"):
            return Response(status_code=404)
        return Response(icon_png(int(size), kind == "safe"), media_type="image/png", headers={"Cache-Control": "max-age=86400"})

    return routes
