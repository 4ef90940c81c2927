"""MediaPipe without TensorFlow and without its chatter, for both branches."""

import re
import sys
import threading
from importlib.abc import MetaPathFinder
from typing import Any

CHATTER = re.compile(
    rb"INFO: Created TensorFlow Lite"
    rb"|WARNING: All log messages before absl::InitializeLog"
    rb"|[IW]\d{4} \S+ +\d+ (inference_feedback_manager|landmark_projection_calculator|gl_context\w*)\.cc:"
)

_importing = threading.Lock()


class _WithoutTensorFlow(MetaPathFinder):
    """Makes TensorFlow look not installed, to the thread that made this."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname == "tensorflow" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError("tensorflow is not needed here", name=fullname)


def load_mediapipe() -> Any:
    """Imports mediapipe without TensorFlow, which it would import only for its own documentation's sake.

    With TensorFlow that import takes many seconds and about 650 MB more. A program that has TensorFlow already,
    or imports it later, keeps it.
    """
    with _importing:
        if "mediapipe" in sys.modules or "tensorflow" in sys.modules:
            import mediapipe

            return mediapipe
        absent = _WithoutTensorFlow()
        sys.meta_path.insert(0, absent)
        try:
            import mediapipe
        finally:
            sys.meta_path.remove(absent)
        return mediapipe
