"""A report as one HTML file: text, tables and figures, no scripts, nothing loaded from elsewhere, printable."""

import html
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 1px solid #ccc }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #ddd; text-align: left } th { border-bottom: 2px solid #888 }
figure { margin: 1rem 0; display: inline-block; vertical-align: top; max-width: 100% }
figure svg { max-width: 100%; height: auto }
figcaption { font-size: .9rem; color: #555 } .lead { font-size: 1.1rem } div.wide { overflow-x: auto }
@media print { body { max-width: none; margin: 0 } h2, figure, table { break-inside: avoid } }
"""


def page(title: str, lead: str, sections: Mapping[str, Sequence[str]]) -> str:
    """The whole file.

    Args:
        title: plain text.
        lead: plain text, what a reader should know first.
        sections: heading → parts made by `table`, `figure` and `paragraph`.

    >>> "<h2>Words</h2>" in page("Report", "All is well.", {"Words": [paragraph("a < b")]})
    True
    """
    body = "".join(f"<h2>{html.escape(heading)}</h2>\n" + "\n".join(parts) + "\n" for heading, parts in sections.items())
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head>\n"
        f'<body><h1>{html.escape(title)}</h1>\n<p class="lead">{html.escape(lead)}</p>\n{body}</body></html>\n'
    )


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{html.escape(text)}</p>"


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table; floats are shown with four significant digits.

    >>> "<td>0.3333</td>" in table(["share"], [[1 / 3]])
    True
    """
    head = "".join(f'<th scope="col">{html.escape(str(c))}</th>' for c in columns)
    lines = "".join("<tr>" + "".join(f"<td>{html.escape(_cell(value))}</td>" for value in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'


def figure(drawing: "Figure", caption: str) -> str:
    """A figure as SVG inside the page, its caption also the text that a screen reader says."""
    import matplotlib

    buffer = io.StringIO()
    # A fixed salt makes the same figure the same bytes.
    with matplotlib.rc_context({"svg.hashsalt": "kslr"}):
        drawing.savefig(buffer, format="svg", metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{html.escape(caption)}"', 1)
    return f"<figure>{svg}<figcaption>{html.escape(caption)}</figcaption></figure>"


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
