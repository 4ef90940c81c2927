"""What the interpreter puts out: words tagged with affect, what one frame gave, and what was in view so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from emotion.faces import FaceCrop
from emotion.recognizer import EmotionPrediction
from kslr.core.files import one_line
from kslr.landmarks import LEFT_WRIST, Landmarks
from kslr.lookup.dictionary import Found
from kslr.recognizer import SignPrediction
from kslr.vocabulary import Sign


@dataclass(frozen=True)
class TaggedWord:
    """One word as it was signed.

    Attributes:
        sign: the word.
        sign_probability: calibrated, 0–1; 1 for a corrected word.
        start, end: seconds on the source's clock.
        alternatives: up to ten (sign id, probability), best first, the word itself included.
        emotion: one of `emotion.faces.EMOTIONS`, or None when the face was not seen or nothing was clear.
        emotion_probabilities: the seven by name, or empty when the face was not seen.
        cues: grammar on the face by name, 0–1 (see `fusion.cues`), or empty when the face was not measured.
        corrected: whether a person chose the word, so that no probability of the recogniser belongs to it.
    """

    sign: Sign
    sign_probability: float
    start: float
    end: float
    alternatives: tuple[tuple[str, float], ...]
    emotion: str | None
    emotion_probabilities: Mapping[str, float] = field(default_factory=dict)
    cues: Mapping[str, float] = field(default_factory=dict)
    corrected: bool = False

    @property
    def question(self) -> bool:
        """Whether the raised brows may mean a question, so that surprise must not be taken for granted.

        >>> sign = Sign("su", "Су", "su", "Water", "Вода")
        >>> TaggedWord(sign, 0.9, 0.0, 1.0, (), "surprise", {"surprise": 0.8}, {"brow_raise": 0.9}).question
        True
        """
        return self.emotion == "surprise" and self.cues.get("brow_raise", 0.0) >= 0.5

    @property
    def names(self) -> dict[str, str]:
        """The sign's ``id``, ``kk``, ``latin``, ``en`` and ``ru``, each as one line that every format can hold."""
        return {key: one_line(getattr(self.sign, key)) for key in ("id", "kk", "latin", "en", "ru")}

    def as_dict(self) -> dict[str, Any]:
        """The word as JSON has it; seconds and probabilities are numbers. A corrected word says so and has no probability."""
        return {
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "sign": self.names,
            "sign_probability": None if self.corrected else round(self.sign_probability, 4),
            "alternatives": [{"id": i, "probability": round(p, 4)} for i, p in self.alternatives],
            "emotion": self.emotion,
            "emotion_probabilities": {name: round(p, 4) for name, p in self.emotion_probabilities.items()},
            "cues": {name: round(score, 4) for name, score in self.cues.items()},
            **({"corrected": True} if self.corrected else {}),
        }


@dataclass(frozen=True)
class Observation:
    """What one frame gave.

    Attributes:
        seconds: the frame's time.
        landmarks: of the one pass.
        crop: the face, or None when it is not seen.
        emotion: of this frame alone, or None when the face is not seen.
        words: those that became final with this frame.
        provisional: what the sign under way, or the one whose word is not final yet, looks like so far; it may change until
            then. None between signs, and where signs are looked up.
        signing: whether a sign is under way.
        hint: what the signer should know: ``nobody``, ``several_people``, ``no_face``, ``no_hands`` or None.
        found: signs that ended with this frame and were looked up in a dictionary.
    """

    seconds: float
    landmarks: Landmarks
    crop: FaceCrop | None
    emotion: EmotionPrediction | None
    words: tuple[TaggedWord, ...]
    signing: bool
    hint: str | None
    provisional: SignPrediction | None = None
    found: tuple[Found, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What was in view so far, in frames, and whether the source broke off."""

    frames: int = 0
    with_person: int = 0
    with_several: int = 0
    with_face: int = 0
    seconds: float = 0.0
    truncated: bool = False

    @property
    def nobody(self) -> bool:
        """Whether no frame showed anybody."""
        return self.with_person == 0

    @property
    def several(self) -> bool:
        """Whether more than one person was in view for a part that matters."""
        return self.with_several > 0.1 * self.frames

    def plus(self, landmarks: Landmarks, several: bool) -> "Seen":
        """With one frame more.

        Args:
            landmarks: of the frame.
            several: whether more than one person is in view.
        """
        return replace(
            self,
            frames=self.frames + 1,
            with_person=self.with_person + (landmarks.pose is not None),
            with_several=self.with_several + several,
            with_face=self.with_face + (landmarks.face is not None),
            seconds=landmarks.seconds,
        )


def hand_points(landmarks: Landmarks) -> np.ndarray:
    """(n, 2) x and y of the signer's hands: their middles, and the pose's wrists and fingers where a hand is not found.

    >>> hand_points(Landmarks(0.0)).shape
    (0, 2)
    """
    middles = [
        hand[:, :2].mean(axis=0, keepdims=True) for hand in (landmarks.left_hand, landmarks.right_hand) if hand is not None
    ]
    ends = [] if landmarks.pose is None else [landmarks.pose[LEFT_WRIST : LEFT_WRIST + 8, :2]]  # both hands' four points
    return np.concatenate([np.zeros((0, 2)), *middles, *ends])


def choose_hint(landmarks: Landmarks, several: bool, signing: bool) -> str | None:
    """What the signer should know; see `Observation.hint`."""
    if landmarks.pose is None:
        return "nobody"
    if several:
        return "several_people"
    if landmarks.face is None:
        return "no_face"
    return "no_hands" if signing and not landmarks.hands else None
