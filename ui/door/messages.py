"""What clients send in small: JSON messages as models, and how many of them a second."""

import time
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from kslr.core.errors import InputError
from kslr.core.files import parse_json

SMALL_BYTES = 2_500_000  # of a body that is no file
M = TypeVar("M", bound=BaseModel)


def read_model(content: str | bytes, model: type[M], most: int = SMALL_BYTES) -> M:
    """A JSON message as a pydantic model.

    Args:
        content: of at most `most` bytes.

    Raises:
        InputError: it is too long, is not JSON, or has not these fields.
    """
    if len(content) > most:
        raise InputError("That message is too long.", "too-long")
    try:
        return model.model_validate(parse_json(content))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"The message is not as it should be: {where} {first['msg']}", "body") from error


class Rate:
    """Counts messages and notices a flood: more than so many within a while.

    Args:
        most: messages in that time.
        seconds: the time.
    """

    def __init__(self, most: int, seconds: float = 1.0) -> None:
        self._times = [float("-inf")] * (most + 1)
        self._seconds = seconds

    def flooded(self) -> bool:
        """Counts one message."""
        self._times = [*self._times[1:], time.monotonic()]
        return self.exceeded()

    def exceeded(self) -> bool:
        """Whether there was a flood, and it is not over."""
        return time.monotonic() - self._times[0] < self._seconds
