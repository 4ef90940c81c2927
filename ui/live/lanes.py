"""Threads that the sessions of people whom their own browsers track share, each session always the same one.

Their frames take half a millisecond, so a thread for each person would only wait for the others' at Python's lock.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

# A second one wins nothing: the two wait for Python's lock, and 60 people cost a half more.
COUNT = 1


class Lane:
    """One session's place in a shared thread; it takes the place of `kslr.core.parallel.Stages` with one stage.

    Args:
        pool: with one thread, so that work keeps its order.
        work: what is done with an item.
        leave: called once, when the lane is closed.
    """

    def __init__(self, pool: ThreadPoolExecutor, work: Callable[[Any], Any], leave: Callable[[], None]) -> None:
        self._pool, self._work, self._leave = pool, work, leave
        self._open = True

    def send(self, item: Any) -> "list[Future[Any]]":
        """Does the work with an item, after all that was sent before; gives one future, as `Stages.send` does.

        Raises:
            RuntimeError: the lane is closed.
        """
        return [self.call(self._work, item)]

    def call(self, work: Callable[..., Any], *arguments: Any, stage: int = -1) -> "Future[Any]":
        """Runs a function after the items that were sent before it.

        Raises:
            RuntimeError: the lane is closed.
        """
        if not self._open:
            raise RuntimeError("The session is closed.")
        return self._pool.submit(work, *arguments)

    def close(self, wait: bool = True, drop: bool = False) -> None:
        """Accepts nothing more. What was sent is done, and nobody waits for it: the thread is others' too."""
        if self._open:
            self._open = False
            self._leave()


class Lanes:
    """The shared threads of one server.

    Args:
        count: of threads.

    >>> lanes = Lanes(count=1)
    >>> one, other = lanes.take(str), lanes.take(abs)
    >>> one.send(1)[0].result(), other.send(-1)[0].result()
    ('1', 1)
    """

    def __init__(self, count: int = COUNT) -> None:
        self._pools = [ThreadPoolExecutor(1, thread_name_prefix=f"lane-{n}") for n in range(count)]
        self._sessions = [0] * count
        self._lock = Lock()

    def take(self, work: Callable[[Any], Any]) -> Lane:
        """A place in the thread that has the fewest sessions."""
        with self._lock:
            n = self._sessions.index(min(self._sessions))
            self._sessions[n] += 1
        return Lane(self._pools[n], work, lambda: self._free(n))

    def _free(self, n: int) -> None:
        with self._lock:
            self._sessions[n] -= 1

    def close(self) -> None:
        """Ends the threads as soon as what was sent is done."""
        for pool in self._pools:
            pool.shutdown(wait=False)
