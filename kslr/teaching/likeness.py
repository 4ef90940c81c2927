"""What a new take is like: a recording that is there already, or another word of the vocabulary."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kslr.encoder import SignEncoder
from kslr.segment import SignSegment
from kslr.teaching.shelf import SAME
from kslr.teaching.vocabularies import TaughtVocabulary
from kslr.teaching.words import build_verifier


@dataclass(frozen=True)
class Likeness:
    """What a take is like.

    Attributes:
        same: whether it is the same recording as another take, or as one that was taught.
        conflict: id of another word that the vocabulary would say for it; None for none.
    """

    same: bool = False
    conflict: str | None = None


def find_likeness(
    sign: SignSegment, others: Sequence[SignSegment], vocabulary: TaughtVocabulary | None, word: str, encoder: SignEncoder
) -> Likeness:
    """What a take is like.

    Args:
        sign: of the take.
        others: signs of the person's other takes.
        vocabulary: that it is to be taught to; None where none is chosen, or where it is another encoder's.
        word: id of the word that it is of; empty for a new one.
    """
    windows = np.stack([one.window(encoder.frames) for one in (sign, *others)])
    own, *rest = encoder.embed(windows)
    taught = vocabulary if vocabulary is not None and vocabulary.signs else None
    known = [*rest, *(taught.embeddings if taught else [])]
    same = any(float(np.linalg.norm(own - one)) < SAME for one in known)
    if taught is None:
        return Likeness(same)
    verifier = build_verifier(taught, encoder)
    shares = verifier.probabilities(own[None])[0, :-1]
    best = taught.signs[int(shares.argmax())].id
    return Likeness(same, best if best != word and shares.max() >= verifier.rule.certain else None)
