"""The Evaluate page: a manifest and its clips in, the joint evaluator's report out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from emotion.faces import EMOTIONS
from kslr.core.errors import InputError
from kslr.core.files import parse_json
from ui.door.queue import client_waits
from ui.evaluate.evaluation import evaluate_uploads
from ui.server.services import Services
from ui.shared.frame import component
from ui.shared.html import macros
from ui.shared.uploads import Step, connect_job, event_text, run_steps, upload_path

MOST_FILES = 500
EXAMPLE = """clip,sign,emotion,signer
001.mp4,su,happy,A
002.mp4,rakhmet,,B
003.mp4,,neutral,A"""
PAGE = "evaluate/page.html"


def build_page(services: Services) -> None:
    """Adds the page to the app that is being built."""
    html = macros(PAGE)
    picker = component(html.picker(services.limits.upload_megabytes, MOST_FILES, EXAMPLE, EMOTIONS), "evaluate/evaluate.js")
    result = gr.HTML(elem_id="evaluate-result", apply_default_css=False)

    def evaluate(event: Any) -> Iterator[str]:
        files = named_uploads(event_text(event, "files", "[]"))

        def work(*_: Path) -> Iterator[str]:
            for step in evaluate_uploads(files, services, client_waits()):
                if isinstance(step, Step):
                    yield html.progress(step)
                else:
                    yield html.result(step.report, f"results/{step.folder.name}/")

        yield from run_steps([path for _, path in files], work)

    connect_job(picker, result, evaluate, queue="videos")


def named_uploads(files: str) -> list[tuple[str, Path]]:
    """The uploaded files among those that a browser names, each with its name.

    Args:
        files: JSON, pairs of name and path.
    """
    try:
        pairs = parse_json(files)
    except InputError:
        return []
    right = [one for one in pairs if isinstance(one, list) and len(one) == 2] if isinstance(pairs, list) else []
    return [(str(name)[:200], path) for name, given in right[:MOST_FILES] if (path := upload_path(str(given))) is not None]
