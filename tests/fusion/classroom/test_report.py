import csv
import io
import re
from xml.etree import ElementTree

import pytest

from fusion.classroom.history import Moment, PastSession
from fusion.classroom.report import (
    COLUMNS,
    mean_figure,
    render_classroom_report,
    windows_csv,
)
from fusion.classroom.windows import Window
from kslr.core.errors import InputError
from kslr.core.reports import LANGUAGES, read_words

SESSION = PastSession("key", "5 <B>", "2026-03-02T09:00:00+00:00", "interrupted", 7, "outside-eu", 40.0)


def _window(start: float, engagement: float | None = 0.6) -> Window:
    if engagement is None:
        return Window(start, start + 10, 4.0)
    return Window(start, start + 10, 4.0, 10, 14, engagement, 0.8, 1.0, 0.2, 0.0, 0.2, 0.6, 0.0, 0.2, 0.15, 0.7)


WINDOWS = [_window(0), _window(10, 0.8), _window(20, None), _window(30, 0.4)]
MOMENTS = [Moment(1, 12.0, "<group> work"), Moment(2, 99.0, "end")]


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_caveats_come_before_every_figure(language: str):
    page = render_classroom_report(SESSION, WINDOWS, MOMENTS, language)
    assert f'<html lang="{language}">' in page
    assert page.index('class="caveats"') < page.index('class="sums"') < page.index("<svg")
    assert "5(1)(f)" in page
    assert re.search(r"\b7\b", page[page.index("<ul>") : page.index("</ul>")])  # k, as it was in this session


def test_nothing_that_was_typed_becomes_markup():
    page = render_classroom_report(SESSION, WINDOWS, MOMENTS)
    assert "5 <B>" not in page
    assert "<group>" not in page
    assert "5 &lt;B&gt;" in page


def test_the_charts_are_svg_that_fetches_nothing():
    page = render_classroom_report(SESSION, WINDOWS, MOMENTS)
    charts = re.findall(r"<svg.*?</svg>", page, re.S)
    assert len(charts) == 2
    for chart in charts:
        assert ElementTree.fromstring(chart).get("aria-label")
    assert "<script" not in page
    assert set(re.findall(r"https?://[^\"'\s<]*", page)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_a_session_below_k_has_no_chart():
    page = render_classroom_report(SESSION, [_window(0, None), _window(10, None)])
    assert "<svg" not in page
    assert "There is nothing to show" in page


def test_the_table_is_complete_and_safe_in_a_spreadsheet():
    rows = list(csv.DictReader(io.StringIO(windows_csv(WINDOWS, [Moment(1, 12.0, "=cmd()"), Moment(2, 99.0, "end")]))))
    assert list(rows[0]) == [*COLUMNS, "moments"]
    assert [row["engagement"] for row in rows] == ["0.6", "0.8", "", "0.4"]
    assert [row["moments"] for row in rows] == ["", "'=cmd()", "", "end"]


def test_means_are_of_what_was_shown():
    assert mean_figure(WINDOWS, "engagement") == 0.6
    assert mean_figure([_window(0, None)], "engagement") is None


def test_every_text_is_there_in_every_language_and_translated():
    columns = [read_words("fusion.classroom", language) for language in LANGUAGES]
    for key in columns[0]:
        texts = list(zip(*(words[key] for words in columns), strict=True)) if key == "caveats" else [[w[key] for w in columns]]
        assert all(len(set(one)) == len(LANGUAGES) for one in texts), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_it_was_made_with(language: str):
    made = {
        "version": "kslr 9",
        "date": "2026-03-02",
        "command": "kslr <classroom>",
        "emotion": "own",
        "emotion_sha256": "ab" * 32,
    }
    page = render_classroom_report(SESSION, WINDOWS, MOMENTS, language, made)
    assert all(text in page for text in ("kslr 9", "2026-03-02", "kslr &lt;classroom&gt;", "ab" * 32))
    assert read_words("kslr.core", language)["made"] in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_law_and_k_are_told(language: str):
    caveats = " ".join(read_words("fusion.classroom", language)["caveats"])
    assert "5(1)(f)" in caveats
    assert "{k}" in caveats


def test_other_languages_are_told():
    with pytest.raises(InputError):
        read_words("fusion.classroom", "de")
