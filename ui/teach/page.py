"""The Teach page: words of one's own from a few recordings each. What moves is in teach.js, what is done in routes.py."""

import gradio as gr

from kslr.recordings import LANDMARK_SUFFIXES, VIDEO_SUFFIXES
from ui.server.services import Services
from ui.shared.i18n import LANGUAGES, word_html
from ui.shared.naming import NAME_LENGTH, WORD_LENGTH
from ui.teach.takes import LONGEST, TAKE_BYTES

NAMES = {"kk": "teach.name_kk", "ru": "teach.name_ru", "en": "teach.name_en"}
ACCEPTED = ",".join(("video/*", *VIDEO_SUFFIXES, *LANDMARK_SUFFIXES))


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    gr.HTML(html_template=page(), js_on_load="window.kslr.teach(element)", apply_default_css=False)


def button(name: str, kind: str = "quiet", attributes: str = "") -> str:
    """A button of the page with its word."""
    return f'<button type="button" class="{kind}" id="teach-{name}" data-word="teach.{name}"{attributes}></button>'


def page() -> str:
    """The page as HTML."""
    names = "".join(
        f'<label>{word_html(NAMES[code])}<input type="text" id="teach-{code}" lang="{code}" maxlength="{WORD_LENGTH}" '
        f'autocomplete="off"></label>'
        for code in LANGUAGES
    )
    return f"""
<section class="teach" aria-labelledby="teach-heading">
  {word_html("teach.heading", "h2", 'id="teach-heading"')}
  {word_html("teach.what", "p")}
  <div class="columns">
    <div class="steps">
      <fieldset><legend>{word_html("teach.step_vocabulary")}</legend>
        <div class="row">
          <select id="teach-vocabulary" data-word-label="teach.vocabulary"></select>
          {button("new")}{button("upload")}
          <input type="file" id="teach-file" accept=".npz" hidden>
        </div>
        <form class="row" id="teach-create" hidden>
          <label>{word_html("teach.new_name")}
            <input type="text" id="teach-newname" maxlength="{NAME_LENGTH}" autocomplete="off"></label>
          <button type="submit" class="quiet" data-word="teach.create"></button>
        </form>
        {word_html("teach.shared", "p", 'class="note"')}
      </fieldset>
      <fieldset><legend>{word_html("teach.step_word")}</legend>
        <div class="names">{names}</div>
        <div id="teach-todo" hidden>{word_html("teach.todo", "p", 'class="note"')}<ul class="words"></ul></div>
      </fieldset>
      <fieldset><legend>{word_html("teach.step_record")}</legend>
        {word_html("teach.how", "p", 'class="note"')}
        <div class="stage mirrored small" id="teach-stage">
          <video id="teach-video" muted playsinline data-word-label="video.preview"></video>
          <div class="count" id="teach-count" role="status"></div>
        </div>
        <div class="controls">
          {button("record", "main")}{button("stop", "quiet", " hidden")}
          <label class="quiet" id="teach-drop" tabindex="-1"><span data-word="teach.clips"></span>
            <input type="file" id="teach-clips" class="apart" multiple accept="{ACCEPTED}">
          </label>
          <label class="switch">{word_html("teach.length")}<select id="teach-length" data-word-label="teach.length">
            <option>2</option><option selected>3</option><option>4</option></select></label>
        </div>
        {word_html("teach.limits", "p", 'class="note"', size=round(TAKE_BYTES / 1e6), n=round(LONGEST))}
        <p class="status" id="teach-note" role="status"></p>
        <ol class="takes" id="teach-takes"></ol>
        <div class="controls" id="teach-go" hidden>
          {button("learn", "main")}
          <label class="switch"><input type="checkbox" id="teach-face">{word_html("teach.face")}</label>
        </div>
      </fieldset>
      {word_html("teach.privacy", "p", 'class="note"')}
    </div>
    <div class="learnt">
      <p class="message" id="teach-said" role="status" hidden></p>
      <div id="teach-words" aria-live="polite"></div>
      <div id="teach-trying" hidden>
        {word_html("teach.try", "h3")}
        {word_html("teach.try_how", "p", 'class="note"')}
        <div class="stage mirrored small" id="teach-trystage" hidden>
          <video muted playsinline data-word-label="video.preview"></video><div class="count" role="status"></div>
        </div>
        <div class="controls">
          {button("trycamera", "main")}
          <label class="quiet" tabindex="-1"><span data-word="teach.tryclip"></span>
            <input type="file" id="teach-tryfile" class="apart" accept="{ACCEPTED}"></label>
          {button("live")}
        </div>
        <p class="status" id="teach-trynote" role="status"></p>
        <div class="now" id="teach-answer" aria-live="polite" aria-atomic="true" hidden></div>
      </div>
    </div>
  </div>
</section>"""
