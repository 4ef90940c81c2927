"""What the operator of a classroom session confirms before anything is opened."""

from enum import Enum

from kslr.core.errors import InputError


class Place(str, Enum):
    """Where and why a class may be looked at; the law is in docs/classroom.md."""

    outside_eu = "outside-eu"
    medical_or_safety = "medical-or-safety"


def check_consent(consent: bool, place: str | None) -> str:
    """The place, once consent and place are confirmed; nothing may be opened before.

    Raises:
        InputError: one of them is not (code ``unconfirmed``).

    >>> check_consent(True, "outside-eu")
    'outside-eu'
    """
    if not consent or place not in [allowed.value for allowed in Place]:
        raise InputError(
            "Emotions of people may be looked at only with consent, and in the EU not in schools or workplaces save for medical "
            "or safety reasons (AI Act, article 5(1)(f)). Confirm consent and place: on the command line with --consent and "
            "--place outside-eu or --place medical-or-safety. docs/classroom.md has the law.",
            "unconfirmed",
        )
    return place
