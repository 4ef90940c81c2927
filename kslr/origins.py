"""What a report was made with, so that its figures can be found again: models and data with digests, version, date, command."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from kslr import __version__
from kslr.core.files import files_below


def describe_origin(
    command: str, data: str | Path = "", files: Sequence[str | Path] = (), models: Mapping[str, tuple[str, Path]] | None = None
) -> dict[str, Any]:
    """The entry ``made`` of a report.

    Args:
        command: what a person called, or the page of the app.
        data: what the report calls its data.
        files: files and folders that the data were read from; those that do not exist are left out.
        models: kind, such as ``signs``, → its name and its card or vocabulary file. A card holds the digests of its weights
            and arrays, so the digest of the card's file stands for all of them.

    Returns:
        ``{"made": {"version", "date" (UTC), "command", "data", "data_sha256" or "data_files", KIND, KIND_sha256, …}}``

    >>> list(describe_origin("kslr evaluate", "clips")["made"])
    ['version', 'date', 'command', 'data']
    """
    made: dict[str, Any] = {
        "version": f"kslr {__version__}",
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": command,
    }
    made |= {"data": str(data)} if str(data) else {}
    there = [Path(path) for path in files if Path(path).exists()]
    if len(there) == 1 and there[0].is_file():
        made["data_sha256"] = file_digest(there[0])
    elif there:
        made["data_files"] = sum(len(files_below(path)) if path.is_dir() else 1 for path in there)
    for kind, (name, file) in (models or {}).items():
        made |= {kind: name, f"{kind}_sha256": file_digest(file)}
    return {"made": made}


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def origin_text(made: dict[str, Any]) -> str:
    """The same as one line of text, digests shortened to their first twelve digits; without the command, which is on the screen.

    >>> origin_text({"version": "kslr 1", "date": "2026-01-01T00:00:00+00:00", "signs": "own", "signs_sha256": "0" * 64})
    'kslr 1 · 2026-01-01T00:00:00+00:00 · signs own (000000000000)'
    """
    parts = [str(made[key]) for key in ("version", "date") if key in made]
    for kind in made:
        if f"{kind}_sha256" in made:
            parts.append(f"{kind} {made[kind]} ({made[f'{kind}_sha256'][:12]})")
    return " · ".join(parts)
