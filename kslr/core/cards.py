"""Model cards: a JSON file beside each weights file that says what it is, where it comes from and how good it is.

The weights of card ``models/kslr30.json`` lie beside it, in the file that ``weights.file`` names; arrays that the model
needs lie in the ``.npz`` that ``arrays.file`` names. Reading a card checks that both are the very bytes the card was
written for, so that a truncated download or a foreign network is found before anything runs.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.arrays import read_arrays
from kslr.core.errors import InputError
from kslr.core.files import parse_json, write_file

ROOT = Path(__file__).resolve().parents[2]  # the folder that the packages lie in
# In a wheel the weights lie inside the package; in a checkout they are read from models/.
MODELS = ROOT / "kslr" / "models" if (ROOT / "kslr" / "models").is_dir() else ROOT / "models"
ARRAY_BYTES = 64 << 20  # the most that a model's arrays may take in memory


@dataclass(frozen=True)
class Card:
    """What a trained model is.

    Attributes:
        name: file stem, such as ``kslr30``.
        task: ``signs``, ``emotion``, ``sign encoder``, ``sign segments`` or ``sign dictionary``.
        labels: the output classes in the order of the network's last axis.
        input: shape, dtype and meaning of the input, for people.
        sources: what it was trained on: one mapping each with ``name``, ``samples`` and ``licence``.
        protocol: how it was trained, selected and measured.
        figures: measured figures; every accuracy with its 95 % interval and the command that prints it.
        calibration: ``temperature`` and ``threshold`` (answers below it are rejected or abstained from); for emotion also
            ``bias_LABEL``, which is added to a label's logit.
        limits: what it cannot do.
        commit: the commit of the code that made it, or the one that added the weights where the first is not known.
        weights: ``file``, ``sha256`` and ``bytes`` of the weights; empty for a model of arrays alone, such as a dictionary.
        extra: what is special to the task, such as ``trained_on`` per word.
        arrays: ``file``, ``sha256`` and ``bytes`` of the arrays; empty when the model needs none.
    """

    name: str
    task: str
    labels: tuple[str, ...]
    input: dict[str, Any]
    sources: tuple[dict[str, Any], ...]
    protocol: str
    figures: dict[str, Any]
    calibration: dict[str, float]
    limits: str
    commit: str
    weights: dict[str, Any]
    extra: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Any] = field(default_factory=dict)


def card_path(model: str | Path) -> Path:
    """Path of a card, given as a path (``.json``) or as the name of a shipped model.

    Raises:
        InputError: no such model is shipped.

    >>> card_path("kslr30").name
    'kslr30.json'
    """
    if Path(model).suffix == ".json":
        return Path(model)
    path = MODELS / f"{model}.json"
    if Path(model).name != str(model) or not path.is_file():
        known = ", ".join(sorted(p.stem for p in MODELS.glob("*.json")))
        raise InputError(f"No model is called {str(model)!r}. Shipped with this version: {known}.", "no-model")
    return path


def read_card(model: str | Path) -> tuple[Card, bytes]:
    """Reads a card and the weights it names.

    Args:
        model: as in `card_path`.

    Returns:
        The card, and the weights' bytes, whose digest is the card's; no bytes for a model of arrays alone.

    Raises:
        InputError: the card or its weights are missing, unreadable, incomplete or do not belong together.
    """
    path = card_path(model)
    try:
        raw = parse_json(path.read_bytes())
        card = Card(**{**raw, "labels": tuple(raw["labels"]), "sources": tuple(raw["sources"])})
        _check_kinds(card)
    except OSError as error:
        raise InputError(f"The model card {path} cannot be read ({error.strerror}). Check the path.") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path} is not a model card of this version ({error}). Train the model again.") from error
    return card, _read_beside(path, card.weights, "weights") if card.weights or not card.arrays else b""


def read_card_arrays(path: Path, card: Card) -> dict[str, np.ndarray]:
    """Reads the arrays beside a card; no code in them runs.

    Args:
        path: of the card.
        card: what `read_card` read there.

    Returns:
        Name → array; empty when the card names no arrays.

    Raises:
        InputError: the arrays are missing, damaged, too large or another card's.
    """
    if not card.arrays:
        return {}
    try:
        return read_arrays(_read_beside(path, card.arrays, "arrays"), ARRAY_BYTES)
    except InputError as error:
        raise InputError(f"The arrays of {path} cannot be used: {error}") from error


def _read_beside(path: Path, entry: Mapping[str, Any], what: str) -> bytes:
    """The file beside a card that an entry of the card names.

    Raises:
        InputError: it lies elsewhere, cannot be read, or has another digest.
    """
    name = entry.get("file")
    if not isinstance(name, str) or Path(name).name != name or "\0" in name:
        raise InputError(f"{path} points to {what} outside its own folder ({name}). Use a card made by kslr.")
    try:
        content = (path.parent / name).read_bytes()
    except OSError as error:
        raise InputError(f"The {what} {path.parent / name} cannot be read ({error.strerror}).") from error
    if hashlib.sha256(content).hexdigest() != entry.get("sha256"):
        raise InputError(
            f"The {what} {path.parent / name} are damaged or belong to another card. Install the package again, "
            "or train the model again."
        )
    return content


def _check_kinds(card: Card) -> None:
    """Checks the type of every part of a card, so that its users need not.

    Raises:
        InputError: a part has a wrong type.
    """
    for name in ("name", "task", "protocol", "limits", "commit"):
        if not isinstance(getattr(card, name), str):
            raise InputError(f"{name} is not text")
    for name in ("input", "figures", "calibration", "weights", "extra", "arrays"):
        if not isinstance(getattr(card, name), dict):
            raise InputError(f"{name} is not a table")
    numbers = card.calibration.values()
    if not all(isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 1e6 for n in numbers):
        raise InputError("calibration holds a value that is not a number")
    if card.calibration.get("temperature", 1.0) < 0.01:
        raise InputError("the temperature is not above 0.01")
    if not all(isinstance(label, str) for label in card.labels) or not all(isinstance(source, dict) for source in card.sources):
        raise InputError("labels are texts, sources are tables")


def write_card(folder: str | Path, card: Card, weights: bytes | None, arrays: Mapping[str, np.ndarray] | None = None) -> Path:
    """Writes weights, arrays and card into a folder, the card last, so that a kill leaves the old model or the new one.

    Where a model of this name exists already, changed files get a new name beside the old ones; the old ones are deleted
    when no card names them any more.

    Args:
        folder: created when missing.
        card: its ``weights`` and ``arrays`` entries are filled in here.
        weights: the ``.tflite`` bytes; None for a model of arrays alone.
        arrays: name → array that the model needs beside its weights, or instead of them.

    Returns:
        The card's path.

    Raises:
        InputError: the name is no file name, the folder cannot be written, or the disk is full.
    """
    folder = Path(folder)
    path = folder / f"{card.name}.json"
    if not card.name or Path(card.name).name != card.name or "\0" in card.name:
        raise InputError(f"{card.name!r} is no name for a model. Use letters and digits.")
    contents = {} if weights is None else {"weights": (".tflite", weights)}
    if arrays:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **dict(arrays))
        contents["arrays"] = (".npz", buffer.getvalue())
    old = _files_named_by(path)
    entries: dict[str, dict[str, Any]] = {}
    for part, (suffix, content) in contents.items():
        name, digest = f"{card.name}{suffix}", hashlib.sha256(content).hexdigest()
        if name in old and (folder / name).is_file() and (folder / name).read_bytes() != content:
            name = f"{card.name}-{digest[:12]}{suffix}"
        write_file(folder / name, content)
        entries[part] = {"file": name, "sha256": digest, "bytes": len(content)}
    text = json.dumps({**asdict(card), "weights": {}, "arrays": {}, **entries}, ensure_ascii=False, indent=2) + "\n"
    write_file(path, text.encode())
    for name in old - {entry["file"] for entry in entries.values()}:
        (folder / name).unlink(missing_ok=True)
    return path


def _files_named_by(path: Path) -> set[str]:
    """The files beside a card that it names and that are its own; empty when there is no such card."""
    try:
        raw = parse_json(path.read_bytes())
        names = [raw[part]["file"] for part in ("weights", "arrays") if raw.get(part)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()
    return {
        name
        for name in names
        if isinstance(name, str) and Path(name).name == name and name.startswith(path.stem) and name.endswith((".tflite", ".npz"))
    }
