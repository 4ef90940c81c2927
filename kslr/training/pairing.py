"""Hands that slipped: K-RSL's question words hold hands one after another, without saying which frame or side each is of.

A frame with one hand holds 42 values, a frame with two 84, and the clips are cut every 84 values, so that after one
frame with one hand all later pairs are made of two frames. `repair` finds again where frames begin and which hand is
which: the cheapest way through the hands under wrist continuity and the usual sides (a beam search over frames).
"""

import numpy as np

# What a frame may be: sides of its hands in their order; 0 is the signer's right (left in the picture), 1 the left.
_FRAMES: tuple[tuple[int, ...], ...] = ((0,), (1,), (0, 1), (1, 0))
_ALONE = 0.06  # cost of a frame with one hand: two are usual
_SIDE = 0.4  # cost a unit of picture width that the right hand lies to the right of the left
_SWITCH = 0.03  # cost of a pair written the other way round than the pair before
_FORGET = 0.15  # what a jump costs at most
_BEAM = 12  # states kept a step

# Last block seen as right, last seen as left, which of them the last pair began with; -1 none yet.
_State = tuple[int, int, int]


def _blocks(x: np.ndarray, length: int) -> np.ndarray:
    blocks = x[:length].reshape(-1, 42)
    return blocks[blocks.any(axis=1)]


def _wrists(blocks: np.ndarray) -> np.ndarray:
    return blocks.reshape(-1, 21, 2)[:, [0, 5, 17]].mean(axis=1)


def pair(blocks: np.ndarray) -> list[tuple[int | None, int | None]]:
    """Hands in the order they were written → frames, each (index of the right hand, of the left), None when absent.

    Args:
        blocks: (hands, 42) x, y of 21 points a hand.

    >>> right, left = np.full(42, 0.3), np.full(42, 0.7)
    >>> pair(np.stack([right, left, left, right, left, right, left]))[1]
    (None, 2)
    """
    palm = _wrists(blocks)
    n = len(blocks)
    jump = np.minimum(np.abs(palm[:, None] - palm[None]).sum(axis=-1), _FORGET).tolist()
    same = [0.0 if i + 1 == n else _FORGET * float(np.abs(blocks[i] - blocks[i + 1]).mean() < 0.02) for i in range(n)]
    across = palm[:, 0].tolist()
    # The cheapest way to each state before block i.
    best: list[dict[_State, tuple[float, tuple[int, _State] | None, tuple[int, ...]]]] = [{} for _ in range(n + 1)]
    best[0][(-1, -1, -1)] = (0.0, None, ())
    for i in range(n):
        for last, (cost, _, _) in sorted(best[i].items(), key=lambda item: item[1][0])[:_BEAM]:
            for sides in _FRAMES:
                j = i + len(sides)
                if j > n:
                    continue
                now, total = list(last), cost
                for k, side in enumerate(sides, start=i):
                    if last[side] >= 0:
                        total += jump[k][last[side]]
                    else:
                        total += _SIDE * max(0.0, (across[k] - 0.5) * (1 if side == 0 else -1))
                    now[side] = k
                if len(sides) == 2:
                    # Two readings of one hand lie on each other; two hands hardly ever do.
                    total += _SIDE * max(0.0, across[now[0]] - across[now[1]]) + same[i]
                    total += _SWITCH * (last[2] not in (-1, sides[0]))
                    now[2] = sides[0]
                else:
                    total += _ALONE
                key = (now[0], now[1], now[2])
                if key not in best[j] or total < best[j][key][0]:
                    best[j][key] = (total, (i, last), sides)
    frames: list[tuple[int | None, int | None]] = []
    j, key = n, min(best[n], key=lambda k: best[n][k][0])
    while j:
        _, before, sides = best[j][key]
        assert before is not None
        i, last = before
        seen = {side: i + k for k, side in enumerate(sides)}
        frames.append((seen.get(0), seen.get(1)))
        j, key = i, last
    return frames[::-1]


def repair(x: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Clips cut every 84 values → frames of (left hand, right hand), zeros where one is absent.

    Args:
        x: (n, frames, 84), rows past the length zero.
        length: (n,).

    Returns:
        (n, most frames, 84) float32 and the new lengths.
    """
    clips = []
    for sample, frames in zip(x, length, strict=True):
        blocks = _blocks(sample, int(frames))
        out = np.zeros((0, 84), np.float32)
        if len(blocks):
            out = np.zeros((len(pairs := pair(blocks)), 84), np.float32)
            for row, (right, left) in zip(out, pairs, strict=True):
                if left is not None:
                    row[:42] = blocks[left]
                if right is not None:
                    row[42:] = blocks[right]
        clips.append(out)
    lengths = np.array([len(c) for c in clips])
    padded = np.zeros((len(clips), max(1, int(lengths.max(initial=1))), 84), np.float32)
    for target, clip in zip(padded, clips, strict=True):
        target[: len(clip)] = clip
    return padded, lengths


def slipped(x: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same arrays as they are: what the repair is compared with."""
    return np.asarray(x, np.float32), np.asarray(length)
