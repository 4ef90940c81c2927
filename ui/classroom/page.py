"""The Classroom page: a gate, then how the class reacts as a chart, then past sessions. What moves is in classroom.js."""

import gradio as gr

from ui.server.services import Services
from ui.shared.i18n import word_html

FIGURES = ("engagement", "facing", "valence", "seen", "faces", "confidence")
TARGETS = {"camera": "target_camera", "desk": "target_desk", "left": "target_left", "right": "target_right"}
PLACES = {"outside-eu": "place_outside", "medical-or-safety": "place_safety", "": "place_other"}


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    gr.HTML(html_template=page(), js_on_load="window.kslr.classroom(element)", apply_default_css=False)


def page() -> str:
    """The page as HTML."""
    figures = "".join(f'<div class="figure">{word_html(f"classroom.{name}")}<b id="class-{name}">–</b></div>' for name in FIGURES)
    places = "".join(
        f'<label class="switch"><input type="radio" name="class-place" value="{value}">{word_html(f"classroom.{word}")}</label>'
        for value, word in PLACES.items()
    )
    targets = "".join(
        f'<label class="switch"><input type="checkbox" name="class-target" value="{name}"'
        f"{' checked' if name == 'camera' else ''}>{word_html(f'classroom.{word}')}</label>"
        for name, word in TARGETS.items()
    )
    return f"""
<section class="classroom" aria-labelledby="class-heading">
  {word_html("classroom.heading", "h2", 'id="class-heading"')}
  {word_html("classroom.what", "p")}
  <form class="gate" id="class-gate">
    {word_html("classroom.gate", "h3")}
    {word_html("classroom.law", "p", 'class="message"')}
    <label class="switch"><input type="checkbox" id="class-consent">{word_html("classroom.consent")}</label>
    <fieldset>{word_html("classroom.place", "legend")}{places}</fieldset>
    <fieldset>{word_html("classroom.targets", "legend")}{targets}
      <label class="region">{word_html("classroom.region")} <input type="text" id="class-region" maxlength="40"></label>
      {word_html("classroom.targets_note", "small")}</fieldset>
    <div class="row">
      <label>{word_html("classroom.name")} <input type="text" id="class-name" maxlength="120"></label>
      <label>{word_html("classroom.k")} <input type="number" id="class-k" min="5" max="40" value="5"></label>
    </div>
    <div class="controls">
      <button type="button" class="main" id="class-start" data-word="classroom.camera" disabled></button>
      <label class="file"><input type="file" id="class-file" accept="video/*" disabled>{word_html("classroom.file")}</label>
    </div>
    {word_html("classroom.private", "p", 'class="note"')}
  </form>
  <div id="class-room" hidden>
    <div class="columns">
      <div class="scene">
        <div class="stage wide-stage" id="class-stage" role="img" data-word-label="classroom.preview">
          <video id="class-video" muted playsinline></video><canvas id="class-canvas"></canvas>
          <div class="badge" id="class-rate" hidden></div>
        </div>
        <div class="controls">
          <button type="button" class="main" id="class-stop" data-word="classroom.stop"></button>
          <label class="switch"><input type="checkbox" id="class-aim">{word_html("classroom.aim")}</label>
        </div>
      </div>
      <div class="reading">
        <div class="figures" id="class-figures" aria-live="polite">{figures}</div>
        <form class="row" id="class-note">
          <label class="grow">{word_html("classroom.moment")} <input type="text" id="class-moment" maxlength="200"></label>
          <button type="submit" class="quiet" data-word="classroom.note"></button>
        </form>
        {word_html("classroom.moment_note", "small")}
      </div>
    </div>
  </div>
  <p class="status" id="class-status" role="status"></p>
  <div id="class-charts"></div>
  <div class="head">{word_html("classroom.past", "h3")}
    <button type="button" class="quiet" id="class-compare" data-word="classroom.compare" disabled></button></div>
  {word_html("classroom.past_note", "p", 'class="note"')}
  <ul class="sessions" id="class-sessions"></ul>
  <div class="compared" id="class-compared"></div>
</section>"""
