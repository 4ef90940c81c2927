"""What one server takes on: its limits, the files it makes for people, and the memory it gives back."""

import ctypes
import secrets
import shutil
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """What one server takes on.

    Attributes:
        sessions: people signing at the same time whom the server tracks; each holds a tracker of about 200 MB.
        browser_sessions: people signing at the same time whom their own browsers track.
        upload_megabytes: of one video file.
        video_minutes: of one video.
        frame_bytes, frame_side: bytes, and pixels of the longer side, of one live picture.
        frames_a_second: of one session; more is a flood.
        idle_seconds: without a picture, or without taking an answer, after which a session's tracker is freed.
        result_seconds: how long a video's result can be fetched.
        client_megabytes, all_megabytes: uploaded files that are kept of one client, of all.
        client_places, client_browser_places: live sessions of one client elsewhere, tracked here and by their browsers; a
            school may come from one address. The server's own machine may take all.
    """

    sessions: int = 4
    browser_sessions: int = 60
    upload_megabytes: int = 200
    video_minutes: int = 10
    frame_bytes: int = 400_000
    frame_side: int = 1280
    frames_a_second: int = 60
    idle_seconds: float = 30.0
    result_seconds: float = 3600.0
    client_megabytes: int = 1000
    all_megabytes: int = 4000
    client_places: int = 2
    client_browser_places: int = 40


class Results:
    """Files made for people. Each batch lies in a folder whose name cannot be guessed, and is deleted after a while.

    Args:
        seconds: how long a batch is kept.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.root = Path(tempfile.mkdtemp(prefix="kslr-results-"))

    def expire(self) -> None:
        """Deletes old folders; one that is still being written to is not old."""
        for folder in self.root.iterdir() if self.root.is_dir() else ():
            with suppress(OSError):  # deleted meanwhile
                if time.time() - max(path.stat().st_mtime for path in (folder, *folder.rglob("*"))) > self._seconds:
                    self.delete(folder)

    def new(self) -> Path:
        """Makes a folder, and deletes old ones."""
        self.expire()
        folder = self.root / secrets.token_urlsafe(18)
        folder.mkdir()
        return folder

    def delete(self, folder: Path) -> None:
        """Deletes a folder before its time."""
        shutil.rmtree(folder, ignore_errors=True)

    def find(self, token: str, name: str) -> Path | None:
        """A file by its folder's and its own name, or None."""
        path = self.root / token / name
        inside = path.parent.parent == self.root and ".." not in (token, name)
        # No file has a longer name, and a file system refuses to be asked for one.
        short = max(len(token.encode()), len(name.encode())) <= 255
        return path if inside and short and path.is_file() else None

    def close(self) -> None:
        """Deletes everything."""
        self.delete(self.root)


def give_memory_back() -> None:
    """Returns the memory of closed trackers to the system, on Linux.

    glibc keeps freed memory for each thread that used it. With one thread a session that is 70 MB more for every session
    that ever was; with this call it is nothing.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
