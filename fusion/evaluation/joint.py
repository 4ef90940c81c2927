"""The joint evaluator's figures: sign, affect, and both together, from what was right and what was answered.

Conventions. A clip that holds a sign is right when the word is; a rejected sign, an emotion that was abstained from, an
unseen face and an unreadable clip count as wrong in every headline figure, and are also counted apart. `_of_answered`
figures leave them out; `_of_best_guess` takes the most probable emotion also where the system abstained. Emotion figures
are over clips whose emotion somebody labelled. Intervals are 95 % intervals: bootstrap over whole signers when there are
at least five, else Wilson's over clips.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from emotion.faces import EMOTIONS
from fusion.evaluation.manifest import Clip
from kslr.core.calibration import expected_calibration_error, risk_coverage
from kslr.core.scores import absent_classes, bootstrap_interval, count_confusions

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
        problem: why the clip gave nothing, for people, in English; None when all is well.
        code: of the problem: ``unreadable``, ``nobody``, ``several_people``, ``no_face`` or ``breaks_off``.
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
    code: str | None = None


def evaluate_joint(answers: Sequence[Answer], emotions: Sequence[str] = EMOTIONS) -> dict[str, Any]:
    """All figures of the joint evaluator.

    Args:
        answers: one a clip.
        emotions: the emotions to choose among; others are left out and the rest made to sum to 1.

    Returns:
        ``sign``, ``emotion``, ``joint``, ``idle``, ``per_signer``, ``per_sign_and_emotion``, ``problems``.
    """
    signed = [a for a in answers if a.clip.sign is not None]
    labelled = [a for a in signed if a.clip.emotion in emotions]
    return {
        "clips": len(answers),
        "sign": _sign_figures(signed),
        "emotion": _emotion_figures(labelled, emotions),
        "joint": _joint_figures(labelled, emotions),
        "idle": _idle_figures([a for a in answers if a.clip.sign is None]),
        "per_signer": [
            {"signer": name, **_accuracies([a for a in signed if a.clip.signer == name], emotions)}
            for name in sorted({a.clip.signer for a in signed})
        ],
        "per_sign_and_emotion": [
            {"sign": sign, "emotion": emotion, **_accuracies(cell, emotions)}
            for sign in sorted({str(a.clip.sign) for a in labelled})
            for emotion in emotions
            if (cell := [a for a in labelled if (a.clip.sign, a.clip.emotion) == (sign, emotion)])
        ],
        "problems": [{"clip": str(a.clip.path), "problem": a.problem, "code": a.code} for a in answers if a.problem],
    }


def best_emotion(answer: Answer, emotions: Sequence[str] = EMOTIONS) -> tuple[str | None, float]:
    """The most probable of some emotions and its probability among them, or (None, 0) when the face was not seen.

    >>> from pathlib import Path
    >>> a = Answer(Clip(Path("a"), "su", "sad", "A"), None, (), np.eye(7)[4], False, 0, 1.0, None, None)
    >>> best_emotion(a)
    ('sad', 1.0)
    """
    if answer.emotion is None:
        return None, 0.0
    chosen = answer.emotion[[EMOTIONS.index(name) for name in emotions]]
    best = int(chosen.argmax())
    return emotions[best], float(chosen[best] / max(chosen.sum(), 1e-9))


def given_emotion(answer: Answer, emotions: Sequence[str] = EMOTIONS) -> str | None:
    """The emotion that was shown: the most probable, or None when the system abstained or saw no face."""
    return None if answer.abstained else best_emotion(answer, emotions)[0]


def bootstrap_groups(clips: Sequence[Clip]) -> np.ndarray | None:
    """What the bootstrap draws whole: signers when there are at least five, else single clips (None)."""
    signers = np.array([clip.signer for clip in clips])
    return signers if len(set(signers)) >= 5 else None


def _rate(right: np.ndarray, answers: Sequence[Answer]) -> dict[str, Any]:
    """A share of answers with its interval."""
    if not answers:
        return {"value": None, "interval": None}
    interval = bootstrap_interval(right, bootstrap_groups([a.clip for a in answers]))
    return {"value": float(right.mean()), "interval": list(interval)}


def _class_figures(
    labels: Sequence[str], answers: Sequence[str | None], confidence: np.ndarray, guesses: Sequence[str | None]
) -> dict[str, Any]:
    """What is measured of signs and emotions alike; None is no answer.

    Args:
        labels, answers: (n,) right and given classes.
        confidence: (n,) of the guesses, 0–1.
        guesses: (n,) the answers, or what they would be without a threshold: the risk–coverage curve is over these.
    """
    right = np.array([label == answer for label, answer in zip(labels, answers, strict=True)], bool)
    given = np.array([answer is not None for answer in answers], bool)
    named = [answer or NOTHING for answer in answers]
    guessed = np.array([label == guess for label, guess in zip(labels, guesses, strict=True)], bool)
    coverage, risk, _ = risk_coverage(confidence, guessed)
    names = sorted({*labels, *named})
    places = {name: place for place, name in enumerate(names)}
    asked, said = (np.array([places[name] for name in part]) for part in (labels, named))
    matrix = count_confusions(asked, said, len(names))
    return {
        # Over the classes that occur, see ``classes_without_samples``; an answer of another class is wrong.
        "macro_f1": float(f1_score(labels, named, labels=sorted(set(labels)), average="macro", zero_division=0)),
        "calibration_error": expected_calibration_error(confidence[given], right[given]) if given.any() else None,
        # The smaller the area under the curve, the better.
        "risk_coverage": {"coverage": coverage.tolist(), "risk": risk.tolist(), "area": float(risk.mean())},
        "confusion": {"names": names, "counts": matrix.tolist()},
    }


def _sign_figures(answers: Sequence[Answer]) -> dict[str, Any]:
    right = np.array([a.sign == a.clip.sign for a in answers], bool)
    top5 = np.array([a.clip.sign in [sign for sign, _ in a.ranked[:5]] for a in answers], bool)
    figures: dict[str, Any] = {"clips": len(answers), "top1": _rate(right, answers), "top5": _rate(top5, answers)}
    if not answers:
        return figures
    given = np.array([a.sign is not None for a in answers], bool)
    confidence = np.array([a.ranked[0][1] if a.ranked and a.sign else 0.0 for a in answers])
    delays = [a.delay for a in answers if a.delay is not None]
    return {
        **figures,
        "rejected": int((~given).sum()),
        "top1_of_answered": float(right[given].mean()) if given.any() else None,
        "median_seconds_to_word": float(np.median(delays)) if delays else None,
        **_class_figures([str(a.clip.sign) for a in answers], [a.sign for a in answers], confidence, [a.sign for a in answers]),
    }


def _emotion_figures(answers: Sequence[Answer], emotions: Sequence[str]) -> dict[str, Any]:
    labels = [str(a.clip.emotion) for a in answers]
    best = [best_emotion(a, emotions) for a in answers]
    guesses, names = [name for name, _ in best], [given_emotion(a, emotions) for a in answers]
    guessed = np.array([name == label for name, label in zip(guesses, labels, strict=True)], bool)
    right = np.array([name == label for name, label in zip(names, labels, strict=True)], bool)
    figures: dict[str, Any] = {"clips": len(answers), "accuracy": _rate(right, answers)}
    if not answers:
        return figures
    face = np.array([name is not None for name in guesses], bool)
    given = np.array([name is not None for name in names], bool)

    def share(label: str, taken_for: str) -> float | None:
        among = [name for name, given in zip(names, labels, strict=True) if given == label]
        return float(np.mean([name == taken_for for name in among])) if among else None

    return {
        **figures,
        "face_not_seen": int((~face).sum()),
        "abstained": sum(a.abstained for a in answers),
        "answered": int(given.sum()),
        "accuracy_of_answered": float(right[given].mean()) if given.any() else None,
        "accuracy_of_best_guess": float(guessed.mean()),
        "accuracy_of_seen": float(guessed[face].mean()) if face.any() else None,
        **_class_figures(labels, names, np.array([p for _, p in best]), guesses),
        "classes_without_samples": absent_classes(labels, emotions),
        "sad_taken_for_angry": share("sad", "angry"),
        "angry_taken_for_sad": share("angry", "sad"),
    }


def _joint_figures(answers: Sequence[Answer], emotions: Sequence[str]) -> dict[str, Any]:
    sign = np.array([a.sign == a.clip.sign for a in answers], float)
    emotion = np.array([given_emotion(a, emotions) == a.clip.emotion for a in answers], float)
    figures: dict[str, Any] = {"clips": len(answers), "exact_match": _rate(sign * emotion, answers)}
    if not answers:
        return figures
    groups = bootstrap_groups([a.clip for a in answers])
    _, index = np.unique(np.arange(len(answers)) if groups is None else groups, return_inverse=True)
    # Sums of every group: both right, sign right, emotion right, clips.
    sums = np.stack([np.bincount(index, values) for values in (sign * emotion, sign, emotion, np.ones(len(answers)))])
    drawn = np.random.default_rng(0).integers(0, sums.shape[1], (1000, sums.shape[1]))
    both, sign_right, emotion_right, clips = sums[:, drawn].sum(axis=-1)
    product = float(sign.mean() * emotion.mean())
    given = [a.sign is not None and given_emotion(a, emotions) is not None for a in answers]
    return figures | {
        "exact_match_of_answered": float((sign * emotion)[given].mean()) if any(given) else None,
        "both_answered": sum(given),
        "product_of_marginals": product,
        "independence_gap": {
            "value": float((sign * emotion).mean()) - product,
            "interval": np.percentile(both / clips - sign_right * emotion_right / clips**2, [2.5, 97.5]).tolist(),
        },
    }


def _idle_figures(answers: Sequence[Answer]) -> dict[str, Any]:
    minutes = sum(a.seconds for a in answers) / 60
    words = sum(a.words for a in answers)
    return {
        "clips": len(answers),
        "minutes": minutes,
        "false_words": words,
        "false_words_a_minute": words / minutes if minutes else None,
    }


def _accuracies(answers: Sequence[Answer], emotions: Sequence[str]) -> dict[str, Any]:
    labelled = [a for a in answers if a.clip.emotion in emotions]
    emotion = [given_emotion(a, emotions) == a.clip.emotion for a in labelled]
    both = [e and a.sign == a.clip.sign for e, a in zip(emotion, labelled, strict=True)]
    return {
        "clips": len(answers),
        "sign_accuracy": float(np.mean([a.sign == a.clip.sign for a in answers])),
        "emotion_accuracy": float(np.mean(emotion)) if labelled else None,
        "joint_accuracy": float(np.mean(both)) if labelled else None,
    }
