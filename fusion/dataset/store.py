"""Changes to a data set: takes go in whole or not at all, and what is withdrawn leaves it; see `fusion.dataset.folder`."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

from fusion.dataset.datasheet import SHEET, datasheet
from fusion.dataset.folder import PROJECT, SIGNERS, SPLITS, SUMS, DataFolder, sync_folder, unlisted_files
from fusion.dataset.project import Project
from fusion.dataset.rows import KINDS, MANIFEST, NEEDS, Row, rows_bytes
from fusion.dataset.signers import MOST_SIGNERS, People, Signer
from fusion.dataset.takes import StudioTake
from kslr.core.errors import InputError
from kslr.core.files import write_file
from kslr.posefile import to_pose
from kslr.recordings import VIDEO_SUFFIXES, recording_bytes
from kslr.teaching.vocabularies import lock_folder

MOST_TAKES = 100_000


class DataSet(DataFolder):
    """A data set to be changed. Every change locks the folder and reads it again, so that several programs may use it.

    Args:
        folder: one that `create_dataset` made.

    Raises:
        InputError: it is no data set, or a file of it cannot be read.
    """

    def add_signer(self, signer: Signer) -> None:
        """Adds somebody who has agreed.

        Raises:
            InputError: the pseudonym is taken (code ``taken``), or there are too many.
        """
        with lock_folder(self.folder):
            people = self.people()
            if signer.pseudonym.casefold() in {one.pseudonym.casefold() for one in people.signers}:
                raise InputError(f"There is a signer {signer.pseudonym} already. Choose another pseudonym.", "taken")
            if len(people.signers) >= MOST_SIGNERS:
                raise InputError(f"A data set has at most {MOST_SIGNERS} signers.", "full")
            self._write_people(replace(people, signers=(*people.signers, signer)))
            self._write_sheet()

    def add_take(self, signer: str, sign: str, emotion: str, take: StudioTake, video: bytes = b"", suffix: str = ".webm") -> Row:
        """Keeps a take, and of it what its signer has agreed to.

        Args:
            signer: pseudonym.
            sign, emotion: of the project.
            take: with a sign.
            video: the clip itself; kept only where the signer has agreed to it.
            suffix: of the clip.

        Raises:
            InputError: nobody of this pseudonym, no such word or affect (code ``plan``), nothing is signed, or the disk is full.
        """
        if sign not in {word.id for word in self.project.words} or emotion not in self.project.emotions:
            raise InputError(f"{sign} with {emotion} is not in the plan of {self.project.name}.", "plan")
        if take.sign is None:
            raise InputError("The take shows no sign. Record it again.", "no-hands")
        content: dict[str, bytes] = {
            "landmarks": recording_bytes(take.recording),
            "pose": to_pose(take.recording.landmarks()),
            "faces": take.faces.to_bytes(),
        }
        if video and suffix.lower() in VIDEO_SUFFIXES:
            content["video"] = video
        with lock_folder(self.folder):
            allowed = self.people()[signer]
            kept = {kind: data for kind, data in content.items() if allowed.allows(NEEDS[kind])}
            return self._add(
                Row(
                    clip="",
                    sign=sign,
                    emotion=emotion,
                    signer=signer,
                    start=round(take.sign.start, 3),
                    end=round(take.sign.end, 3),
                    take="",
                    landmarks="",
                    recorded=date.today().isoformat(),
                    hands=round(take.hands, 3),
                    face=round(take.face, 3),
                ),
                kept,
                suffix,
            )

    def add_files(self, row: Row, content: Mapping[str, bytes]) -> Row:
        """Keeps a take of another data set.

        Args:
            row: of the other; the signer is one of this data set.
            content: kind → bytes.
        """
        with lock_folder(self.folder):
            signer = self.people()[row.signer]
            kept = {kind: data for kind, data in content.items() if signer.allows(NEEDS[kind])}
            return self._add(row, kept, Path(row.video).suffix)

    def _add(self, row: Row, content: Mapping[str, bytes], suffix: str) -> Row:
        rows = self.rows()
        if len(rows) >= MOST_TAKES:
            raise InputError(f"A data set has at most {MOST_TAKES} takes.", "full")
        known = {one.take for one in rows}
        while (take := secrets.token_hex(5)) in known:
            pass
        name = f"{row.signer}-{row.emotion}-{take}"
        names = {kind: f"{kind}/{row.sign}/{name}{KINDS[kind] or suffix.lower()}" for kind in content}
        done = row.with_files(names, take)
        try:
            for kind, data in content.items():
                write_file(self.path(names[kind]), data, durable=True)
            sums = {names[kind]: hashlib.sha256(data).hexdigest() for kind, data in content.items()}
            self._write_sums(self.sums() | sums)
            for one in names.values():
                sync_folder(self.path(one).parent)
            self._write_rows((*rows, done))
        except BaseException:
            if done not in self.rows():
                for one in names.values():
                    (self.folder / one).unlink(missing_ok=True)
            raise
        return done

    def remove_take(self, take: str) -> Row:
        """Deletes a take.

        Raises:
            InputError: there is none of this id (code ``no-take``).
        """
        with lock_folder(self.folder):
            found = next((row for row in self.rows() if row.take == take), None)
            if found is None:
                raise InputError("That take is not in the data set any more.", "no-take")
            self._keep_only(lambda row: row.take != take)
        return found

    def withdraw(self, pseudonym: str) -> int:
        """Deletes everything of a signer: takes, consent, and the rows of splits; a key stays, so that no merge brings it back.

        Returns:
            How many takes are gone.

        Raises:
            InputError: nobody of this pseudonym (code ``no-signer``).
        """
        with lock_folder(self.folder):
            people = self.people()
            signer = people[pseudonym]
            count = self._keep_only(lambda row: row.signer != pseudonym)
            others = tuple(one for one in people.signers if one.pseudonym != pseudonym)
            self._write_people(People(others, tuple(dict.fromkeys([*people.withdrawn, signer.key]))))
            self._write_sheet()
        return count

    def replace_people(self, people: People) -> None:
        """Writes who signs anew, and deletes what nobody agrees to any more."""
        with lock_folder(self.folder):
            self._write_people(people)
            known = {one.pseudonym: one for one in people.signers}
            self._keep_only(lambda row: row.signer in known)
            rows = self.rows()
            allowed = [
                row.with_files({kind: name for kind, name in row.files.items() if known[row.signer].allows(NEEDS[kind])})
                for row in rows
            ]
            if allowed != [*rows]:
                self._replace_rows(rows, allowed)
            self._write_sheet()

    def sweep(self) -> int:
        """Deletes files that no row lists, as a power cut leaves them.

        Returns:
            How many.
        """
        with lock_folder(self.folder):
            listed = {name for row in self.rows() for name in row.files.values()}
            found = [path for name in unlisted_files(self.folder, listed) if (path := self.folder / name)]
            for path in found:
                path.unlink(missing_ok=True)
            if found or set(self.sums()) - listed:
                self._write_sums({name: digest for name, digest in self.sums().items() if name in listed})
        return len(found)

    # --- Writing; the folder is locked

    def _keep_only(self, wanted: Callable[[Row], bool]) -> int:
        rows = self.rows()
        kept = [row for row in rows if wanted(row)]
        self._replace_rows(rows, kept)
        return len(rows) - len(kept)

    def _replace_rows(self, old: Sequence[Row], new: Sequence[Row]) -> None:
        """Writes the rows first, so that a power cut leaves files without a row and no row without files."""
        self._write_rows(new)
        listed = {name for row in new for name in row.files.values()}
        for name in (name for row in old for name in row.files.values() if name not in listed):
            self.path(name).unlink(missing_ok=True)
        self._write_sums({name: digest for name, digest in self.sums().items() if name in listed})
        for split in SPLITS:  # made of the manifest, and may name what is gone
            (self.folder / split).unlink(missing_ok=True)

    def _write_rows(self, rows: Sequence[Row]) -> None:
        write_file(self.folder / MANIFEST, rows_bytes(rows), durable=True)
        sync_folder(self.folder)
        with suppress(InputError):  # the disk is full for the moment; the rows are what counts
            self._write_sheet()

    def _write_people(self, people: People) -> None:
        write_file(self.folder / SIGNERS, _json_bytes(people.as_dict()), durable=True)
        sync_folder(self.folder)

    def _write_sums(self, sums: Mapping[str, str]) -> None:
        lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
        write_file(self.folder / SUMS, "".join(lines).encode(), durable=True)

    def _write_sheet(self) -> None:
        write_file(self.folder / SHEET, datasheet(self.project, self.people(), self.rows()).encode())


def create_dataset(folder: str | Path, project: Project) -> DataSet:
    """Makes a data set in a folder, which may exist and be empty.

    Raises:
        InputError: the folder holds other files (code ``not-empty``) or cannot be written.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(path.name != ".kslr.lock" for path in folder.iterdir())):
        raise InputError(f"{folder} is not empty. Choose a new folder for the data set.", "not-empty")
    with lock_folder(folder):
        write_file(folder / PROJECT, _json_bytes(project.as_dict()), durable=True)
    made = DataSet(folder)
    made.replace_people(People())
    return made


def _json_bytes(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
