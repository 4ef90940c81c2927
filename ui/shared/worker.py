"""A process of its own for work on files that strangers send, which can be ended at any moment.

A decoder that hangs on a damaged file cannot be stopped in a thread. So the work of one kind takes turns in a child process,
and the process is ended when nobody waits for the answer any more, when it says nothing for long, or when it takes too much
time or memory. It starts with the first work and is kept for the next; without any it ends.
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from kslr.core.errors import InputError
from kslr.core.parallel import end_with_parent
from ui.server.logs import describe_error, log_event

POLL_SECONDS = 0.1
BEAT_SECONDS = 1.0  # between two signs of life, where the work itself gives none
SILENT_SECONDS = 180.0  # see `Worker.run`
IDLE_SECONDS = 600.0  # without work, after which it is ended
MEGABYTES = 2500.0  # of its memory, on Linux
FAILURES = ("ended", "error", "memory", "time")  # why work failed, in the log


class Gone(InputError):
    """Nobody waits for the answer of some work any more."""

    def __init__(self) -> None:
        super().__init__("Nobody waits for this any more.", "gone")


class WorkFailed(OSError):
    """The process of some work failed, or was ended because it took too much."""


class Worker:
    """Work in turns in a child process.

    Args:
        longest: seconds that one piece of work may take.

    Attributes:
        longest: the same.

    >>> worker = Worker()
    >>> [step for step in worker.run(zip, "ab", "cd") if step is not None]
    [('a', 'c'), ('b', 'd')]
    >>> worker.close()
    """

    def __init__(self, longest: float = 3600.0) -> None:
        self.longest = longest
        self._turn = threading.Lock()
        self._process: Any = None
        self._line: Connection | None = None
        self._used = 0.0
        self._closed = False

    def run(
        self,
        job: Callable[..., Iterable[Any]],
        *arguments: Any,
        wanted: Callable[[], bool] = lambda: True,
        silence: float = SILENT_SECONDS,
    ) -> Generator[Any, None, None]:
        """Runs a job when its turn has come.

        Args:
            job: a generator function at the top of a module; it and its arguments are pickled.
            wanted: asked again and again; the job ends when it gives False.
            silence: seconds without a step, after which the process is ended.

        Yields:
            What the job yields, and None about once a second in between. Closing it early ends the job.

        Raises:
            Gone: it is not wanted any more.
            InputError, OSError: as the job raised it.
            WorkFailed: the process failed, or was ended.
        """
        with self._in_turn(wanted):
            whole = False
            try:
                line = self._start()
                line.send((job, arguments))
                for kind, found in self._hear(line, wanted, silence):
                    whole = kind in ("end", "error")
                    if kind == "error":
                        raise found
                    if kind == "step":
                        yield found
            except (EOFError, ConnectionError) as error:
                raise _failed("ended") from error
            finally:
                self._used = time.monotonic()
                if not whole:
                    self._end()

    def rest(self) -> None:
        """Ends a process that has had no work for long. The server's clock calls it."""
        if time.monotonic() - self._used > IDLE_SECONDS and self._turn.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._turn.release()

    def close(self) -> None:
        """Ends the process and takes no more work."""
        self._closed = True
        self._end()

    @contextmanager
    def _in_turn(self, wanted: Callable[[], bool]) -> Iterator[None]:
        while not self._turn.acquire(timeout=POLL_SECONDS):
            if not wanted():
                raise Gone
        try:
            if self._closed or not wanted():
                raise Gone
            yield
        finally:
            self._turn.release()

    def _start(self) -> Connection:
        """The line to a living process."""
        if self._line is None or not self._process.is_alive():
            self._end()
            context = multiprocessing.get_context("spawn")  # MediaPipe's threads do not survive a fork
            self._line, other = context.Pipe()
            self._process = context.Process(target=_serve, args=(other,), name="kslr-worker", daemon=True)
            self._process.start()
            other.close()
        return self._line

    def _hear(self, line: Connection, wanted: Callable[[], bool], silence: float) -> Iterator[tuple[str, Any]]:
        begun = heard = beat = time.monotonic()
        while True:
            while not line.poll(POLL_SECONDS):
                now = time.monotonic()
                if not wanted():
                    raise Gone
                if now - begun > self.longest or now - heard > silence:
                    raise _failed("time")
                if self._megabytes() > MEGABYTES:
                    raise _failed("memory")
                if now - beat > BEAT_SECONDS:
                    beat = now
                    yield "step", None
            kind, found = line.recv()
            heard = beat = time.monotonic()
            if not wanted():
                raise Gone
            if heard - begun > self.longest:
                raise _failed("time")
            if kind == "fault":
                raise _failed("error", **found)
            yield kind, found
            if kind != "step":
                return

    def _megabytes(self) -> float:
        try:
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):  # another system, or it has just ended
            return 0.0
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def _end(self) -> None:
        process, line, self._process, self._line = self._process, self._line, None, None
        if process is not None:
            process.kill()
            process.join(5)
        if line is not None:
            line.close()


def _failed(reason: str, **figures: str) -> WorkFailed:
    log_event("work failed", reason=reason, **figures)
    return WorkFailed("The work on that file failed.")


def _serve(line: Connection) -> None:
    """The child: works until its parent hangs up."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    if hasattr(os, "nice"):
        os.nice(3)  # who signs live does not wait for files
    # What libraries say may hold names of files; the parent logs what matters.
    logging.disable()
    warnings.simplefilter("ignore")
    while True:
        try:
            job, arguments = line.recv()
        except (EOFError, OSError):
            sys.exit()
        _work(line, job, arguments)


def _work(line: Connection, job: Callable[..., Iterable[Any]], arguments: tuple[Any, ...]) -> None:
    try:
        for step in job(*arguments):
            line.send(("step", step))
        line.send(("end", None))
    except BrokenPipeError:
        sys.exit()
    except (InputError, OSError) as error:
        line.send(("error", error))
    except Exception as error:
        with suppress(BrokenPipeError):
            found = describe_error(error)
            line.send(("fault", {"type": found["type"], "place": found["place"]}))
