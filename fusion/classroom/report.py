"""A classroom session as one HTML file with its caveats first, and as CSV. Everything is inside the file."""

import csv
import io
from collections.abc import Sequence
from html import escape

from fusion.classroom.charts import lines_chart, mood_chart
from fusion.classroom.history import Moment, Session
from fusion.classroom.texts import report_text
from fusion.classroom.windows import Window
from kslr.core.reports import report_style

COLUMNS = (
    "start", "end", "rate", "least", "most", "engagement", "margin", "facing", "seen", "valence", "arousal",
    "glad", "calm", "surprised", "troubled", "confidence",
)  # fmt: skip
_SHOWN = ("engagement", "facing", "seen", "valence", "arousal", "glad", "calm", "surprised", "troubled", "confidence")
_OWN_STYLE = """
.caveats { border: 2px solid #8a5a00; border-radius: 10px; background: #fff8e6; padding: .4rem 1.2rem; margin: 1rem 0 }
.caveats li { margin: .3rem 0 } .sums { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1rem 0 }
.sums div { border: 1px solid #ccc; border-radius: 10px; padding: .5rem 1rem } .sums b { display: block; font-size: 1.6rem }
figure { width: 100% } .chart { width: 100%; height: auto; font: 12px system-ui, sans-serif }
@media print { .caveats { break-inside: avoid } thead { display: table-header-group } table { break-inside: auto } }
"""


def as_csv(windows: Sequence[Window], moments: Sequence[Moment] = ()) -> str:
    """Windows as rows; a moment stands in the row of its window. Empty cells: fewer than k faces.

    >>> as_csv([Window(0.0, 10.0, 4.8)]).splitlines()[1]
    '0.0,10.0,4.8,,,,,,,,,,,,,,'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, "moments"])
    for i, window in enumerate(windows):
        last = i == len(windows) - 1
        noted = [m.text for m in moments if window.start <= m.seconds < window.end or (last and m.seconds >= window.end)]
        # A spreadsheet would take these for formulas.
        safe = "; ".join(f"'{text}" if text[:1] in "=+-@" else text for text in noted)
        writer.writerow([*("" if (value := getattr(window, name)) is None else value for name in COLUMNS), safe])
    return out.getvalue()


def classroom_page(session: Session, windows: Sequence[Window], moments: Sequence[Moment] = (), language: str = "en") -> str:
    """The report.

    Args:
        session: of the history.
        windows: its windows in their order.
        moments: what was noted.
        language: ``kk``, ``ru`` or ``en``.
    """
    text = report_text(language)
    shown = [window for window in windows if window.shown]
    title = session.name or text["untitled"]
    facts = [session.started.replace("T", " ").replace("+00:00", " UTC"), minutes(session.seconds), text[session.status]]
    caveats = "".join(f"<li>{escape(line.format(k=session.k))}</li>" for line in text["caveats"])
    body = [
        f"<h1>{escape(text['title'])}: {escape(title)}</h1>",
        f'<p class="lead">{escape(" · ".join(facts))}</p>',
        f'<section class="caveats"><h2>{escape(text["before"])}</h2><ul>{caveats}</ul></section>',
        _sums(shown, windows, text),
    ]
    if shown:
        body += [
            f"<h2>{escape(text['lines'])}</h2>",
            f"<figure>{lines_chart(windows, moments, text)}<figcaption>{escape(text['band'])}</figcaption></figure>",
            f"<h2>{escape(text['moods'])}</h2>",
            f"<figure>{mood_chart(windows, text)}<figcaption>{escape(text['mood_note'])}</figcaption></figure>",
        ]
    if moments:
        items = "".join(f"<li><b>{minutes(m.seconds)}</b> {escape(m.text)}</li>" for m in moments)
        body.append(f"<h2>{escape(text['moments'])}</h2><ul>{items}</ul>")
    body += [f"<h2>{escape(text['all'])}</h2>", _table(windows, text)]
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)} · KSLR</title>'
        f"<style>{report_style()}{_OWN_STYLE}</style></head>\n<body>{''.join(body)}</body></html>\n"
    )


def minutes(seconds: float) -> str:
    """
    >>> minutes(754.2)
    '12:34'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def mean_of(windows: Sequence[Window], name: str) -> float | None:
    """The mean of a figure over the windows that have it, as coarse as the coarsest figures."""
    values = [value for window in windows if (value := getattr(window, name)) is not None]
    return round(sum(values) / len(values), 1) if values else None


def _sums(shown: Sequence[Window], windows: Sequence[Window], text: dict[str, str]) -> str:
    if not shown:
        return f"<p><b>{escape(text['nothing'])}</b></p>"
    cells = [(text["shown"], f"{len(shown)} / {len(windows)}")]
    cells += [(text[name], _number(mean_of(shown, name))) for name in ("engagement", "facing", "valence")]
    rates = [window.rate for window in windows]
    cells.append((text["rate"], f"{sum(rates) / len(rates):.1f}"))
    return '<div class="sums">' + "".join(f"<div>{escape(name)}<b>{value}</b></div>" for name, value in cells) + "</div>"


def _table(windows: Sequence[Window], text: dict[str, str]) -> str:
    names = "".join(f'<th scope="col">{escape(text[name])}</th>' for name in ("time", "faces", *_SHOWN))
    rows = []
    for window in windows:
        cells = [minutes(window.start), f"{window.least}–{window.most}" if window.shown else text["too_few"]]
        cells += [_number(getattr(window, name)) for name in _SHOWN]
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return f'<div class="wide"><table><thead><tr>{names}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
