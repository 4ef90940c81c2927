"""What the encoder learns from, out of the packs, and the look-up of one dictionary in another.

The split of words and signers is in `kslr.training.verification.people`.
"""

from pathlib import Path

import numpy as np

from kslr.points import BODY_AND_HANDS, COUNT
from kslr.recordings import cut_signs
from kslr.training.clips import stack_windows
from kslr.training.encoder.sampling import SignerData
from kslr.training.networks.sign_encoder import BODY, LEFT, RIGHT
from kslr.training.verification.people import (
    FIRST,
    SEED,
    People,
    clips_to_learn,
    gloss_of,
    name_classes,
    read_dictionary,
    read_points,
)


def absent_points(points: np.ndarray) -> np.ndarray:
    """(n, frames, 51, 3) points, absent parts zeros → float32, absent parts NaN."""
    out = points.astype(np.float32)
    for rows in (BODY, LEFT, RIGHT):
        part = out[:, :, rows]
        part[~part.any(axis=(2, 3))] = np.nan
    return out


def with_empty_face(points: np.ndarray) -> np.ndarray:
    """(n, frames, 51, 3) points → (n, frames, 86, 3) float32, the face NaN, absent parts NaN."""
    out = np.full((*points.shape[:2], COUNT, 3), np.nan, np.float32)
    out[:, :, BODY_AND_HANDS] = absent_points(points)
    return out


def signer_data(data: People, packs: str | Path | None = None, dictionary: bool = True) -> SignerData:
    """The training part: words that American recorders share are one class, all others one class a source.

    Args:
        data: rows of the training part.
        dictionary: whether the clips of the first Russian dictionary are added, one class a clip.
    """
    points, signer, source, name = [data.points], data.signer, data.source, name_classes(data)
    gloss = np.array([gloss_of(word) for word in data.word])
    for i, (clip, word) in enumerate(clips_to_learn(packs) if dictionary else ()):
        own = read_points(stack_windows(cut_signs(clip)))
        points.append(own)
        # Several people, unnamed: as one signer they are never drawn together for being different ones.
        signer, source = (np.concatenate([column, np.full(len(own), "rsl_dictionary")]) for column in (signer, source))
        gloss = np.concatenate([gloss, np.full(len(own), f"rsl {word}")])
        name = np.concatenate([name, np.full(len(own), f"rsl|{i}")])
    _, first, label = np.unique(name, return_index=True, return_inverse=True)
    return SignerData(absent_points(np.concatenate(points)), label, signer, source, gloss[first])


def dictionary_ranks(windows: np.ndarray, clip: np.ndarray, word: np.ndarray, signer: np.ndarray, asked: list[str]) -> np.ndarray:
    """Looks up words of the second dictionary in the first, a clip by its nearest sign.

    Args:
        windows: (n, values) embeddings of all signs; clip: (n,) their clips.
        word, signer: (clips,).
        asked: words that both have.

    Returns:
        (asked,) the rank of the word among all words of the first, from 1.
    """
    first = signer[clip] == FIRST
    names, index = np.unique(word[clip][first], return_inverse=True)
    ranks = []
    for one in asked:
        nearness = (windows[~first & (word[clip] == one)] @ windows[first].T).max(axis=0)
        scores = np.full(len(names), -1.0)
        np.maximum.at(scores, index, nearness)
        ranks.append(1 + int((scores > scores[names == one][0]).sum()))
    return np.array(ranks)


def split_dictionary(word: np.ndarray, signer: np.ndarray) -> tuple[list[str], list[str]]:
    """The words that both dictionaries have, by seed: half choose, half test."""
    both = sorted(set(word[signer == FIRST].tolist()) & set(word[signer != FIRST].tolist()))
    order = np.random.default_rng(SEED).permutation(both).tolist()
    return sorted(order[: len(order) // 2]), sorted(order[len(order) // 2 :])


def read_dictionary_signs(packs: str | Path | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Points (n, 30, 51, 3) of all signs in the Russian dictionaries, their clips (n,), and words and signers of the clips."""
    clips, word, signer = read_dictionary(packs)
    signs = [cut_signs(clip) for clip in clips]
    points = np.concatenate([read_points(stack_windows(found)) for found in signs])
    return points, np.repeat(np.arange(len(clips)), [len(found) for found in signs]), word.astype(str), signer.astype(str)
