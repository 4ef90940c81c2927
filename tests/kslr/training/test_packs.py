import lzma
from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.training.packs import LAYOUTS, pack_names, packs_folder, pair_hands, read_pack, repair_hands, to_raw


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


def hand(x: float, y: float, generator: np.random.Generator) -> np.ndarray:
    return (np.array([x, y]) + generator.normal(0, 0.03, (21, 2))).reshape(42).astype(np.float32)


def slip(frames: list[tuple[bool, bool]], generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """A clip cut every 84 values, whichever hands its frames had, and which hand each block was."""
    hands = [hand(0.35, 0.6, generator), hand(0.65, 0.6, generator)]
    blocks, sides = [], []
    for right, left in frames:
        for side, there in ((0, right), (1, left)):
            if there:
                hands[side] += generator.normal(0, 0.004, 42)
                blocks.append(hands[side].astype(np.float32))
                sides.append(side)
    flat = np.concatenate(blocks)
    rows = int(np.ceil(len(flat) / 84))
    x = np.zeros((1, rows + 2, 84), np.float32)
    x.reshape(-1)[: len(flat)] = flat
    return x, np.array([rows]), sides


@pytest.mark.parametrize("seed", range(5))
def test_a_missing_hand_no_longer_shifts_what_follows(seed: int) -> None:
    generator = np.random.default_rng(seed)
    frames = [(True, True)] * 3 + [(True, False)] + [(True, True)] * 3 + [(False, True)] + [(True, True)] * 2
    x, length, _ = slip(frames, generator)
    repaired, lengths = repair_hands(x, length)
    assert lengths[0] == len(frames)
    right, left = repaired[0, :, 42:].any(axis=1), repaired[0, :, :42].any(axis=1)
    assert list(zip(right, left, strict=True)) == frames


def test_every_hand_is_kept_once() -> None:
    generator = np.random.default_rng(3)
    x, _, sides = slip([(True, True), (True, False), (True, True), (True, True)], generator)
    blocks = x.reshape(-1, 42)[: len(sides)]
    used = [i for frame in pair_hands(blocks) for i in frame if i is not None]
    assert sorted(used) == list(range(len(sides)))


def test_one_hand_alone_and_nothing_at_all() -> None:
    generator = np.random.default_rng(4)
    x, length, _ = slip([(True, False)] * 4, generator)
    repaired, lengths = repair_hands(x, length)
    assert lengths[0] == 4
    assert not repaired[0, :, :42].any()
    empty, none = repair_hands(np.zeros((1, 3, 84)), np.array([3]))
    assert none[0] == 0
    assert not empty.any()
