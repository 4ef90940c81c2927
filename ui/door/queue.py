"""Gradio's queue: how many events of one client are in it, and whether anybody still waits for an event's answer.

Gradio limits the queue in sum alone, so that one client can fill it; and it works on for a client that has gone, unless a
step of the work comes to its end.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from ui.door.front import client_name

MOST_OF_CLIENT = 6  # events of one client that wait or are worked on
UNHEARD_SECONDS = 300.0  # for which work goes on before anybody reads its answer
LEFT_SECONDS = 10.0  # the same when somebody did and has gone
JOIN = re.compile(r"/gradio_api/(queue/join|call/(v2/)?\w+)/?")
ANSWERS = re.compile(r"/gradio_api/(?:queue/data|call/(?:v2/)?\w+/(\w+))")


def count_events(queue: Any, client: str) -> int:
    """How many events of a client wait in Gradio's queue or are worked on.

    Args:
        queue: of a ``gr.Blocks``.
        client: as `ui.door.front.client_name` tells it.
    """
    waiting = [event for one in queue.event_queue_per_concurrency_id.values() for event in one.queue]
    working = [event for job in queue.active_jobs if job for event in job]
    return sum(client_name(event.request.scope) == client for event in {*waiting, *working})


class Listeners:
    """Who reads answers now, by session or by event.

    >>> listeners = Listeners()
    >>> with listeners.reading("/gradio_api/queue/data", b"session_hash=abc"):
    ...     listeners.waits("abc", since=time.monotonic() - 1000)
    True
    >>> listeners.waits("abc", since=0.0), listeners.waits("xyz", since=time.monotonic() - 1000)
    (True, False)
    """

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._left: dict[str, float] = {}

    @contextmanager
    def reading(self, path: str, query: bytes) -> Iterator[None]:
        """Counts a request that reads answers for as long as it lasts; any other is none."""
        found = ANSWERS.fullmatch(path)
        key = (found[1] or (parse_qs(query.decode("latin-1")).get("session_hash") or [""])[0]) if found else ""
        if not key:
            yield
            return
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            self._open += Counter()  # without zeros
            now = time.monotonic()
            self._left = {one: at for one, at in self._left.items() if now - at < UNHEARD_SECONDS} | {key: now}

    def waits(self, *keys: str, since: float) -> bool:
        """Whether somebody reads the answers of one of the keys, did a short while ago, or still may begin to.

        Args:
            since: when the work was asked for, on the monotonic clock.
        """
        left = max(self._left.get(key, 0.0) for key in keys)
        until = left + LEFT_SECONDS if left > since else since + UNHEARD_SECONDS
        return any(self._open[key] for key in keys) or time.monotonic() < until


LISTENERS = Listeners()


def client_waits() -> Callable[[], bool]:
    """For a function that Gradio calls: what tells, from any thread, whether its client still waits for the answer."""
    from gradio.context import LocalContext

    blocks, key = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    if blocks is None or key is None:  # called by no client, as in a test
        return lambda: True

    def waits() -> bool:
        # Gradio may begin to work for an event before it lists it.
        event = blocks._queue.event_ids_to_events.get(key)
        return event is None or (event.alive and LISTENERS.waits(event.session_hash, event._id, since=event.enqueue_time))

    return waits
