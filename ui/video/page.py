"""The Video page: a file in; the annotated video, a timeline, the words and their files out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from emotion.faces import EMOTIONS
from fusion.transcripts.formats import DOWNLOADS
from kslr.vocabulary import Vocabulary
from ui.door.queue import client_waits
from ui.server.services import Services
from ui.shared.frame import component
from ui.shared.html import macros
from ui.shared.i18n import LANGUAGES
from ui.shared.uploads import Step, connect_job, event_text, run_steps, upload_path
from ui.video.translation import EXTENSIONS, Translation, translate_upload

CURVE_POINTS = 240
PAGE = "video/page.html"


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    picker = component(macros(PAGE).picker(services.limits, EXTENSIONS), "video/video.js")
    result = gr.HTML(elem_id="video-result", apply_default_css=False)

    def translate(event: Any) -> Iterator[str]:
        signs, language = event_text(event, "signs"), event_text(event, "language")
        strictness = event_text(event, "strictness")
        language = language if language in LANGUAGES else "kk"

        def work(path: Path) -> Iterator[str]:
            vocabulary = services.vocabularies.models(signs, dictionaries=True).vocabulary
            name = event_text(event, "name")[:200]
            for step in translate_upload(path, name, language, services, signs, strictness, client_waits()):
                yield macros(PAGE).progress(step) if isinstance(step, Step) else result_html(step, vocabulary)

        yield from run_steps([upload_path(event_text(event, "path"))], work)

    connect_job(picker, result, translate, queue="videos")


def result_html(translation: Translation, vocabulary: Vocabulary) -> str:
    """Everything a video gave."""
    words = json.dumps([word.as_dict() for word in translation.words], ensure_ascii=False)
    return str(macros(PAGE).result(translation, vocabulary, emotion_curves(translation), words, list(DOWNLOADS)))


def emotion_curves(translation: Translation) -> dict[str, str]:
    """Each emotion's probability over time as the points of a line in a 100 × 30 box, averaged over short times."""
    times, emotions = translation.times, translation.emotions
    if len(times) < 2:
        return {}
    bins = np.minimum((times / max(translation.seen.seconds, 0.1) * CURVE_POINTS).astype(int), CURVE_POINTS - 1)
    filled = np.unique(bins)
    mean = np.stack([emotions[np.abs(bins - b) <= 2].mean(axis=0) for b in filled])
    x = 100 * (filled + 0.5) / CURVE_POINTS
    return {
        emotion: " ".join(f"{a:.1f},{29 - 28 * p:.1f}" for a, p in zip(x, mean[:, column], strict=True))
        for column, emotion in enumerate(EMOTIONS)
    }
