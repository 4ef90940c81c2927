import json

import pytest

from tests import clips
from ui.shared.i18n import text


def test_clips_are_evaluated_and_the_report_is_shown(visit, tmp_path, still_clip):
    table = tmp_path / "table.csv"
    table.write_text("clip,sign,emotion,signer\nastronaut.mp4,su,happy,A\n")
    tab = visit("evaluate", "en")
    tab.set_input_files("#page-evaluate input[type=file]", [table, still_clip])
    tab.wait_for_selector("#page-evaluate .result")
    figures = tab.locator("#page-evaluate .figure").all_inner_texts()
    assert len(figures) == 3
    assert figures[0].startswith("Sign right")
    assert "0 %" in figures[0]
    assert "of 1 clips" in figures[0]
    assert "Sign and affect, evaluated together" in tab.frame_locator("iframe.report").locator("h1").inner_text()
    tab.click("[data-language=ru]")
    tab.frame_locator("iframe.report").locator("h1", has_text="Жест и эмоция").wait_for()
    with tab.expect_download() as saving:
        tab.click("#page-evaluate .downloads a[download$='.html']")
    assert saving.value.suggested_filename == "table report.html"
    assert "Жест и эмоция" in saving.value.path().read_text(encoding="utf-8")
    with tab.expect_download() as saving:
        tab.click("#page-evaluate .downloads a[href$='.json']")
    report = json.loads(saving.value.path().read_text())
    assert report["task"] == "joint"
    assert report["samples"] == 1


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (None, "evaluate.no_manifest"),
        ("clip,sign,emotion,signer\nother.mp4,su,,A\n", "evaluate.missing"),
        ("not a table", "evaluate.bad_manifest"),
    ],
)
def test_what_cannot_be_evaluated_is_told(visit, tmp_path, astronaut, table, key):
    files = [clips.write(tmp_path / "clip.mp4", clips.shaken(astronaut, 3, (64, 64)))]
    if table:
        files.append(tmp_path / "table.csv")
        files[-1].write_text(table)
    tab = visit("evaluate", "ru")
    tab.set_input_files("#page-evaluate input[type=file]", files)
    problem = tab.wait_for_selector("#page-evaluate .problem:not(:empty)")
    assert problem.inner_text() == text(key, "ru", names="other.mp4")
