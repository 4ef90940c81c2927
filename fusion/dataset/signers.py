"""Who signs in a data set: pseudonyms, and what each person has agreed to. No names, no addresses."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kslr.core.errors import InputError

# What may be kept of a person; each tier has all of those before it.
TIERS = ("landmarks", "faces", "video")
PSEUDONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}")
KEY = re.compile(r"[0-9a-f]{24}")
MOST_SIGNERS = 500
STATEMENT_LENGTH = 4000


@dataclass(frozen=True)
class Signer:
    """One person.

    Attributes:
        pseudonym: what the data set calls the person; Latin letters, digits, - and _.
        key: random; tells two people with one pseudonym apart when data sets are merged, and nothing about the person.
        tier: what may be kept, one of `TIERS`.
        agreed: date of the consent, ISO 8601.
        language: in which the statement was read, ``kk``, ``ru`` or ``en``.
        statement: what the person has agreed to, in that language.
    """

    pseudonym: str
    key: str
    tier: str
    agreed: str
    language: str
    statement: str

    def allows(self, tier: str) -> bool:
        """Whether the person has agreed to this tier.

        >>> Signer("S01", "0" * 24, "faces", "2026-01-31", "kk", "").allows("video")
        False
        """
        return TIERS.index(tier) <= TIERS.index(self.tier)


@dataclass(frozen=True)
class People:
    """Everybody in a data set.

    Attributes:
        signers: in the order in which they came.
        withdrawn: keys of those who have withdrawn, so that no merge brings them back.
    """

    signers: tuple[Signer, ...] = ()
    withdrawn: tuple[str, ...] = ()

    def __getitem__(self, pseudonym: str) -> Signer:
        for signer in self.signers:
            if signer.pseudonym == pseudonym:
                return signer
        raise InputError(f"The data set has no signer {pseudonym!r}.", "no-signer")

    def as_dict(self) -> dict[str, Any]:
        """As ``signers.json`` has it."""
        return {"signers": [asdict(one) for one in self.signers], "withdrawn": list(self.withdrawn)}


def new_signer(pseudonym: str, tier: str, agreed: str, language: str, statement: str) -> Signer:
    """Somebody with a key of their own.

    Raises:
        InputError: a pseudonym that is none (code ``pseudonym``), or no such tier.
    """
    return _checked(Signer(pseudonym.strip(), secrets.token_hex(12), tier, agreed, language, statement))


def read_people(raw: Any) -> People:
    """Everybody in the content of ``signers.json``.

    Raises:
        InputError: it is no such list.
    """
    names = ("pseudonym", "key", "tier", "agreed", "language", "statement")
    try:
        signers = tuple(_checked(Signer(**{name: str(one[name]) for name in names})) for one in raw["signers"])
        withdrawn = tuple(str(key) for key in raw["withdrawn"])
    except (KeyError, TypeError) as error:
        raise InputError(f"signers.json is not the list of a data set's signers ({error}). Restore it from a copy.") from error
    if len({one.pseudonym.casefold() for one in signers}) != len(signers) or not all(KEY.fullmatch(key) for key in withdrawn):
        raise InputError("signers.json has a signer twice, or a key that is none. Restore it from a copy.")
    return People(signers, withdrawn)


def free_pseudonym(wanted: str, taken: Sequence[str]) -> str:
    """A pseudonym that nobody has: the wanted one, or with a number.

    >>> free_pseudonym("S01", ["s01", "S01-2"])
    'S01-3'
    """
    used = {one.casefold() for one in taken}
    for number in range(1, len(used) + 2):
        found = wanted if number == 1 else f"{wanted[:15]}-{number}"
        if found.casefold() not in used:
            break
    return found


def next_pseudonym(taken: Sequence[str]) -> str:
    """What to call the next person who does not care.

    >>> next_pseudonym([]), next_pseudonym(["S01", "aidos"])
    ('S01', 'S02')
    """
    used = {one.casefold() for one in taken}
    return next(name for number in range(1, len(used) + 2) if (name := f"S{number:02d}").casefold() not in used)


def _checked(signer: Signer) -> Signer:
    if not PSEUDONYM.fullmatch(signer.pseudonym):
        raise InputError("A pseudonym has 1 to 20 Latin letters, digits, - or _, and begins with a letter or digit.", "pseudonym")
    if signer.tier not in TIERS or not KEY.fullmatch(signer.key) or len(signer.statement) > STATEMENT_LENGTH:
        raise InputError(f"{signer.pseudonym} has agreed to nothing that can be kept. Choose one of {', '.join(TIERS)}.", "tier")
    return signer
