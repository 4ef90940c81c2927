import errno
import os

import pytest

from models.errors import InputError
from models.files import check_writable, write_file


def test_a_file_is_written_whole(tmp_path):
    write_file(tmp_path / "deep" / "file.txt", b"new")
    assert (tmp_path / "deep" / "file.txt").read_bytes() == b"new"


def test_a_full_disk_leaves_the_old_file():
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    with pytest.raises(InputError, match="cannot be written"):
        write_file("/dev/full/x", b"new")


def test_a_failed_write_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    write_file(path, b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(InputError, match="No space"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_places_that_cannot_be_written_are_told_beforehand(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="folder"):
        check_writable(tmp_path)
    with pytest.raises(InputError, match="cannot be written"):
        check_writable(tmp_path / "file" / "under.json")
    check_writable(tmp_path / "new" / "report.json")
    assert not list((tmp_path / "new").iterdir())
