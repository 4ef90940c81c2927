"""What a server counts, for Prometheus: numbers of the whole server only, with no label that a person could fill in."""

from collections.abc import Callable

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

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
# Why a picture, a session or a client was turned away.
REFUSALS = ("full", "flood", "refused", "vocabulary", "too_large", "origin")
# How a live session ended: by its person, without pictures, for answers nobody takes, by a refusal, a fault, or our stop.
ENDINGS = ("closed", "idle", "slow", "flood", "refused", "error", "stopped")
SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)


class Metrics:
    """The counters of one server. Every thread may count.

    >>> metrics = Metrics()
    >>> metrics.refused("full")
    >>> print(*[line for line in metrics.text().splitlines() if 'reason="full"' in line])
    kslr_refusals_total{reason="full"} 1.0
    """

    def __init__(self) -> None:
        disable_created_metrics()  # of every counter when it was made: noise
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)  # memory, processor time and open files, where there is /proc
        self.opened = self._counter("sessions_opened", "Live sessions that began.")
        self.ended = self._counter("sessions_ended", "Live sessions that ended, by how.", "reason", ENDINGS)
        self.received = self._counter("frames_received", "Live pictures that came.")
        self.answered = self._counter("frames_answered", "Live pictures that were read.")
        self.dropped = self._counter("frames_dropped", "Live pictures that a newer one replaced before their turn.")
        self.words = self._counter("words", "Words told in live sessions; how many, not which.")
        self.refusals = self._counter("refusals", "What was turned away, by why.", "reason", REFUSALS)
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
        for value in values:  # so that a series is there from the start, at nought
            counter.labels(value)
        return counter

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Adds a figure that is asked for whenever somebody looks."""
        Gauge(f"kslr_{name}", text, registry=self._registry).set_function(value)

    def refused(self, reason: str) -> None:
        """Counts something that was turned away.

        Raises:
            ValueError: the reason is none of `REFUSALS`, which keeps anybody's text out of the labels.
        """
        if reason not in REFUSALS:
            raise ValueError(f"{reason!r} is no reason.")
        self.refusals.labels(reason).inc()

    def part(self, name: str, seconds: float) -> None:
        """Notes what a part of a frame took, such as ``wait``, ``decode``, ``pass`` or ``rest``."""
        self._parts.labels(name).observe(seconds)

    def text(self) -> str:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry).decode()
