"""Chooses the settings of the head of ``kslr30``: how near counts, what no sign weighs, and when to stay silent."""

from dataclasses import dataclass, replace

import numpy as np

from kslr.core.calibration import apply_temperature, threshold_keeping
from kslr.training.ship.embedding import EmbeddedRecordings
from kslr.training.ship.heads import Head, balance_weights, calibrate_head, leave_out

SHARPNESS = (20.0, 40.0, 80.0)  # candidates: how much more nearer recordings count
IDLE_PRIORS = (1.0, 3.0, 6.0)  # candidates: weight of no sign beside a word
FOREIGN_SHARES = (0.1, 0.3, 1.0)  # candidates: weight of signs of other words beside idle hands, within no sign
FALSE_WORDS = 0.8  # maximum number a minute in validation streams in which nobody signs
KEEP = 0.97  # share of the rightly read words of the choosing half that the threshold keeps, where that is possible


@dataclass(frozen=True)
class Silence:
    """What the segmenter found in streams in which nobody signs.

    Attributes:
        embeddings: (n, values).
        minutes: how long nobody signed.
    """

    embeddings: np.ndarray
    minutes: float


def word_confidence(probabilities: np.ndarray) -> np.ndarray:
    """(n,) the probability of the best word, 0 where no sign (the last class) is more probable."""
    best = probabilities[:, :-1].max(axis=1)
    return np.where(best >= probabilities[:, -1], best, 0.0)


def silence_threshold(confidence: np.ndarray, minutes: float) -> float:
    """The lowest threshold above which at most `FALSE_WORDS` a minute are said.

    Args:
        confidence: `word_confidence` of what the segmenter found in these minutes, in which nobody signed.
    """
    allowed = int(FALSE_WORDS * minutes)
    ordered = np.sort(confidence)[::-1]
    return float(np.nextafter(ordered[allowed], 1.0)) if len(ordered) > allowed else 0.0


def choose_head(rows: EmbeddedRecordings, fold: np.ndarray, asked: np.ndarray, silence: Silence) -> Head:
    """The head whose settings answer best while it says few words where nobody signs.

    The threshold keeps `KEEP` of the rightly read words, and is higher only where the bound on false words demands it.
    The best head keeps the most right words up to `KEEP`; among equals it is the one with the highest mean of the words
    that are read rightly and said, and the other signs that are rejected.

    Args:
        fold: (n,) which rows have no vote together with an asked one.
        asked: rows that choose.
    """
    label, last = rows.label[asked], int(rows.label.max())
    word, other = label < last, rows.source[asked] == "foreign"
    best: tuple[float, float] = (-1.0, -1.0)
    chosen: Head | None = None
    for sharpness in SHARPNESS:
        for prior in IDLE_PRIORS:
            for share in FOREIGN_SHARES:
                weight = balance_weights(rows.label, rows.source, {last: prior})
                weight[rows.source == "foreign"] *= share
                head = Head(rows.embeddings, rows.label, weight, sharpness)
                answers = leave_out(head, fold, asked)
                head = calibrate_head(head, answers, label)
                soft = apply_temperature(answers, head.temperature)
                right, confidence = soft[:, :last].argmax(axis=1) == label, word_confidence(soft)
                needed = silence_threshold(word_confidence(head.probabilities(silence.embeddings)), silence.minutes)
                threshold = max(threshold_keeping(confidence[word & right], KEEP), needed)
                kept = confidence >= max(threshold, 1e-9)
                balance = (float((kept & right)[word].mean()) + float((~kept)[other].mean())) / 2
                score = (min(float(kept[word & right].mean()), KEEP), balance)
                if score > best:
                    best, chosen = score, replace(head, threshold=threshold)
    assert chosen is not None
    return chosen
