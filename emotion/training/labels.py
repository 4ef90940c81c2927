"""FER+ votes as labels: the majority to measure against, and soft targets to learn from.

Votes are (n, 10) counts in the order of `emotion.training.datasets.VOTES`. Barsoum et al., "Training deep networks for facial
expression recognition with crowd-sourced label distribution", ICMI 2016.
"""

import numpy as np

from emotion.faces import EMOTIONS

# FER+'s column of each emotion, in the order of EMOTIONS.
COLUMNS = (4, 5, 6, 1, 3, 2, 0)
# What the four-class benchmark KSL-Emo uses.
FOUR = ("neutral", "happy", "sad", "angry")


def majority(votes: np.ndarray) -> np.ndarray:
    """FER+'s majority label: single votes are outliers, then one choice must hold more than half of the rest.

    Returns:
        (n,) indices into EMOTIONS; -1 where nobody agrees, or where the majority is contempt, unknown or no face.

    >>> majority(np.array([[0, 9, 1, 0, 0, 0, 0, 0, 0, 0], [5, 0, 0, 5, 0, 0, 0, 0, 0, 0]])).tolist()
    [3, -1]
    """
    counts = np.where(np.asarray(votes) > 1, votes, 0)
    winner = counts.argmax(axis=1)
    clear = counts.max(axis=1) > counts.sum(axis=1) / 2
    to_emotion = np.full(counts.shape[1], -1)
    to_emotion[list(COLUMNS)] = np.arange(len(EMOTIONS))
    return np.where(clear, to_emotion[winner], -1)


def soft_targets(labels: np.ndarray, votes: np.ndarray | None, share: float = 0.3, smoothing: float = 0.05) -> np.ndarray:
    """Targets between FER's label and what the FER+ votes say about it.

    The votes use other habits than FER's labels (far more neutral, for one), so they are not taken as they are: a
    logistic regression on these training rows says how probable each FER label is given the ten votes. That keeps
    FER's meaning of the words and takes out most of the noise of its single annotation.

    Args:
        labels: (n,) FER labels.
        votes: (n, 10), or None.
        share: weight of the votes' distribution; the label has the rest.
        smoothing: label smoothing when there are no votes.

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
