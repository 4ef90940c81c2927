"""The one error for input that cannot be used."""

from typing import Any


class InputError(ValueError):
    """Something a person gave (a file, a camera, weights, an array) cannot be used.

    The message is one or two sentences for that person: what is wrong, then what to do. The command line prints it and
    ends with exit code 2; the app shows it without a traceback.

    Attributes:
        code: a short stable word for programs, such as ``too-long``; empty where nothing needs to tell this error from
            others. Programs compare codes, never messages.

    >>> error = InputError("talk.mp4 is longer than 60 s. Cut it.", "too-long")
    >>> error.code
    'too-long'
    >>> raise error
    Traceback (most recent call last):
    ...
    kslr.core.errors.InputError: talk.mp4 is longer than 60 s. Cut it.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        # An error travels between processes whole, whatever its kind is made with.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[InputError], arguments: tuple[Any, ...], fields: dict[str, Any]) -> InputError:
    error = kind.__new__(kind)
    error.args = arguments
    error.__dict__.update(fields)
    return error
