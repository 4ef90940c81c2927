"""How figures of a group hide every person in it. Pure functions.

Four rules, and why:

- **At least k faces** (five, never fewer): below that a mean is too close to its parts.
- **Steps as coarse as one person**: with n faces one person moves a mean by at most 1/n of its range, so figures are
  rounded to steps of at least that, and the number of faces is given in bands only.
- **A figure stands still until two have moved it**: it is set to the nearest step, so it is off by half a step at most, and
  is set anew where the class is more than one and a half steps away. One person moves the class by one step at most. The
  bands overlap for the same reason: a band is set so that one who comes or leaves stays in it.
- **Nothing of everybody**: a share of moods or of heads turned comes no nearer to all (or none) than one step, for what
  is true of all is true of each (`fusion.classroom.windows`).

Noise as in differential privacy was weighed and left out: for a class of ten, noise that hides a person in every one
of a lesson's 270 figures is larger than everything there is to see.
"""

from dataclasses import dataclass

from kslr.core.errors import InputError

LEAST = 5
MOST = 10_000
BAND, OVERLAP = 5, 2  # faces from one band to the next; faces that two bands share
STANDS = 1.5  # steps that the class may be away from a figure
STEPS = (0.05, 0.1, 0.2)


def check_k(k: int) -> int:
    """The smallest number of faces that a figure may be of.

    Raises:
        InputError: fewer than five, or more than any picture shows.

    >>> check_k(8)
    8
    """
    if k < LEAST:
        raise InputError(f"Figures are of {LEAST} faces or more; that number can be raised, not lowered to {k}.")
    if k > MOST:
        raise InputError(f"No picture shows more than {MOST} faces; choose a smaller number.")
    return k


def band(faces: int, k: int = LEAST, before: tuple[int, int] | None = None) -> tuple[int, int] | None:
    """The band that stands for a number of faces, or None below k.

    Args:
        before: the band that stood before; it stands for as long as the number is in it.

    >>> band(4), band(5), band(10), band(11), band(11, before=(5, 11)), band(31, k=8)
    (None, (5, 11), (5, 11), (10, 16), (5, 11), (28, 34))
    """
    if faces < check_k(k):
        return None
    if before is not None and before[0] <= faces <= before[1]:
        return before
    low = k + BAND * max(0, (faces - k - 1) // BAND)
    return low, low + BAND + OVERLAP - 1


def step_size(low: int) -> float:
    """The step that figures of at least so many faces are rounded to, in shares of the figure's range.

    >>> step_size(5), step_size(10), step_size(15), step_size(30)
    (0.2, 0.1, 0.1, 0.05)
    """
    return next((s for s in STEPS if s >= 1 / low - 1e-9), STEPS[-1])


@dataclass(frozen=True)
class Figure:
    """A figure as it is published.

    Attributes:
        value: in steps.
        step: what it was rounded to.
    """

    value: float
    step: float


def settle(value: float, step: float, before: Figure | None = None) -> Figure:
    """A value in steps; the figure before stands until the value is more than one and a half steps away from it.

    Args:
        value: the mean of the class.
        step: at least one person's share.
        before: the figure that stands; where its step was coarser than this one, that counts.

    >>> figure = settle(0.57, 0.1)
    >>> figure.value, settle(0.74, 0.1, figure).value, settle(0.76, 0.1, figure).value
    (0.6, 0.6, 0.8)
    """
    if before is not None and abs(value - before.value) <= STANDS * max(step, before.step) + 1e-9:
        return before
    return Figure(round(round(value / step) * step, 6), step)
