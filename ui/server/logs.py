"""What a server logs about itself: events as JSON lines or short text on stderr, and nothing about people.

An event has a name of ours and figures. Of an exception and of what libraries log, only the type and the place in the code
are written: messages can hold file names, addresses or anything that somebody has typed.
"""

import asyncio
import json
import logging
import os
import threading
import traceback
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).resolve().parents[2]
DEEPEST = 12  # lines of a trace
_logger = logging.getLogger("kslr")


class LogKind(str, Enum):
    """How a server logs: as text for people, as JSON lines, or not at all."""

    text = "text"
    json = "json"
    none = "none"


def log_event(name: str, **figures: float | str | None) -> None:
    """Logs that something happened.

    Args:
        name: a constant such as ``session opened``.
        figures: numbers, and constants of ours; nothing that a person gave.
    """
    _logger.info(name, extra={"figures": figures})


def log_error(error: BaseException, **figures: float | str | None) -> None:
    """Logs an exception by type and place."""
    _logger.error("error", extra={"figures": {**figures, **describe_error(error)}})


def describe_error(error: BaseException) -> dict[str, Any]:
    """An exception without its message: the type, and the places it went through, innermost first."""
    places = [f"{short_path(frame.filename)}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    return {"type": type(error).__name__, "place": places[-1] if places else "", "trace": places[::-1][1:DEEPEST]}


def short_path(path: str) -> str:
    """A file of the code without the folders before it: they may be named after somebody.

    >>> short_path("/home/aigerim/venv/lib/python3.11/site-packages/uvicorn/server.py")
    'uvicorn/server.py'
    """
    for before in ("site-packages/", "dist-packages/"):
        if before in (posix := path.replace("\\", "/")):
            return posix.rsplit(before, 1)[1]
    found = Path(path)
    return found.relative_to(ROOT).as_posix() if found.is_relative_to(ROOT) else found.name


def is_own_code(path: str) -> bool:
    """Whether a file of the code is the project's, not a library's.

    >>> is_own_code(__file__), is_own_code("/usr/lib/python3.11/json/encoder.py")
    (True, False)
    """
    return Path(path).is_relative_to(ROOT) and "-packages/" not in path.replace("\\", "/").removeprefix(ROOT.as_posix())


class LineFormatter(logging.Formatter):
    """A record as one line.

    Args:
        as_json: as JSON; else as text for people.
    """

    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        at = datetime.fromtimestamp(record.created, timezone.utc)
        name, fields = self._fields(record)
        if self._as_json:
            time = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            return json.dumps({"time": time, "level": record.levelname.lower(), "event": name, **fields})
        rest = " ".join(f"{key}={value}" for key, value in fields.items() if value is not None and key != "trace")
        return f"{at.astimezone():%Y-%m-%d %H:%M:%S} {name} {rest}".rstrip()

    def _fields(self, record: logging.LogRecord) -> tuple[str, dict[str, Any]]:
        if record.name == _logger.name:
            return record.getMessage(), getattr(record, "figures", {})
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            return "error", {"logger": record.name, **describe_error(error)}
        return "library", {"logger": record.name, "place": f"{short_path(record.pathname)}:{record.lineno}"}


def log_to(kind: LogKind, stream: TextIO | None = None) -> None:
    """Sends all logs of this process one way.

    Args:
        kind: text, JSON or nothing.
        stream: stderr if None.
    """
    handler: logging.Handler = logging.NullHandler()
    if kind != LogKind.none and (stream := stream or _stderr()) is not None:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(LineFormatter(kind == LogKind.json))
        handler.addFilter(_is_reported)
    logging.captureWarnings(True)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _logger.setLevel(logging.INFO)
    threading.excepthook = _log_thread_error


def _is_reported(record: logging.LogRecord) -> bool:
    """A request that ends because the server stops is no error."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _stderr() -> TextIO | None:
    """Stderr by a descriptor of its own, None without one; the model loader redirects the usual one for moments."""
    try:
        return os.fdopen(os.dup(2), "w", encoding="utf-8", buffering=1)
    except OSError:
        return None


def _log_thread_error(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        log_error(arguments.exc_value)
