"""The Video page: a file in; the annotated video, a timeline, the words and their files out."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

import gradio as gr
import numpy as np

from emotion.faces import EMOTIONS
from fusion.appearance import EMOTION_COLOURS, EMOTION_NAMES, icon_svg
from fusion.observation import TaggedWord
from kslr.vocabulary import Vocabulary
from ui.server.services import Services
from ui.shared.i18n import LANGUAGES, names, texts_html, word_html
from ui.shared.uploads import PROBLEM, Step, event_text, run_steps, upload_path
from ui.video.translation import EXTENSIONS, Translation

CURVE_POINTS = 240


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    picker = gr.HTML(
        html_template=picker_html(services), js_on_load="window.kslr.video(element, trigger, upload)", apply_default_css=False
    )
    result = gr.HTML(elem_id="video-result", apply_default_css=False)

    def run(event: gr.EventData) -> Iterator[str]:
        """Translates the file that the browser has sent, and deletes it."""
        signs, language = event_text(event, "signs"), event_text(event, "language", "kk")

        def work(path: Path) -> Iterator[str]:
            vocabulary = services.vocabularies.models(signs).signs.vocabulary
            for step in translate_upload(
                path, event_text(event, "name")[:200], language if language in LANGUAGES else "kk", services, signs
            ):
                yield progress_html(step) if isinstance(step, Step) else result_html(step, vocabulary)

        yield from run_steps(upload_path(event_text(event, "path")), work)

    def discard(event: gr.EventData) -> None:
        """Deletes a file whose turn never came."""
        path = upload_path(event_text(event, "path"))
        if path is not None:
            path.unlink(missing_ok=True)

    running = picker.submit(
        run, None, result, show_progress="hidden", concurrency_limit=1, concurrency_id="videos", api_visibility="private"
    )
    picker.stop(discard, None, None, cancels=[running], api_visibility="private")


def picker_html(services: Services) -> str:
    """The part of the page that is always there."""
    limits = services.limits
    return f"""
<section aria-labelledby="video-heading">
  {word_html("video.heading", "h2", 'id="video-heading"')}
  <label class="drop" data-megabytes="{limits.upload_megabytes}">
    <input type="file" accept="video/*,{",".join(EXTENSIONS)}">
    <span class="main" data-word="video.choose"></span> {word_html("video.drop")}
    {word_html("video.limits", "small", size=limits.upload_megabytes, minutes=limits.video_minutes)}
  </label>
  <div class="controls">
    <button type="button" class="quiet" id="video-record" data-word="video.record"></button>
    {vocabulary_html("video")}
  </div>
  <div class="stage mirrored on small" id="video-preview" hidden>
    <video muted playsinline data-word-label="video.preview"></video><div class="count" id="video-count" role="status"></div>
  </div>
  {word_html("video.privacy", "p", 'class="note"')}
  <p class="status" id="video-note" role="status"></p>
</section>"""


def vocabulary_html(page: str) -> str:
    """The choice of the vocabulary, which vocabulary.js fills; hidden while there is nothing to choose."""
    return (
        f'<label class="switch" hidden>{word_html("vocabulary.choose")}'
        f'<select data-vocabulary="{page}" data-word-label="vocabulary.choose"></select></label>'
    )


def progress_html(step: Step) -> str:
    """A bar with the time left and a way out."""
    if step.fraction is None:
        text = word_html("video.reading_some", seconds=round(step.seconds))
        bar = '<div class="track unknown"><div></div></div>'
    else:
        percent = round(100 * step.fraction)
        text = word_html("video.reading", percent=percent)
        bar = (
            f'<div class="track" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent}" '
            f'aria-labelledby="video-progress"><div style="width:{percent}%"></div></div>'
        )
    left = word_html("video.left", seconds=max(1, round(step.left))) if step.left is not None else ""
    return (
        f'<div class="progress"><p id="video-progress">{text} {left}</p>{bar}'
        f'<button type="button" class="quiet" data-cancel>{word_html("video.cancel")}</button></div>'
    )


def result_html(translation: Translation, vocabulary: Vocabulary) -> str:
    """Everything a video gave."""
    words, seen = translation.words, translation.seen
    messages = []
    if seen.truncated:
        messages.append(word_html("video.truncated", "p", 'class="message"', seconds=round(seen.seconds, 1)))
    if seen.nobody:
        messages.append(word_html("video.nobody", "p", PROBLEM))
    elif not words:
        messages.append(word_html("video.no_words", "p", 'class="message" role="status"'))
    if seen.several:
        messages.append(word_html("video.several", "p", 'class="message"'))
    token = translation.files["mp4"].parent.name
    url = f"results/{token}/"
    table = table_html(words, vocabulary) if words else ""
    return f"""
<section class="result" aria-labelledby="video-done">
  {word_html("video.result", "h3", 'id="video-done"')}
  <p class="file">{escape(translation.name)} · {word_html("video.found", n=len(words))}</p>
  {"".join(messages)}
  <video controls playsinline preload="metadata" src="{url}kslr.mp4" data-word-label="video.picture"></video>
  {timeline_html(translation)}
  {table}
  <div class="downloads">{word_html("video.download")} {downloads_html(translation, url)}</div>
</section>"""


def timeline_html(translation: Translation) -> str:
    """Words as bars coloured by emotion, and the course of the seven emotions under them."""
    length = max(translation.seen.seconds, 0.1)
    bars = "".join(
        f'<button type="button" class="bar" data-seek="{word.start:.2f}" style="left:{100 * word.start / length:.2f}%;'
        f'width:{100 * max(0.01, word.end - word.start) / length:.2f}%;--tint:{tint(word.emotion)}">'
        f"{texts_html(names(word.sign))}</button>"
        for word in translation.words
    )
    lines = "".join(
        f'<polyline points="{points}" stroke="{tint(emotion)}"/>' for emotion, points in curves(translation, length) if points
    )
    legend = "".join(emotion_html(emotion) for emotion in EMOTIONS)
    return f"""
  <div class="timeline">
    <p class="note">{word_html("video.timeline")}</p>
    <div class="bars">{bars}</div>
    <svg viewBox="0 0 100 30" preserveAspectRatio="none" role="img" data-word-label="video.curve">{lines}</svg>
    <div class="ticks"><span>0:00</span><span>{clock(length / 2)}</span><span>{clock(length)}</span></div>
    <div class="legend">{legend}</div>
  </div>"""


def curves(translation: Translation, length: float) -> Iterator[tuple[str, str]]:
    """Each emotion's probability over time as the points of a line in a 100 × 30 box, averaged over the bins."""
    times, emotions = translation.times, translation.emotions
    if len(times) < 2:
        return
    bins = np.minimum((times / length * CURVE_POINTS).astype(int), CURVE_POINTS - 1)
    filled = np.unique(bins)
    mean = np.stack([emotions[np.abs(bins - b) <= 2].mean(axis=0) for b in filled])
    for column, emotion in enumerate(EMOTIONS):
        points = zip(filled, mean[:, column], strict=True)
        yield emotion, " ".join(f"{100 * (b + 0.5) / CURVE_POINTS:.1f},{29 - 28 * p:.1f}" for b, p in points)


def table_html(words: tuple[TaggedWord, ...], vocabulary: Vocabulary) -> str:
    """The words as a table."""
    columns = ("start", "end", "word", "probability", "emotion", "alternatives")
    head = "".join(word_html(f"video.{column}", "th", 'scope="col"') for column in columns)
    rows = "".join(f"<tr>{row_html(word, vocabulary)}</tr>" for word in words)
    return f'<div class="wide words-table" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def row_html(word: TaggedWord, vocabulary: Vocabulary) -> str:
    """A word's cells."""
    others = " ".join(
        f'<span class="other">{texts_html(names(vocabulary[sign]))} {sure(probability)}</span>'
        for sign, probability in word.alternatives
        if sign != word.sign.id and sign in vocabulary
    )
    return (
        f'<td><button type="button" class="quiet" data-seek="{word.start:.2f}">{word.start:.2f}</button></td>'
        f"<td>{word.end:.2f}</td><td><b>{texts_html(names(word.sign))}</b></td><td>{sure(word.sign_probability)}</td>"
        f"<td>{emotion_html(word.emotion)}</td><td>{others}</td>"
    )


def sure(probability: float) -> str:
    """A probability as text and as a bar, which is green, yellow or red as well as long or short."""
    percent = round(100 * probability)
    level = "high" if probability >= 0.7 else "middle" if probability >= 0.4 else "low"
    return f'<span class="sure {level}" style="--part:{percent}%">{percent} %</span>'


def emotion_html(emotion: str | None) -> str:
    """An emotion as icon, word and colour."""
    if emotion is None:
        return word_html("emotion.none", "span", 'class="emotion none"')
    return f'<span class="emotion" style="--tint:{tint(emotion)}">{icon_svg(emotion)}{texts_html(EMOTION_NAMES[emotion])}</span>'


def tint(emotion: str | None) -> str:
    """An emotion's colour in CSS."""
    red, green, blue = EMOTION_COLOURS[emotion or "neutral"]
    return f"rgb({red} {green} {blue})"


def downloads_html(translation: Translation, url: str) -> str:
    """Links to every file that was written."""
    return " ".join(
        f'<a class="quiet" href="{url}{path.name}" download>{kind.upper()}</a>' for kind, path in translation.files.items()
    )


def clock(seconds: float) -> str:
    """Minutes and seconds.

    >>> clock(75.4)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
