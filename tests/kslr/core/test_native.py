"""Chatter is dropped from stderr, everything else arrives."""

import os
import re
import subprocess
import sys

import pytest

from kslr.core.native import filter_stderr

CHATTER = re.compile(rb"W0000 .*chatter\.cc")


def test_chatter_is_dropped_and_the_rest_arrives(capfd: pytest.CaptureFixture[str]):
    with filter_stderr(CHATTER):
        os.write(2, b"W0000 12:00:00.0 7 chatter.cc:12] blah\n")
        print("from Python", file=sys.stderr)
        os.write(2, b"E0000 12:00:00.0 7 chatter.cc:12] from C\n")
    os.write(2, b"W0000 chatter.cc afterwards\n")
    assert capfd.readouterr().err == "from Python\nE0000 12:00:00.0 7 chatter.cc:12] from C\nW0000 chatter.cc afterwards\n"


def test_an_error_inside_loses_nothing(capfd: pytest.CaptureFixture[str]):
    def broken() -> None:
        with filter_stderr(CHATTER):
            os.write(2, b"before\n")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_it_leaves_no_descriptor_open():
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    if before is None:
        pytest.skip("needs /proc to count descriptors")
    for _ in range(5):
        with filter_stderr(CHATTER):
            os.write(2, b"W0000 chatter.cc\n")
    assert len(os.listdir("/proc/self/fd")) == before


def test_it_works_where_there_is_no_stderr():
    code = (
        "import os, re, sys; os.close(2); sys.stderr = None\n"
        "from kslr.core.native import filter_stderr\n"
        "with filter_stderr(re.compile(b'x')): print('done')"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "done\n"
