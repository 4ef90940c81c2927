"""From face crops to calibrated emotions, on LiteRT."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion.faces import EMOTIONS, SIZE, FaceCrop
from kslr.core.calibration import apply_temperature
from kslr.core.cards import card_path
from kslr.core.errors import InputError
from kslr.core.models import load_model


@dataclass(frozen=True)
class EmotionPrediction:
    """What one face shows.

    Attributes:
        seconds: the crop's time.
        quality: the crop's quality, 0–1.
        probabilities: (7,) float32 in the order of EMOTIONS, calibrated.
        label: the most probable emotion; None (abstained) when its probability is below the model's threshold.
    """

    seconds: float
    quality: float
    probabilities: np.ndarray
    label: str | None


class EmotionRecognizer:
    """A trained emotion network; calls from several threads take turns.

    Args:
        model: name of a shipped model, or the path of a card (``.json``).
        threads: CPU threads.

    Raises:
        InputError: the model is missing, damaged, or not of emotion.

    >>> crop = FaceCrop(np.zeros((48, 48), np.uint8), 1.0, 0.0, (0.0, 0.0, 48.0))
    >>> EmotionRecognizer().recognize([crop])[0].probabilities.shape
    (7,)
    """

    def __init__(self, model: str | Path = "emotion", threads: int = 2) -> None:
        loaded = load_model("emotion", model, threads)
        self.card, self._network, self.file = loaded.card, loaded.run, card_path(model)
        if self.card.labels != EMOTIONS or (self._network.input_shape, self._network.outputs) != ((SIZE, SIZE), len(EMOTIONS)):
            raise InputError(f"{model} does not tell the seven emotions of {SIZE}×{SIZE} faces. Choose another emotion model.")
        calibration = self.card.calibration
        self.threshold = float(calibration.get("threshold", 0.0))
        self._temperature = float(calibration.get("temperature", 1.0))
        self._bias = np.array([calibration.get(f"bias_{emotion}", 0.0) for emotion in EMOTIONS])

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """(n, 48, 48) uint8 faces → (n, 7) float32 calibrated probabilities, in one call."""
        return apply_temperature(self._network(images), self._temperature, self._bias).astype(np.float32)

    def recognize(self, crops: Sequence[FaceCrop]) -> list[EmotionPrediction]:
        """Classifies all faces in one call."""
        if not crops:
            return []
        rows = self.probabilities(np.stack([crop.image for crop in crops]))
        return [
            EmotionPrediction(crop.seconds, crop.quality, row, self.label(row)) for crop, row in zip(crops, rows, strict=True)
        ]

    def label(self, probabilities: np.ndarray) -> str | None:
        """The most probable emotion of (7,) probabilities, or None below the threshold."""
        best = int(probabilities.argmax())
        return EMOTIONS[best] if probabilities[best] >= self.threshold else None
