"""Uploaded files on a page: where they lie, the steps of the work on them as HTML, and their deletion."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ui.shared.i18n import Refusal, word_html

PROBLEM = 'class="message problem" role="alert"'


@dataclass(frozen=True)
class Step:
    """How far the work on uploaded files is.

    Attributes:
        fraction: 0–1, or None where a video does not know its length.
        seconds: read so far, on the video's clock.
        left: seconds of work to come, or None while they cannot be estimated.
        clip: the name of the file that is being read, where there are several.
    """

    fraction: float | None
    seconds: float = 0.0
    left: float | None = None
    clip: str = ""


def upload_path(path: str) -> Path | None:
    """The file at a path that a browser names, if it is an uploaded file; no other file of the server is reached."""
    from gradio.utils import get_upload_folder

    try:
        found = Path(path).resolve()
    except (OSError, ValueError):  # no file can have such a name
        return None
    return found if found.is_relative_to(Path(get_upload_folder()).resolve()) and found.is_file() else None


def run_steps(path: Path | None, work: Callable[[Path], Iterator[str]]) -> Iterator[str]:
    """Runs work on an uploaded file, then deletes the file.

    Each step carries a mark of the run. So the same answer twice is new to the page, and the page recognises a late
    step of an old run.

    Args:
        path: the file; None where the browser named no uploaded file.
        work: yields HTML.

    Yields:
        HTML with the mark. A `Refusal` becomes a message.
    """
    mark = secrets.token_hex(4)
    try:
        if path is None:
            raise Refusal("video.unreadable")
        for html in work(path):
            yield f'<div data-run="{mark}">{html}</div>'
    except Refusal as refusal:
        yield f'<div data-run="{mark}">{word_html(refusal.key, "p", PROBLEM, **refusal.values)}</div>'
    finally:
        if path is not None:
            path.unlink(missing_ok=True)


def event_text(event: Any, name: str, default: str = "") -> str:
    """A field that a page's script sends with an event, as text.

    >>> class Event:
    ...     path = "a.mp4"
    >>> event_text(Event(), "path"), event_text(Event(), "signs", "kslr30")
    ('a.mp4', 'kslr30')
    """
    try:
        found = getattr(event, name, None)
    except TypeError:  # an event without any field
        found = None
    return default if found is None else str(found)
