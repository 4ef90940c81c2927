"""Uploaded files on a page: where they lie, the steps of the work on them as HTML, and their deletion."""

import secrets
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ui.server.logs import log_error
from ui.shared.html import macros
from ui.shared.i18n import Refusal

if TYPE_CHECKING:
    import gradio as gr


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
        given, root = Path(path), Path(get_upload_folder()).resolve()
        found = given.resolve()
        # Each upload lies in a folder of its own, whose name is not to be guessed; links and devices are none.
        own = found.parent.parent == root and not given.is_symlink() and stat.S_ISREG(given.lstat().st_mode)
    except (OSError, ValueError, RuntimeError):  # no file can have such a name, or it is not there
        return None
    return found if own else None


def repeat_steps(work: Iterator[Any], first: Step) -> Iterator[Any]:
    """The steps of work in another process; where it says nothing for a while, the last one again, so that it can be stopped.

    >>> list(repeat_steps(iter([None, Step(0.5), None, "done"]), Step(None)))
    [Step(fraction=None, seconds=0.0, left=None, clip=''), Step(fraction=0.5, ...), Step(fraction=0.5, ...), 'done']
    """
    last = first
    for found in work:
        last = found or last
        yield last


def run_steps(paths: Sequence[Path | None], work: Callable[..., Iterator[str]]) -> Iterator[str]:
    """Runs work on uploaded files, then deletes the files.

    Each step carries a mark of the run. So the same answer twice is new to the page, and the page recognises a late
    step of an old run.

    Args:
        paths: the files; None for one that the browser named and that is no uploaded file.
        work: takes the paths and yields HTML.

    Yields:
        HTML with the mark. A `Refusal` becomes a message.
    """
    marked = Markup('<div data-run="{}">{}</div>')
    mark = secrets.token_hex(4)
    try:
        if None in paths:
            raise Refusal("video.unreadable")
        for html in work(*paths):
            yield str(marked.format(mark, Markup(html)))
    except Refusal as refusal:
        message = macros("shared/parts.html").message(refusal.key, problem=True, **refusal.values)
        yield str(marked.format(mark, message))
    except OSError as error:  # the disk is full for the moment
        log_error(error)
        yield str(marked.format(mark, macros("shared/parts.html").message("video.failed", problem=True)))
    finally:
        for path in paths:
            if path is not None:
                path.unlink(missing_ok=True)


def connect_job(picker: "gr.HTML", result: "gr.HTML", work: Callable[["gr.EventData"], Iterator[str]], queue: str) -> None:
    """Lets a page's script start work on uploaded files with ``submit``, and cancel it with ``stop``.

    Args:
        picker: the part of the page whose script sends the files.
        result: where the steps of the work appear.
        work: takes what the script sends and yields HTML.
        queue: jobs of one queue take turns.
    """
    import gradio as gr

    def run(event: gr.EventData) -> Iterator[str]:
        yield from work(event)

    def delete_upload(event: gr.EventData) -> None:
        path = upload_path(event_text(event, "path"))  # of a file whose turn has not come
        if path is not None:
            path.unlink(missing_ok=True)

    running = picker.submit(
        run, None, result, show_progress="hidden", concurrency_limit=1, concurrency_id=queue, api_visibility="private"
    )
    picker.stop(delete_upload, None, None, cancels=[running], api_visibility="private")


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
