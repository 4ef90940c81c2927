"""A word tagged with affect: what the whole system puts out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kslr.vocabulary import Sign


@dataclass(frozen=True)
class TaggedWord:
    """One word as it was signed.

    Attributes:
        sign: the word.
        sign_probability: calibrated, 0–1.
        start, end: seconds on the source's clock.
        alternatives: up to five (sign id, probability), best first, the word itself included.
        emotion: one of `emotion.faces.EMOTIONS`, or None when the face was not seen or nothing was clear.
        emotion_probabilities: the seven by name, or empty when the face was not seen.
        cues: grammar on the face by name, 0–1 (see `fusion.cues`), or empty when the face was not measured.
    """

    sign: Sign
    sign_probability: float
    start: float
    end: float
    alternatives: tuple[tuple[str, float], ...]
    emotion: str | None
    emotion_probabilities: Mapping[str, float] = field(default_factory=dict)
    cues: Mapping[str, float] = field(default_factory=dict)

    @property
    def question(self) -> bool:
        """Whether the raised brows may mean a question, so that surprise must not be taken for granted.

        >>> sign = Sign("su", "Су", "su", "Water", "Вода")
        >>> TaggedWord(sign, 0.9, 0.0, 1.0, (), "surprise", {"surprise": 0.8}, {"brow_raise": 0.9}).question
        True
        """
        return self.emotion == "surprise" and self.cues.get("brow_raise", 0.0) >= 0.5

    def as_dict(self) -> dict[str, Any]:
        """The word as JSON has it; seconds and probabilities are numbers."""
        s = self.sign
        return {
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "sign": {"id": s.id, "kk": s.kk, "latin": s.latin, "en": s.en, "ru": s.ru},
            "sign_probability": round(self.sign_probability, 4),
            "alternatives": [{"id": i, "probability": round(p, 4)} for i, p in self.alternatives],
            "emotion": self.emotion,
            "emotion_probabilities": {name: round(p, 4) for name, p in self.emotion_probabilities.items()},
            "cues": {name: round(score, 4) for name, score in self.cues.items()},
        }
