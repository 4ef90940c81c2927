"""What a page shows of a file that is being worked on: each step marked with its run, a problem in words, the file deleted."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ui.shared.i18n import said
from ui.shared.refused import Refused

PROBLEM = 'class="message problem" role="alert"'


def marked(path: Path | None, work: Callable[[Path], Iterator[str]]) -> Iterator[str]:
    """The steps of work on an uploaded file, as HTML for the page.

    The mark of the run makes the same answer twice a new one, and lets the page tell a late step of an old run.

    Args:
        path: of the file; None where it is not one that was uploaded. It is deleted in the end.
        work: its steps, as HTML.
    """
    mark = secrets.token_hex(4)
    try:
        if path is None:
            raise Refused("video.unreadable")
        for html in work(path):
            yield f'<div data-run="{mark}">{html}</div>'
    except Refused as refused:
        yield f'<div data-run="{mark}">{said(refused.key, "p", PROBLEM, **refused.values)}</div>'
    finally:
        if path is not None:
            path.unlink(missing_ok=True)


def sent(event: Any, name: str, otherwise: str = "") -> str:
    """What a page's script has sent with an event, as text.

    >>> class Event:
    ...     path = "a.mp4"
    >>> sent(Event(), "path"), sent(Event(), "signs", "kslr30")
    ('a.mp4', 'kslr30')
    """
    try:
        found = getattr(event, name, None)
    except TypeError:  # an event without anything
        found = None
    return otherwise if found is None else str(found)
