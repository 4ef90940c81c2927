"""Ten seconds of looks at a class made into one window of figures, by the rules of `fusion.classroom.anonymity`."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fusion.classroom.anonymity import LEAST, Figure, band, check_k, settle, step_size
from fusion.classroom.engagement import MOODS, confidence, margin

SECONDS = 10.0
# Share of a window's looks that must have k faces. A false face now and then does not lift four to five.
MOST_LOOKS = 0.8


@dataclass(frozen=True)
class Look:
    """One picture's sums. Nothing in it belongs to one face.

    Attributes:
        seconds: when.
        faces, heads: how many faces' emotion and how many heads' direction could be read.
        quality: mean quality of the crops, 0–1.
        engagement, facing: means over the heads; None without.
        valence, arousal, moods: means over the faces; None without.
    """

    seconds: float
    faces: int
    heads: int
    quality: float = 0.0
    engagement: float | None = None
    facing: float | None = None
    valence: float | None = None
    arousal: float | None = None
    moods: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Window:
    """Ten seconds of a class: all that is shown, written or sent. Figures are None for fewer than k faces.

    Attributes:
        start, end: seconds from the beginning.
        rate: looks a second.
        least, most: the band that the number of faces lies in.
        engagement, facing, seen: 0–1; `seen` is against the most faces that were ever in view.
        valence, arousal: −1 to 1.
        glad, calm, surprised, troubled: shares of the moods, 0–1, each rounded by itself; the greatest figure means
            "so much or more", as the greatest and the smallest of `facing` do.
        margin: half the width of the band around engagement.
        confidence: 0–1.
    """

    start: float
    end: float
    rate: float
    least: int | None = None
    most: int | None = None
    engagement: float | None = None
    facing: float | None = None
    seen: float | None = None
    valence: float | None = None
    arousal: float | None = None
    glad: float | None = None
    calm: float | None = None
    surprised: float | None = None
    troubled: float | None = None
    margin: float | None = None
    confidence: float | None = None

    @property
    def shown(self) -> bool:
        """Whether there were enough faces."""
        return self.least is not None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class WindowBuilder:
    """Makes looks into windows, one every ten seconds; holds sums only.

    Args:
        k: figures are of at least so many faces.

    >>> builder = WindowBuilder()
    >>> [builder.add(Look(t, 6, 6, 1.0, 0.97, 1.0, 0.2, 0.1, (0.2, 0.8, 0.0, 0.0))) for t in (0.0, 5.0)]
    [None, None]
    >>> window = builder.add(Look(10.0, 6, 6, 1.0))
    >>> window.least, window.most, window.engagement
    (5, 11, 1.0)
    """

    def __init__(self, k: int = LEAST) -> None:
        self.k = check_k(k)
        self._start = 0.0
        self._looks: list[Look] = []
        self._figures: dict[str, Figure] = {}
        self._bands: dict[str, tuple[int, int]] = {}
        self._fullest = 0.0

    def add(self, look: Look) -> Window | None:
        """Takes a look; gives the window that ended before it, if one did."""
        done = None
        if look.seconds >= self._start + SECONDS:
            done = self.close(self._start + SECONDS)
            self._start = SECONDS * (look.seconds // SECONDS)
        self._looks.append(look)
        return done

    def close(self, end: float | None = None) -> Window | None:
        """The window so far, as at the end of a source; None without a look."""
        looks, self._looks = self._looks, []
        if not looks:
            return None
        start, end = self._start, end if end is not None else max(looks[-1].seconds, self._start + 0.1)
        rate = round(len(looks) / (end - start), 1)
        enough = [look for look in looks if look.faces >= self.k]
        if len(enough) < max(2, MOST_LOOKS * len(looks)):
            return Window(start, end, rate)
        low, high = self._band("faces", enough)
        quality = self._figure("quality", _mean(enough, "quality"), low, smallest=0.25).value
        mean_faces = _mean(enough, "faces")
        self._fullest = max(self._fullest, mean_faces)
        figures: dict[str, float | None] = {
            "seen": self._figure("seen", mean_faces / self._fullest, low).value,
            "valence": self._figure("valence", _mean(enough, "valence"), low, 2.0).value,
            "arousal": self._figure("arousal", _mean(enough, "arousal"), low, 2.0).value,
        }
        shares = np.mean([look.moods for look in enough if look.moods], axis=0)
        # A share of one would say of everybody what the class shows, so none comes nearer to it than a step.
        for mood, share in zip(MOODS, shares, strict=True):
            figure = self._figure(mood, float(share), low)
            figures[mood] = min(figure.value, 1 - max(figure.step, step_size(low)))
        # Heads can be fewer than faces, so they have to be enough by themselves.
        turned = [look for look in enough if look.heads >= self.k]
        if len(turned) >= max(2, MOST_LOOKS * len(looks)):
            least, _ = self._band("heads", turned)
            figures["engagement"] = self._figure("engagement", _mean(turned, "engagement"), least).value
            facing = self._figure("facing", _mean(turned, "facing"), least)
            edge = max(facing.step, step_size(least))
            figures["facing"] = min(max(facing.value, edge), 1 - edge)
            figures["margin"] = round(margin(least, quality), 2)
        return Window(start, end, rate, low, high, **figures, confidence=round(confidence(low, quality), 1))

    def _band(self, name: str, looks: list[Look]) -> tuple[int, int]:
        """The band of the fewest ``faces`` or ``heads`` of looks that all have enough."""
        fewest = max(self.k, min(getattr(look, name) for look in looks))
        self._bands[name] = band(fewest, self.k, self._bands.get(name)) or (self.k, self.k)
        return self._bands[name]

    def _figure(self, name: str, value: float, low: int, width: float = 1.0, smallest: float = 0.0) -> Figure:
        step = max(smallest, step_size(low) * width)
        self._figures[name] = settle(value, step, self._figures.get(name))
        return self._figures[name]


def _mean(looks: list[Look], name: str) -> float:
    return float(np.mean([getattr(look, name) for look in looks]))
