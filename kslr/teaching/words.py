"""Teaching: words from a few recordings each, on the frozen encoder, in seconds.

Words are added to a `TaughtVocabulary` and removed from it; the head is built from the recordings in it, so teaching one
word never changes another. Of each word one recording, the nearest to its centre, is kept as landmarks for learners.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kslr.augment import AugmentStrength, augment_points
from kslr.core.calibration import threshold_keeping, top_answers
from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.landmarks import FACE, HANDS, absent_as_nan
from kslr.points import COLUMNS, COUNT, UNITS, select_points
from kslr.teaching.heads import Head, balance_weights, calibrate_head, leave_out
from kslr.teaching.vocabularies import Exemplar, TaughtVocabulary
from kslr.vocabulary import IDLE, Sign

VIEWS = 4  # augmented views of a recording beside itself
USUAL_SECONDS = 1.5  # length of a sign where it is not known
UNCALIBRATED = 0.5  # threshold where no word has a second recording to choose it on
KEEP = 0.95  # share of the correctly answered recordings that the threshold keeps
SUREST = 0.8  # maximum threshold
WEAK = 0.8  # words with a lower accuracy need more recordings
_GENTLE = AugmentStrength(
    mirror=0.0, drop_body=0.0, drop_face=0.3, drop_hand=0.1, drop_frames=0.2, few_frames=0.2, turn=8.0, stretch=0.1, shear=0.08
)


def embed_views(encoder: SignEncoder, windows: np.ndarray, count: int = VIEWS, seed: int = 0) -> np.ndarray:
    """Embeddings of windows and of augmented copies of them.

    Args:
        windows: (k, frames, 1662), absent parts NaN or zeros.

    Returns:
        (k, 1 + count, values); the first is the window's own.
    """
    windows = absent_as_nan(np.nan_to_num(np.asarray(windows, np.float32)))
    generator, points = np.random.default_rng(seed), select_points(windows)
    out = [encoder.embed(windows)]
    for _ in range(count):
        changed = windows.copy()
        changed[..., COLUMNS] = augment_points(points, generator, _GENTLE).reshape(*points.shape[:2], COUNT * 3) / UNITS
        out.append(encoder.embed(changed))
    return np.stack(out, axis=1)


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
    new = embed_views(encoder, windows, seed=first)
    rows = np.repeat(np.arange(first, first + len(windows)), new.shape[1])
    old = vocabulary.embeddings if len(vocabulary.label) else np.zeros((0, new.shape[-1]), np.float32)
    grown = replace(
        vocabulary,
        signs=(*vocabulary.signs[:index], sign, *vocabulary.signs[index + 1 :]),
        embeddings=np.concatenate([old, new.reshape(len(rows), -1)]).astype(np.float32),
        label=np.concatenate([vocabulary.label, np.full(len(rows), index)]),
        recording=np.concatenate([vocabulary.recording, rows]),
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
    recordings, first = np.unique(vocabulary.recording, return_index=True)
    own = {int(n): vocabulary.embeddings[row] for n, row in zip(recordings, first, strict=True) if vocabulary.label[row] == index}
    centre = np.mean(list(own.values()), axis=0)
    old = vocabulary.exemplars.get(sign_id)
    best = max([*new, *([old] if old else [])], key=lambda one: float(own[one.recording] @ centre))
    return replace(vocabulary, exemplars={**vocabulary.exemplars, sign_id: best})


def forget(vocabulary: TaughtVocabulary, sign_id: str) -> TaughtVocabulary:
    """The vocabulary without a word.

    Raises:
        InputError: the word is not there.
    """
    ids = [s.id for s in vocabulary.signs]
    if sign_id not in ids:
        raise InputError(f"{vocabulary.name} has no word {sign_id!r}. It has {', '.join(ids) or 'no words'}.")
    index = ids.index(sign_id)
    kept = vocabulary.label != index
    used, recording = np.unique(vocabulary.recording[kept], return_inverse=True)
    return replace(
        vocabulary,
        signs=tuple(s for s in vocabulary.signs if s.id != sign_id),
        embeddings=vocabulary.embeddings[kept],
        label=vocabulary.label[kept] - (vocabulary.label[kept] > index),
        recording=recording,
        provenance=tuple(vocabulary.provenance[i] for i in used),
        exemplars={
            word: replace(exemplar, recording=int(np.searchsorted(used, exemplar.recording)))
            for word, exemplar in vocabulary.exemplars.items()
            if word != sign_id
        },
    )


def build_head(vocabulary: TaughtVocabulary, background: np.ndarray) -> Head:
    """A calibrated head over the words and, as the last class, no sign.

    Args:
        background: (n, values) embeddings of no sign.

    Raises:
        InputError: fewer than two words.
    """
    if len(vocabulary.signs) < 2:
        raise InputError(f"{vocabulary.name} has {len(vocabulary.signs)} words; recognising needs at least two. Teach another.")
    head, group, own = _raw_head(vocabulary, background)
    rows = own[np.bincount(head.label[own])[head.label[own]] > 1]  # of words with a second recording to answer by
    if not len(rows):
        return replace(head, threshold=UNCALIBRATED)
    answers = leave_out(head, group, rows)
    found = calibrate_head(head, answers, head.label[rows], KEEP)
    if found.temperature < 1.0:
        # Fitted to a few takes by one person, all answered correctly, the head would be far too sure and reject other people.
        confidence, right = top_answers(answers, head.label[rows])
        found = replace(found, temperature=1.0, threshold=threshold_keeping(confidence[right], KEEP))
    return replace(found, threshold=min(found.threshold, SUREST))


def check_words(vocabulary: TaughtVocabulary, background: np.ndarray) -> dict[str, Any]:
    """How well the words are told apart: each recording is answered by the others alone (leave one out).

    Args:
        background: (n, values) embeddings of no sign.

    Returns:
        ``accuracy``, ``per_word`` (id → accuracy, recordings), ``confused`` (pairs), ``weak`` (ids that need more recordings).
    """
    from kslr.core.scores import count_confusions, most_confused

    head, group, own = _raw_head(vocabulary, background)
    label, predicted = head.label[own], leave_out(head, group, own).argmax(axis=1)
    names = [*[s.id for s in vocabulary.signs], IDLE]
    right = predicted == label
    per_word = {
        s.id: {"accuracy": float(right[label == i].mean()), "recordings": int((label == i).sum())}
        for i, s in enumerate(vocabulary.signs)
    }
    return {
        "accuracy": float(right.mean()),
        "per_word": per_word,
        "confused": most_confused(count_confusions(label, predicted, len(names)), names),
        "weak": [i for i, row in per_word.items() if row["accuracy"] < WEAK or row["recordings"] < 3],
    }


def _raw_head(vocabulary: TaughtVocabulary, background: np.ndarray) -> tuple[Head, np.ndarray, np.ndarray]:
    """The head before calibration, each row's recording (negative for the background), and the recordings' own rows."""
    rows = np.concatenate([vocabulary.embeddings, background.astype(np.float32)])
    label = np.concatenate([vocabulary.label, np.full(len(background), len(vocabulary.signs))])
    group = np.concatenate([vocabulary.recording, -1 - np.arange(len(background))])
    own = np.unique(vocabulary.recording, return_index=True)[1]
    return Head(rows, label, balance_weights(label)), group, own


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
        raise InputError(f"{vocabulary.name} was taught with another encoder. Teach its words again with this version.")
