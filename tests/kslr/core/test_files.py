import errno
import os

import pytest

from kslr.core.errors import InputError
from kslr.core.files import check_writable, write_file


def test_a_file_is_written_whole(tmp_path):
    write_file(tmp_path / "deep" / "file.txt", b"new")
    assert (tmp_path / "deep" / "file.txt").read_bytes() == b"new"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_device_is_told():
    with pytest.raises(InputError, match="No space"):
        write_file("/dev/full", b"new")


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="needs /dev/null")
def test_a_device_is_written_to_and_stays():
    write_file("/dev/null", b"new")
    assert not os.path.isfile("/dev/null")


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


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
