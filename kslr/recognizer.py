"""From a sign's landmarks to words with calibrated probabilities, on LiteRT."""

from copy import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kslr.core.calibration import apply_temperature
from kslr.core.errors import InputError
from kslr.core.parallel import Allowance
from kslr.landmarks import HANDS
from kslr.segment import SignSegment
from kslr.signmodels import load_sign_model
from kslr.vocabulary import IDLE

# How sure a word must be, as a shift of the threshold's log-odds: around 0.8 these are 0.91, 0.8 and 0.62.
STRICTNESS = {"strict": 0.9, "normal": 0.0, "lenient": -0.9}
UNSURE = "not sure enough"
# Of a sign under way: seconds after which it may be guessed at again, and by which share of its length it has grown then.
GUESS_SECONDS, GUESS_GROWTH = 0.2, 0.35


@dataclass(frozen=True)
class SignPrediction:
    """What a stretch of landmarks means.

    Attributes:
        start, end: seconds.
        ranked: (sign id, calibrated probability), best first; only words that the model was trained on. The
            probabilities and `idle` add up to 1.
        idle: probability that this is no word of the vocabulary.
        rejected: whether no answer is better than the best word.
        reason: why, for people; None when not rejected.
    """

    start: float
    end: float
    ranked: tuple[tuple[str, float], ...]
    idle: float
    rejected: bool
    reason: str | None = None

    @property
    def sign_id(self) -> str | None:
        """The best word, or None when rejected.

        >>> SignPrediction(0, 1, (("su", 0.9),), 0.1, False).sign_id
        'su'
        """
        return None if self.rejected or not self.ranked else self.ranked[0][0]

    @property
    def perhaps(self) -> str | None:
        """The best word when it is more probable than none and yet not certain enough to be said.

        >>> SignPrediction(0, 1, (("su", 0.6),), 0.4, True, UNSURE).perhaps
        'su'
        """
        return self.ranked[0][0] if self.ranked and self.reason == UNSURE else None

    @property
    def probability(self) -> float:
        """Of the best word, 0–1."""
        return self.ranked[0][1] if self.ranked else 0.0


class SignRecognizer:
    """Ranks the words of a vocabulary for a sign.

    Args:
        model: a shipped model's name (``kslr30``), the path of a card (``.json``), or a taught vocabulary by name or
            path (``.npz``, see `kslr.teaching.words`).
        threads: CPU threads of one call.
        strictness: how sure a word must be to be said: strict, normal or lenient.

    Raises:
        InputError: no such model or strictness, or it is damaged or of another task.

    >>> SignRecognizer("kslr30").vocabulary["su"].ru
    'Вода'
    """

    def __init__(self, model: str | Path = "kslr30", threads: int = 2, strictness: str = "normal") -> None:
        self.card, self.vocabulary, self._run, self.frames, self.file = load_sign_model(model, threads)
        self._words = np.array([label != IDLE for label in self.card.labels])
        self._set_strictness(strictness)

    def with_strictness(self, strictness: str) -> "SignRecognizer":
        """The same recogniser, sharing its network, that must be more or less sure.

        Raises:
            InputError: no such strictness.
        """
        other = copy(self)
        other._set_strictness(strictness)
        return other

    def _set_strictness(self, strictness: str) -> None:
        if strictness not in STRICTNESS:
            raise InputError(f"{strictness!r} is no strictness. Choose one of {', '.join(STRICTNESS)}.")
        self.strictness = strictness
        self.line = shift_threshold(self.card.calibration["threshold"], STRICTNESS[strictness])

    def recognize(self, segment: SignSegment) -> SignPrediction:
        """Ranks the words for one segment."""
        return self._predict(segment.window(self.frames)[None], [(segment.start, segment.end)])[0]

    def recognize_windows(self, x: np.ndarray) -> list[SignPrediction]:
        """Ranks the words for windows whose times are not known (start and end are 0).

        Args:
            x: (n, frames, 1662), absent parts NaN or zeros, in the 4:3 aspect.

        Raises:
            InputError: another shape.
        """
        return self._predict(x, [(0.0, 0.0)] * len(x))

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """(n, labels) calibrated, in the order of the card's labels, for windows as in `recognize_windows`."""
        return apply_temperature(self._run(np.nan_to_num(np.asarray(x, np.float32))), self.card.calibration["temperature"])

    def _predict(self, x: np.ndarray, spans: list[tuple[float, float]]) -> list[SignPrediction]:
        x = np.nan_to_num(np.asarray(x, np.float32))
        hands = x[..., HANDS].any(axis=(1, 2)) if x.ndim == 3 else []
        found = []
        for row, (start, end), seen in zip(self.probabilities(x), spans, hands, strict=True):
            order = [i for i in np.argsort(-row, kind="stable") if self._words[i]]
            ranked = tuple((self.card.labels[i], float(row[i])) for i in order)
            idle = float(row[~self._words].sum())
            reason = self._reject_reason(ranked[0][1], idle, bool(seen))
            found.append(SignPrediction(start, end, ranked, idle, reason is not None, reason))
        return found

    def _reject_reason(self, best: float, idle: float, hands: bool) -> str | None:
        if not hands:
            return "no hands seen"
        if idle > best:
            return "no sign of this vocabulary"
        if best < self.line:
            return UNSURE
        return None


class Guesser:
    """One source's recogniser: guesses at the sign under way, as seldom as they help, and each sign once when it has ended.

    Args:
        signs: the recogniser, which many may share.
        allowance: of the processor's time, which many may share as well; a guess for which nothing is left is put off. None
            for as many as help. The words of signs that have ended never wait for it.
    """

    def __init__(self, signs: SignRecognizer, allowance: Allowance | None = None) -> None:
        self._signs, self._allowance = signs, allowance
        self._ended: tuple[SignSegment, SignPrediction] | None = None
        self._guess: SignPrediction | None = None

    def recognize(self, segment: SignSegment) -> SignPrediction:
        """Ranks the words for a sign that has ended; asked again about the same one, it has the answer."""
        if self._ended is None or self._ended[0] is not segment:
            self._ended = segment, self._signs.recognize(segment)
        return self._ended[1]

    def guess(self, so_far: SignSegment | None) -> SignPrediction | None:
        """What the sign under way looks like.

        Args:
            so_far: of `kslr.segmenter.Segmenter.provisional`.

        Returns:
            None where there is no guess at this sign yet.
        """
        known = self._guess
        if so_far is None or (known and known.start != so_far.start):
            known = None
        if so_far and (known is None or self._has_grown(known, so_far)):
            if self._allowance is None:
                known = self._signs.recognize(so_far)
            elif self._allowance.left > 0:
                with self._allowance.spend():
                    known = self._signs.recognize(so_far)
        self._guess = known
        return known

    @staticmethod
    def _has_grown(guess: SignPrediction, so_far: SignSegment) -> bool:
        return so_far.end - guess.end >= max(GUESS_SECONDS, GUESS_GROWTH * (guess.end - guess.start)) - 1e-6


def shift_threshold(threshold: float, shift: float) -> float:
    """A probability moved by a shift of its log-odds; 0 and 1 stay.

    >>> [round(shift_threshold(0.8, shift), 2) for shift in STRICTNESS.values()]
    [0.91, 0.8, 0.62]
    """
    if shift == 0 or not 0 < threshold < 1:
        return threshold
    return float(1 / (1 + (1 - threshold) / threshold * np.exp(-shift)))
