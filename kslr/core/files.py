"""Files: whole writes that survive a kill or a full disk, JSON of unknown origin, and the user's own folder."""

import csv
import io
import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from kslr.core.errors import InputError

# What a spreadsheet takes for a formula, full-width forms included; numbers are left alone. A ' in front makes it text.
FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
JUNK = {"__macosx", "thumbs.db", "desktop.ini"}  # names in small letters
NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?(e[+-]?\d+)?", re.IGNORECASE)


def write_file(path: str | Path, content: bytes, durable: bool = False) -> None:
    """Writes a whole file in one step: after a kill the old file or the new one is there, never a part.

    Args:
        durable: whether the content is on the disk before the name is; slower.

    Raises:
        InputError: the place cannot be written, or the disk is full; the old file stays as it was.
    """
    path = Path(os.path.realpath(path))
    temporary = None
    try:
        if path.exists() and not path.is_file():  # A device or a pipe is written to, never replaced.
            path.write_bytes(content)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.chmod(0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written ({error.strerror}). Choose another place or free some space.") from error


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as the text of a CSV file; None is an empty cell, and what would be a formula gets a ``'`` in front.

    `csv_bytes` makes a file of it.

    >>> csv_text([("a", "b"), ("=1+1", None), ("-0.5", -2)])
    "a,b\\n'=1+1,\\n-0.5,-2\\n"
    """
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([[_guard(cell) for cell in row] for row in rows])
    return out.getvalue()


def csv_bytes(text: str) -> bytes:
    """A CSV file's content: UTF-8, with a BOM where there are other letters than ASCII, for spreadsheets show them only then.

    >>> csv_bytes("su"), csv_bytes("Су")[:3]
    (b'su', b'\\xef\\xbb\\xbf')
    """
    return text.encode() if text.isascii() else text.encode("utf-8-sig", "replace")


def _guard(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) and not NUMBER.fullmatch(cell) else cell


def csv_records(text: str | bytes) -> list[dict[str, str]]:
    """Reads a table as people have it: one dict of column → cell a row, as `csv_text` and spreadsheets write it.

    UTF-8 or UTF-16, commas, semicolons or tabs; names of columns lose spaces and capitals, blank rows are left out, absent
    cells are empty, and a ``'`` of `csv_text` is taken away.

    Raises:
        csv.Error: it is no table.
        UnicodeDecodeError: bytes of another encoding.

    >>> csv_records("A; b\\n'=1+1\\n;\\n")
    [{'a': '=1+1', 'b': ''}]
    """
    if isinstance(text, bytes):
        text = text.decode("utf-16" if text[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    delimiter = max(",;\t", key=lines.readline().count)
    lines.seek(0)
    names, *rows = [*csv.reader(lines, delimiter=delimiter)] or [[]]
    names = [name.strip().lower() for name in names]
    cells = [[cell[1:] if cell[:1] == "'" and FORMULA.match(cell) else cell for cell in row] for row in rows if any(row)]
    return [dict(zip_longest(names, row[: len(names)], fillvalue="")) for row in cells]


def one_line(text: str) -> str:
    """Text as one line that every format can hold: NFC, no control characters or line breaks, single spaces.

    The same letters typed on a Mac (й as и and a breve) and elsewhere become the same text.

    >>> one_line("  Сә\\x0bлем\\n") == "Сә лем", one_line("и\\u0306") == "й"
    (True, True)
    """
    # Cc, Zl and Zp break lines or XML; Cs (half of a pair) is not in UTF-8; the last two are no characters.
    kept = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") or c in "\ufffe\uffff" else c for c in text)
    return " ".join(unicodedata.normalize("NFC", kept.replace("\ufeff", "")).split())


def data_folder() -> Path:
    """The user's own folder: ``KSLR_HOME``, else ``kslr`` in ``XDG_DATA_HOME`` or ``~/.local/share``. It may not exist yet.

    Raises:
        InputError: the user has no home folder, as in a container without a passwd entry (code ``no-home``).
    """
    try:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    except RuntimeError as error:
        if "KSLR_HOME" not in os.environ:
            text = "There is no home folder to keep words and lessons in. Set KSLR_HOME to a folder that can be written."
            raise InputError(text, "no-home") from error
        base = ""
    return Path(os.environ.get("KSLR_HOME") or Path(base) / "kslr")


def check_writable(path: str | Path) -> None:
    """Checks before a long run that its result can be written.

    Raises:
        InputError: the folder cannot be created or written to, or the path is a folder.

    >>> check_writable("/dev/null/report.json")
    Traceback (most recent call last):
    ...
    kslr.core.errors.InputError: /dev/null/report.json cannot be written (...). Choose another place.
    """
    try:
        path = Path(os.path.realpath(path))  # unlike `resolve`, it takes links that lead in a circle as they are
        if path.is_dir():
            raise InputError(f"{path} is a folder. Give the name of a file in it.")
        if path.exists() and not path.is_file() and os.access(path, os.W_OK):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(13, "permission denied")
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}). Choose another place.") from error


def check_outputs(outputs: Iterable[str | Path | None], inputs: Iterable[str | Path | None] = ()) -> None:
    """Checks, before anything is read, that every output can be written and none replaces an input or another output.

    Links and ``..`` are followed; two names of one file are the same file. What comes from a folder that is read is never
    replaced. An input ``card.json`` stands for the weights and arrays beside it too. Devices may be named more than once.

    Args:
        outputs: files that the command writes; None where nothing was asked for.
        inputs: files and folders that it reads; names of shipped models and cameras are no files and do no harm.

    Raises:
        InputError: a place cannot be written (see `check_writable`), or would be read and written, or written twice.

    >>> check_outputs(["words.json"], ["./words.json"])
    Traceback (most recent call last):
    ...
    kslr.core.errors.InputError: words.json is also read. Choose another name for the output.
    """
    read: list[Path] = []
    for path in (Path(one) for one in inputs if one):
        read.append(path)
        if path.suffix == ".json":
            read += [path.with_suffix(suffix) for suffix in (".tflite", ".npz")]
    written: list[Path] = []
    for out in (Path(one) for one in outputs if one):
        check_writable(out)
        if out.exists() and not out.is_file():  # A device.
            continue
        for path in read:
            if _is_same(out, path):
                raise InputError(f"{out} is also read. Choose another name for the output.")
            if path.is_dir() and out.exists() and path.resolve() in out.resolve().parents:
                raise InputError(f"{out} is there already, in a folder that is read. Choose another place for the output.")
        if any(_is_same(out, path) for path in written):
            raise InputError(f"Two outputs are called {out}. Choose another name for one of them.")
        written.append(out)


def _is_same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return os.path.normcase(os.path.realpath(one)) == os.path.normcase(os.path.realpath(other))


def files_below(folder: str | Path) -> list[Path]:
    """Every file below a folder, sorted, without what systems and archives leave there.

    Left out are hidden files and folders (``._clip.mp4`` of Macs, ``.ipynb_checkpoints``), ``__MACOSX``, ``Thumbs.db`` and
    ``desktop.ini``.
    """
    found = sorted(path for path in Path(folder).rglob("*") if not is_junk(path.relative_to(folder)))
    return [path for path in found if path.is_file()]


def is_junk(path: Path) -> bool:
    """Whether a path in a folder of data is nobody's data; see `files_below`.

    >>> [is_junk(Path(name)) for name in ("su/a.mp4", "su/._a.mp4", ".ipynb_checkpoints/a.npy", "Thumbs.db")]
    [False, True, True, True]
    """
    return any(part.startswith(".") or part.casefold() in JUNK for part in path.parts)


def parse_json(text: str | bytes) -> Any:
    """Parses JSON of unknown origin.

    Raises:
        InputError: it is not JSON, is nested too deeply, or holds lone surrogates, which UTF-8 cannot store.

    >>> parse_json(b'{"a": [1]}')
    {'a': [1]}
    >>> parse_json("[" * 100_000)
    Traceback (most recent call last):
    ...
    kslr.core.errors.InputError: nested too deeply
    """
    try:
        text = text.decode() if isinstance(text, bytes) else text
        found = json.loads(text)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError as error:
        raise InputError("nested too deeply") from error
    except ValueError as error:
        raise InputError(f"not JSON: {error}") from error
    return found
