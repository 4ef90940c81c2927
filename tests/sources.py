"""The product's own source text, for the tests that look at how the house is built."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

try:
    import tomllib
except ImportError:  # Python 3.10
    import tomli as tomllib  # type: ignore[no-redef]

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("kslr", "emotion", "fusion", "ui")


@cache
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def modules() -> dict[str, Path]:
    """Dotted name → file of every module of the product; a package goes by its own name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def trains(module: str) -> bool:
    """Whether a module lies behind the wall: it may import Keras and TensorFlow.

    >>> trains("kslr.training.networks.tagger"), trains("kslr.core.training"), trains("kslr.recognizer")
    (True, True, False)
    """
    return "training" in module.split(".")


@cache
def parsed(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path, types: bool = True) -> Iterator[tuple[str, int]]:
    """(module of the product, line) of every import in a file, inside functions as well.

    ``from kslr.core import cards`` names ``kslr.core.cards`` when that is a module.

    Args:
        types: also those under ``if TYPE_CHECKING``, which never run.
    """
    known, tree = modules(), parsed(path)
    guarded = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    never = set() if types else {inner for node in guarded for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if node in never:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{a.name}" if f"{node.module}.{a.name}" in known else node.module for a in node.names]
        else:
            continue
        yield from ((name, node.lineno) for name in dict.fromkeys(names))
