"""The joint evaluator's figures: sign, affect, and both together, from what was right and what was answered.

Conventions. A clip that holds a sign is right when the word is; a rejected sign, an unseen face and an unreadable
clip count as wrong in every headline figure, and are also counted apart. `_of_answered` figures leave them out.
Emotion figures are over clips whose emotion somebody labelled. Intervals are 95 % bootstrap intervals that draw
whole signers when there are at least five, else clips.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix, f1_score

from emotion.faces import EMOTIONS
from fusion.evaluation.manifest import Clip
from kslr.core.calibration import expected_calibration_error, risk_coverage
from kslr.core.scores import bootstrap_interval

NOTHING = "(none)"


@dataclass(frozen=True)
class Answer:
    """What the system made of one clip.

    Attributes:
        clip: the manifest's row.
        sign: the word's id, or None when every sign was rejected.
        ranked: (sign id, probability), best first; empty when rejected.
        emotion: probabilities (7,) in the order of EMOTIONS, or None when the face was not seen.
        abstained: whether the affect was too unclear to be shown.
        words: how many words came out of the clip.
        seconds: how long the clip is.
        delay: seconds from the end of the sign to its word, or None.
        problem: why the clip gave nothing, for people: unreadable, nobody, several people; None when all is well.
    """

    clip: Clip
    sign: str | None
    ranked: tuple[tuple[str, float], ...]
    emotion: np.ndarray | None
    abstained: bool
    words: int
    seconds: float
    delay: float | None
    problem: str | None


def evaluate(answers: Sequence[Answer], emotions: Sequence[str] = EMOTIONS) -> dict[str, Any]:
    """All figures of the joint evaluator.

    Args:
        answers: one a clip.
        emotions: the emotions to choose among; others are left out and the rest made to sum to 1.

    Returns:
        ``sign``, ``emotion``, ``joint``, ``idle``, ``per_signer``, ``per_sign_and_emotion``, ``problems``.
    """
    signed = [a for a in answers if a.clip.sign is not None]
    felt = [a for a in signed if a.clip.emotion in emotions]
    return {
        "clips": len(answers),
        "sign": _sign(signed),
        "emotion": _emotion(felt, emotions),
        "joint": _joint(felt, emotions),
        "idle": _idle([a for a in answers if a.clip.sign is None]),
        "per_signer": [
            {"signer": name, **_counts([a for a in signed if a.clip.signer == name], emotions)}
            for name in sorted({a.clip.signer for a in signed})
        ],
        "per_sign_and_emotion": [
            {"sign": sign, "emotion": emotion, **_counts(cell, emotions)}
            for sign in sorted({str(a.clip.sign) for a in felt})
            for emotion in emotions
            if (cell := [a for a in felt if (a.clip.sign, a.clip.emotion) == (sign, emotion)])
        ],
        "problems": [{"clip": str(a.clip.path), "problem": a.problem} for a in answers if a.problem],
    }


def emotion_of(answer: Answer, emotions: Sequence[str] = EMOTIONS) -> tuple[str | None, float]:
    """The most probable of some emotions and its probability among them, or (None, 0) when the face was not seen.

    >>> from pathlib import Path
    >>> a = Answer(Clip(Path("a"), "su", "sad", "A"), None, (), np.eye(7)[4], False, 0, 1.0, None, None)
    >>> emotion_of(a)
    ('sad', 1.0)
    """
    if answer.emotion is None:
        return None, 0.0
    chosen = answer.emotion[[EMOTIONS.index(name) for name in emotions]]
    best = int(chosen.argmax())
    return emotions[best], float(chosen[best] / max(chosen.sum(), 1e-9))


def groups_of(answers: Sequence[Answer]) -> np.ndarray | None:
    """What the bootstrap draws whole: signers when there are at least five, else single clips (None)."""
    signers = np.array([a.clip.signer for a in answers])
    return signers if len(set(signers)) >= 5 else None


def _mean(values: Sequence[bool] | np.ndarray, answers: Sequence[Answer]) -> dict[str, Any]:
    """A share with its interval."""
    array = np.asarray(values, float)
    if not len(array):
        return {"value": None, "interval": None}
    return {"value": float(array.mean()), "interval": list(bootstrap_interval(array, groups_of(answers)))}


def _risk(confidence: np.ndarray, correct: np.ndarray) -> dict[str, Any]:
    """The risk–coverage curve of answers and the area under it; smaller is better."""
    coverage, risk, _ = risk_coverage(confidence, correct)
    return {"coverage": coverage.tolist(), "risk": risk.tolist(), "area": float(risk.mean())}


def _sign(answers: Sequence[Answer]) -> dict[str, Any]:
    right = np.array([a.sign == a.clip.sign for a in answers], bool)
    top5 = [a.clip.sign in [sign for sign, _ in a.ranked[:5]] for a in answers]
    given = np.array([a.sign is not None for a in answers], bool)
    confidence = np.array([a.ranked[0][1] if a.ranked and a.sign else 0.0 for a in answers])
    delays = [a.delay for a in answers if a.delay is not None]
    figures: dict[str, Any] = {"clips": len(answers), "top1": _mean(right, answers), "top5": _mean(top5, answers)}
    if not answers:
        return figures
    labels = [str(a.clip.sign) for a in answers]
    figures |= {
        "macro_f1": float(
            f1_score(labels, [a.sign or NOTHING for a in answers], labels=sorted(set(labels)), average="macro", zero_division=0)
        ),
        "rejected": int((~given).sum()),
        "top1_of_answered": float(right[given].mean()) if given.any() else None,
        "calibration_error": expected_calibration_error(confidence[given], right[given]) if given.any() else None,
        "risk_coverage": _risk(confidence, right),
        "median_seconds_to_word": float(np.median(delays)) if delays else None,
        "confusion": _confusion(labels, [a.sign or NOTHING for a in answers]),
    }
    return figures


def _emotion(answers: Sequence[Answer], emotions: Sequence[str]) -> dict[str, Any]:
    answered = [emotion_of(a, emotions) for a in answers]
    right = np.array([name == a.clip.emotion for (name, _), a in zip(answered, answers, strict=True)], bool)
    seen = np.array([name is not None for name, _ in answered], bool)
    confidence = np.array([p for _, p in answered])
    figures: dict[str, Any] = {"clips": len(answers), "accuracy": _mean(right, answers)}
    if not answers:
        return figures
    labels = [str(a.clip.emotion) for a in answers]
    names = [name or NOTHING for name, _ in answered]
    figures |= {
        "macro_f1": float(f1_score(labels, names, labels=sorted(set(labels)), average="macro", zero_division=0)),
        "face_not_seen": int((~seen).sum()),
        "abstained": sum(a.abstained for a in answers),
        "accuracy_of_seen": float(right[seen].mean()) if seen.any() else None,
        "calibration_error": expected_calibration_error(confidence[seen], right[seen]) if seen.any() else None,
        "risk_coverage": _risk(confidence, right),
        "confusion": _confusion(labels, names),
        "sad_taken_for_angry": _share(labels, names, "sad", "angry"),
        "angry_taken_for_sad": _share(labels, names, "angry", "sad"),
    }
    return figures


def _joint(answers: Sequence[Answer], emotions: Sequence[str]) -> dict[str, Any]:
    sign = np.array([a.sign == a.clip.sign for a in answers], float)
    emotion = np.array([emotion_of(a, emotions)[0] == a.clip.emotion for a in answers], float)
    figures: dict[str, Any] = {"clips": len(answers), "exact_match": _mean(sign * emotion, answers)}
    if not answers:
        return figures
    generator = np.random.default_rng(0)
    gaps = []
    groups = groups_of(answers)
    _, index = np.unique(groups if groups is not None else np.arange(len(answers)), return_inverse=True)
    members = [np.flatnonzero(index == g) for g in range(index.max() + 1)]
    for _ in range(1000):
        rows = np.concatenate([members[g] for g in generator.integers(0, len(members), len(members))])
        gaps.append((sign[rows] * emotion[rows]).mean() - sign[rows].mean() * emotion[rows].mean())
    product = float(sign.mean() * emotion.mean())
    return figures | {
        "product_of_marginals": product,
        "independence_gap": {
            "value": float((sign * emotion).mean()) - product,
            "interval": np.percentile(gaps, [2.5, 97.5]).tolist(),
        },
    }


def _idle(answers: Sequence[Answer]) -> dict[str, Any]:
    minutes = sum(a.seconds for a in answers) / 60
    words = sum(a.words for a in answers)
    return {
        "clips": len(answers),
        "minutes": minutes,
        "false_words": words,
        "false_words_a_minute": words / minutes if minutes else None,
    }


def _counts(answers: Sequence[Answer], emotions: Sequence[str]) -> dict[str, Any]:
    labelled = [a for a in answers if a.clip.emotion in emotions]
    emotion = [emotion_of(a, emotions)[0] == a.clip.emotion for a in labelled]
    sign = [a.sign == a.clip.sign for a in answers]
    both = [e and a.sign == a.clip.sign for e, a in zip(emotion, labelled, strict=True)]
    return {
        "clips": len(answers),
        "sign_accuracy": float(np.mean(sign)),
        "emotion_accuracy": float(np.mean(emotion)) if labelled else None,
        "joint_accuracy": float(np.mean(both)) if labelled else None,
    }


def _confusion(labels: Sequence[str], answers: Sequence[str]) -> dict[str, Any]:
    names = sorted(set(labels) | set(answers))
    return {"names": names, "counts": confusion_matrix(labels, answers, labels=names).tolist()}


def _share(labels: Sequence[str], answers: Sequence[str], right: str, taken_for: str) -> float | None:
    among = [answer for label, answer in zip(labels, answers, strict=True) if label == right]
    return float(np.mean([answer == taken_for for answer in among])) if among else None
