"""Teaching: words from a few recordings each, on the frozen encoder, in seconds.

Words are added to a `TaughtVocabulary` and removed from it at will; the head is made of what is there, so nothing is
ever forgotten by accident. One recording of each word, the one nearest to its centre, stays as landmarks, for learners.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kslr.augment import Strength, augmented
from kslr.core.calibration import threshold_keeping, top_answers
from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.landmarks import PARTS, absent_as_nan
from kslr.points import COLUMNS, COUNT, UNITS, select
from kslr.teaching.heads import Head, balanced, calibrated, left_out
from kslr.teaching.vocabularies import Exemplar, TaughtVocabulary
from kslr.vocabulary import Sign

VIEWS = 4  # augmented views of a recording beside itself
USUAL_SECONDS = 1.5  # of a sign, where its length is not known
UNCALIBRATED = 0.5  # the threshold where no word has a second recording to choose it on
KEEP = 0.95  # share of the rightly answered recordings that the threshold keeps
SUREST = 0.8  # no threshold is above this
WEAK = 0.8  # words recognised less often than this need more recordings
_GENTLE = Strength(
    mirror=0.0, drop_body=0.0, drop_face=0.3, drop_hand=0.1, drop_frames=0.2, few_frames=0.2, turn=8.0, stretch=0.1, shear=0.08
)


def views(encoder: SignEncoder, windows: np.ndarray, count: int = VIEWS, seed: int = 0) -> np.ndarray:
    """Embeddings of windows and of augmented copies of them.

    Args:
        windows: (k, frames, 1662), absent parts NaN or zeros.

    Returns:
        (k, 1 + count, values); the first is the window's own.
    """
    windows = absent_as_nan(np.nan_to_num(np.asarray(windows, np.float32)))
    generator, points = np.random.default_rng(seed), select(windows)
    out = [encoder.embed(windows)]
    for _ in range(count):
        changed = windows.copy()
        changed[..., COLUMNS] = augmented(points, generator, _GENTLE).reshape(*points.shape[:2], COUNT * 3) / UNITS
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
    """The vocabulary with recordings of a word added; a word that is there gets more of them.

    Args:
        sign: the word; its translations replace those that are there.
        windows: (k, frames, 1662) one window a recording, absent parts NaN or zeros.
        provenance: k names of where they are from.
        seconds: how long each of the signs was; a second and a half when not known.
        face: whether the face stays in the exemplar; without it nobody can be told by it.
        exemplar: whether one recording of the word stays as landmarks: the one nearest to the centre of all there are.

    Raises:
        InputError: no recordings, another shape, one without hands, or a vocabulary of another encoder.
    """
    windows = np.asarray(windows, np.float32)
    if windows.ndim != 3 or len(windows) == 0:
        raise InputError(f"Teaching {sign.id} needs recordings of the shape (recordings, frames, 1662), not {windows.shape}.")
    same_encoder(vocabulary, encoder)
    names = list(provenance or [f"recording {i + 1}" for i in range(len(windows))])
    seen = np.isfinite(absent_as_nan(np.nan_to_num(windows))[..., [1536, 1599]]).any(axis=2).sum(axis=1)
    if (seen < 3).any():
        raise InputError(
            f"{names[int(seen.argmin())]} shows no hands. Film from the front with the hands in view, and try again."
        )
    ids = [s.id for s in vocabulary.signs]
    signs = vocabulary.signs if sign.id in ids else (*vocabulary.signs, sign)
    index = [s.id for s in signs].index(sign.id)
    counted = replace(sign, trained_on={"taught": len(windows) + (vocabulary.recordings_of(sign.id) if sign.id in ids else 0)})
    signs = tuple(counted if i == index else s for i, s in enumerate(signs))
    first = len(vocabulary.provenance)
    new = views(encoder, windows, seed=first)
    rows = np.repeat(np.arange(first, first + len(windows)), new.shape[1])
    old = vocabulary.embeddings if len(vocabulary.label) else np.zeros((0, new.shape[-1]), np.float32)
    grown = replace(
        vocabulary,
        signs=signs,
        embeddings=np.concatenate([old, new.reshape(len(rows), -1)]).astype(np.float32),
        label=np.concatenate([vocabulary.label, np.full(len(rows), index)]),
        recording=np.concatenate([vocabulary.recording, rows]),
        provenance=(*vocabulary.provenance, *names),
    )
    if not exemplar:
        return grown
    lengths = list(seconds or [USUAL_SECONDS] * len(windows))
    found = {first + i: _exemplar(first + i, window, lengths[i], face) for i, window in enumerate(windows)}
    return _with_exemplar(grown, sign.id, found)


def _exemplar(recording: int, window: np.ndarray, seconds: float, face: bool) -> Exemplar:
    kept = absent_as_nan(np.nan_to_num(window)).astype(np.float16)
    if not face:
        start, points, width = PARTS["face"]
        kept[:, start : start + points * width] = np.nan
    return Exemplar(recording, float(seconds), kept)


def _with_exemplar(vocabulary: TaughtVocabulary, sign_id: str, new: dict[int, Exemplar]) -> TaughtVocabulary:
    """The vocabulary with the word's exemplar: of the one it has and the new ones, the nearest to the word's centre."""
    old = vocabulary.exemplars.get(sign_id)
    candidates = {**new, **({old.recording: old} if old else {})}
    index = [s.id for s in vocabulary.signs].index(sign_id)
    own, first = np.unique(vocabulary.recording, return_index=True)  # the first row of a recording is the recording itself
    row = dict(zip(own.tolist(), first.tolist(), strict=True))
    centre = vocabulary.embeddings[[r for r in row.values() if vocabulary.label[r] == index]].mean(axis=0)
    best = max(candidates, key=lambda recording: float(vocabulary.embeddings[row[recording]] @ centre))
    return replace(vocabulary, exemplars={**vocabulary.exemplars, sign_id: candidates[best]})


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


def head_of(vocabulary: TaughtVocabulary, background: np.ndarray) -> Head:
    """A calibrated head over the words and, as the last class, no sign (`background` embeddings).

    Raises:
        InputError: fewer than two words.
    """
    if len(vocabulary.signs) < 2:
        raise InputError(f"{vocabulary.name} has {len(vocabulary.signs)} words; recognising needs at least two. Teach another.")
    head, group, asked = _head(vocabulary, background)
    rows = asked[_recordings(vocabulary, head)[asked] > 1]
    if not len(rows):
        return replace(head, threshold=UNCALIBRATED)
    answers = left_out(head, group, rows)
    found = calibrated(head, answers, head.label[rows])
    if found.temperature < 1.0:
        # A handful of takes by one person, all told apart, would have it as sure as can be and reject everyone else.
        confidence, right = top_answers(answers, head.label[rows])
        found = replace(found, temperature=1.0, threshold=threshold_keeping(confidence[right], KEEP))
    return replace(found, threshold=min(found.threshold, SUREST))


def check(vocabulary: TaughtVocabulary, background: np.ndarray) -> dict[str, Any]:
    """How well the words are told apart: each recording is asked while it has no vote (leave one out).

    Returns:
        ``accuracy``, ``per_word`` (id → accuracy, recordings), ``confused`` (pairs), ``weak`` (ids that need more recordings).
    """
    from kslr.core.scores import count_confusions, most_confused

    head, group, asked = _head(vocabulary, background)
    answers = left_out(head, group, asked)
    right, predicted = head.label[asked], answers.argmax(axis=1)
    names = [*[s.id for s in vocabulary.signs], "_idle"]
    per_word = {
        s.id: {"accuracy": float((predicted == right)[right == i].mean()), "recordings": int((right == i).sum())}
        for i, s in enumerate(vocabulary.signs)
    }
    return {
        "accuracy": float((predicted == right).mean()),
        "per_word": per_word,
        "confused": most_confused(count_confusions(right, predicted, len(names)), names),
        "weak": [i for i, row in per_word.items() if row["accuracy"] < WEAK or row["recordings"] < 3],
    }


def _head(vocabulary: TaughtVocabulary, background: np.ndarray) -> tuple[Head, np.ndarray, np.ndarray]:
    """The head before calibration, each row's recording (−1 − row for the background), and the recordings' own rows."""
    rows = np.concatenate([vocabulary.embeddings, background.astype(np.float32)])
    label = np.concatenate([vocabulary.label, np.full(len(background), len(vocabulary.signs))])
    group = np.concatenate([vocabulary.recording, -1 - np.arange(len(background))])
    asked = np.unique(vocabulary.recording, return_index=True)[1]
    return Head(rows, label, balanced(label)), group, asked


def _recordings(vocabulary: TaughtVocabulary, head: Head) -> np.ndarray:
    """(rows,) how many recordings a row's word has."""
    counts = [vocabulary.recordings_of(s.id) for s in vocabulary.signs]
    return np.array([counts[c] if c < len(counts) else 0 for c in head.label])


def new_vocabulary(name: str, encoder: SignEncoder) -> TaughtVocabulary:
    """A vocabulary without words."""
    return TaughtVocabulary(name, encoder.card.weights["sha256"])


def same_encoder(vocabulary: TaughtVocabulary, encoder: SignEncoder) -> None:
    """Raises:
    InputError: the vocabulary's embeddings are another encoder's.
    """
    width = vocabulary.embeddings.shape[1] if len(vocabulary.label) else encoder.values
    if vocabulary.encoder != encoder.card.weights["sha256"] or width != encoder.values:
        raise InputError(f"{vocabulary.name} was taught with another encoder. Teach its words again with this version.")
