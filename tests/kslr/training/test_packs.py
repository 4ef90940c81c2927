import lzma
from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.training.packs import LAYOUTS, pack_names, packs_folder, read_pack, to_raw


@pytest.fixture
def pack(tmp_path: Path) -> tuple[Path, np.ndarray]:
    x = np.random.default_rng(0).integers(0, 2048, (3, 4, 126)).astype(np.int16)
    steps = np.diff(x, axis=1, prepend=np.zeros((3, 1, 126), np.int16)).astype(np.int16)
    np.savez(tmp_path / "small.npz", label=np.array(["a", "b", "a"]))
    with lzma.open(tmp_path / "small.npy.xz", "wb") as stream:
        np.save(stream, steps)
    return tmp_path, x.astype(np.float32) / 2048


def test_a_packed_pack_is_summed_up_again(pack: tuple[Path, np.ndarray]) -> None:
    folder, x = pack
    arrays = read_pack("small", folder)
    assert np.array_equal(arrays["x"], x)
    assert pack_names(folder) == ("small",)


def test_packs_are_found_by_environment(pack: tuple[Path, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KSLR_DATA", str(pack[0]))
    assert packs_folder() == pack[0]


def test_damaged_and_missing_packs_are_told(pack: tuple[Path, np.ndarray]) -> None:
    folder, _ = pack
    content = (folder / "small.npy.xz").read_bytes()
    (folder / "small.npy.xz").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="damaged"):
        read_pack("small", folder)
    with pytest.raises(InputError, match="No pack"):
        read_pack("other", folder)


@pytest.mark.parametrize("values", sorted(LAYOUTS))
def test_every_layout_keeps_every_value(values: int) -> None:
    x = np.random.default_rng(1).uniform(0.1, 1, (2, 3, values)).astype(np.float32)
    raw = to_raw(x)
    assert np.allclose(raw[..., LAYOUTS[values]], x)


def test_the_repair_pairs_more_hands_than_the_cut(shared_data: Path) -> None:
    before, after = (read_pack("krsl20_hands", shared_data, repaired=r) for r in (False, True))
    blocks = [sum(a["x"][..., h * 42 : h * 42 + 42].any(axis=-1).sum() for h in (0, 1)) for a in (before, after)]
    assert blocks[0] == blocks[1]

    def jumps(a: dict) -> float:
        wrist = a["x"].reshape(*a["x"].shape[:2], 2, 42)[..., :2]
        both = wrist.any(axis=-1)
        both = both[:, 1:] & both[:, :-1]
        return float(np.abs(np.diff(wrist, axis=1)).sum(axis=-1)[both].mean())

    assert jumps(after) < jumps(before) / 2
