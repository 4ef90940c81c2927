"""The folder of a data set: takes go in whole or not at all, and what is withdrawn leaves it.

    project.json       what is to be recorded
    signers.json       who, by pseudonym, and what each has agreed to
    manifest.csv       one row a take; what is not listed here is not in the data set
    checksums.sha256   of every take's files, as ``sha256sum -c`` reads them
    DATASHEET.md       who, how, consent, licence, figures
    landmarks/WORD/    .npz; pose/WORD/ .pose; faces/WORD/ .npz; video/WORD/

A take's files are on the disk before its row is, and the manifest is replaced in one step. So a take is listed and whole,
or it is not there; files that a power cut left unlisted are swept away when the folder is next opened for recording.
"""

import os
from pathlib import Path

from fusion.dataset.project import Project, read_project
from fusion.dataset.rows import KINDS, MANIFEST, Row, read_rows
from fusion.dataset.signers import People, read_people
from kslr.core.errors import InputError
from kslr.core.files import parse_json

PROJECT, SIGNERS, SUMS = "project.json", "signers.json", "checksums.sha256"
SPLITS = ("train.csv", "test.csv")  # manifests of `kslr dataset split`


class DataFolder:
    """A data set's folder, as it is read.

    Args:
        folder: one that `create_dataset` made.

    Raises:
        InputError: it is no data set, or a file of it cannot be read.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).resolve()
        if not (self.folder / PROJECT).is_file():
            raise InputError(f"{folder} is no data set: it has no {PROJECT}. Make one with kslr studio FOLDER.", "no-dataset")
        self.project: Project = read_project(self._json(PROJECT))

    def _json(self, name: str) -> object:
        try:
            return parse_json((self.folder / name).read_bytes())
        except OSError as error:
            raise InputError(f"{self.folder / name} cannot be read ({error.strerror}). Restore it from a copy.") from error
        except InputError as error:
            raise InputError(f"{self.folder / name} is damaged ({error}). Restore it from a copy.") from error

    def people(self) -> People:
        """Who signs."""
        return read_people(self._json(SIGNERS)) if (self.folder / SIGNERS).is_file() else People()

    def rows(self) -> tuple[Row, ...]:
        """The takes, in the order in which they came."""
        return read_rows(self.folder / MANIFEST)

    def path(self, name: str) -> Path:
        """The file at a path in the folder.

        Raises:
            InputError: a link leads out of the folder.
        """
        found = self.folder / name
        if not found.resolve().is_relative_to(self.folder):
            raise InputError(f"{found} leads out of the data set. Replace the link by the file.")
        return found

    def sums(self) -> dict[str, str]:
        """Path → SHA-256 of every take's file."""
        try:
            lines = (self.folder / SUMS).read_text(encoding="utf-8").splitlines()
        except OSError:
            return {}
        return {name: digest for digest, _, name in (line.partition("  ") for line in lines) if name}


def unlisted_files(folder: Path, listed: set[str]) -> list[str]:
    """The files in the folders of takes that are not listed; half-written ones too."""
    found = [path for kind in KINDS for path in (folder / kind).glob("*/*") if path.is_file() or path.is_symlink()]
    return sorted(name for path in found if (name := path.relative_to(folder).as_posix()) not in listed)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder survive a power cut, where the system can."""
    if os.name == "nt":  # there a folder cannot be opened
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
