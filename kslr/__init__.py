"""Reads Kazakh Sign Language together with the signer's affect. This is the public door: ``from kslr import Interpreter``.

>>> import kslr
>>> kslr.__version__.split(".")[0]
'0'
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fusion.interpreter import Interpreter
    from kslr.recognizer import SignRecognizer

    __version__: str

__all__ = ["Interpreter", "SignRecognizer", "__version__"]


def __getattr__(name: str) -> Any:
    """Loads a public name at its first use, so that ``import kslr`` stays light."""
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("kslr")
        except PackageNotFoundError:
            return "0+source"
    if name == "Interpreter":
        # The one import upwards: the house has its public door here, and fusion lies above kslr.
        from fusion.interpreter import Interpreter

        return Interpreter
    if name == "SignRecognizer":
        from kslr.recognizer import SignRecognizer

        return SignRecognizer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
