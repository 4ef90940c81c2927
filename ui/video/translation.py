"""The one way from an uploaded video to its transcripts, in steps, so that a page can show progress and stop it."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from fusion.annotated_video import AnnotatedVideo
from fusion.interpreter import Interpreter
from fusion.observation import Seen, TaggedWord
from fusion.transcripts.formats import DOWNLOADS, LOOKUPS, Transcript
from kslr.core.errors import InputError
from kslr.lookup.dictionary import Found
from kslr.recognizer import SignPrediction
from kslr.video import VideoFile
from ui.server.services import Services
from ui.shared.i18n import Refusal
from ui.shared.uploads import Step, repeat_steps
from ui.shared.vocabularies import ModelFiles

EXTENSIONS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v")
# Seconds of work between two steps.
REPORT_EVERY = 0.25
# The app's words for the codes of `VideoFile`.
PROBLEMS = {"sound-only": "video.no_picture", "too-long": "video.long", "empty": "video.empty"}


@dataclass(frozen=True)
class Translation:
    """What a video gave.

    Attributes:
        name: the file's.
        words: in order.
        found: the signs that were looked up in a dictionary; None where words were read.
        doubts: signs that were not certain enough to be words, in order; their `perhaps` is the nearest word.
        seen: what was in view.
        times, emotions: (n,) seconds and (n, 7) probabilities of the frames whose face was seen.
        vocabulary: the name of the words it was read with.
        files: what was written, by extension.
    """

    name: str
    words: tuple[TaggedWord, ...]
    seen: Seen
    times: np.ndarray
    emotions: np.ndarray
    vocabulary: str
    files: dict[str, Path]
    doubts: tuple[SignPrediction, ...] = ()
    found: tuple[Found, ...] | None = None


def translate_upload(
    path: Path,
    name: str,
    language: str,
    services: Services,
    signs: str = "",
    strictness: str = "normal",
    wanted: Callable[[], bool] = lambda: True,
) -> Iterator[Step | Translation]:
    """Translates a file, in a process of its own.

    Args:
        path: where it lies.
        name: what the person called it.
        language: of the words drawn into the video and written as text.
        services: models, limits and the place for results.
        signs: the vocabulary; the server's own when empty.
        strictness: how sure a word must be.
        wanted: whether somebody still waits for it.

    Yields:
        A `Step` now and then, at last one `Translation`.

    Raises:
        Refusal: the file or the vocabulary cannot be used.
    """
    limits = services.limits
    if path.suffix.lower() not in EXTENSIONS:
        raise Refusal("video.format")
    if path.stat().st_size > limits.upload_megabytes * 1e6:
        raise Refusal("video.large", size=limits.upload_megabytes)
    models = services.vocabularies.models(signs, strictness, dictionaries=True)
    folder, whole = services.results.new(), False
    try:
        with services.count_video():
            files, seconds = ModelFiles.of(models), limits.video_minutes * 60.0
            work = services.files.run(translate_file, path, folder, name, language, files, seconds, wanted=wanted)
            with closing(work):
                yield from repeat_steps(work, Step(0.0))
        whole = True
    except Refusal:
        raise
    except InputError as error:
        raise video_refusal(error, limits.video_minutes, limits.upload_megabytes) from error
    finally:
        if not whole:
            services.results.delete(folder)


def video_refusal(error: InputError, minutes: float, megabytes: int) -> Refusal:
    """What is wrong with a video in the app's words; `VideoFile` names the file by the server's path.

    Args:
        minutes, megabytes: what a video may have.
    """
    return Refusal(PROBLEMS.get(error.code, "video.unreadable"), minutes=minutes, size=megabytes)


def translate_file(
    path: Path, folder: Path, name: str, language: str, files: ModelFiles, longest: float
) -> Iterator[Step | Translation]:
    """The work of `translate_upload`.

    Args:
        folder: for what is written.
        files: the models.
        longest: seconds that the video may last.

    Raises:
        InputError: the file cannot be read.
    """
    words: list[TaggedWord] = []
    times, emotions = [], []
    models = files.load()
    with VideoFile(path, longest=longest) as video, Interpreter(models).session() as session:
        began = reported = time.monotonic()
        yield Step(0.0 if video.duration else None)
        # Closed before the video is: its threads are still decoding when somebody stops the translation.
        frames = closing(session.observations(video))
        with AnnotatedVideo(folder / "kslr.mp4", language) as annotated, frames as observations:
            for frame, observation in observations:
                annotated.add(frame, observation)
                words += observation.words
                if observation.emotion is not None:
                    times.append(frame.seconds)
                    emotions.append(observation.emotion.probabilities)
                now = time.monotonic()
                if now - reported > REPORT_EVERY:
                    reported = now
                    yield _step(frame.seconds, video.duration, now - began)
            last = session.finish()
            annotated.add_words(last)
            words += last
    vocabulary, seen = models.vocabulary.name, session.seen
    found = tuple(session.found) if models.dictionary else None
    made = {"mp4": folder / "kslr.mp4"}
    transcript = Transcript(words, name, seen.seconds, vocabulary, language, media=PurePath(name).name or None, found=found)
    for extension, format in (DOWNLOADS if found is None else LOOKUPS).items():
        made[extension] = folder / f"kslr.{extension}"
        made[extension].write_bytes(format.serialize(transcript))
    curves = np.array(times), np.array(emotions).reshape(-1, 7)
    yield Translation(name, tuple(words), seen, *curves, vocabulary, made, tuple(session.doubts), found)


def _step(seconds: float, duration: float | None, spent: float) -> Step:
    if not duration:
        return Step(None, seconds)
    fraction = min(1.0, seconds / duration)
    return Step(fraction, seconds, spent / fraction - spent if fraction > 0.05 else None)
