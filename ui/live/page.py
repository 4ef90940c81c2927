"""The Live page: a person signs to the camera and reads the words at once. What moves is in live.js."""

import gradio as gr

from fusion.transcripts.formats import DOWNLOADS
from ui.server.services import Services
from ui.shared.i18n import word_html
from ui.video.page import vocabulary_html


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    gr.HTML(html_template=page(), js_on_load="window.kslr.live(element)", apply_default_css=False)


def page() -> str:
    """The page as HTML."""
    switches = "".join(
        f'<label class="switch"><input type="checkbox" id="live-{name}"{" checked" if on else ""}>{word_html("live." + name)}</label>'
        for name, on in (("mirror", True), ("skeleton", True), ("private", False))
    )
    downloads = "".join(f'<button type="button" class="quiet" data-format="{kind}">{kind.upper()}</button>' for kind in DOWNLOADS)
    return f"""
<section class="live" aria-labelledby="live-heading">
  {word_html("live.heading", "h2", 'id="live-heading"')}
  <div class="columns">
    <div class="scene">
      <div class="stage mirrored" id="live-stage" data-word-label="live.picture" role="img">
        <video id="live-video" muted playsinline></video><canvas id="live-canvas"></canvas>
        <div class="hint" id="live-hint" role="status"></div>
        <div class="badge" id="live-speed" hidden></div>
      </div>
      <div class="controls">
        <button type="button" class="main" id="live-start" data-word="live.start"></button>
        <select id="live-camera" data-word-label="live.camera" hidden></select>
        {switches}
        {vocabulary_html("live")}
        <button type="button" class="quiet" id="live-calm" data-word="live.calm" hidden></button>
      </div>
      <p class="status" id="live-status" role="status" data-word="live.off"></p>
      {word_html("live.consent", "p", 'class="note"')}
    </div>
    <div class="reading">
      <div class="now" id="live-now" aria-live="polite" aria-atomic="true">
        {word_html("live.waiting", "p", 'class="waiting"')}
      </div>
      <p class="guess" id="live-guess" aria-hidden="true"></p>
      <details class="top5" id="live-top5" hidden><summary data-word="live.five"></summary><ul></ul></details>
      <div class="face" id="live-face" hidden>{word_html("emotion.now")} <span id="live-emotion"></span></div>
      <div class="head">{word_html("live.transcript", "h3")}
        <span class="tools">
          <button type="button" class="quiet" id="live-copy" data-word="live.copy"></button>
          <button type="button" class="quiet" id="live-speak" data-word="live.speak" hidden></button>
          <button type="button" class="quiet" id="live-clear" data-word="live.clear"></button>
        </span>
      </div>
      <ol class="transcript" id="live-words"></ol>
      <div class="downloads" id="live-downloads" hidden>{word_html("live.download")} {downloads}</div>
    </div>
  </div>
</section>"""
