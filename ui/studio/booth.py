"""The studio's data set as the page sees it: the plan, the signers with what they agreed to and how far they are, takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from emotion.faces import EMOTIONS
from fusion.dataset.building import withdraw_signer
from fusion.dataset.folder import PROJECT
from fusion.dataset.project import LICENCES, TEXT_LENGTH, Project, choose_words, new_project
from fusion.dataset.rows import Row, take_counts
from fusion.dataset.signers import TIERS, new_signer, next_pseudonym
from fusion.dataset.store import DataSet, create_dataset
from fusion.dataset.takes import StudioTake, watch_studio_take
from kslr.core.errors import InputError
from ui.shared.i18n import Refusal, names, text

if TYPE_CHECKING:
    from kslr.encoder import SignEncoder

# What a refusal of the data set is called on the page.
KEYS = {
    "project": "studio.bad_project",
    "words": "studio.bad_words",
    "no-word": "studio.bad_words",
    "long-word": "studio.bad_words",
    "bad-word": "studio.bad_words",
    "bad-id": "studio.bad_words",
    "pseudonym": "studio.bad_pseudonym",
    "taken": "studio.taken",
    "full": "studio.too_many",
    "no-signer": "studio.no_signer",
    "no-take": "studio.no_take",
    "plan": "studio.no_take",
    "not-empty": "studio.not_empty",
}


class Plan(BaseModel):
    """The body of ``do: project``: what is to be recorded."""

    name: str = Field(max_length=200)
    words: Literal["thirty", "twenty", "pasted"]
    pasted: str = Field("", max_length=60_000)
    emotions: list[str] = Field(max_length=len(EMOTIONS))
    repetitions: int
    licence: str
    about: str = Field("", max_length=TEXT_LENGTH)


class Agreement(BaseModel):
    """The body of ``do: signer``: a pseudonym, and what this person has agreed to in which language."""

    pseudonym: str = Field(max_length=60)
    tier: Literal["landmarks", "faces", "video"]
    language: Literal["kk", "ru", "en"]
    agreed: bool


def consent_words(tier: str, licence: str) -> list[str]:
    """The keys of the words that are read and agreed to, in order."""
    others = "private" if licence == "private" else "given"
    return [f"studio.consent_{part}" for part in ("what", tier, "known", others, "end", "yes")]


def watch_clip_of_studio(path: Path, name: str) -> Iterator[StudioTake]:
    """The work of a take, as a job of another process; see `fusion.dataset.takes.watch_studio_take`."""
    yield watch_studio_take(path, name)


@dataclass(frozen=True)
class Booth:
    """A data set that is recorded on this machine.

    Attributes:
        folder: its place, which only the command names.
    """

    folder: Path

    def data(self) -> DataSet | None:
        """The data set; None before there is a plan."""
        return DataSet(self.folder) if (self.folder / PROJECT).is_file() else None

    def _made(self) -> DataSet:
        data = self.data()
        if data is None:
            raise Refusal("studio.no_project")
        return data

    def state(self) -> dict[str, Any]:
        """All that the page shows."""
        data = self.data()
        choices = {"licences": list(LICENCES), "tiers": list(TIERS), "emotions": list(EMOTIONS)}
        if data is None:
            return {"open": True, "project": None, "signers": [], **choices}
        people, rows = data.people(), data.rows()
        counts = take_counts(rows)
        signers = [
            {
                **{key: getattr(one, key) for key in ("pseudonym", "tier", "agreed")},
                "counts": [[sign, emotion, n] for (who, sign, emotion), n in counts.items() if who == one.pseudonym],
                "last": next((kept_take_json(row) for row in reversed(rows) if row.signer == one.pseudonym), None),
            }
            for one in people.signers
        ]
        return {
            "open": True,
            "project": project_json(data.project),
            "signers": signers,
            "next": next_pseudonym([one.pseudonym for one in people.signers]),
            "consent": {tier: consent_words(tier, data.project.licence) for tier in TIERS},
            **choices,
        }

    def plan(self, wanted: Plan) -> None:
        """Makes the data set."""
        with refused():
            words = choose_words(wanted.words, wanted.pasted)
            today, rest = date.today().isoformat(), (wanted.licence, wanted.about)
            project = new_project(wanted.name, words, wanted.emotions, wanted.repetitions, rest[0], today, rest[1])
            if self.data() is not None:
                raise Refusal("studio.not_empty")
            create_dataset(self.folder, project)

    def agree(self, given: Agreement) -> None:
        """Adds somebody who has agreed."""
        if not given.agreed:
            raise Refusal("studio.not_agreed")
        data = self._made()
        licence = data.project.licence
        statement = " ".join(text(key, given.language, licence=licence) for key in consent_words(given.tier, licence))
        with refused():
            data.add_signer(new_signer(given.pseudonym, given.tier, date.today().isoformat(), given.language, statement))

    def check_prompt(self, signer: str, sign: str, emotion: str) -> None:
        """Checks that a take is one of the plan, before it is watched."""
        data = self._made()
        with refused():
            data.people()[signer]
        if sign not in {word.id for word in data.project.words} or emotion not in data.project.emotions:
            raise Refusal("studio.no_take")

    def keep(self, signer: str, sign: str, emotion: str, take: StudioTake, video: bytes, suffix: str) -> dict[str, Any]:
        """Keeps a take when it is good.

        Returns:
            ``problems``, and ``take`` with its id when it is kept.
        """
        found = {"problems": list(take.problems), "hands": round(take.hands, 2), "face": round(take.face, 2)}
        if take.problems or take.sign is None:
            return {**found, "take": None}
        with refused():
            return {**found, "take": kept_take_json(self._made().add_take(signer, sign, emotion, take, video, suffix))}

    def undo(self, take: str) -> None:
        """Deletes a take."""
        with refused():
            self._made().remove_take(take)

    def withdraw(self, signer: str, encoder: "SignEncoder") -> dict[str, Any]:
        """Deletes a signer everywhere; see `fusion.dataset.building.withdraw_signer`."""
        with refused():
            gone, changed = withdraw_signer(self._made(), signer, date.today().isoformat(), encoder)
        return {"gone": gone, "vocabularies": changed}


@contextmanager
def refused() -> Iterator[None]:
    """Turns what a data set refuses into a `Refusal` that the page shows.

    >>> with refused():
    ...     raise InputError("There is a signer S01 already.", "taken")
    Traceback (most recent call last):
    ...
    ui.shared.i18n.Refusal: studio.taken
    """
    try:
        yield
    except Refusal:
        raise
    except InputError as error:
        raise Refusal(KEYS.get(error.code, "studio.failed")) from error


def project_json(project: Project) -> dict[str, Any]:
    """A plan as the page has it."""
    kept = {key: value for key, value in asdict(project).items() if key in ("name", "emotions", "repetitions", "licence", "made")}
    return {**kept, "words": [{"id": word.id, **names(word)} for word in project.words], "takes": project.takes_of_signer}


def kept_take_json(row: Row) -> dict[str, Any]:
    """A kept take as the page has it."""
    return {"take": row.take, "sign": row.sign, "emotion": row.emotion, "seconds": round(row.end - row.start, 1)}
