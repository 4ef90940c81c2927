"""The one error that means: what was given cannot be used, and here is what to do."""


class InputError(ValueError):
    """Something a person gave (a file, a camera, weights, an array) cannot be used.

    The message is one or two sentences for that person: what is wrong, then what to do. The command line
    prints it and ends with exit code 2; the app shows it without a traceback.

    >>> raise InputError("talk.mp4 is empty. Record it again or choose another file.")
    Traceback (most recent call last):
    ...
    kslr.core.errors.InputError: talk.mp4 is empty. Record it again or choose another file.
    """
