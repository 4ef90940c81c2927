"""What a server counts and whether it is ready, for those who run it.

Figures are of the whole server, in Prometheus's format. No label holds anything that a person could fill in.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from ui.door.front import FORWARDED, PASSED_BY_PROXY

if TYPE_CHECKING:
    from ui.server.services import Services

# Why a picture, a session or a client was refused.
REFUSALS = ("full", "flood", "refused", "vocabulary", "too_large", "origin")
# How a live session ended: by its person, without pictures, without taking answers, by a refusal, a fault, or our stop.
ENDINGS = ("closed", "idle", "slow", "flood", "refused", "error", "stopped")
LOCAL_HOSTS = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)


class Metrics:
    """The counters of one server. Every thread may count.

    >>> metrics = Metrics()
    >>> metrics.refused("full")
    >>> print(*[line for line in metrics.text().splitlines() if 'reason="full"' in line])
    kslr_refusals_total{reason="full"} 1.0
    """

    def __init__(self) -> None:
        disable_created_metrics()  # when each counter was made, which nobody asks
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)  # memory, processor time and open files, where there is /proc
        self.opened = self._counter("sessions_opened", "Live sessions that began.")
        self.ended = self._counter("sessions_ended", "Live sessions that ended, by how.", "reason", ENDINGS)
        self.received = self._counter("frames_received", "Live pictures that came.")
        self.answered = self._counter("frames_answered", "Live pictures that were read.")
        self.dropped = self._counter("frames_dropped", "Live pictures that a newer one replaced before their turn.")
        self.words = self._counter("words", "Words read in live sessions; how many, not which.")
        self.refusals = self._counter("refusals", "What was refused, by why.", "reason", REFUSALS)
        self.errors = self._counter("errors", "Live sessions that a fault of ours ended.")
        self.videos_ended = self._counter("videos_ended", "Videos whose translation ended, finished or not.")
        self.trackers = Gauge("kslr_trackers", "Trackers that live sessions and videos hold.", registry=self._registry)
        self.frame = Histogram(
            "kslr_frame_seconds", "From a live picture's arrival to its answer.", buckets=SECONDS, registry=self._registry
        )
        self._parts = Histogram(
            "kslr_frame_part_seconds", "Of that, in each part.", ["part"], buckets=SECONDS, registry=self._registry
        )

    def _counter(self, name: str, text: str, label: str = "", values: tuple[str, ...] = ()) -> Counter:
        counter = Counter(f"kslr_{name}", text, [label] if label else [], registry=self._registry)
        for value in values:  # each series is there from the start, at 0
            counter.labels(value)
        return counter

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Adds a figure that is computed whenever somebody looks."""
        Gauge(f"kslr_{name}", text, registry=self._registry).set_function(value)

    def refused(self, reason: str) -> None:
        """Counts a refusal.

        Raises:
            ValueError: the reason is none of `REFUSALS`, so that nobody's text becomes a label.
        """
        if reason not in REFUSALS:
            raise ValueError(f"{reason!r} is no reason.")
        self.refusals.labels(reason).inc()

    def part(self, name: str, seconds: float) -> None:
        """Counts what a part of a frame took, such as ``wait``, ``decode``, ``pass`` or ``rest``."""
        self._parts.labels(name).observe(seconds)

    def text(self) -> str:
        """All figures in Prometheus's text format."""
        return generate_latest(self._registry).decode()


def is_local(request: Any) -> bool:
    """Whether a request comes straight from this machine; a proxy on it asks for somebody who is elsewhere, and says so."""
    local = request.client is not None and request.client.host in LOCAL_HOSTS
    passed = PASSED_BY_PROXY in request.scope or any(name in request.headers for name in FORWARDED)
    return local and not passed


def build_health_router(services: "Services", metrics_for_all: bool = False) -> APIRouter:
    """The routes ``/health`` and ``/metrics``.

    Args:
        services: the server's.
        metrics_for_all: whether ``/metrics`` answers other machines than this one too.
    """
    routes = APIRouter()

    @routes.get("/health")
    async def health(request: Request) -> Response:
        services.sessions.close_idle()
        stopping = services.stopping.is_set()
        state: dict[str, Any] = {"status": "stopping" if stopping else "ok"}
        # How busy a place is, is private: strangers read only that the server lives.
        if is_local(request) or getattr(request.state, "signed_in", False):
            state |= busyness()
        return JSONResponse(state, 503 if stopping else 200, headers={"Cache-Control": "no-store"})

    def busyness() -> dict[str, int]:
        return {
            "sessions": services.sessions.count(tracked=False),
            "places": services.limits.sessions,
            "browser_sessions": services.sessions.count(tracked=True),
            "browser_places": services.limits.browser_sessions,
            "videos": services.videos,
            "takes": len(services.desk),
        }

    @routes.get("/metrics")
    async def metrics(request: Request) -> Response:
        if not (metrics_for_all or is_local(request)):
            return Response("Metrics are for this machine; kslr serve --metrics opens them.\n", 403, media_type="text/plain")
        return Response(services.metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return routes
