"""Damaged files: nothing that reads them crashes, hangs, takes more memory than said, or writes elsewhere.

KSLR_FUZZ_CASES=20000 makes it long (that many cases over all targets, in the proportions of the short run), and
KSLR_FUZZ_REPORT=FILE writes what became of them; KSLR_FUZZ_SEED chooses others.
"""

import os
import time
from pathlib import Path

import pytest

from tests.robustness.harness import CASES, SEED, Tally, report, run
from tests.robustness.targets import TARGETS

TALLIES: dict[str, Tally] = {}


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory):
    started = time.monotonic()
    yield tmp_path_factory.mktemp("fuzz") / "bases"
    if path := os.environ.get("KSLR_FUZZ_REPORT"):
        report(Path(path), TALLIES, SEED, started)


@pytest.mark.parametrize("target", TARGETS)
def test_damaged_files_are_read_or_refused(target, bases):
    (bases / target).mkdir(parents=True)
    TARGETS[target].make(bases / target)
    short = sum(one.short for one in TARGETS.values())
    cases = max(TARGETS[target].short, CASES * TARGETS[target].short // short)
    tally = TALLIES[target] = run(target, bases, cases)
    assert tally.failures == [], "\n\n".join([f"{len(tally.failures)} of {tally.cases} cases", *tally.failures[:5]])
    # Damage that is always or never noticed would say that the cases are no good.
    assert tally.cases == cases
    assert tally.refused > 0
    if cases >= 50:
        assert tally.accepted > 0
