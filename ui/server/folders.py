"""The one folder for everything that a server keeps on the disk for a while, gone with it: also after kill -9.

A server holds the lock of its folder for as long as its process lives. Whoever starts next, of the same user, deletes the
folders whose lock nobody holds.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from kslr.core.errors import InputError

LOCK = "lock"


def shared_folder() -> Path:
    """Where the folders of this user's servers lie: ``kslr-USER`` in the temporary folder.

    Raises:
        InputError: it is somebody else's, or others may read it.
    """
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"kslr-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        foreign = hasattr(os, "getuid") and (found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077)
    except OSError as error:
        raise InputError(f"{folder} cannot be made ({error.strerror}). Set TMPDIR to another folder.") from error
    if foreign or not stat.S_ISDIR(found.st_mode):
        raise InputError(f"{folder} is not this user's alone. Delete it, or set TMPDIR to another folder.")
    return folder


def sweep(shared: Path) -> None:
    """Deletes the folders of servers that are no more."""
    for folder in shared.glob("server-*"):
        lock = FileLock(folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def private_folder() -> Iterator[Path]:
    """Makes a folder for this process in which all its temporary files are made, and deletes it in the end.

    Raises:
        InputError: it cannot be made.

    >>> with private_folder() as folder:
    ...     tempfile.mkdtemp().startswith(str(folder))
    True
    >>> folder.exists()
    False
    """
    shared = shared_folder()
    # Two servers that start at once must not sweep each other's folder before its lock is held.
    with FileLock(shared / LOCK):
        sweep(shared)
        folder = Path(tempfile.mkdtemp(prefix="server-", dir=shared))
        lock = FileLock(folder / LOCK)
        lock.acquire()
        (folder / "uploads").mkdir(mode=0o700)
    before, variable = tempfile.tempdir, {name: os.environ.get(name) for name in ("TMPDIR", "GRADIO_TEMP_DIR")}
    tempfile.tempdir = str(folder)
    # Of child processes too; Gradio looks for its own variable first.
    os.environ.update(TMPDIR=str(folder), GRADIO_TEMP_DIR=str(folder / "uploads"))
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        for name, value in variable.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        with suppress(OSError):
            shutil.rmtree(folder)
