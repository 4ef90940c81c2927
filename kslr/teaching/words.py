"""Teaching: words from a few recordings each, on the frozen encoder, in seconds.

Words are added to a `TaughtVocabulary` and removed from it; what verifies them is built from the recordings in it, so
teaching one word never changes another. Of each word one recording, the nearest to its centre, is kept as landmarks for
learners.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.landmarks import FACE, HANDS, absent_as_nan
from kslr.teaching.verification import Verifier
from kslr.teaching.vocabularies import Exemplar, TaughtVocabulary
from kslr.vocabulary import IDLE, Sign

USUAL_SECONDS = 1.5  # length of a sign where it is not known
ENOUGH = 3  # recordings of a word, and words of a vocabulary, below which little can be said about them
WEAK = 0.8  # words with a lower accuracy need more recordings


def teach(
    vocabulary: TaughtVocabulary,
    sign: Sign,
    windows: np.ndarray,
    encoder: SignEncoder,
    provenance: Sequence[str] | None = None,
    *,
    seconds: Sequence[float] | None = None,
    face: bool = False,
    exemplar: bool = True,
) -> TaughtVocabulary:
    """The vocabulary with recordings of a word added; a word that it has already gets more of them.

    Args:
        sign: the word; its translations replace the old ones.
        windows: (k, frames, 1662) one window a recording, absent parts NaN or zeros.
        provenance: k names of the recordings.
        seconds: k lengths of the signs; 1.5 each when None.
        face: whether the exemplar keeps the face, by which the person can be recognised.
        exemplar: whether one recording of the word, old or new, is kept as landmarks: the nearest to the word's centre.

    Raises:
        InputError: no recordings, another shape, one without hands, or a vocabulary of another encoder.
    """
    windows = np.asarray(windows, np.float32)
    if windows.ndim != 3 or len(windows) == 0:
        raise InputError(f"Teaching {sign.id} needs recordings of the shape (recordings, frames, 1662), not {windows.shape}.")
    check_encoder(vocabulary, encoder)
    names = list(provenance or [f"recording {i + 1}" for i in range(len(windows))])
    hands = np.nan_to_num(windows)[..., HANDS].any(axis=-1).sum(axis=1)
    if (hands < 3).any():
        raise InputError(
            f"{names[int(hands.argmin())]} shows no hands. Film from the front with the hands in view, and try again.", "no-hands"
        )
    index = next((i for i, one in enumerate(vocabulary.signs) if one.id == sign.id), len(vocabulary.signs))
    known = index < len(vocabulary.signs)
    sign = replace(sign, trained_on={"taught": len(windows) + (vocabulary.recordings_of(sign.id) if known else 0)})
    first = len(vocabulary.provenance)
    old = vocabulary.embeddings if len(vocabulary.label) else np.zeros((0, encoder.values), np.float32)
    grown = replace(
        vocabulary,
        signs=(*vocabulary.signs[:index], sign, *vocabulary.signs[index + 1 :]),
        embeddings=np.concatenate([old, encoder.embed(windows)]).astype(np.float32),
        label=np.concatenate([vocabulary.label, np.full(len(windows), index)]),
        provenance=(*vocabulary.provenance, *names),
    )
    if not exemplar:
        return grown
    lengths = list(seconds or [USUAL_SECONDS] * len(windows))
    return _choose_exemplar(grown, sign.id, [_exemplar(first + i, w, lengths[i], face) for i, w in enumerate(windows)])


def _exemplar(recording: int, window: np.ndarray, seconds: float, face: bool) -> Exemplar:
    kept = absent_as_nan(np.nan_to_num(window)).astype(np.float16)
    if not face:
        kept[:, FACE] = np.nan
    return Exemplar(recording, float(seconds), kept)


def _choose_exemplar(vocabulary: TaughtVocabulary, sign_id: str, new: Sequence[Exemplar]) -> TaughtVocabulary:
    """The vocabulary with the word's exemplar: of its old and the new ones, the nearest to the word's centre."""
    index = [s.id for s in vocabulary.signs].index(sign_id)
    centre = vocabulary.embeddings[vocabulary.label == index].mean(axis=0)
    old = vocabulary.exemplars.get(sign_id)
    best = max([*new, *([old] if old else [])], key=lambda one: float(vocabulary.embeddings[one.recording] @ centre))
    return replace(vocabulary, exemplars={**vocabulary.exemplars, sign_id: best})


def forget(vocabulary: TaughtVocabulary, sign_id: str) -> TaughtVocabulary:
    """The vocabulary without a word.

    Raises:
        InputError: the word is not there.
    """
    index = _index_of(vocabulary, sign_id)
    without = _keep(vocabulary, vocabulary.label != index)
    return replace(
        without,
        signs=tuple(s for s in vocabulary.signs if s.id != sign_id),
        label=without.label - (without.label > index),
    )


def forget_last(vocabulary: TaughtVocabulary, sign_id: str, count: int) -> TaughtVocabulary:
    """The vocabulary without the recordings of a word that were taught last; without the word when none is left.

    Args:
        count: how many.

    Raises:
        InputError: the word is not there.
    """
    index = _index_of(vocabulary, sign_id)
    rows = np.flatnonzero(vocabulary.label == index)
    if count >= len(rows):
        return forget(vocabulary, sign_id)
    kept = np.ones(len(vocabulary.label), bool)
    kept[rows[len(rows) - count :]] = False
    shorter = _keep(vocabulary, kept)
    signs = [replace(s, trained_on={"taught": len(rows) - count}) if s.id == sign_id else s for s in vocabulary.signs]
    return replace(shorter, signs=tuple(signs))


def _index_of(vocabulary: TaughtVocabulary, sign_id: str) -> int:
    ids = [s.id for s in vocabulary.signs]
    if sign_id not in ids:
        raise InputError(f"{vocabulary.name} has no word {sign_id!r}. It has {', '.join(ids) or 'no words'}.")
    return ids.index(sign_id)


def _keep(vocabulary: TaughtVocabulary, kept: np.ndarray) -> TaughtVocabulary:
    """The vocabulary with some of its recordings, and the examples that are among them."""
    used = np.flatnonzero(kept)
    return replace(
        vocabulary,
        embeddings=vocabulary.embeddings[kept],
        label=vocabulary.label[kept],
        provenance=tuple(vocabulary.provenance[i] for i in used),
        exemplars={
            word: replace(exemplar, recording=int(np.searchsorted(used, exemplar.recording)))
            for word, exemplar in vocabulary.exemplars.items()
            if kept[exemplar.recording]
        },
    )


def build_verifier(vocabulary: TaughtVocabulary, encoder: SignEncoder) -> Verifier:
    """What tells which word of a vocabulary a sign is, and whether it is any of them; one word is enough.

    Raises:
        InputError: no words, or a vocabulary of another encoder.
    """
    check_encoder(vocabulary, encoder)
    if not vocabulary.signs:
        raise InputError(f"{vocabulary.name} has no words. Teach one.", "no-words")
    return Verifier.from_recordings(vocabulary.embeddings, vocabulary.label, encoder.bank, encoder.rule)


def check_words(vocabulary: TaughtVocabulary, encoder: SignEncoder) -> dict[str, Any]:
    """How well the words are read: each recording is answered by the others alone (leave one out), as the app would say it.

    Returns:
        ``right`` of ``asked`` recordings that are said rightly, their ``accuracy`` (0–1) and its 95 % ``interval``,
        ``per_word`` (id → right, recordings, accuracy, interval), ``confused`` (pairs; ``_idle`` where nothing is said),
        ``weak`` (ids that need more recordings). A word with one recording is not asked: there is no other to answer it by.
    """
    from kslr.core.scores import count_confusions, most_confused, wilson_interval

    verifier = build_verifier(vocabulary, encoder)
    asked = verifier.count[verifier.label] > 1
    label, answers = verifier.label[asked], verifier.leave_one_out()[asked, :-1]
    predicted = np.where(answers.max(axis=1) >= verifier.rule.certain, answers.argmax(axis=1), len(vocabulary.signs))
    names = [*[s.id for s in vocabulary.signs], IDLE]
    right = predicted == label

    def share(rows: np.ndarray) -> dict[str, Any]:
        count, found = int(rows.sum()), int(right[rows].sum())
        accuracy, interval = (found / count, wilson_interval(found, count)) if count else (None, None)
        return {"right": found, "asked": count, "accuracy": accuracy, "interval": interval}

    per_word = {s.id: share(label == i) | {"recordings": int(verifier.count[i])} for i, s in enumerate(vocabulary.signs)}
    return {
        **share(np.ones(len(right), bool)),
        "per_word": per_word,
        "confused": most_confused(count_confusions(label, predicted, len(names)), names),
        "weak": [i for i, row in per_word.items() if row["recordings"] < ENOUGH or (row["accuracy"] or 0.0) < WEAK],
    }


def new_vocabulary(name: str, encoder: SignEncoder) -> TaughtVocabulary:
    """A vocabulary without words."""
    return TaughtVocabulary(name, encoder.card.weights["sha256"])


def check_encoder(vocabulary: TaughtVocabulary, encoder: SignEncoder) -> None:
    """Checks that a vocabulary's embeddings are this encoder's.

    Raises:
        InputError: they are another encoder's.
    """
    width = vocabulary.embeddings.shape[1] if len(vocabulary.label) else encoder.values
    if vocabulary.encoder != encoder.card.weights["sha256"] or width != encoder.values:
        raise InputError(
            f"{vocabulary.name} was taught with another encoder. Teach its words again with this version.", "other-encoder"
        )
