import numpy as np
import pytest

from kslr.training.pairing import pair, repair


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
    repaired, lengths = repair(x, length)
    assert lengths[0] == len(frames)
    right, left = repaired[0, :, 42:].any(axis=1), repaired[0, :, :42].any(axis=1)
    assert list(zip(right, left, strict=True)) == frames


def test_every_hand_is_kept_once() -> None:
    generator = np.random.default_rng(3)
    x, _, sides = slip([(True, True), (True, False), (True, True), (True, True)], generator)
    blocks = x.reshape(-1, 42)[: len(sides)]
    used = [i for frame in pair(blocks) for i in frame if i is not None]
    assert sorted(used) == list(range(len(sides)))


def test_one_hand_alone_and_nothing_at_all() -> None:
    generator = np.random.default_rng(4)
    x, length, _ = slip([(True, False)] * 4, generator)
    repaired, lengths = repair(x, length)
    assert lengths[0] == 4
    assert not repaired[0, :, :42].any()
    empty, none = repair(np.zeros((1, 3, 84)), np.array([3]))
    assert none[0] == 0
    assert not empty.any()
