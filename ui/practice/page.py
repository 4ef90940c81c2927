"""The Practice page: an example to watch, one's own sign beside it, and what differs. What moves is in practice.js."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from kslr.recordings import LANDMARK_SUFFIXES
from kslr.teaching.comparison import Deviation
from ui.practice.attempts import Attempt, attempt, hundredths, practice_example, practice_words, taught
from ui.server.services import Services
from ui.shared.i18n import names, texts_html, word_html
from ui.shared.uploads import Step, event_text, run_steps, upload_path
from ui.video.page import progress_html
from ui.video.translation import EXTENSIONS

SPEEDS = ((1, "1×"), (0.5, "½×"), (0.25, "¼×"))
KINDS = {
    "higher": "practice.higher",
    "lower": "practice.lower",
    "left": "practice.to_left",
    "right": "practice.to_right",
    "shape": "practice.shape",
    "missing": "practice.missing",
    "extra": "practice.extra",
}
HAND_WORDS = {"left_hand": "practice.left_hand", "right_hand": "practice.right_hand"}
# From this score on, what it means in words.
LEVELS = ((80.0, "practice.like_own"), (50.0, "practice.near"), (20.0, "practice.partly"), (0.0, "practice.far"))


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""

    def example(asked: list[str]) -> dict[str, Any]:
        """A word's example for the browser."""
        return practice_example(asked, services)

    page = gr.HTML(
        html_template=page_html(services),
        js_on_load="window.kslr.practice(element, trigger, upload, server)",
        apply_default_css=False,
        server_functions=[practice_words, example],
    )
    result = gr.HTML(elem_id="practice-result", apply_default_css=False)

    def run(event: gr.EventData) -> Iterator[str]:
        """Compares the clip that the browser has sent with the example, and deletes it."""
        vocabulary, word = event_text(event, "vocabulary"), event_text(event, "word")

        def work(path: Path) -> Iterator[str]:
            for step in attempt(path, taught(vocabulary, services), word, services):
                yield progress_html(step) if isinstance(step, Step) else result_html(step)

        yield from run_steps(upload_path(event_text(event, "path")), work)

    running = page.submit(
        run, None, result, show_progress="hidden", concurrency_limit=1, concurrency_id="practice", api_visibility="private"
    )
    page.stop(None, None, None, cancels=[running], api_visibility="private")


def page_html(services: Services) -> str:
    """The part of the page that is always there."""
    accepted = ",".join((*EXTENSIONS, *LANDMARK_SUFFIXES))
    return f"""
<section class="practice" aria-labelledby="practice-heading">
  {word_html("practice.heading", "h2", 'id="practice-heading"')}
  {word_html("practice.what", "p")}
  <div id="practice-none" hidden>
    {word_html("practice.none", "p", 'class="message"')}
    <div class="controls"><a href="#teach" class="quiet" data-goto-teach>{word_html("practice.to_teach")}</a></div>
  </div>
  <div id="practice-room" hidden>
    <div class="controls">
      <label class="field">{word_html("practice.vocabulary")} <select id="practice-vocabulary"></select></label>
      <label class="field">{word_html("practice.word")} <select id="practice-word"></select></label>
    </div>
    <div class="columns">
      <div class="scene">
        {word_html("practice.example", "h3")}
        <div class="stage on" role="img" data-word-label="practice.example_label"><canvas id="practice-example"></canvas></div>
        {player_html(1, 'id="practice-player"')}
      </div>
      <div class="scene own">
        {word_html("practice.own", "h3")}
        <div class="stage mirrored" id="practice-stage" role="img" data-word-label="video.preview">
          <video id="practice-video" muted playsinline></video><div class="count" id="practice-count" role="status"></div>
        </div>
        <div class="controls">
          <button type="button" class="main" id="practice-sign" data-word="practice.sign"></button>
          <label class="quiet file" data-megabytes="{services.limits.upload_megabytes}">
            <input type="file" accept="video/*,{accepted}" id="practice-file">{word_html("practice.file")}</label>
        </div>
        <p class="status" id="practice-note" role="status"></p>
        {word_html("practice.consent", "p", 'class="note"')}
      </div>
    </div>
  </div>
</section>"""


def player_html(speed: float, attributes: str = "") -> str:
    """Play and pause, slow motion, mirror, and a slider over time, for a figure that moves."""
    speeds = "".join(
        f'<option value="{value}"{" selected" if value == speed else ""}>{shown}</option>' for value, shown in SPEEDS
    )
    return f"""<div class="controls player" {attributes}>
      <button type="button" class="quiet" data-play data-word="practice.pause"></button>
      <label class="field">{word_html("practice.speed")} <select data-speed>{speeds}</select></label>
      <label class="switch"><input type="checkbox" data-mirror checked>{word_html("live.mirror")}</label>
      <input type="range" data-seek-range min="0" max="100" value="0" data-word-label="practice.moment">
    </div>"""


def result_html(done: Attempt) -> str:
    """The score, what deviates in words, both figures over each other, and whether the word would have been read."""
    found = done.comparison
    level = next(key for least, key in LEVELS if found.score >= least)
    lines = "".join(
        f'<li><button type="button" class="quiet" data-seek="{one.seconds:.2f}">{deviation_html(one)}</button></li>'
        for one in found.deviations
    )
    told_of = f'<ol class="deviations">{lines}</ol>' if lines else word_html("practice.all_near", "p", 'class="message"')
    messages = ""
    if done.several:
        messages += word_html("practice.several", "p", 'class="message"')
    if done.signs > 1:
        messages += word_html("practice.best_of", "p", 'class="note"', n=done.signs)
    if found.mirrored:
        messages += word_html("practice.mirrored", "p", 'class="note"')
    data = {
        "seconds": [round(float(t), 3) for t in found.seconds],
        "example": hundredths(found.example),
        "own": hundredths(found.own),
        "course": np.round(found.course, 2).tolist(),
        "marks": [{"hand": hand_row(one, found.mirrored), "seconds": round(one.seconds, 3)} for one in found.deviations],
    }
    return f"""
<section class="result practised" aria-labelledby="practice-done" data-practice='{json.dumps(data, separators=(",", ":"))}'>
  {word_html("practice.result", "h3", 'id="practice-done"')}
  <div class="columns">
    <div class="scene">
      <div class="stage on" role="img" data-word-label="practice.both_label"><canvas></canvas></div>
      {player_html(0.5)}
      <p class="keys"><span class="key example"></span>{word_html("practice.example")}
        <span class="key own"></span>{word_html("practice.own")} <span class="key mark"></span>{word_html("practice.marked")}</p>
    </div>
    <div class="reading" role="status">
      <p class="score"><b>{round(found.score)}</b><span>/ 100</span> {texts_html(names(done.sign), "strong")}</p>
      {word_html(level, "p", 'class="level"')}
      {told_of}
      {read_html(done)}
      {word_html("practice.pace", "p", 'class="note"', own=round(done.seconds, 1), example=round(done.example_seconds, 1))}
      {messages}
      <div class="course">{word_html("practice.course")}
        <svg viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true"></svg></div>
      <details><summary>{word_html("practice.meaning")}</summary>{word_html("practice.meaning_text", "p")}</details>
    </div>
  </div>
</section>"""


def deviation_html(one: Deviation) -> str:
    """Which hand, when, and how it differs, in words."""
    return f"<b>{word_html(HAND_WORDS[one.hand])}</b> {word_html('practice.at', seconds=round(one.seconds, 1))} {word_html(KINDS[one.kind])}"


def hand_row(one: Deviation, mirrored: bool) -> int:
    """Which hand of the drawn figure a deviation is on: 0 left, 1 right."""
    return int((one.hand == "right_hand") != mirrored)


def read_html(done: Attempt) -> str:
    """Whether the recogniser would have read the word."""
    if done.read is None:
        return word_html("practice.one_word", "p", 'class="note"')
    if done.named is None:
        return word_html("practice.not_read", "p", 'class="read"')
    percent = round(100 * done.read.probability)
    key = "practice.read_right" if done.named.id == done.sign.id else "practice.read_wrong"
    return f'<p class="read">{word_html(key)} {texts_html(names(done.named), "b")} <span class="sure">{percent} %</span></p>'
