"""Extraction on many machines, with dask.distributed (extra ``cluster``).

The folders of the clips and of the output have the same paths on every machine: workers read the one and write into the
other, and only paths and `Extraction` travel. Start a scheduler and workers, one process a core, and give the address:

    dask scheduler
    dask worker --nthreads 1 --nworkers 16 tcp://HOST:8786
    kslr extract FOLDER OUT --scheduler tcp://HOST:8786

Every clip has a tracker of its own, so a worker's threads share nothing.
"""

import os
import platform
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from uuid import uuid4

from kslr.core.errors import InputError
from kslr.core.files import write_file
from kslr.extraction import MANIFEST, Extraction, extract_clip, extract_with, video_files

# Schemes of dask's addresses. Dask tries another scheme for long and then fails an assertion.
SCHEMES = ("tcp", "tls", "ws", "wss", "ucx")
RETRIES = 2  # of a clip whose work raised an error
LOOK_EVERY = 5.0  # seconds between two counts of the workers
VISIBLE = 20.0  # seconds that a network file system may take to show a new file on other machines


class Cluster:
    """A connection to a dask scheduler; a context manager.

    Args:
        scheduler: its address, such as ``tcp://10.0.0.5:8786``.
        patience: seconds to wait for it, and for its first worker.
        tell: called with messages for people during the run.

    Attributes (after entering):
        dashboard: the address of the scheduler's dashboard, or None.

    Raises (on entering):
        InputError: the extra is not installed, or there is no scheduler, or no worker.

    >>> with Cluster("10.0.0.5") as cluster:
    ...     pass
    Traceback (most recent call last):
    ...
    kslr.core.errors.InputError: 10.0.0.5 is no scheduler's address ... Give it as tcp://HOST:PORT.
    """

    def __init__(self, scheduler: str, patience: float = 30.0, tell: Callable[[str], None] = lambda _: None) -> None:
        self.scheduler, self.patience, self.tell = scheduler, patience, tell
        self.dashboard: str | None = None
        self._client: Any = None

    def __enter__(self) -> "Cluster":
        try:
            from distributed import Client, Security, TimeoutError
        except ImportError as error:
            raise InputError("A scheduler needs the extra cluster: pip install 'kslr[cluster]'.") from error
        scheme, _, rest = self.scheduler.rpartition("://")
        if (scheme and scheme not in SCHEMES) or not rest.rpartition(":")[2].isdigit():
            raise InputError(f"{self.scheduler} is no scheduler's address (dask prints its own). Give it as tcp://HOST:PORT.")
        if scheme == "tls" and Security().get_connection_args("client")["ssl_context"] is None:
            raise InputError(f"{self.scheduler} needs a certificate. Name it and its key in dask's settings (docs/scale.md).")
        try:
            self._client = Client(self.scheduler, timeout=self.patience, set_as_default=False)
        except (OSError, TimeoutError) as error:
            raise InputError(
                f"No scheduler answers at {self.scheduler} within {self.patience:g} s. "
                "Start one with: dask scheduler. Or check the address and the firewall."
            ) from error
        try:
            self._client.wait_for_workers(1, timeout=self.patience)
            self.dashboard = self._client.dashboard_link
        except TimeoutError as error:
            self.__exit__()
            raise InputError(
                f"The scheduler at {self.scheduler} has no workers after {self.patience:g} s. "
                f"Start some with: dask worker --nthreads 1 --nworkers N {self.scheduler}"
            ) from error
        except KeyError:  # started without a dashboard
            self.dashboard = None
        return self

    def __exit__(self, *_: object) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def extract(self, folder: str | Path, out: str | Path) -> Generator[Extraction, None, None]:
        """`kslr.extraction.extract`, with one task a clip.

        Workers write the landmarks, each file in one step. The clip of a lost worker is done by another one; a clip that
        several workers in a row did not survive becomes a problem, and the run goes on.

        Args:
            folder, out: with the same paths here and on every worker.

        Raises:
            InputError: as there; also where a worker does not see the folders or has other versions, or the scheduler is
                lost.
        """
        folder, out = Path(folder).resolve(), Path(out).resolve()
        self._check(folder, out, video_files(folder)[0])
        return extract_with(self.run_tasks, folder, out, work=extract_on_worker)

    def run_tasks(
        self, work: Callable[..., Any], items: Sequence[str], arguments: Sequence[tuple[Any, ...]]
    ) -> Generator[tuple[str, Any], None, None]:
        """Calls ``work(*arguments[i])`` for every item on the workers, as `kslr.core.parallel.run_in_processes` does.

        The scheduler has only as many tasks at a time as there are threads: its memory does not grow with the items, and
        when a worker is lost, only the items it was working on are suspected.

        Yields:
            (item, result) as each is done; the result is None where more workers were lost with the item than the
            scheduler allows (``distributed.scheduler.allowed-failures``, 3).
        """
        from distributed import KilledWorker, TimeoutError, wait

        waiting = iter(zip(items, arguments, strict=True))
        under_way: dict[Any, str] = {}
        window, looked = 1, float("-inf")
        try:
            while True:
                with self._connection():
                    if time.monotonic() - looked > LOOK_EVERY:
                        window, looked = self._count_threads(window), time.monotonic()
                    while len(under_way) < max(1, window) and (one := next(waiting, None)):
                        future = self._client.submit(work, *one[1], pure=False, retries=RETRIES)
                        under_way[future] = one[0]
                    if not under_way:
                        return
                    try:
                        done = wait(list(under_way), timeout=LOOK_EVERY, return_when="FIRST_COMPLETED").done
                    except TimeoutError:
                        continue
                for future in done:
                    with self._connection():
                        try:
                            error = future.exception(timeout=LOOK_EVERY)
                            result = None if error else future.result(timeout=LOOK_EVERY)
                        except TimeoutError:
                            continue  # The worker with the result is lost: another one makes it again.
                    if error is not None and not isinstance(error, KilledWorker):
                        raise error
                    yield under_way.pop(future), result
        finally:
            for future in under_way:
                future.release()

    @contextmanager
    def _connection(self) -> Iterator[None]:
        from distributed import CancelledError

        try:
            with self._client.as_current():
                yield
        except (CancelledError, OSError) as error:
            raise InputError(
                f"The connection to the scheduler at {self.scheduler} was lost. "
                "Start it and its workers again, then run the same command: finished clips are kept."
            ) from error

    def _count_threads(self, before: int) -> int:
        """The number of tasks that can run at once; tells when no workers are left, and when there are some again."""
        threads = sum(self._client.nthreads().values())
        if not threads and before:
            self.tell("No workers are left; waiting for new ones.")
        if threads and not before:
            self.tell("Workers are there again.")
        return int(threads)

    def _check(self, folder: Path, out: Path, clip: Path) -> None:
        """Checks that every worker sees the same files and can write into the output.

        Raises:
            InputError: one does not.
        """
        token = out / f".kslr-{uuid4().hex}"
        write_file(token, b"")
        try:
            found = self._client.run(check_worker, str(clip), clip.stat().st_size, str(token), _versions(), on_error="return")
        finally:
            token.unlink(missing_ok=True)
        for address, problem in found.items():
            if isinstance(problem, Exception):
                raise InputError(
                    f"The worker at {address} cannot run this ({type(problem).__name__}: {problem}). "
                    "Install the same version of kslr there as here."
                )
            if problem:
                raise InputError(f"The worker at {address} {problem}")


def check_worker(clip: str, size: int, token: str, versions: dict[str, str]) -> str:
    """Why this worker cannot extract, for people; empty when it can.

    Args:
        clip, size: one of the clips, and its size in bytes.
        token: a new file in the output's folder.
        versions: of the packages that make the landmarks.
    """
    here = _versions()
    if here != versions:
        return f"on {platform.node()} has {here}, this machine has {versions}. Install the same versions."
    if not Path(clip).is_file() or Path(clip).stat().st_size != size:
        return f"on {platform.node()} does not see {clip} as it is here. Mount the clips' folder there under the same path."
    end = time.monotonic() + VISIBLE
    while not Path(token).exists():
        if time.monotonic() > end:
            folder = Path(token).parent
            return f"on {platform.node()} does not see {folder} as it is here. Mount it there under the same path."
        time.sleep(0.2)
    mine = f"{token}-{os.getpid()}-{platform.node()}"
    try:
        write_file(mine, b"")
        Path(mine).unlink()
    except (InputError, OSError):
        return f"on {platform.node()} may not write into {Path(token).parent}. Let its user write there."
    return ""


def extract_on_worker(folder: str, out: str, *given: Any) -> Extraction:
    """`kslr.extraction.extract_clip` on a worker, which may have joined after `check_worker` ran on the others.

    Raises:
        InputError: the worker does not see the folders. No clip is at fault, so the run ends.
    """
    for path in (Path(folder), Path(out) / MANIFEST):
        if not path.exists():
            raise InputError(
                f"A worker on {platform.node()} does not see {path}. Mount it there under the same path or stop that worker, "
                "then run the same command again: finished clips are kept."
            )
    return extract_clip(folder, out, *given)


def _versions() -> dict[str, str]:
    """The versions of the packages that the landmarks depend on."""
    found = {name: version(name) for name in ("mediapipe", "av")}
    try:
        return {"kslr": version("kslr"), **found}
    except PackageNotFoundError:  # run from its source
        return {"kslr": "source", **found}
