"""What the app can do, for programs: called with gradio_client, by plain HTTP, or as tools of a language model (MCP)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from kslr.teaching.naming import WordNames, resolve_sign
from kslr.teaching.takes import TAKE_SECONDS, Take
from ui.door.queue import client_waits
from ui.evaluate.evaluation import Evaluation, evaluate_uploads
from ui.server.logs import log_error
from ui.server.metrics import is_local
from ui.server.services import Services
from ui.shared.i18n import LANGUAGES, Refusal, text
from ui.shared.uploads import upload_path
from ui.shared.vocabularies import refusals
from ui.shared.worker import Gone
from ui.teach.lessons import learn
from ui.teach.owners import Owners
from ui.video.translation import Translation, translate_upload

MOST_CLIPS = 100


def build_api(services: Services) -> None:
    """Adds the functions to the app that is being built, without anything to see."""
    with gr.Row(visible=False):
        video, manifest = gr.File(type="filepath", label="video"), gr.File(type="filepath", label="manifest")
        clips = gr.File(type="filepath", file_count="multiple", label="clips")
        vocabulary = gr.Textbox(label="vocabulary")
        word, kk, ru, en, signs, key = (gr.Textbox("", label=name) for name in ("word", "kk", "ru", "en", "signs", "key"))
        language = gr.Dropdown(list(LANGUAGES), value="en", label="language")
        answer, lesson, report = gr.JSON(label="transcript"), gr.JSON(label="lesson"), gr.JSON(label="report")
        run = gr.Button()

    def translate_video(video: str, language: str = "en", signs: str = "") -> dict[str, Any]:
        """Reads the signs in a video of one person, each with the emotion in the signer's face.

        Args:
            video: an MP4, AVI, MOV, MKV or WebM file.
            language: of error messages: kk, ru or en.
            signs: name of the vocabulary to read with, a shipped or a taught one; empty for the server's own. With a
                dictionary (rsl) signs are looked up: there are no words, and found has the nearest words of each sign.

        Returns:
            The transcript: source, duration in seconds, vocabulary, and words with start, end, sign, sign_probability,
            alternatives, emotion and emotion_probabilities.
        """
        with answer_programs(language, [video] if video else []) as paths:
            if not paths:
                raise Refusal("video.empty")
            *_, translation = translate_upload(paths[0], paths[0].name, language, services, signs, wanted=client_waits())
            assert isinstance(translation, Translation)
            transcript = translation.files["json"]
            content = json.loads(transcript.read_text(encoding="utf-8"))
            services.results.delete(transcript.parent)
        return content

    def teach_word(
        vocabulary: str,
        word: str,
        kk: str,
        ru: str,
        en: str,
        clips: list[str],
        language: str = "en",
        key: str = "",
        request: gr.Request | None = None,
    ) -> dict[str, Any]:
        """Teaches a vocabulary a sign from a few recordings of it, best five or more; the vocabulary is made when missing.

        Args:
            vocabulary: its name: letters, digits, spaces, - and _.
            word: the word's id in Latin letters, digits and underscores, such as good_morning; empty to make it of the names.
            kk: the word in Kazakh; one of the three names is enough.
            ru: the word in Russian.
            en: the word in English.
            clips: recordings, one sign each: videos, or landmark files (.npz, .pose), up to 30 seconds.
            language: of error messages: kk, ru or en.
            key: of the vocabulary, which only who made it has; not needed on the server's own machine.

        Returns:
            word (its id), words with recordings and accuracy each, right of asked (leave one out), accuracy, interval, confused
            pairs, advice (ids of the words that one more recording helps most), clips: for each whether it was used and
            what is poor about it, and once, when the vocabulary is made, its key.
        """
        names = WordNames(*(str(name or "") for name in (kk, ru, en, word)))
        with answer_programs(language, clips or []) as paths:
            if not paths:
                raise Refusal("teach.no_takes")
            if len(paths) > MOST_CLIPS:
                raise Refusal("teach.too_many_recordings", n=MOST_CLIPS)
            # Wrong names are refused before a long look at the clips.
            path, owners = services.vocabularies.path(vocabulary), Owners()
            new = not path.is_file()
            if not new:
                asked = request.request if request else None  # as it came; Gradio's own copies its parts
                owners.check(path.stem, str(key or ""), asked is not None and is_local(asked))
            with refusals():
                resolve_sign(names)
            takes, judged = judge_clips(paths, language, services)
            found = learn(services, vocabulary, names, takes)
        told = {"key": owners.create(path.stem)} if new else {}
        return {**{name: value for name, value in found.items() if name != "todo"}, "clips": judged, **told}

    def evaluate_clips(manifest: str, clips: list[str], language: str = "en") -> dict[str, Any]:
        """Evaluates sign and emotion recognition together on labelled clips.

        Args:
            manifest: a CSV file with the columns clip, sign, emotion (may be empty) and signer.
            clips: the videos that the manifest names.
            language: of error messages: kk, ru or en.

        Returns:
            The joint report: accuracy with its interval, sign, emotion and joint figures, and an answer for every clip.
        """
        with answer_programs(language, [file for file in [manifest, *(clips or [])] if file]) as paths:
            *_, evaluation = evaluate_uploads([(path.name, path) for path in paths], services, client_waits())
            assert isinstance(evaluation, Evaluation)
            services.results.delete(evaluation.folder)
        return json.loads(json.dumps(evaluation.report))

    shared: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "videos"}
    run.click(translate_video, [video, language, signs], answer, api_name="translate", **shared)
    run.click(teach_word, [vocabulary, word, kk, ru, en, clips, language, key], lesson, api_name="teach", **shared)
    run.click(evaluate_clips, [manifest, clips, language], report, api_name="evaluate", **shared)


@contextmanager
def answer_programs(language: str, files: list[str]) -> Iterator[list[Path]]:
    """Uploaded files that a program names. A `Refusal` becomes an error in the language; the files are deleted in any case.

    Raises:
        gr.Error: in place of `Refusal`, also where one is no uploaded file.
    """
    language = language if language in LANGUAGES else "en"
    found = [upload_path(file) for file in files]
    paths = [path for path in found if path is not None]
    try:
        if None in found:
            raise Refusal("video.unreadable")
        yield paths
    except Refusal as refusal:
        raise gr.Error(text(refusal.key, language, **refusal.values), print_exception=False) from refusal
    except Gone as gone:  # nobody is left to be told
        raise gr.Error(text("video.failed", language), print_exception=False) from gone
    except OSError as error:  # the disk is full for the moment
        log_error(error)
        raise gr.Error(text("video.failed", language), print_exception=False) from error
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


def judge_clips(paths: list[Path], language: str, services: Services) -> tuple[list[Take], list[dict[str, Any]]]:
    """The takes of the clips that can be read; and for each clip its name, whether it is used, and its problems."""
    takes, judged = [], []
    for path in paths:
        try:
            take = services.desk.judge(path.read_bytes(), path.name, trimmed=True, wanted=client_waits())
        except Refusal as refusal:
            problem = text(refusal.key, language, **{"n": round(TAKE_SECONDS), **refusal.values})
            judged.append({"clip": path.name, "used": False, "problems": [problem]})
            continue
        takes.append(take)
        problems = [text(f"take.{name}", language) for name in take.verdict.problems]
        judged.append({"clip": path.name, "used": take.verdict.sign is not None, "problems": problems})
    return takes, judged
