"""Work in stages that overlap: while one item is in the second stage, the next is in the first."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

# What a finished source hands on through the stages.
_END = object()


class Stages:
    """Functions in a row, each with a thread of its own; items keep their order. A context manager.

    It pays where the functions let Python's lock go, as MediaPipe, LiteRT, OpenCV and PyAV do. An exception ends the
    item that raised it and no other.

    Args:
        work: each takes what the one before it returned.
        name: of the threads.

    >>> with Stages(lambda n: n + 1, str) as stages:
    ...     stages.submit(1).result(), list(stages.run(iter([5, 6, 7])))
    ('2', ['6', '7', '8'])
    """

    def __init__(self, *work: Callable[[Any], Any], name: str = "stage") -> None:
        self._work = work
        self._pools = [ThreadPoolExecutor(1, thread_name_prefix=f"{name}-{n}") for n in range(len(work))]
        self._source = ThreadPoolExecutor(1, thread_name_prefix=f"{name}-source")

    def __enter__(self) -> "Stages":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def submit(self, item: Any) -> "Future[Any]":
        """Sends an item through all stages; see `send`. Returns the future of what the last stage makes of it."""
        return self.send(item)[-1]

    def send(self, item: Any) -> "list[Future[Any]]":
        """Sends an item through all stages.

        Returns:
            A future for each stage, of what it makes of the item.

        Raises:
            RuntimeError: the stages are closed.
        """
        ready: Future[Any] = Future()
        ready.set_result(item)
        return self._sent(ready)

    def call(self, work: Callable[..., Any], *given: Any, stage: int = -1) -> "Future[Any]":
        """Runs a function in a stage's thread (the last one's), after the items that were sent before it."""
        return self._pools[stage].submit(work, *given)

    def run(self, items: Iterable[Any], ahead: int = 4) -> Iterator[Any]:
        """Sends a whole source through; it is read in a thread of its own.

        Args:
            items: may be endless.
            ahead: how many items may be under way at once, which bounds the memory.

        Yields:
            What the last stage makes of each, in their order.
        """
        source = iter(items)
        under_way: deque[Future[Any]] = deque()
        while True:
            while len(under_way) < ahead:
                under_way.append(self._sent(self._source.submit(next, source, _END))[-1])
            result = under_way.popleft().result()
            if result is _END:
                return
            yield result

    def close(self, wait: bool = True, drop: bool = True) -> None:
        """Takes nothing more.

        Args:
            wait: until all threads have ended.
            drop: what has not begun.
        """
        for pool in (self._source, *self._pools):
            pool.shutdown(wait=False, cancel_futures=drop)
        if wait:
            for pool in (self._source, *self._pools):
                pool.shutdown(wait=True)

    def _sent(self, future: "Future[Any]") -> "list[Future[Any]]":
        futures = [future]
        for pool, work in zip(self._pools, self._work, strict=True):
            futures.append(pool.submit(_step, work, futures[-1]))
        return futures[1:]


def _step(work: Callable[[Any], Any], before: "Future[Any]") -> Any:
    # Every pool has one thread and gets the items in the same order, so waiting here never waits for a later item.
    item = before.result()
    return item if item is _END else work(item)
