"""A classroom session on the server: what its operator confirmed, and the one thread that watches the class."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field, StrictBool, StrictInt

from fusion.classroom.consent import check_consent
from fusion.classroom.settings import Settings
from fusion.classroom.targets import parse_target
from kslr.core.errors import InputError
from ui.door.messages import read_model
from ui.server.resources import give_memory_back
from ui.server.services import Services
from ui.shared.pictures import decode_picture

if TYPE_CHECKING:
    from fusion.classroom.history import History

LONGEST_MESSAGE = 4000


class Opening(BaseModel):
    """The message that begins a session: what the operator confirmed and chose.

    Attributes:
        consent: whether everybody in view has consented.
        place: a value of `fusion.classroom.consent.Place`.
        name: of the session.
        k: smallest number of faces that a figure is of.
        targets: what counts as attending.
    """

    consent: StrictBool = False
    place: str = ""
    name: str | None = ""
    k: StrictInt = 5
    targets: list[str] | None = Field(None, max_length=8)


def read_opening(message: str) -> tuple[Settings, Opening]:
    """The settings of a session, and the message that begins it.

    Raises:
        InputError: not confirmed, or a choice that cannot be.

    >>> read_opening('{"consent": true, "place": "outside-eu", "k": 6}')[0].k
    6
    """
    opening = read_model(message, Opening, LONGEST_MESSAGE)
    check_consent(opening.consent, opening.place)
    return Settings(k=opening.k, targets=tuple(parse_target(text) for text in opening.targets or ["camera"])), opening


class Room:
    """One class that is being watched: its lesson, and the one thread that runs it.

    The time of a picture is when it comes here, by the server's clock: a page that lies about times gets no more windows
    for it, and no others.

    Args:
        services: models and limits.
        history: where the session is written.
        message: that begins it.
        clock: tells seconds.
    """

    def __init__(self, services: Services, history: "History", message: str, clock: Callable[[], float] = time.monotonic) -> None:
        from fusion.classroom.loop import ClassroomSession

        self.settings, opening = read_opening(message)
        self._services = services
        self._lesson = ClassroomSession(self.settings, services.models.emotions, history, opening.name or "", opening.place)
        self._clock, self._began = clock, clock()
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="classroom")
        self.key = self.thread.submit(self._lesson.__enter__).result().key

    def look(self, message: bytes) -> dict[str, Any]:
        """Looks at a picture; gives the window that ended with it, if one did.

        Raises:
            InputError: it is no picture.
        """
        limits, start = self._services.limits, time.perf_counter()
        seconds = self._clock() - self._began
        picture = decode_picture(message, limits.frame_bytes, limits.frame_side)
        window = self._lesson.look(replace(picture, seconds=seconds))
        # Coarse on purpose: the exact time of a look would tell how many faces there are.
        spent = 50 * round((time.perf_counter() - start) * 20)
        return {"milliseconds": spent, "window": window.as_dict() if window else None}

    def end(self) -> dict[str, Any]:
        """Ends the session, once, and gives its last window."""
        window = self._lesson.finish()
        return {"ended": True, "window": window.as_dict() if window else None}

    def free(self) -> None:
        """Ends the session and frees the perception as soon as the look under way is done."""

        def last() -> None:
            with suppress(InputError):  # deleted meanwhile, or no database any more: nobody is left to be told
                self.end()
            self._lesson.__exit__(None, None, None)
            give_memory_back()

        self.thread.submit(last)
        self.thread.shutdown(wait=False)
