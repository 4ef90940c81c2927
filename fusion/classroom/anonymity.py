"""How figures of a group hide every person in it. Pure functions.

Four rules, and why:

- **At least k faces** (five, never fewer): below that a mean is too close to its parts.
- **Steps as coarse as one person**: with n faces one person moves a mean by at most 1/n of its range, so figures are
  rounded to steps of at least that, and the number of faces is given in bands only.
- **A figure stands still until the class has moved it by more than a whole step**: rounding alone would let one person who
  turns, comes or leaves tip a figure over an edge nearly always. As it is, one person rarely does; that it never happens is
  not promised. docs/classroom.md has the counts of a simulation, and what nobody should conclude from a figure.
- **Nothing of everybody**: a share of moods or of heads turned comes no nearer to all (or none) than one step, for what
  is true of all is true of each (`fusion.classroom.windows`).

Noise as in differential privacy was weighed and left out: for a class of ten, noise that hides a person in every one
of a lesson's 270 figures is larger than everything there is to see.
"""

from kslr.core.errors import InputError

LEAST = 5
MOST = 10_000
BAND = 5
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


def band(faces: int, k: int = LEAST) -> tuple[int, int] | None:
    """The band that stands for a number of faces, or None below k.

    >>> band(4), band(5), band(12), band(31, k=8)
    (None, (5, 9), (10, 14), (28, 32))
    """
    if faces < check_k(k):
        return None
    low = k + BAND * ((faces - k) // BAND)
    return low, low + BAND - 1


def step_size(low: int) -> float:
    """The step that figures of at least so many faces are rounded to, in shares of the figure's range.

    >>> step_size(5), step_size(10), step_size(15), step_size(30)
    (0.2, 0.1, 0.1, 0.05)
    """
    return next((s for s in STEPS if s >= 1 / low - 1e-9), STEPS[-1])


def round_to_step(value: float, step: float, before: float | None = None) -> float:
    """A value in steps; the figure before stands until the value is more than a whole step away from it.

    >>> round_to_step(0.57, 0.1), round_to_step(0.67, 0.1, before=0.6), round_to_step(0.71, 0.1, before=0.6)
    (0.6, 0.6, 0.7)
    """
    if before is not None and abs(value - before) < step + 1e-9:
        return before
    return round(round(value / step) * step, 6)
