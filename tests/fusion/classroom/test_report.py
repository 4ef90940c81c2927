import csv
import io
import re
from xml.etree import ElementTree

import pytest

from fusion.classroom.history import Moment, Session
from fusion.classroom.report import COLUMNS, as_csv, classroom_page, mean_of, minutes
from fusion.classroom.windows import Window

SESSION = Session("key", "5 <B>", "2026-03-02T09:00:00+00:00", "interrupted", 7, "outside-eu", 40.0)


def _window(start: float, engagement: float | None = 0.6) -> Window:
    if engagement is None:
        return Window(start, start + 10, 4.0)
    return Window(start, start + 10, 4.0, 10, 14, engagement, 0.8, 1.0, 0.2, 0.0, 0.2, 0.6, 0.0, 0.2, 0.15, 0.7)


WINDOWS = [_window(0), _window(10, 0.8), _window(20, None), _window(30, 0.4)]
MOMENTS = [Moment(1, 12.0, "<group> work"), Moment(2, 99.0, "end")]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_caveats_come_before_every_figure(language: str):
    page = classroom_page(SESSION, WINDOWS, MOMENTS, language)
    assert f'<html lang="{language}">' in page
    assert page.index('class="caveats"') < page.index('class="sums"') < page.index("<svg")
    assert "5(1)(f)" in page
    assert re.search(r"\b7\b", page[page.index("<ul>") : page.index("</ul>")])  # k, as it was in this session


def test_nothing_that_was_typed_becomes_markup():
    page = classroom_page(SESSION, WINDOWS, MOMENTS)
    assert "5 <B>" not in page
    assert "<group>" not in page
    assert "5 &lt;B&gt;" in page


def test_the_charts_break_where_nothing_may_be_shown():
    page = classroom_page(SESSION, WINDOWS, MOMENTS)
    charts = re.findall(r"<svg.*?</svg>", page)
    assert len(charts) == 2
    lines = ElementTree.fromstring(charts[0])
    space = "{http://www.w3.org/2000/svg}"
    assert len(lines.findall(f"{space}polyline")) == 3  # the run before the gap; what is after it are single dots
    assert len(lines.findall(f"{space}circle")) == 3
    assert len([r for r in lines.findall(f"{space}rect") if r.get("fill") == "#eee"]) == 1
    assert len(ElementTree.fromstring(charts[1]).findall(f"{space}rect")) == 3 * 3 + 1 + 4  # moods, gap, legend


def test_a_session_below_k_has_no_chart():
    page = classroom_page(SESSION, [_window(0, None), _window(10, None)])
    assert "<svg" not in page
    assert "There is nothing to show" in page


def test_the_table_is_complete_and_safe_in_a_spreadsheet():
    rows = list(csv.DictReader(io.StringIO(as_csv(WINDOWS, [Moment(1, 12.0, "=cmd()"), Moment(2, 99.0, "end")]))))
    assert list(rows[0]) == [*COLUMNS, "moments"]
    assert [row["engagement"] for row in rows] == ["0.6", "0.8", "", "0.4"]
    assert [row["moments"] for row in rows] == ["", "'=cmd()", "", "end"]


def test_means_are_of_what_was_shown():
    assert mean_of(WINDOWS, "engagement") == 0.6
    assert mean_of([_window(0, None)], "engagement") is None
    assert minutes(3661) == "61:01"
