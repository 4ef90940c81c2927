"""Data sets from several places as one: nobody mixed up, no recording twice, no consent widened, nobody who withdrew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emotion.faces import EMOTIONS
from fusion.dataset.checking import check_files, first_takes, same_recordings, trace
from fusion.dataset.folder import DataFolder
from fusion.dataset.project import MOST_WORDS, Project, new_project
from fusion.dataset.rows import Row
from fusion.dataset.signers import TIERS, People, Signer, free_pseudonym
from fusion.dataset.store import DataSet, create_dataset
from kslr.core.errors import InputError
from kslr.recordings import load_recording
from kslr.teaching.takes import LANDMARK_BYTES


@dataclass
class Merged:
    """What a merge did.

    Attributes:
        added: takes that came in.
        twice: (folder, landmarks) of takes that were there already.
        damaged: (folder, landmarks) of takes whose files are missing or changed.
        renamed: (folder, pseudonym there, pseudonym here) of signers whose pseudonym was somebody else's.
        withdrawn: takes that were left out, or deleted here, because their signer has withdrawn somewhere.
    """

    added: int = 0
    twice: list[tuple[str, str]] = field(default_factory=list)
    damaged: list[tuple[str, str]] = field(default_factory=list)
    renamed: list[tuple[str, str, str]] = field(default_factory=list)
    withdrawn: int = 0


def merge_datasets(
    sources: Sequence[DataFolder],
    out: str | Path,
    made: str,
    licence: str = "",
    progress: Callable[[float], None] = lambda done: None,
) -> tuple[DataSet, Merged]:
    """Merges data sets into a new folder. The sources stay as they are.

    A signer is told by a random key, not by the pseudonym: two people with one pseudonym stay two, and one person whose
    recordings lie in two copies of a data set stays one. Of two consents of one person the narrower holds.

    Args:
        sources: two or more.
        out: a folder that is not there yet, or empty.
        made: date, ISO 8601.
        licence: of the result, a key of `fusion.dataset.project.LICENCES`; needed where those of the sources differ.

    Raises:
        InputError: the licences differ (code ``licence``), the words mean different things (``words``), or the place cannot
            be used.
    """
    report = Merged()
    target = create_dataset(out, _merge_projects([one.project for one in sources], made, licence))
    withdrawn = tuple(dict.fromkeys(key for one in sources for key in one.people().withdrawn))
    names, signers = _merge_signers(sources, withdrawn, report)
    target.replace_people(People(tuple(signers), withdrawn))
    whole = _whole_takes(sources, names, withdrawn, report)
    first = first_takes(same_recordings(np.stack([one.places for one in whole]))) if whole else {}
    for number, one in enumerate(whole):
        progress(number / len(whole))
        if number in first:
            report.twice.append((one.source.folder.name, one.row.landmarks))
            continue
        content = {kind: one.source.path(name).read_bytes() for kind, name in one.row.files.items()}
        target.add_files(replace(one.row, signer=one.signer), content)
        report.added += 1
    return target, report


class _Take(NamedTuple):
    source: DataFolder
    row: Row
    signer: str  # pseudonym in the result
    places: np.ndarray  # of `trace`


def _whole_takes(sources: Sequence[DataFolder], names: dict[str, str], withdrawn: Sequence[str], report: Merged) -> list[_Take]:
    """The takes whose files are as they were recorded, without those of people who have withdrawn."""
    found = []
    for source in sources:
        sums, keys = source.sums(), {one.pseudonym: one.key for one in source.people().signers}
        for row in source.rows():
            key = keys.get(row.signer, "")
            if key in withdrawn:
                report.withdrawn += 1
            elif key not in names or check_files(source, row, sums):
                report.damaged.append((source.folder.name, row.landmarks))
            else:
                recording = load_recording(source.path(row.landmarks), LANDMARK_BYTES)
                found.append(_Take(source, row, names[key], trace(recording, row.start, row.end)))
    return found


def _merge_projects(projects: Sequence[Project], made: str, licence: str) -> Project:
    """One plan with the words and affects of all; the names of the first."""
    licences = {one.licence for one in projects}
    if not licence and len(licences) > 1:
        text = f"The data sets have different licences ({', '.join(sorted(licences))}). Give the one that all agree to."
        raise InputError(text, "licence")
    words = {word.id: word for project in reversed(projects) for word in project.words}
    for project in projects:
        for word in project.words:
            if word.kk.casefold() != words[word.id].kk.casefold():
                text = f"{word.id} is {words[word.id].kk} in one data set and {word.kk} in another. Give one of them another id."
                raise InputError(text, "words")
    if len(words) > MOST_WORDS:
        raise InputError(f"Together they have {len(words)} words; a data set has at most {MOST_WORDS}.", "words")
    emotions = [one for one in EMOTIONS if any(one in project.emotions for project in projects)]
    texts = dict.fromkeys(project.about for project in projects if project.about)
    about = "\n".join([f"Merged from {', '.join(project.name for project in projects)}.", *texts])[:2000]
    most = max(project.repetitions for project in projects)
    return new_project(projects[0].name, list(words.values()), emotions, most, licence or licences.pop(), made, about)


def _merge_signers(
    sources: Sequence[DataFolder], withdrawn: Sequence[str], report: Merged
) -> tuple[dict[str, str], list[Signer]]:
    """Key → pseudonym in the result, and the signers themselves."""
    found: dict[str, Signer] = {}
    for source in sources:
        for signer in source.people().signers:
            if signer.key in withdrawn:
                continue
            known = found.get(signer.key)
            if known is None:
                name = free_pseudonym(signer.pseudonym, [one.pseudonym for one in found.values()])
                if name != signer.pseudonym:
                    report.renamed.append((source.folder.name, signer.pseudonym, name))
                found[signer.key] = replace(signer, pseudonym=name)
            elif TIERS.index(signer.tier) < TIERS.index(known.tier):
                found[signer.key] = replace(signer, pseudonym=known.pseudonym)
    return {key: one.pseudonym for key, one in found.items()}, list(found.values())
