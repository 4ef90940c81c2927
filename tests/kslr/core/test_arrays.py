import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from kslr.core.arrays import read_array, read_arrays
from kslr.core.errors import InputError


def written(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=array.dtype.hasobject)
    return out.getvalue()


def test_what_numpy_writes_is_read_back_as_it_was(tmp_path):
    arrays = {
        "numbers": np.arange(12.0).reshape(3, 4),
        "turned": np.asfortranarray(np.arange(12, dtype=np.int16).reshape(3, 4)),
        "text": np.array(["су", "рақмет"]),
        "one": np.float64(1.5),
        "none": np.zeros((0, 1662), np.float32),
        "yes": np.array([True, False]),
    }
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **arrays)
        found = read_arrays(tmp_path / "a.npz", 10_000)
        assert set(found) == set(arrays)
        for name, array in arrays.items():
            assert found[name].dtype == np.asarray(array).dtype
            assert np.array_equal(found[name], array)
    np.save(tmp_path / "a.npy", arrays["turned"])
    assert np.array_equal(read_array(tmp_path / "a.npy", 1000), arrays["turned"])


def test_more_than_was_agreed_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(1000), b=np.zeros(1000))
    assert len(read_arrays(tmp_path / "a.npz", 20_000)) == 2
    with pytest.raises(InputError, match="more than 10000 bytes"):
        read_arrays(tmp_path / "a.npz", 10_000)
    np.save(tmp_path / "a.npy", np.zeros(1000))
    with pytest.raises(InputError, match="more than 1000 bytes"):
        read_array(tmp_path / "a.npy", 1000)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"(4,)", b"(5,)"),
        lambda raw: raw.replace(b"(4,)", b"(3,)"),
        lambda raw: raw.replace(b"(4,)", b"(-4,)"),
        lambda raw: raw.replace(b"<f8", b"|O8"),
        lambda raw: raw.replace(b"<f8", b"<U0"),
        lambda raw: raw.replace(b"{", b"("),
        lambda raw: raw[:-1],
        lambda raw: raw + b"x",
        lambda raw: b"\x93NUMPY\x09\x00" + raw[8:],
        lambda raw: b"not an array",
        lambda raw: b"",
    ],
)
def test_an_array_that_is_not_what_it_says_is_refused(tmp_path, change):
    content = change(npy(np.arange(4.0)))
    with pytest.raises(InputError):
        read_arrays(written(tmp_path / "a.npz", {"a.npy": content}), 10_000)


def test_archives_that_are_none_are_refused(tmp_path):
    whole = npy(np.arange(4.0))
    with pytest.raises(InputError, match="packed in a way"):
        read_arrays(written(tmp_path / "a.npz", {"a.npy": whole}, zipfile.ZIP_BZIP2), 10_000)
    with pytest.raises(InputError, match="packed in a way"):
        read_arrays(written(tmp_path / "a.npz", {"a.npy": whole}, zipfile.ZIP_LZMA), 10_000)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", whole)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.npy", whole)
    with pytest.raises(InputError, match="twice"):
        read_arrays(tmp_path / "a.npz", 10_000)
    with pytest.raises(InputError, match="too long"):
        read_arrays(written(tmp_path / "a.npz", {f"{n:0200d}.npy": b"" for n in range(18_000)}, zipfile.ZIP_STORED), 10_000)
    with pytest.raises(InputError, match="more than 5000"):
        read_arrays(written(tmp_path / "a.npz", {f"{n}.npy": b"" for n in range(5001)}, zipfile.ZIP_STORED), 10_000)
    content = bytearray(written(tmp_path / "a.npz", {"a.npy": whole}, zipfile.ZIP_STORED).read_bytes())
    content[content.index(whole) + len(whole) - 3] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match="CRC"):
        read_arrays(tmp_path / "a.npz", 10_000)
    for content in (b"", b"words", whole, b"PK\x05\x06"):
        (tmp_path / "a.npz").write_bytes(content)
        with pytest.raises(InputError, match="damaged"):
            read_arrays(tmp_path / "a.npz", 10_000)
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "nothing.npz", 10_000)


def test_nothing_in_an_array_is_run(tmp_path):
    class Runs:
        def __reduce__(self):
            return (Path.write_text, (tmp_path / "ran", "x"))

    with pytest.raises(InputError):
        read_arrays(written(tmp_path / "a.npz", {"a.npy": npy(np.array([Runs()], object))}), 10_000)
    assert not (tmp_path / "ran").exists()
