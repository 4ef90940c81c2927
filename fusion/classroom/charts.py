"""The charts of a classroom report; a line breaks where nothing may be shown."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fusion.classroom.engagement import MOODS
from fusion.classroom.windows import Window
from kslr.core.reports import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fusion.classroom.history import Moment

# Each line has a dash of its own, so that lines differ without colour too.
LINES = {"engagement": ("#00627a", "-"), "facing": ("#b3541e", "--"), "valence": ("#6a3d9a", ":")}
MOOD_COLOURS = {"glad": "#e9b949", "calm": "#7fb7be", "surprised": "#b58fd1", "troubled": "#c96567"}
GAP = "#eeeeee"
TICKS = (10, 30, 60, 120, 300, 600, 1200, 3600, 7200)  # seconds


def format_minutes(seconds: float, _: object = None) -> str:
    """
    >>> format_minutes(754.2)
    '12:34'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def lines_figure(windows: Sequence[Window], moments: Sequence["Moment"], words: Mapping[str, str]) -> "Figure":
    """Engagement with its band, the share facing, and valence, whose −1 to 1 has the same height and its own scale.

    Args:
        windows: in their order.
        moments: upright lines with their text.
        words: names of the lines.
    """
    figure, axes = _empty_chart(windows)
    # A row without figures parts windows between which the source paused.
    rows = [row for i, w in enumerate(windows) for row in ([None, w] if i and w.start - windows[i - 1].end > 1 else [w])]
    middle = np.array([np.nan if w is None else (w.start + w.end) / 2 for w in rows])

    def column(name: str) -> np.ndarray:
        values = np.array([np.nan if w is None or getattr(w, name) is None else getattr(w, name) for w in rows])
        return (values + 1) / 2 if name == "valence" else values

    value, margin = column("engagement"), column("margin")
    band = np.clip(value - margin, 0, 1), np.clip(value + margin, 0, 1)
    axes.fill_between(middle, *band, color=LINES["engagement"][0], alpha=0.15, linewidth=0)
    for name, (colour, dash) in LINES.items():
        axes.plot(middle, column(name), dash, color=colour, marker="o", markersize=3, linewidth=2, label=words[name])
    scale = axes.secondary_yaxis("right", functions=(_to_valence, _from_valence))
    scale.set_yticks([-1, 0, 1])
    scale.set_ylabel(words["valence"], color=LINES["valence"][0])
    last = max((window.end for window in windows), default=0.0)
    for moment in moments:
        at = min(moment.seconds, last)
        axes.axvline(at, color="#555555", linestyle=(0, (3, 3)), linewidth=1)
        axes.annotate(moment.text[:40], (at, 1), (3, -2), textcoords="offset points", va="top", fontsize=8, parse_math=False)
    _add_legend(axes)
    return figure


def _to_valence(height: Any) -> Any:
    return 2 * height - 1


def _from_valence(valence: Any) -> Any:
    return (valence + 1) / 2


def mood_figure(windows: Sequence[Window], words: Mapping[str, str]) -> "Figure":
    """Shares of the moods, stacked; where their roundings come to more than a whole, they are scaled to one."""
    figure, axes = _empty_chart(windows)
    shares = np.array([[getattr(w, mood) or 0.0 for mood in MOODS] for w in windows]).reshape(-1, len(MOODS))
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    start, width = [w.start for w in windows], [w.end - w.start for w in windows]
    for mood, share, bottom in zip(MOODS, shares.T, (shares.cumsum(axis=1) - shares).T, strict=True):
        axes.bar(start, share, width, bottom, align="edge", color=MOOD_COLOURS[mood], label=words[mood])
    _add_legend(axes)
    return figure


def _empty_chart(windows: Sequence[Window]) -> tuple["Figure", "Axes"]:
    """A chart over the whole session, grey where nothing may be shown."""
    from matplotlib.ticker import MultipleLocator

    figure = new_figure(9.6, 3.8)
    axes = figure.subplots()
    end = max((window.end for window in windows), default=10.0)
    axes.set_xlim(0, end)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1])
    axes.xaxis.set_major_locator(MultipleLocator(next((s for s in TICKS if end / s <= 10), TICKS[-1])))
    axes.xaxis.set_major_formatter(format_minutes)
    axes.grid(axis="y", color="#cccccc")
    axes.set_axisbelow(True)
    for window in windows:
        if not window.shown:
            axes.axvspan(window.start, window.end, color=GAP, linewidth=0)
    return figure, axes


def _add_legend(axes: "Axes") -> None:
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=4, frameon=False)
