"""The same work on many files in parallel processes, each result as it is done."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

Item = TypeVar("Item")


def in_processes(
    work: Callable[..., Any],
    items: Sequence[Item],
    arguments: Sequence[tuple[Any, ...]],
    *,
    workers: int,
    start: Callable[..., None] | None = None,
    start_arguments: tuple[Any, ...] = (),
) -> Iterator[tuple[Item, Any]]:
    """Calls ``work(*arguments[i])`` for every item in worker processes.

    Args:
        work: a module's own function, so that a process started anew finds it.
        arguments: one tuple an item.
        workers: processes; each is started anew, because MediaPipe's threads do not survive a fork.
        start: called once in each process.

    Yields:
        (item, result) as each is done; the result is None where a process ended before it could say more.

    >>> list(in_processes(pow, [], [], workers=2))
    []
    """
    if not items:
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max(1, min(workers, len(items))), context, start, start_arguments) as pool:
        jobs = {pool.submit(work, *given): item for item, given in zip(items, arguments, strict=True)}
        for job in as_completed(jobs):
            try:
                yield jobs[job], job.result()
            except BrokenProcessPool:
                yield jobs[job], None
