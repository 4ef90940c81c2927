"""Native libraries kept quiet: MediaPipe without TensorFlow, and stderr without their chatter."""

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any

MEDIAPIPE_CHATTER = re.compile(
    rb"INFO: Created TensorFlow Lite"
    rb"|WARNING: All log messages before absl::InitializeLog"
    rb"|[IW]\d{4} \S+ +\d+ (inference_feedback_manager|landmark_projection_calculator|gl_context\w*)\.cc:"
)

LINUX = hasattr(os, "memfd_create")

_importing = threading.Lock()
_filtering = threading.Lock()


@contextmanager
def filter_stderr(chatter: re.Pattern[bytes]) -> Iterator[None]:
    """Holds back the process's stderr (file descriptor 2), then lets through every line that is not chatter.

    C++ libraries write there past Python, some from threads of their own, so the descriptor itself points to a file in memory
    (elsewhere than on Linux: a temporary file) meanwhile. Use it for moments only: what other threads write arrives at the end.

    Args:
        chatter: lines whose beginning matches are dropped.

    >>> with filter_stderr(re.compile(rb"W0000 .*delegate")):
    ...     _ = os.write(2, b"W0000 12:00 some delegate was made")
    """
    with _filtering:
        if sys.stderr is not None:
            sys.stderr.flush()
        try:
            before = os.dup(2)
        except OSError:  # A process without stderr has nothing to filter.
            yield
            return
        try:
            caught = os.fdopen(os.memfd_create("stderr"), "w+b") if LINUX else tempfile.TemporaryFile()  # noqa: SIM115
        except OSError:  # No place for it: chatter is better than no work.
            os.close(before)
            yield
            return
        with caught:
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


class _WithoutTensorFlow(MetaPathFinder):
    """Hides TensorFlow from the thread that made this."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname == "tensorflow" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError("tensorflow is not needed here", name=fullname)


@contextmanager
def _replace_matplotlib() -> Iterator[None]:
    """Where matplotlib finds no folder to write to, an empty module in its place; mediapipe would only plot landmarks with it."""
    names = ("matplotlib", "matplotlib.pyplot")
    try:
        import matplotlib.pyplot  # noqa: F401
    except OSError:
        sys.modules.update({name: ModuleType(name) for name in names})
        sys.modules[names[0]].__dict__["pyplot"] = sys.modules[names[1]]
        try:
            yield
        finally:
            for name in names:
                del sys.modules[name]
    else:
        yield


def load_mediapipe() -> Any:
    """Imports mediapipe without TensorFlow, which mediapipe uses only for its own documentation.

    With TensorFlow that import takes many seconds and about 650 MB more. A program that has TensorFlow already, or
    imports it later, keeps it.
    """
    with _importing:
        if "mediapipe" in sys.modules or "tensorflow" in sys.modules:
            import mediapipe

            return mediapipe
        absent = _WithoutTensorFlow()
        sys.meta_path.insert(0, absent)
        try:
            with _replace_matplotlib():
                import mediapipe
        finally:
            sys.meta_path.remove(absent)
        return mediapipe
