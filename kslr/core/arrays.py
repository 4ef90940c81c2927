"""Arrays from an ``.npz`` of unknown origin: no code runs, memory stays below an agreed limit.

`numpy.load` trusts the sizes that a file claims, accepts compression methods whose output has no limit, and raises whatever
its parsers raise. Here every claim is checked before memory is taken, and every fault is an `InputError`.
"""

import io
import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tokenize import TokenError
from typing import IO

import numpy as np

from kslr.core.errors import InputError

MOST_MEMBERS = 5000
DIRECTORY_BYTES = 4 * 1024 * 1024  # of the list of members, which is read whole
STEP = 1 << 20
_END = 65_557  # the longest end of a zip: 22 bytes and a comment


def read_arrays(source: str | Path | bytes, most: int) -> dict[str, np.ndarray]:
    """All arrays of an ``.npz``.

    Args:
        source: the file, or its content.
        most: bytes that its arrays may take together, unpacked.

    Returns:
        Name → array.

    Raises:
        InputError: it is no such file, is damaged, or would take more memory.
        OSError: it cannot be opened.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.npz"
    >>> np.savez_compressed(path, a=np.zeros(1000))
    >>> read_arrays(path, 10_000)["a"].shape
    (1000,)
    >>> read_arrays(path, 1000)
    Traceback (most recent call last):
    ...
    kslr.core.errors.InputError: unpacked, its arrays take more than 1000 bytes
    """
    with _one_error(), io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb") as file:
        _check_directory(file)
        with zipfile.ZipFile(file) as archive:
            return _arrays(archive, most)


def read_array(file: str | Path | IO[bytes], most: int) -> np.ndarray:
    """One array, as ``.npy`` files and streams hold it.

    Args:
        file: the file, or an open one, which may unpack as it is read.
        most: bytes that it may take.

    Raises:
        InputError: it holds no array, is damaged, or would take more memory.
        OSError: it cannot be opened or read.
    """
    with _one_error(), Path(file).open("rb") if isinstance(file, str | Path) else nullcontext(file) as opened:
        return _array(opened, None, most)


@contextmanager
def _one_error() -> Iterator[None]:
    """Turns everything that the parsers raise into `InputError`."""
    try:
        yield
    except InputError:
        raise
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError, SyntaxError, TokenError, TypeError) as error:
        raise InputError(f"damaged: {' '.join(str(error).split())[:200] or 'it breaks off'}") from error
    except (MemoryError, OverflowError, LookupError, AttributeError) as error:
        raise InputError("damaged: it claims what cannot be") from error


def _check_directory(file: IO[bytes]) -> None:
    """Checks the end of a zip before its list of members is read, which may hold millions."""
    size = file.seek(0, 2)
    start = file.seek(max(0, size - _END))
    end = file.read()
    found = end.rfind(b"PK\x05\x06")
    if found < 0 or len(end) < found + 22:
        raise InputError("damaged: it is no archive, or its end is missing")
    if end[max(0, found - 20) : found].startswith(b"PK\x06\x07"):  # the kind of list for what is larger than 4 GB
        length = start + found if size >= 2**32 else DIRECTORY_BYTES + 1
    else:
        length = int.from_bytes(end[found + 12 : found + 16], "little")
    if length > DIRECTORY_BYTES and size < 2**32:
        raise InputError("damaged: its list of arrays is too long")
    file.seek(0)


def _arrays(archive: zipfile.ZipFile, most: int) -> dict[str, np.ndarray]:
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise InputError(f"it holds more than {MOST_MEMBERS} arrays")
    if len({member.filename for member in members}) < len(members):
        raise InputError("damaged: it holds an array twice")
    if sum(member.file_size for member in members) > most:
        raise InputError(f"unpacked, its arrays take more than {most} bytes")
    arrays = {}
    for member in members:
        # The others unpack without a limit.
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError("damaged: it is packed in a way that arrays never are")
        with archive.open(member) as stream:
            arrays[member.filename.removesuffix(".npy")] = _array(stream, member.file_size, most)
    return arrays


def _array(stream: IO[bytes], size: int | None, most: int) -> np.ndarray:
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise InputError("damaged: one of its arrays is of an unknown version")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    if dtype.hasobject or dtype.fields is not None or any(not 0 <= n < 2**48 for n in shape):
        raise InputError("one of its arrays is not of numbers or text")
    length = math.prod(shape) * dtype.itemsize
    if length > most:
        raise InputError(f"one of its arrays takes more than {most} bytes")
    if dtype.itemsize == 0 or (size is not None and stream.tell() + length != size):
        raise InputError("damaged: one of its arrays is longer or shorter than it says")
    buffer = np.empty(length, np.uint8)
    done = 0
    while part := stream.read(min(STEP, length - done) if size is None else STEP):
        buffer[done : done + len(part)] = np.frombuffer(part, np.uint8)
        done += len(part)
    if done != length:
        raise InputError("damaged: one of its arrays breaks off")
    return buffer.view(dtype).reshape(shape, order="F" if fortran else "C")
