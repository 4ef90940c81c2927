"""Work in parallel: many files in processes, each result as it is done; and stages in threads that overlap."""

import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

Item = TypeVar("Item")

# How often in a row all processes may end before any result; after that the items are not to blame.
PATIENCE = 3


def cores() -> int:
    """Number of processor cores that this process may use.

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
    """Calls ``work(*arguments[i])`` for every item in worker processes, which end with this one in any case.

    When the system ends a process (no memory, a crash in a native library), the work goes on in new ones. Each item that
    was in work runs once more, alone, so that one bad item costs no other.

    Args:
        work: a function at the top of a module, so that a new process finds it.
        arguments: one tuple an item.
        workers: number of processes; they are spawned, because MediaPipe's threads do not survive a fork.
        start: called once in each process.

    Yields:
        (item, result) as each is done; the result is None when its process ended early.

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
        in_work: dict[Future[Any], tuple[Item, tuple[Any, ...]]] = {}
        pool = ProcessPoolExecutor(processes, context, _begin, (start, start_arguments))
        try:
            while todo or in_work:
                # One more than there are processes, so that none waits between two items.
                while todo and len(in_work) <= processes:
                    in_work[pool.submit(work, *todo[0][1])] = todo[0]
                    todo.popleft()
                for job in wait(in_work, return_when=FIRST_COMPLETED).done:
                    if not isinstance(job.exception(), BrokenProcessPool):
                        fruitless = 0
                        item, _ = in_work.pop(job)
                        yield item, job.result()
                if any(isinstance(job.exception(), BrokenProcessPool) for job in in_work if job.done()):
                    break
        except BrokenProcessPool:
            pass  # Raised by submit; handled like the case above.
        finally:
            pool.shutdown(cancel_futures=True)
        if alone:
            yield from ((item, None) for item, _ in in_work.values())
            continue
        suspects.extend(in_work.values())
        fruitless += bool(in_work)
        if fruitless == PATIENCE:
            yield from ((item, None) for item, _ in (*suspects, *waiting))
            return


def _begin(start: Callable[..., None] | None, start_arguments: tuple[Any, ...]) -> None:
    end_with_parent()
    if start is not None:
        start(*start_arguments)


def end_with_parent() -> None:
    """Makes this process end as soon as its parent has ended; otherwise it would wait for work for ever."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, name="parent", daemon=True).start()


class Allowance:
    """A share of one processor for work of many threads that may be left out, so that it keeps nothing else waiting.

    Args:
        share: seconds of work a second.
        most: seconds of work that may be saved up.
        clock: seconds that pass.

    >>> allowance = Allowance(share=0.25)
    >>> with allowance.spend():
    ...     _ = sum(range(1000))
    >>> 0 < allowance.left <= 0.5
    True
    """

    def __init__(self, share: float, most: float = 0.5, clock: Callable[[], float] = time.monotonic) -> None:
        self._share, self._most, self._clock = share, most, clock
        self._left, self._at = most, clock()
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Seconds of work for which there is time now; below 0 where the last one took longer."""
        with self._lock:
            now = self._clock()
            self._left = min(self._most, self._left + self._share * (now - self._at))
            self._at = now
            return self._left

    @contextmanager
    def spend(self) -> Iterator[None]:
        """Counts the processor's time that this thread takes within."""
        began = time.thread_time()
        try:
            yield
        finally:
            with self._lock:
                self._left -= time.thread_time() - began


# A finished source sends this through the stages.
_END = object()


class Stages:
    """Functions in a row, each with a thread of its own; items keep their order. A context manager.

    It pays off where the functions release Python's lock, as MediaPipe, LiteRT, OpenCV and PyAV do. An exception ends the
    item that raised it and no other.

    Args:
        work: each function takes what the one before it returned.
        name: of the threads.

    >>> with Stages(lambda n: n + 1, str) as stages:
    ...     stages.send(1)[-1].result(), list(stages.run(iter([5, 6, 7])))
    ('2', ['6', '7', '8'])
    """

    def __init__(self, *work: Callable[[Any], Any], name: str = "stage") -> None:
        self._work = work
        self._pools = [ThreadPoolExecutor(1, thread_name_prefix=f"{name}-{n}") for n in range(len(work))]
        self._source = ThreadPoolExecutor(1, thread_name_prefix=f"{name}-source")

    def __enter__(self) -> "Stages":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def send(self, item: Any) -> "list[Future[Any]]":
        """Sends an item through all stages.

        Returns:
            A future for each stage: what it makes of the item.

        Raises:
            RuntimeError: the stages are closed.
        """
        ready: Future[Any] = Future()
        ready.set_result(item)
        return self._chain(ready)

    def call(self, work: Callable[..., Any], *arguments: Any, stage: int = -1) -> "Future[Any]":
        """Runs a function in a stage's thread (the last one's), after the items that were sent before it."""
        return self._pools[stage].submit(work, *arguments)

    def run(self, items: Iterable[Any], ahead: int = 4) -> Iterator[Any]:
        """Sends a whole source through; a thread of its own reads it.

        Args:
            items: may be endless.
            ahead: items that may be in work at once, which limits the memory.

        Yields:
            What the last stage makes of each item, in their order.
        """
        source = iter(items)
        in_work: deque[Future[Any]] = deque()
        while True:
            while len(in_work) < ahead:
                in_work.append(self._chain(self._source.submit(next, source, _END))[-1])
            result = in_work.popleft().result()
            if result is _END:
                return
            yield result

    def close(self, wait: bool = True, drop: bool = True) -> None:
        """Accepts nothing more.

        Args:
            wait: until all threads have ended.
            drop: items whose work has not begun.
        """
        for waits in (False, True)[: 1 + wait]:
            for pool in (self._source, *self._pools):
                pool.shutdown(wait=waits, cancel_futures=drop)

    def _chain(self, future: "Future[Any]") -> "list[Future[Any]]":
        futures = [future]
        for pool, work in zip(self._pools, self._work, strict=True):
            futures.append(pool.submit(_run_stage, work, futures[-1]))
        return futures[1:]


def _run_stage(work: Callable[[Any], Any], before: "Future[Any]") -> Any:
    # Every pool has one thread and gets the items in the same order, so waiting here never waits for a later item.
    item = before.result()
    return item if item is _END else work(item)
