"""The running words as a text file, which programs such as OBS show and read again whenever it changes."""

from collections.abc import Sequence
from pathlib import Path

from kslr.core.errors import InputError
from kslr.core.files import one_line, write_file

SHOWN = 8  # last words that the file holds
LONGEST = 60  # characters of a word


def caption_line(words: Sequence[str], shown: int = SHOWN) -> str:
    """The last words as one line.

    >>> caption_line(["Сәлеметсіз бе", "Мен", "Су"], shown=2)
    'Мен Су'
    """
    return " ".join(one_line(word)[:LONGEST] for word in words[-shown:] if word.strip())


class CaptionFile:
    """A file with the last words in one line of UTF-8. A context manager that empties it at the start and in the end.

    Each change takes the old file's place in one step, so no program reads a half.

    Args:
        path: of the file.

    Raises:
        InputError: the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, CaptionFile(Path(folder) / "words.txt") as file:
    ...     file.show(["Мен", "Су"])
    ...     file.path.read_text(encoding="utf-8")
    'Мен Су\\n'
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.is_dir():
            raise InputError(f"{path} is a folder. Give --captions the name of a text file.")
        if path.exists() and path.suffix.lower() not in (".txt", ""):
            # The file is written over: not a model, a clip or a table that somebody named by mistake.
            raise InputError(f"{path} exists and is no .txt file. Give --captions the name of a text file.")
        self._line: str | None = None

    def __enter__(self) -> "CaptionFile":
        self.show([])
        return self

    def __exit__(self, *_: object) -> None:
        self.show([])

    def show(self, words: Sequence[str]) -> None:
        """Writes the last words, where they are others than before."""
        line = caption_line(words)
        if line != self._line:
            write_file(self.path, f"{line}\n".encode())
            self._line = line
