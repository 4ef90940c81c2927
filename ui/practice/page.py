"""The Practice page: an example to watch, one's own sign beside it, and what differs. What moves is in practice.js."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from kslr.recordings import LANDMARK_SUFFIXES
from kslr.teaching.comparison import Comparison
from ui.door.queue import client_waits
from ui.practice.attempts import Attempt, compare_clip, load_examples, practice_example, practice_words
from ui.server.services import Services
from ui.shared.frame import component
from ui.shared.html import macros
from ui.shared.pictures import hundredths
from ui.shared.uploads import Step, connect_job, event_text, run_steps, upload_path
from ui.video.translation import EXTENSIONS

# From this score on, what it means in words.
LEVELS = ((80.0, "practice.like_own"), (50.0, "practice.near"), (20.0, "practice.partly"), (0.0, "practice.far"))
PAGE = "practice/page.html"


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""

    def example(asked: list[str]) -> dict[str, Any]:
        """A word's example for the browser."""
        return practice_example(asked, services)

    picker = component(
        macros(PAGE).picker(services.limits.upload_megabytes, (*EXTENSIONS, *LANDMARK_SUFFIXES)),
        "practice/practice.js",
        server_functions=[practice_words, example],
    )
    result = gr.HTML(elem_id="practice-result", apply_default_css=False)

    def compare(event: Any) -> Iterator[str]:
        def work(path: Path) -> Iterator[str]:
            vocabulary = load_examples(event_text(event, "vocabulary"), services)
            for step in compare_clip(path, vocabulary, event_text(event, "word"), services, client_waits()):
                yield macros(PAGE).progress(step) if isinstance(step, Step) else result_html(step)

        yield from run_steps([upload_path(event_text(event, "path"))], work)

    connect_job(picker, result, compare, queue="practice")


def result_html(found: Attempt) -> str:
    """The score, what deviates in words, both figures over each other, and whether the word would have been read."""
    level = next(key for least, key in LEVELS if found.comparison.score >= least)
    figures = json.dumps(drawn_figures(found.comparison), separators=(",", ":"))
    return str(macros(PAGE).result(found, level, figures))


def drawn_figures(comparison: Comparison) -> dict[str, Any]:
    """What the page draws: times, both figures in hundredths, how far each hand is off, and marks on the hands that deviate."""
    return {
        "score": round(comparison.score),
        "seconds": [round(float(t), 3) for t in comparison.seconds],
        "example": hundredths(comparison.example),
        "own": hundredths(comparison.own),
        "course": np.round(comparison.course, 2).tolist(),
        # hand: of the drawn figure, 0 left, 1 right; a left-handed learner is compared in the mirror.
        "marks": [
            {"hand": int((one.hand == "right_hand") != comparison.mirrored), "seconds": round(one.seconds, 3), "kind": one.kind}
            for one in comparison.deviations
        ],
    }
