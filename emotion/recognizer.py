"""From face crops to calibrated emotions, on LiteRT."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion.faces import EMOTIONS, SIZE, FaceCrop
from kslr.core.calibration import apply_temperature
from kslr.core.cards import Card, card_path
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

    A network can have several readings of a face: ``ferplus`` is what people see in it (the shares of FER+'s votes), ``fer``
    how FER2013 labels it. They are never mixed; the card names them in its entry ``readings``, the served one first.

    Args:
        model: name of a shipped model, or the path of a card (``.json``).
        threads: CPU threads.
        reading: which of the network's readings is answered; its first when None.

    Raises:
        InputError: the model is missing, damaged, not of emotion, or has no such reading.

    >>> crop = FaceCrop(np.zeros((48, 48), np.uint8), 1.0, 0.0, (0.0, 0.0, 48.0))
    >>> EmotionRecognizer().recognize([crop])[0].probabilities.shape
    (7,)
    """

    def __init__(self, model: str | Path = "emotion", threads: int = 2, reading: str | None = None) -> None:
        loaded = load_model("emotion", model, threads)
        self.card, self._network, self.file = loaded.card, loaded.run, card_path(model)
        self.readings = model_readings(self.card)
        outputs = len(self.readings) * len(EMOTIONS)
        if self.card.labels != EMOTIONS or (self._network.input_shape, self._network.outputs) != ((SIZE, SIZE), outputs):
            raise InputError(f"{model} does not tell the seven emotions of {SIZE}×{SIZE} faces. Choose another emotion model.")
        self.reading = reading or self.readings[0]
        if self.reading not in self.readings:
            raise InputError(f"{model} has no reading {self.reading!r}. It has {', '.join(self.readings)}.")
        begin = self.readings.index(self.reading) * len(EMOTIONS)
        self._columns = slice(begin, begin + len(EMOTIONS))
        calibration = reading_calibration(self.card, self.reading)
        self.threshold = calibration.get("threshold", 0.0)
        self._temperature = calibration.get("temperature", 1.0)
        self._bias = np.array([calibration.get(f"bias_{emotion}", 0.0) for emotion in EMOTIONS])

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """(n, 48, 48) uint8 faces → (n, 7) float32 calibrated probabilities, in one call."""
        return apply_temperature(self._network(images)[:, self._columns], self._temperature, self._bias).astype(np.float32)

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


def model_readings(card: Card) -> tuple[str, ...]:
    """The names of a network's readings, in the order of its outputs; a card that names none has FER's.

    >>> from kslr.core.cards import read_card
    >>> model_readings(read_card("emotion")[0])[-1]
    'fer'
    """
    named = card.extra.get("readings", ["fer"])
    return tuple(map(str, named)) if isinstance(named, list) and named else ("fer",)


def reading_calibration(card: Card, reading: str) -> dict[str, float]:
    """Temperature, biases and threshold of a reading: the first one's stand under plain names, others' as ``READING_name``."""
    first, prefix = model_readings(card)[0], f"{reading}_"
    values = {name: float(value) for name, value in card.calibration.items()}
    if reading == first:
        return {
            name: value for name, value in values.items() if not name.startswith(tuple(f"{r}_" for r in model_readings(card)))
        }
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}
