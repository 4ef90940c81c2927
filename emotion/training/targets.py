"""What a network learns: FER's labels mixed with FER+'s votes, and the answers of a teacher or of the network itself."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from emotion.faces import EMOTIONS
from emotion.training.augment import augment_faces
from emotion.training.recipes import EmotionRecipe
from kslr.core.arrays import read_arrays
from kslr.core.errors import InputError
from kslr.core.files import write_file

# FER+'s column of each emotion, in the order of EMOTIONS.
EMOTION_VOTES = (4, 5, 6, 1, 3, 2, 0)


def majority(votes: np.ndarray) -> np.ndarray:
    """FER+'s majority label: single votes are outliers, then one choice must hold more than half of the rest.

    Barsoum et al., "Training deep networks for facial expression recognition with crowd-sourced label distribution", ICMI 2016.

    Args:
        votes: (n, 10) counts in the order of `emotion.training.datasets.VOTES`.

    Returns:
        (n,) indices into EMOTIONS; -1 where nobody agrees, or where the majority is contempt, unknown or no face.

    >>> majority(np.array([[0, 9, 1, 0, 0, 0, 0, 0, 0, 0], [5, 0, 0, 5, 0, 0, 0, 0, 0, 0]])).tolist()
    [3, -1]
    """
    counts = np.where(np.asarray(votes) > 1, votes, 0)
    clear = counts.max(axis=1) > counts.sum(axis=1) / 2
    emotion = np.full(counts.shape[1], -1)
    emotion[list(EMOTION_VOTES)] = np.arange(len(EMOTIONS))
    return np.where(clear, emotion[counts.argmax(axis=1)], -1)


def soft_targets(labels: np.ndarray, votes: np.ndarray | None, share: float = 0.3, smoothing: float = 0.05) -> np.ndarray:
    """Targets between FER's label and what the FER+ votes say about it.

    Voters have other habits than FER's labels (they choose neutral far more often), so the votes are not taken as they are: a
    logistic regression on these training rows gives the probability of each FER label from the ten votes. That keeps FER's
    meaning of the words and removes most of the noise of its single annotation.

    Args:
        labels: (n,) FER labels.
        votes: (n, 10), or None.
        share: weight of the votes' distribution; the label has the rest.
        smoothing: label smoothing where there are no votes.

    Returns:
        (n, 7) float32, rows sum to 1.
    """
    hard = np.eye(len(EMOTIONS), dtype=np.float32)[labels]
    if votes is None or share == 0 or len(np.unique(labels)) < 2:
        return hard * (1 - smoothing) + np.float32(smoothing / len(EMOTIONS))
    from sklearn.linear_model import LogisticRegression

    shares = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    features = np.concatenate([shares, np.sqrt(shares)], axis=1)
    model = LogisticRegression(max_iter=500).fit(features, labels)
    believed = np.zeros_like(hard)
    believed[:, model.classes_] = model.predict_proba(features)
    return (share * believed + (1 - share) * hard).astype(np.float32)


def vote_targets(votes: np.ndarray) -> np.ndarray:
    """What FER+'s voters saw, as a distribution.

    After Barsoum et al. (see `majority`): single votes are outliers; contempt, unknown and no face are not learnt, and a face
    for which one of these has most votes teaches nothing.

    Args:
        votes: (n, 10) counts in the order of `emotion.training.datasets.VOTES`.

    Returns:
        (n, 7) float32; rows sum to 1, or to 0 where nothing is to be learnt.

    >>> vote_targets(np.array([[0, 6, 2, 1, 0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 2, 0, 0, 6, 1, 0]])).tolist()
    [[0.0, 0.0, 0.0, 0.75, 0.0, 0.25, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    counts = np.where(np.asarray(votes) > 1, votes, 0).astype(np.float32)
    emotions = counts[:, list(EMOTION_VOTES)]
    total = emotions.sum(axis=1, keepdims=True)
    learnt = (counts.argmax(axis=1) < len(EMOTIONS))[:, None] & (total > 0)
    return np.where(learnt, emotions / np.maximum(total, 1), 0).astype(np.float32)


def answer_views(
    answer: Callable[[np.ndarray], np.ndarray],
    recipe: EmotionRecipe,
    images: np.ndarray,
    progress: Callable[[str], None] | None = None,
) -> np.ndarray:
    """What a network answers to training faces, averaged over `recipe.views` jittered views of each.

    Args:
        answer: the network: (n, side, side) uint8 → (n, 7) probabilities of FER's labels.
        images: (n, side, side) uint8.
        progress: called with a text after each view.

    Returns:
        (n, 7) float32, rows sum to 1.
    """
    jitter = replace(recipe.jitter, cutout=0.0).times(recipe.gentle)
    total = np.zeros((len(images), len(EMOTIONS)))
    for view in range(recipe.views):
        total += answer(augment_faces(images, jitter, np.random.default_rng([recipe.seed, recipe.epochs, view])))
        if progress:
            progress(f"answers, view {view + 1} of {recipe.views}")
    return (total / recipe.views).astype(np.float32)


def save_answers(path: Path, answers: np.ndarray) -> None:
    """Keeps answers for a resumed run, in one step."""
    written = io.BytesIO()
    np.savez(written, answers=answers)
    write_file(path, written.getvalue())


def load_answers(path: Path, faces: int) -> np.ndarray:
    """Reads what `save_answers` wrote.

    Raises:
        InputError: it cannot be read, or belongs to another number of faces.
    """
    shape = (faces, len(EMOTIONS))
    try:
        answers = read_arrays(path, 8 * faces * len(EMOTIONS))["answers"]
        if answers.shape != shape or answers.dtype != np.float32 or not np.isfinite(answers).all():
            raise InputError(f"no numbers of the shape {shape}")
    except (OSError, KeyError, InputError) as error:
        raise InputError(f"{path} cannot be read ({error}). Start again without --resume.") from error
    return answers
