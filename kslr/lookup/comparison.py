"""How signs are compared when one is looked up: parts of them, without a resting hand, by nearness less crowding."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kslr.augment import sample_times
from kslr.core.errors import InputError
from kslr.landmarks import LEFT_HAND, RIGHT_HAND, absent_as_nan
from kslr.points import ROWS, select_points

SEEN = 0.1  # minimum share of frames with a hand for it to count as there
Parts = tuple[tuple[float, float], ...]  # start and end as shares (0–1) of a sign


@dataclass(frozen=True)
class LookUpRule:
    """How signs are compared; chosen on half of the words that two signers show (`python -m kslr.training.ship rsl`).

    Attributes:
        shown: parts of a dictionary's recording that are embedded, each for itself.
        asked: parts of a sign that are embedded when it is looked up.
        still: a hand whose wrist wanders less than this share of the other's is left out; 0 for never.
        both: whether a sign with a still hand is also asked with it.
        crowding: weight of how near a recording lies to other signs and idle hands, which is subtracted from its nearness; the
            dictionary's array of that name is weighed already.
    """

    shown: Parts = ((0.0, 1.0),)
    asked: Parts = ((0.0, 1.0),)
    still: float = 0.4
    both: bool = False
    crowding: float = 0.5

    @classmethod
    def from_card(cls, extra: Mapping[str, Any]) -> "LookUpRule":
        """The rule in a dictionary's card (``extra["rule"]``).

        Raises:
            InputError: there is none, or it is damaged.
        """
        try:
            raw = extra["rule"]
            shown, asked = (tuple((float(a), float(b)) for a, b in raw[name]) for name in ("shown", "asked"))
            rule = cls(shown, asked, float(raw["still"]), bool(raw["both"]), float(raw["crowding"]))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("The dictionary lacks its rule of comparison. Install or make it again.") from error
        if not shown or not asked or not all(0 <= a < b <= 1 for a, b in (*shown, *asked)):
            raise InputError("The dictionary's rule of comparison is damaged. Install or make it again.")
        return rule


def read_parts(x: np.ndarray, parts: Parts, still: float, both: bool = False) -> np.ndarray:
    """The windows that stand for signs: each part of each sign, without still hands.

    Args:
        x: (n, frames, 1662), absent parts NaN or zeros.
        parts: of each sign, as shares of its length.
        still: as in `LookUpRule`.
        both: whether signs with a still hand are also given as they are.

    Returns:
        (m, frames, 1662), absent parts NaN; m is n × parts, and more with `both`.

    >>> read_parts(np.zeros((2, 30, 1662)), ((0, 1), (0.2, 1)), 0.4).shape
    (4, 30, 1662)
    """
    x = absent_as_nan(np.nan_to_num(np.asarray(x, np.float32)))
    bare, changed = without_still_hand(x, still)
    signs = np.concatenate([bare, x[changed]]) if both else bare
    last = signs.shape[1] - 1
    times = [np.tile(np.linspace(last * start, last * end, signs.shape[1]), (len(signs), 1)) for start, end in parts]
    return np.concatenate([signs if part == (0, 1) else sample_times(signs, t) for part, t in zip(parts, times, strict=True)])


def without_still_hand(x: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Takes away the hand that hardly moves beside the other: a resting hand is no part of the sign, and often out of view.

    Args:
        x: (n, frames, 1662), absent parts NaN.
        share: a hand goes whose wrist wanders less than this share of the other's.

    Returns:
        The windows, and (n,) which of them have lost a hand.
    """
    points = select_points(x)
    way, seen = [], []
    for hand in ("left_hand", "right_hand"):
        wrist = points[:, :, ROWS[hand].start, :2]
        there = np.isfinite(wrist[..., :1]).astype(np.float32)
        count, wrist = np.maximum(there.sum(axis=1), 1), np.nan_to_num(wrist)
        middle = (wrist * there).sum(axis=1) / count
        way.append(np.sqrt((np.square(wrist - middle[:, None]) * there).sum(axis=(1, 2)) / count[:, 0]))
        seen.append(there.mean(axis=(1, 2)) > SEEN)
    out, changed = x.copy(), np.zeros(len(x), bool)
    for side, columns in enumerate((LEFT_HAND, RIGHT_HAND)):
        rests = seen[0] & seen[1] & (way[side] < share * way[1 - side])
        out[rests, :, columns] = np.nan
        changed |= rests
    return out, changed


def nearest_words(asked: np.ndarray, rows: np.ndarray, label: np.ndarray, crowding: np.ndarray) -> np.ndarray:
    """How near each word's nearest recording is.

    Args:
        asked: (q, d) embeddings of length 1.
        rows: (n, d) recordings of length 1.
        label: (n,) int, their words, 0 … words − 1, in ascending order, each with a recording.
        crowding: (n,) what is subtracted from the cosine to each.

    Returns:
        (q, words).

    >>> nearest_words(np.eye(2)[:1], np.eye(2), np.array([0, 1]), np.zeros(2))
    array([[1., 0.]])
    """
    return np.maximum.reduceat(asked @ rows.T - crowding, np.flatnonzero(np.diff(label, prepend=-1)), axis=1)
