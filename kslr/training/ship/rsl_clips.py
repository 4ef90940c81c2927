"""The clips of the pack rsl_dictionary as windows of signs, and the names of its words in three languages."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kslr.core.errors import InputError
from kslr.landmarks import FACE
from kslr.recordings import cut_signs
from kslr.teaching.naming import word_id
from kslr.training.clips import stack_windows
from kslr.training.verification.people import FIRST, SEED, read_dictionary
from kslr.vocabulary import kslr30

WORDS = Path(__file__).with_name("rsl_words.json")


@dataclass(frozen=True)
class Clips:
    """The clips of the pack, letters left out.

    Attributes:
        windows: of each clip, (signs, 30, 1662) without the face, absent parts NaN.
        word: (n,) str, as the pack names it.
        signer: (n,) str.
    """

    windows: list[np.ndarray]
    word: np.ndarray
    signer: np.ndarray

    def of(self, rows: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The windows of some clips one after another, and (m,) the clip of each."""
        clip = np.repeat(rows, [len(self.windows[row]) for row in rows])
        return np.concatenate([self.windows[row] for row in rows]), clip

    def ids(self) -> np.ndarray:
        """(n,) str, the id of each clip's word."""
        return np.array([name["id"] for name in dictionary_words(self.word.tolist())])


def read_dictionary_clips(pack: Path) -> Clips:
    """The clips of words in the pack; those in which no sign is found are left out."""
    recordings, word, signer = read_dictionary(pack.parent if pack.suffix else pack)
    known = json.loads(WORDS.read_text(encoding="utf-8"))
    windows, kept = [], []
    for i, recording in enumerate(recordings):
        signs = cut_signs(recording) if word[i] in known else []
        if signs:
            found = stack_windows(signs)
            found[..., FACE] = np.nan
            windows.append(found)
            kept.append(i)
    return Clips(windows, word[kept], signer[kept])


def shared_words(clips: Clips) -> tuple[list[str], list[str]]:
    """The words of both dictionaries: half to choose on, half to measure."""
    first = clips.signer == FIRST
    both = np.random.default_rng(SEED).permutation(sorted(set(clips.word[first]) & set(clips.word[~first]))).tolist()
    return sorted(both[: len(both) // 2]), sorted(both[len(both) // 2 :])


def dictionary_words(labels: Sequence[str]) -> list[dict[str, str]]:
    """The names of the pack's words, in their order: ``id``, ``ru``, ``en``, ``latin``, and ``kk`` where it is sure.

    Raises:
        InputError: a word has no translation.
    """
    table, thirty = json.loads(WORDS.read_text(encoding="utf-8")), {s.kk.casefold(): s.latin for s in kslr30().signs}
    found: list[dict[str, str]] = []
    for label in labels:
        if label not in table:
            raise InputError(f"{WORDS.name} has no translation of {label}. Add it.")
        names = table[label]
        one, kk = word_id(names["ru"]), names.get("kk", "")
        if any(other["id"] == one and other["ru"] != names["ru"] for other in found):
            one += "_2"
        latin = thirty.get(kk.casefold()) or word_id(kk or names["ru"]).replace("_", " ")
        found.append({"id": one, "ru": names["ru"], "en": names["en"], "latin": latin, **({"kk": kk} if kk else {})})
    return found
