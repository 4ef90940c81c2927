"""The Evaluate page: a manifest and its clips in, the joint evaluator's report out."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from emotion.faces import EMOTIONS
from kslr.core.errors import InputError
from kslr.core.files import parse_json
from ui.evaluate.evaluation import Evaluation, evaluate_uploads
from ui.server.services import Services
from ui.shared.i18n import Refusal, word_html
from ui.shared.uploads import PROBLEM, Step, event_text, upload_path

MOST_FILES = 500
EXAMPLE = """clip,sign,emotion,signer
001.mp4,su,happy,A
002.mp4,rakhmet,,B
003.mp4,,neutral,A"""


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    picker = gr.HTML(
        html_template=picker_html(services),
        js_on_load="window.kslr.evaluate(element, trigger, upload)",
        apply_default_css=False,
    )
    result = gr.HTML(elem_id="evaluate-result", apply_default_css=False)

    def run(event: gr.EventData) -> Iterator[str]:
        """Evaluates the files that the browser has sent, and deletes them."""
        files, mark = upload_paths(event_text(event, "files", "[]")), escape(event_text(event, "mark"))
        try:
            for step in evaluate_uploads(files, services):
                yield f'<div data-run="{mark}">{step_html(step) if isinstance(step, Step) else report_html(step)}</div>'
        except Refusal as refusal:
            yield f'<div data-run="{mark}">{word_html(refusal.key, "p", PROBLEM, **refusal.values)}</div>'
        finally:
            for _, path in files:
                path.unlink(missing_ok=True)

    running = picker.submit(
        run,
        None,
        result,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=1,
        concurrency_id="videos",
    )
    picker.stop(None, None, None, cancels=[running], api_visibility="private")


def upload_paths(files: str) -> list[tuple[str, Path]]:
    """The uploaded files among those that a browser names, JSON of pairs of name and place, each with its name."""
    try:
        pairs = parse_json(files)
    except InputError:
        return []
    right = [one for one in pairs if isinstance(one, list) and len(one) == 2] if isinstance(pairs, list) else []
    return [(str(name)[:200], path) for name, given in right[:MOST_FILES] if (path := upload_path(str(given))) is not None]


def picker_html(services: Services) -> str:
    """The part of the page that is always there."""
    return f"""
<section aria-labelledby="evaluate-heading">
  {word_html("evaluate.heading", "h2", 'id="evaluate-heading"')}
  {word_html("evaluate.what", "p")}
  <details><summary>{word_html("evaluate.columns")}</summary><pre lang="en">{EXAMPLE}</pre>
    <p lang="en" class="note">emotion: {", ".join(EMOTIONS)}</p></details>
  <label class="drop" data-megabytes="{services.limits.upload_megabytes}" data-most="{MOST_FILES}">
    <input type="file" multiple>
    <span class="main" data-word="evaluate.choose"></span> {word_html("evaluate.drop")}
    {word_html("evaluate.limits", "small", n=MOST_FILES, size=services.limits.upload_megabytes)}
  </label>
  {word_html("evaluate.privacy", "p", 'class="note"')}
  <p class="status" id="evaluate-note" role="status"></p>
</section>"""


def step_html(step: Step) -> str:
    """A bar, the clip that is being read, and a way out."""
    percent = round(100 * step.fraction)
    text = word_html("evaluate.reading", "p", 'id="evaluate-progress"', clip=step.clip)
    return (
        f'<div class="progress">{text}'
        f'<div class="track" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent}" '
        f'aria-labelledby="evaluate-progress"><div style="width:{percent}%"></div></div>'
        f'<button type="button" class="quiet" data-cancel>{word_html("video.cancel")}</button></div>'
    )


def report_html(evaluation: Evaluation) -> str:
    """The three headline figures, the whole report inside the page, and its files."""
    report, url = evaluation.report, f"results/{evaluation.folder.name}/"
    figures = "".join(
        figure_html(name, part)
        for name, part in (
            ("sign", {**report["sign"].get("top1", {}), "clips": report["sign"]["clips"]}),
            ("emotion", {**report["emotion"].get("accuracy", {}), "clips": report["emotion"]["clips"]}),
            ("both", {**report["joint"].get("exact_match", {}), "clips": report["joint"]["clips"]}),
        )
    )
    links = "".join(f'<a class="quiet" href="{url}report.{kind}" download>{kind.upper()}</a>' for kind in ("html", "json"))
    return f"""
<section class="result" aria-labelledby="evaluate-done">
  {word_html("evaluate.report", "h3", 'id="evaluate-done"')}
  <div class="figures">{figures}</div>
  <div class="downloads">{word_html("video.download")} {links}</div>
  <iframe class="report" sandbox src="{url}report.html" data-word-label="evaluate.report" lang="en"></iframe>
</section>"""


def figure_html(name: str, part: dict[str, Any]) -> str:
    """One figure with its interval and how many clips it is of."""
    if part.get("value") is None:
        return f'<div class="figure">{word_html(f"evaluate.{name}")}<b>–</b>{word_html("evaluate.unlabelled", "small")}</div>'
    low, high = part["interval"]
    return (
        f'<div class="figure">{word_html(f"evaluate.{name}")}<b>{100 * part["value"]:.0f} %</b>'
        f"<small>{100 * low:.0f}–{100 * high:.0f} % · {word_html('evaluate.of', n=part['clips'])}</small></div>"
    )
