"""For who runs the server: whether it is ready, and what it counts."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from ui.server.metrics import CONTENT_TYPE
from ui.server.services import Services

NEAR = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
# A proxy on this machine asks from here for somebody who is elsewhere, and says so.
PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


def from_here(request: Request) -> bool:
    """Whether a request comes straight from this machine."""
    near = request.client is not None and request.client.host in NEAR
    return near and not any(name in request.headers for name in PASSED_ON)


def router(services: Services, metrics_for_all: bool = False) -> APIRouter:
    """The routes ``/health`` and ``/metrics``.

    Args:
        services: the server's.
        metrics_for_all: whether ``/metrics`` is answered to who asks from elsewhere too.
    """
    routes = APIRouter()

    @routes.get("/health")
    async def health() -> Response:
        services.sessions.close_idle()
        told: dict[str, Any] = {
            "status": "stopping" if services.stopping.is_set() else "ok",
            "sessions": len(services.sessions),
            "places": services.limits.sessions,
            "videos": services.videos,
            "takes": len(services.desk),
        }
        return JSONResponse(told, 503 if services.stopping.is_set() else 200, headers={"Cache-Control": "no-store"})

    @routes.get("/metrics")
    async def metrics(request: Request) -> Response:
        if not (metrics_for_all or from_here(request)):
            return Response("Metrics are for this machine; kslr serve --metrics opens them.\n", 403, media_type="text/plain")
        return Response(services.metrics.text(), media_type=CONTENT_TYPE)

    return routes
