"""What a server writes down about itself: events as JSON lines or short text on stderr, and nothing about people.

An event has a name of ours and figures. What libraries log, and every exception, is told by its kind and by the place in
the code alone: their messages can hold file names, addresses or anything that somebody has typed.
"""

import asyncio
import json
import logging
import os
import threading
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, TextIO

KINDS = ("text", "json", "none")
ROOT = Path(__file__).resolve().parents[2]
DEEPEST = 12  # lines of a trace
_logger = logging.getLogger("kslr")


def event(name: str, **figures: float | str | None) -> None:
    """Notes that something happened.

    Args:
        name: what, such as ``session opened``; a constant.
        figures: numbers, and constants of ours; nothing that a person has given.
    """
    _logger.info(name, extra={"figures": figures})


def failure(error: BaseException, **figures: float | str | None) -> None:
    """Notes an exception, by type and place."""
    _logger.error("error", extra={"figures": {**figures, **told(error)}})


def told(error: BaseException) -> dict[str, Any]:
    """An exception without its message: the type, and the places it went through, innermost first."""
    places = [f"{short(frame.filename)}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return {"type": type(error).__name__, "place": places[-1] if places else "", "trace": places[::-1][1:DEEPEST]}


def short(path: str) -> str:
    """A file of the code without the folders before it, which may be named after somebody.

    >>> short("/home/aigerim/venv/lib/python3.11/site-packages/uvicorn/server.py")
    'uvicorn/server.py'
    """
    for before in ("site-packages/", "dist-packages/"):
        if before in (posix := path.replace("\\", "/")):
            return posix.rsplit(before, 1)[1]
    found = Path(path)
    return found.relative_to(ROOT).as_posix() if found.is_relative_to(ROOT) else found.name


class Lines(logging.Formatter):
    """A record as one line.

    Args:
        as_json: else as text for people.
    """

    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        at = datetime.fromtimestamp(record.created, timezone.utc)
        name, fields = self._said(record)
        if self._as_json:
            time = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            return json.dumps({"time": time, "level": record.levelname.lower(), "event": name, **fields})
        rest = " ".join(f"{key}={value}" for key, value in fields.items() if value is not None and key != "trace")
        return f"{at.astimezone():%Y-%m-%d %H:%M:%S} {name} {rest}".rstrip()

    def _said(self, record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
        if record.name == _logger.name:
            return record.getMessage(), getattr(record, "figures", {})
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            return "error", {"logger": record.name, **told(error)}
        return "library", {"logger": record.name, "place": f"{short(record.pathname)}:{record.lineno}"}


def log_to(kind: str, stream: TextIO | None = None) -> None:
    """Sends everything that is logged in this process one way.

    Args:
        kind: one of `KINDS`; ``none`` is silence.
        stream: stderr if None.
    """
    handler: logging.Handler = logging.NullHandler()
    if kind != "none" and (stream := stream or _stderr()) is not None:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(Lines(kind == "json"))
        handler.addFilter(_worth_telling)
    logging.captureWarnings(True)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _logger.setLevel(logging.INFO)
    threading.excepthook = _thread_failed


def _worth_telling(record: logging.LogRecord) -> bool:
    """A request that is cut off because the server stops is no error."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _stderr() -> TextIO | None:
    """Stderr by a descriptor of its own, since `kslr.core.quiet` turns the usual one aside for moments; None without one."""
    try:
        return os.fdopen(os.dup(2), "w", encoding="utf-8", buffering=1)
    except OSError:
        return None


def _thread_failed(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        failure(arguments.exc_value)
