"""Keeps a native library's chatter off stderr without losing what anybody else writes there."""

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_one_at_a_time = threading.Lock()


@contextmanager
def quiet_stderr(chatter: re.Pattern[bytes]) -> Iterator[None]:
    """Holds back the process's stderr (file descriptor 2), then lets through every line that isn't chatter.

    C++ libraries write there past Python, some from threads of their own, so the descriptor itself is turned to a
    temporary file meanwhile. Hold it for moments only: what other threads write arrives when it ends.

    Args:
        chatter: lines whose beginning matches are dropped.

    >>> with quiet_stderr(re.compile(rb"W0000 .*delegate")):
    ...     _ = os.write(2, b"W0000 12:00 some delegate was made")
    """
    with _one_at_a_time:
        if sys.stderr is not None:
            sys.stderr.flush()
        try:
            before = os.dup(2)
        except OSError:  # a process without stderr has nothing to keep quiet
            yield
            return
        with tempfile.TemporaryFile() as caught:
            os.dup2(caught.fileno(), 2)
            try:
                yield
            finally:
                if sys.stderr is not None:
                    sys.stderr.flush()
                os.dup2(before, 2)
                os.close(before)
                caught.seek(0)
                kept = b"".join(line for line in caught if not chatter.match(line))
                if kept:
                    with os.fdopen(os.dup(2), "wb") as out:
                        out.write(kept)
