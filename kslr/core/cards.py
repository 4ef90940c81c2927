"""Model cards: a JSON file beside each weights file that says what it is, where it came from and how good it is.

The weights of card ``models/kslr30.json`` lie beside it in the file that its ``weights.file`` names. A card is
checked when it is read: the labels must be there and the weights must be the very bytes the card was written for,
so that a truncated download or somebody else's network is told from ours before anything runs.
"""

import hashlib
import json
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kslr.core.errors import InputError
from kslr.core.files import parse_json, write_file

ROOT = Path(__file__).resolve().parents[2]  # the folder that the packages lie in
# In a wheel the weights lie inside the package; in a checkout they are read from models/.
MODELS = ROOT / "kslr" / "models" if (ROOT / "kslr" / "models").is_dir() else ROOT / "models"


@dataclass(frozen=True)
class Card:
    """What a trained model is.

    Attributes:
        name: file stem, such as ``kslr30``.
        task: ``signs`` or ``emotion``.
        labels: the output classes in the order of the network's last axis.
        input: shape, dtype and meaning of the input, for people.
        sources: what it was trained on: one mapping each with ``name``, ``samples`` and ``licence``.
        protocol: how it was trained, selected and measured.
        figures: measured figures; every accuracy with its 95 % interval and the command that prints it.
        calibration: ``temperature`` and ``threshold`` (probabilities below it are rejected or abstained from); for
            emotion also ``bias_LABEL``, which is added to a label's logit.
        limits: what it cannot do, said plainly.
        commit: the commit it was trained at.
        weights: ``file``, ``sha256`` and ``bytes`` of the weights.
        extra: what is special to the task, such as ``trained_on`` per word.
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


def shipped(name: str) -> Path:
    """Path of a card that is shipped with the package, from any working directory.

    Raises:
        InputError: no such model is shipped.

    >>> shipped("kslr30").name
    'kslr30.json'
    """
    path = MODELS / f"{name}.json"
    if Path(name).name != name or not path.is_file():
        known = ", ".join(sorted(p.stem for p in MODELS.glob("*.json")))
        raise InputError(f"No model is called {name!r}. Shipped with this version: {known}.")
    return path


def read_card(path: str | Path) -> tuple[Card, bytes]:
    """Reads a card and the weights it names.

    Args:
        path: the card's JSON file.

    Returns:
        The card, and the weights' bytes, whose digest is the card's.

    Raises:
        InputError: the card or its weights are missing, unreadable, incomplete or not each other's.
    """
    path = Path(path)
    try:
        raw = parse_json(path.read_bytes())
        card = Card(**{**raw, "labels": tuple(raw["labels"]), "sources": tuple(raw["sources"])})
        _check_kinds(card)
        file_name, digest = card.weights["file"], card.weights["sha256"]
    except OSError as error:
        raise InputError(f"The model card {path} cannot be read ({error.strerror}). Check the path.") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{path} is not a model card of this version ({error}). Train the model again.") from error
    if not isinstance(file_name, str) or Path(file_name).name != file_name or "\0" in file_name:
        raise InputError(f"{path} points to weights outside its own folder ({file_name}). Use a card made by kslr.")
    try:
        weights = (path.parent / file_name).read_bytes()
    except OSError as error:
        raise InputError(f"The weights {path.parent / file_name} cannot be read ({error.strerror}).") from error
    if hashlib.sha256(weights).hexdigest() != digest:
        raise InputError(
            f"The weights {path.parent / file_name} are damaged or belong to another card. Install the package again, "
            "or train the model again."
        )
    return card, weights


def _check_kinds(card: Card) -> None:
    """Raises:
    InputError: a part of a card is not of its kind, so that who uses it would stumble later.
    """
    for name in ("name", "task", "protocol", "limits", "commit"):
        if not isinstance(getattr(card, name), str):
            raise InputError(f"{name} is not text")
    for name in ("input", "figures", "calibration", "weights", "extra"):
        if not isinstance(getattr(card, name), dict):
            raise InputError(f"{name} is not a table")
    numbers = card.calibration.values()
    if not all(isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 1e6 for n in numbers):
        raise InputError("calibration holds what is no number")
    if card.calibration.get("temperature", 1.0) < 0.01:
        raise InputError("the temperature is not above 0.01")
    if not all(isinstance(label, str) for label in card.labels) or not all(isinstance(source, dict) for source in card.sources):
        raise InputError("labels are texts, sources are tables")


def write_card(folder: str | Path, card: Card, weights: bytes) -> Path:
    """Writes weights and card into a folder, the card last, so that a kill leaves the old model or the new one.

    Where a model of this name is there already, the new weights get a name of their own beside the old ones, which go
    when no card speaks of them any more.

    Args:
        folder: made when missing.
        card: its ``weights`` entry is filled in here.
        weights: the ``.tflite`` bytes.

    Returns:
        The card's path.

    Raises:
        InputError: the name is none for a file, the folder cannot be written, or the disk is full.
    """
    folder = Path(folder)
    if not card.name or Path(card.name).name != card.name or "\0" in card.name:
        raise InputError(f"{card.name!r} is no name for a model. Use letters and digits.")
    digest = hashlib.sha256(weights).hexdigest()
    old = _weights_named_by(folder / f"{card.name}.json")
    file_name = f"{card.name}.tflite"
    if old == file_name and (folder / old).is_file() and (folder / old).read_bytes() != weights:
        file_name = f"{card.name}-{digest[:12]}.tflite"
    entry = {"file": file_name, "sha256": digest, "bytes": len(weights)}
    text = json.dumps({**asdict(card), "weights": entry}, ensure_ascii=False, indent=2) + "\n"
    write_file(folder / file_name, weights)
    write_file(folder / f"{card.name}.json", text.encode())
    if old is not None and old != file_name:
        (folder / old).unlink(missing_ok=True)
    return folder / f"{card.name}.json"


def _weights_named_by(path: Path) -> str | None:
    """The file that a card's weights are in, if there is such a card and it is one of this folder."""
    try:
        name = parse_json(path.read_bytes())["weights"]["file"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    ours = isinstance(name, str) and Path(name).name == name and name.startswith(path.stem) and name.endswith(".tflite")
    return name if ours else None


def current_commit() -> str:
    """The commit of the source tree that this package runs from, or ``unknown`` when installed from a wheel."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
