"""Ten seconds of looks at a class made into one window of figures, by the rules of `fusion.classroom.anonymity`."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fusion.classroom.anonymity import LEAST, band, check_k, round_to_step, step_size
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
    (5, 9, 1.0)
    """

    def __init__(self, k: int = LEAST) -> None:
        self.k = check_k(k)
        self._start = 0.0
        self._looks: list[Look] = []
        self._before: dict[str, float] = {}
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
        faces = min(look.faces for look in enough)
        low, high = band(faces, self.k) or (self.k, self.k)
        quality = round_to_step(_mean(enough, "quality"), 0.25)
        mean_faces = _mean(enough, "faces")
        self._fullest = max(self._fullest, mean_faces)
        figures: dict[str, float | None] = {
            "seen": self._figure("seen", mean_faces / self._fullest, low),
            "valence": self._figure("valence", _mean(enough, "valence"), low, 2.0),
            "arousal": self._figure("arousal", _mean(enough, "arousal"), low, 2.0),
        }
        shares = np.mean([look.moods for look in enough if look.moods], axis=0)
        # A share of one would say of everybody what the class shows, so none comes nearer to it than a step.
        figures |= {
            mood: min(self._figure(mood, float(share), low), 1 - step_size(low))
            for mood, share in zip(MOODS, shares, strict=True)
        }
        # Heads can be fewer than faces, so they have to be enough by themselves.
        turned = [look for look in enough if look.heads >= self.k]
        if len(turned) >= max(2, MOST_LOOKS * len(looks)):
            heads = min(look.heads for look in turned)
            least = (band(heads, self.k) or (self.k,))[0]
            figures |= {name: self._figure(name, _mean(turned, name), least) for name in ("engagement", "facing")}
            figures["facing"] = min(max(figures["facing"] or 0.0, step_size(least)), 1 - step_size(least))
            figures["margin"] = round(margin(least, quality), 2)
        return Window(start, end, rate, low, high, **figures, confidence=round(confidence(low, quality), 1))

    def _figure(self, name: str, value: float, low: int, width: float = 1.0) -> float:
        self._before[name] = round_to_step(value, step_size(low) * width, self._before.get(name))
        return self._before[name]


def _mean(looks: list[Look], name: str) -> float:
    return float(np.mean([getattr(look, name) for look in looks]))
