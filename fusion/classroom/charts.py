"""The charts of a classroom report as SVG: a line breaks where nothing may be shown."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from fusion.classroom.engagement import MOODS
from fusion.classroom.history import Moment
from fusion.classroom.windows import Window

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 900, 320, 46, 12, 34
# Told apart without colour too: each line has a dash of its own.
LINES = {"engagement": ("#00627a", ""), "facing": ("#b3541e", "7 4"), "valence": ("#6a3d9a", "2 4")}
MOOD_COLOURS = {"glad": "#e9b949", "calm": "#7fb7be", "surprised": "#b58fd1", "troubled": "#c96567"}


def lines_chart(windows: Sequence[Window], moments: Sequence[Moment], text: Mapping[str, str]) -> str:
    """Engagement with its band, the share facing, and valence (its −1…1 drawn over the same height).

    Args:
        windows: in their order.
        moments: drawn as upright lines.
        text: names of the lines.
    """
    x, end = _across(windows)
    parts = [_frame(end, [("1", 1.0), ("0.5", 0.5), ("0", 0.0)]), _gaps(windows, x)]
    for run in _runs(windows, "engagement"):
        upper = [(x(_middle(w)), _y(min(1.0, w.engagement + w.margin))) for w in run]  # type: ignore[operator]
        lower = [(x(_middle(w)), _y(max(0.0, w.engagement - w.margin))) for w in reversed(run)]  # type: ignore[operator]
        parts.append(f'<polygon points="{_points(upper + lower)}" fill="#00627a" opacity=".15"/>')
    for name, (colour, dash) in LINES.items():
        for run in _runs(windows, name):
            points = [(x(_middle(w)), _y(_share(name, getattr(w, name)))) for w in run]
            if len(points) == 1:
                parts.append(f'<circle cx="{points[0][0]:.1f}" cy="{points[0][1]:.1f}" r="3" fill="{colour}"/>')
            else:
                parts.append(
                    f'<polyline points="{_points(points)}" fill="none" stroke="{colour}" stroke-width="2.5" '
                    f'stroke-dasharray="{dash}"/>'
                )
    for moment in moments:
        at = x(min(moment.seconds, end))
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#555" stroke-dasharray="3 3"/>'
            f'<text x="{at + 4:.1f}" y="{TOP + 12}" fill="#333">{escape(moment.text[:40])}</text>'
        )
    legend = [(text[name], colour, dash) for name, (colour, dash) in LINES.items()]
    return _svg(parts, text["lines"], legend)


def mood_chart(windows: Sequence[Window], text: Mapping[str, str]) -> str:
    """Shares of the moods, stacked; where their roundings come to more than a whole, they are pressed to one."""
    x, end = _across(windows)
    parts = [_frame(end, [("100 %", 1.0), ("50 %", 0.5), ("0", 0.0)]), _gaps(windows, x)]
    for window in windows:
        shares = [getattr(window, mood) or 0.0 for mood in MOODS]
        total, below = sum(shares), 0.0
        for mood, share in zip(MOODS, shares, strict=True):
            if total > 0 and share > 0:
                height = share / max(total, 1.0)
                parts.append(
                    f'<rect x="{x(window.start):.1f}" y="{_y(below + height):.1f}" width="{x(window.end) - x(window.start):.1f}" '
                    f'height="{_y(below) - _y(below + height):.1f}" fill="{MOOD_COLOURS[mood]}" shape-rendering="crispEdges"/>'
                )
                below += height
    return _svg(parts, text["moods"], [(text[mood], MOOD_COLOURS[mood], "box") for mood in MOODS])


def _across(windows: Sequence[Window]) -> tuple[Callable[[float], float], float]:
    end = max((window.end for window in windows), default=10.0)
    return (lambda seconds: LEFT + (WIDTH - LEFT - 10) * seconds / end), end


def _middle(window: Window) -> float:
    return (window.start + window.end) / 2


def _share(name: str, value: float) -> float:
    return (value + 1) / 2 if name == "valence" else value


def _y(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in points)


def _runs(windows: Sequence[Window], name: str) -> list[list[Window]]:
    """Neighbours that all have the figure."""
    runs: list[list[Window]] = [[]]
    for window in windows:
        if getattr(window, name) is None:
            runs.append([])
        elif runs[-1] and window.start - runs[-1][-1].end > 1:
            runs.append([window])
        else:
            runs[-1].append(window)
    return [run for run in runs if run]


def _gaps(windows: Sequence[Window], x: Callable[[float], float]) -> str:
    return "".join(
        f'<rect x="{x(w.start):.1f}" y="{TOP}" width="{x(w.end) - x(w.start):.1f}" height="{HEIGHT - TOP - BOTTOM}" fill="#eee"/>'
        for w in windows
        if not w.shown
    )


def _frame(end: float, marks: Sequence[tuple[str, float]]) -> str:
    out = ""
    for label, share in marks:
        y = _y(share)
        out += f'<line x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ccc"/>'
        out += f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#555">{label}</text>'
    apart = next((s for s in (10, 30, 60, 120, 300, 600, 1200, 3600) if end / s <= 10), 7200)
    for seconds in range(0, int(end) + 1, apart):
        at = LEFT + (WIDTH - LEFT - 10) * seconds / end
        label = f"{seconds // 60}:{seconds % 60:02d}"
        out += f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle" fill="#555">{label}</text>'
    return out


def _svg(parts: Sequence[str], label: str, legend: Sequence[tuple[str, str, str]]) -> str:
    out, at = "", LEFT
    for name, colour, dash in legend:
        y = HEIGHT + 10
        out += (
            f'<rect x="{at}" y="{y - 9}" width="24" height="11" fill="{colour}"/>'
            if dash == "box"
            else f'<line x1="{at}" x2="{at + 24}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" stroke-width="3" '
            f'stroke-dasharray="{dash}"/>'
        )
        out += f'<text x="{at + 30}" y="{y}" fill="#222">{escape(name)}</text>'
        at += 50 + 8 * len(name)
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT + 20}" role="img" aria-label="{escape(label)}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}{out}</svg>'
    )
