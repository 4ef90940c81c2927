"""What the app can do, for programs: called with gradio_client, by plain HTTP, or as tools of a language model (MCP)."""

import json
from pathlib import Path
from typing import Any

import gradio as gr

from models.errors import InputError
from ui.i18n import LANGUAGES, text
from ui.services import Services
from ui.translation import Refused, Translation, translate


def build(services: Services) -> None:
    """Adds the functions to the app that is being built, without anything to see."""
    with gr.Row(visible=False):
        video = gr.File(type="filepath", label="video")
        language = gr.Dropdown(list(LANGUAGES), value="en", label="language")
        answer = gr.JSON(label="transcript")
        run = gr.Button()

    def translate_video(video: str, language: str = "en") -> dict[str, Any]:
        """Reads the signs in a video of one person, each with the emotion in the signer's face.

        Args:
            video: an MP4, AVI, MOV, MKV or WebM file.
            language: of error messages: kk, ru or en.

        Returns:
            The transcript: source, duration in seconds, vocabulary, and words with start, end, sign, sign_probability,
            alternatives, emotion and emotion_probabilities.
        """
        return transcript(video, language, services)

    run.click(translate_video, [video, language], answer, api_name="translate", concurrency_limit=1, concurrency_id="videos")


def transcript(video: str | None, language: str, services: Services) -> dict[str, Any]:
    """Translates an uploaded file and deletes it and all that was made of it.

    Raises:
        gr.Error: it can't be translated; the message is in the language.
    """
    if not video:
        raise gr.Error(text("video.empty", language), print_exception=False)
    path = Path(video)
    try:
        for step in translate(path, path.name, language, services):
            if isinstance(step, Translation):
                content = json.loads(step.files["json"].read_text(encoding="utf-8"))
                services.results.forget(step.files["json"].parent)
                return content
    except Refused as refused:
        raise gr.Error(text(refused.key, language, **refused.values), print_exception=False) from refused
    finally:
        path.unlink(missing_ok=True)
    raise InputError("The video ended without a result.")
