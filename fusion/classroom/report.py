"""A classroom session as one HTML file with its caveats first, and as CSV. Everything is inside the file."""

from collections.abc import Mapping, Sequence
from typing import Any

from fusion.classroom.charts import format_minutes, lines_figure, mood_figure
from fusion.classroom.history import Moment, PastSession
from fusion.classroom.windows import Window
from kslr.core.files import csv_text
from kslr.core.reports import figure_html, origin_section, read_words, report_templates

COLUMNS = (
    "start", "end", "rate", "least", "most", "engagement", "margin", "facing", "seen", "valence", "arousal",
    "glad", "calm", "surprised", "troubled", "confidence",
)  # fmt: skip
FIGURES = ("engagement", "facing", "seen", "valence", "arousal", "glad", "calm", "surprised", "troubled", "confidence")


def windows_csv(windows: Sequence[Window], moments: Sequence[Moment] = ()) -> str:
    """Windows as rows; a moment stands in the row of its window. Empty cells: fewer than k faces.

    >>> windows_csv([Window(0.0, 10.0, 4.8)]).splitlines()[1]
    '0.0,10.0,4.8,,,,,,,,,,,,,,'
    """
    rows = []
    for i, window in enumerate(windows):
        last = i == len(windows) - 1
        noted = [m.text for m in moments if window.start <= m.seconds < window.end or (last and m.seconds >= window.end)]
        rows.append([*(getattr(window, name) for name in COLUMNS), "; ".join(noted)])
    return csv_text([(*COLUMNS, "moments"), *rows])


def render_classroom_report(
    session: PastSession,
    windows: Sequence[Window],
    moments: Sequence[Moment] = (),
    language: str = "en",
    made: Mapping[str, Any] | None = None,
) -> str:
    """The report as HTML.

    Args:
        session: of the history.
        windows: its windows in their order.
        moments: what was noted.
        language: one of `kslr.core.reports.LANGUAGES`.
        made: what it was made with, see `kslr.origins.describe_origin`.

    Raises:
        InputError: another language.
    """
    words = read_words("fusion.classroom", language)
    shown = [window for window in windows if window.shown]
    return report_templates("fusion.classroom").get_template("session.html").render(
        title=f"{words['title']}: {session.name or words['untitled']}",
        language=language,
        words=words,
        session=session,
        facts=[
            session.started.replace("T", " ").replace("+00:00", " UTC"),
            format_minutes(session.seconds),
            words[session.status],
        ],
        windows=windows,
        shown=shown,
        moments=moments,
        figures=FIGURES,
        lines=figure_html(lines_figure(windows, moments, words), words["band"]) if shown else "",
        moods=figure_html(mood_figure(windows, words), words["mood_note"]) if shown else "",
        mean=mean_figure,
        minutes=format_minutes,
        origin=origin_section({"made": made or {}}, language),
    )  # fmt: skip


def mean_figure(windows: Sequence[Window], name: str) -> float | None:
    """The mean of a figure over the windows that have it, as coarse as the coarsest figures."""
    values = [value for window in windows if (value := getattr(window, name)) is not None]
    return round(sum(values) / len(values), 1) if values else None
