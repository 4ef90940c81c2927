"""Work in parallel: many files in processes, each result as it is done; and stages in threads that overlap."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, TypeVar

Item = TypeVar("Item")

# So many times all processes may end without a result between; then it is not the items that are at fault.
PATIENCE = 3


def cores() -> int:
    """How many this process may use.

    >>> cores() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_in_processes(
    work: Callable[..., Any],
    items: Sequence[Item],
    arguments: Sequence[tuple[Any, ...]],
    *,
    workers: int,
    start: Callable[..., None] | None = None,
    start_arguments: tuple[Any, ...] = (),
) -> Iterator[tuple[Item, Any]]:
    """Calls ``work(*arguments[i])`` for every item in worker processes, which end with this one, however that ends.

    Where a process is ended by the system (no memory, a crash in a native library), the work goes on in new ones, and
    each item that was under way is tried once more, alone, so that one bad item costs no other.

    Args:
        work: a module's own function, so that a process started anew finds it.
        arguments: one tuple an item.
        workers: processes; each is started anew, because MediaPipe's threads do not survive a fork.
        start: called once in each process.

    Yields:
        (item, result) as each is done; the result is None where its process ended before it could say more.

    >>> list(run_in_processes(pow, [], [], workers=2))
    []
    """
    waiting = deque(zip(items, arguments, strict=True))
    suspects: deque[tuple[Item, tuple[Any, ...]]] = deque()
    fruitless = 0  # pools in a row that ended before any result
    context = multiprocessing.get_context("spawn")
    while waiting or suspects:
        alone = not waiting
        todo = deque([suspects.popleft()]) if alone else waiting
        processes = max(1, min(workers, len(todo)))
        under_way: dict[Future[Any], tuple[Item, tuple[Any, ...]]] = {}
        pool = ProcessPoolExecutor(processes, context, _begin, (start, start_arguments))
        try:
            while todo or under_way:
                # One more than are at work, so that none waits for this process between two items.
                while todo and len(under_way) <= processes:
                    under_way[pool.submit(work, *todo[0][1])] = todo[0]
                    todo.popleft()
                for job in wait(under_way, return_when=FIRST_COMPLETED).done:
                    if not isinstance(job.exception(), BrokenProcessPool):
                        fruitless = 0
                        item, _ = under_way.pop(job)
                        yield item, job.result()
                if any(isinstance(job.exception(), BrokenProcessPool) for job in under_way if job.done()):
                    break
        except BrokenProcessPool:
            pass  # told by submit: the same as above
        finally:
            pool.shutdown(cancel_futures=True)
        if alone:
            yield from ((item, None) for item, _ in under_way.values())
            continue
        suspects.extend(under_way.values())
        fruitless += bool(under_way)
        if fruitless == PATIENCE:
            yield from ((item, None) for item, _ in (*suspects, *waiting))
            return


def _begin(start: Callable[..., None] | None, start_arguments: tuple[Any, ...]) -> None:
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    if start is not None:
        start(*start_arguments)


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


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
