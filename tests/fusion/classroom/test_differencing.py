"""What two windows that follow one another tell of one person: a simulation, whose counts stand in docs/classroom.md."""

import random

from fusion.classroom.windows import Look, Window, WindowBuilder
from tests.sources import ROOT

CLASSES = range(5, 41)


def window(builder: WindowBuilder, start: float, faces: int, facing: int) -> Window:
    """A window of a class of which so many face the target."""
    share = facing / faces
    for seconds in (start, start + 5.0):
        builder.add(Look(seconds, faces, faces, 1.0, share, share, 0.0, 0.0, (share, 1 - share, 0.0, 0.0)))
    found = builder.close(start + 10.0)
    builder._start = start + 10.0
    assert found is not None
    return found


def turns_at_rest(faces: int) -> tuple[int, int]:
    """Of all ways in which one person turns in the second window of a class: how many move the figure, and how many there are."""
    moved = total = 0
    for facing in range(faces + 1):
        for turn in (-1, 1):
            if 0 <= facing + turn <= faces:
                builder = WindowBuilder()
                first, second = window(builder, 0.0, faces, facing), window(builder, 10.0, faces, facing + turn)
                moved += first.facing != second.facing
                total += 1
    return moved, total


def test_one_persons_turn_moves_the_figure_as_often_as_the_document_says():
    found = {faces: turns_at_rest(faces) for faces in CLASSES}
    moved, total = map(sum, zip(*found.values(), strict=True))
    # Where one person is a whole step, a class at rest hides everybody.
    assert [found[faces][0] for faces in (5, 10, 20)] == [0, 0, 0]
    worst = max(found, key=lambda faces: found[faces][0] / found[faces][1])
    rng, later, cases = random.Random(0), 0, 0
    for faces in CLASSES:
        for _ in range(60):
            builder, facing = WindowBuilder(), 0
            for n in range(6):
                facing = rng.randrange(faces + 1)
                first = window(builder, 10.0 * n, faces, facing)
            if 0 <= (turned := facing + rng.choice((-1, 1))) <= faces:
                later += first.facing != window(builder, 60.0, faces, turned).facing
                cases += 1
    text = " ".join((ROOT / "docs/classroom.md").read_text(encoding="utf-8").split())
    assert f"in {moved:,} of {total:,} cases" in text
    assert f"at worst in {found[worst][0]} of {found[worst][1]}, with {worst} faces" in text
    assert f"in {later:,} of {cases:,} cases" in text


def test_the_band_changes_with_one_person_at_its_edge():
    """No rule hides that: the document says so."""
    assert window(WindowBuilder(), 0.0, 9, 4).most == 9
    assert window(WindowBuilder(), 0.0, 10, 4).least == 10
    assert "may change the band" in (ROOT / "docs/classroom.md").read_text(encoding="utf-8")
