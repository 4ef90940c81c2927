"""The same work on many files in parallel processes, each result as it is done."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
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


def in_processes(
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

    >>> list(in_processes(pow, [], [], workers=2))
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
