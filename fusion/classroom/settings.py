"""What the operator of a classroom session chooses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fusion.classroom.anonymity import LEAST, check_k
from fusion.classroom.engagement import Weights, parse_weights
from fusion.classroom.targets import CAMERA, AttentionTarget, parse_target
from kslr.core.errors import InputError
from kslr.core.files import parse_json


@dataclass(frozen=True)
class Settings:
    """What the operator chooses.

    Attributes:
        k: minimum number of faces of a figure; five or more.
        targets: what counts as attending.
        weights: of the engagement index.
        rate: maximum looks a second; fewer when the machine cannot keep up.
        tile: side of the detector's tiles in pixels; smaller ones find smaller faces and take longer.

    Raises:
        InputError: a number is out of range, or there is no target.
    """

    k: int = LEAST
    targets: tuple[AttentionTarget, ...] = (CAMERA,)
    weights: Weights = field(default_factory=Weights)
    rate: float = 5.0
    tile: int = 400

    def __post_init__(self) -> None:
        check_k(self.k)
        if not self.targets:
            raise InputError("Say what counts as attending: at least one target, such as camera.")
        if not 0.2 <= self.rate <= 30:
            raise InputError("Looks a second are between 0.2 and 30.")


def read_settings(config: Path | None, targets: Sequence[str] = (), **numbers: Any) -> Settings:
    """Settings of a configuration file.

    Args:
        config: JSON with ``weights`` (names and numbers) and ``targets`` (texts as for `parse_target`), both optional.
        targets: used instead of the file's when there are any.
        numbers: other attributes of `Settings`.

    Raises:
        InputError: the file cannot be read or holds something else.
    """
    given: Any = {}
    if config is not None:
        try:
            given = parse_json(config.read_bytes())
        except OSError as error:
            raise InputError(f"{config} cannot be read. Check the path.") from error
        except ValueError as error:
            raise InputError(f"{config} is not JSON.") from error
    if not _is_config(given):
        raise InputError(f'{config} holds "weights" (names and numbers) and "targets" (a list of texts), nothing else.')
    if chosen := list(targets) or [str(text) for text in given.get("targets", [])]:
        numbers["targets"] = tuple(parse_target(text) for text in chosen)
    return Settings(weights=parse_weights(given.get("weights", {})), **numbers)


def _is_config(given: Any) -> bool:
    return (
        isinstance(given, dict)
        and not set(given) - {"weights", "targets"}
        and isinstance(given.get("weights", {}), Mapping)
        and isinstance(given.get("targets", []), list)
    )
