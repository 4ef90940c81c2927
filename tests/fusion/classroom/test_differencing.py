"""What two windows that follow one another tell of one person: a simulation, whose counts stand in docs/classroom.md."""

import random
from collections.abc import Iterator

from fusion.classroom.windows import Look, Window, WindowBuilder
from tests.sources import ROOT

CLASSES = range(5, 41)
SETTLED = ("facing", "engagement", "valence", "arousal", "seen", "glad", "calm", "surprised", "troubled", "margin", "confidence")
Class = list[int]  # of each person: 1 turned to the target and glad, 0 not


def watch(builder: WindowBuilder, start: float, people: Class) -> Window:
    """The window of a class."""
    faces, share = len(people), sum(people) / len(people)
    for seconds in (start, start + 5.0):
        builder.add(Look(seconds, faces, faces, 1.0, share, share, share, -share, (share, 1 - share, 0.0, 0.0)))
    found = builder.close(start + 10.0)
    builder._start = start + 10.0
    assert found is not None
    return found


def changes(people: Class) -> Iterator[Class]:
    """Every way in which one person turns, comes or leaves, by what it does to the class."""
    for one in {0, 1} & set(people):
        rest = [*people]
        rest.remove(one)
        yield [*rest, 1 - one]
        yield [*people, one]
        yield [*people, 1 - one]
        if len(rest) >= 5:  # below five nothing is told
            yield rest


def test_one_person_moves_nothing_of_a_window_that_was_just_set():
    """Every class of 5 to 40, and every way in which one person in it turns, comes or leaves."""
    cases = 0
    for faces in CLASSES:
        for turned in range(faces + 1):
            people = [1] * turned + [0] * (faces - turned)
            for after in changes(people):
                builder = WindowBuilder()
                first, second = watch(builder, 0.0, people), watch(builder, 10.0, after)
                assert {name: getattr(first, name) for name in ("least", "most", *SETTLED)} == {
                    name: getattr(second, name) for name in ("least", "most", *SETTLED)
                }, (people, after)
                cases += 1
    assert f"moved nothing in {cases:,} cases" in " ".join((ROOT / "docs/classroom.md").read_text(encoding="utf-8").split())


def test_nothing_moves_twice_running_where_one_person_changes_at_a_time():
    """A lesson in which somebody turns, comes or leaves before every window: two people at least are behind each change."""
    moved, rng = 0, random.Random(0)
    for faces in CLASSES:
        people = [rng.randrange(2) for _ in range(faces)]
        builder = WindowBuilder()
        before, set_now = watch(builder, 0.0, people), {"band", *SETTLED}
        for n in range(1, 150):
            ways = [one for one in changes(people) if 5 <= len(one) <= 45]
            people = rng.choice(ways)
            now = watch(builder, 10.0 * n, people)
            band = (now.least, now.most) != (before.least, before.most)
            changed = {name for name in SETTLED if getattr(now, name) != getattr(before, name)} | ({"band"} if band else set())
            if not band:  # what "so much or more" stands for, margin and confidence follow the band
                assert not changed & set_now, (n, people, changed & set_now)
            assert not (band and "band" in set_now)
            set_now, before, moved = changed, now, moved + len(changed)
    assert moved > 1000  # and yet the figures follow the class


def test_the_last_of_several_tips_a_figure_and_the_document_says_so():
    builder = WindowBuilder()
    shown = [watch(builder, 10.0 * n, [1] * n + [0] * (10 - n)).facing for n in range(10)]
    assert len(set(shown)) > 1
    assert "the last of them tips it" in " ".join((ROOT / "docs/classroom.md").read_text(encoding="utf-8").split())
