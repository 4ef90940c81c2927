"""A video file translated step by step, with progress between the steps, so that a page can show it and stop it."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from fusion.annotated_video import AnnotatedVideo
from fusion.interpreter import Interpreter, Models
from fusion.observation import Seen, TaggedWord
from fusion.transcripts.formats import DOWNLOADS, Transcript
from kslr.core.errors import InputError
from kslr.video import VideoFile
from ui.server.services import Services
from ui.shared.i18n import Refusal

EXTENSIONS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v")
# Seconds of work between two reports of progress.
REPORT_EVERY = 0.25


@dataclass(frozen=True)
class Progress:
    """How far it is.

    Attributes:
        seconds: read so far, on the video's clock.
        fraction: 0–1, or None where the video doesn't know its length.
        left: seconds of work to come, or None while that is a guess.
    """

    seconds: float
    fraction: float | None = None
    left: float | None = None


@dataclass(frozen=True)
class Translation:
    """What a video gave.

    Attributes:
        name: the file's.
        words: in order.
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
    vocabulary: str = ""
    files: dict[str, Path] = field(default_factory=dict)


def translate(path: Path, name: str, language: str, services: Services, signs: str = "") -> Iterator[Progress | Translation]:
    """Translates a file.

    Args:
        path: where it lies.
        name: what the person called it.
        language: of the words drawn into the video and written as text.
        services: models, limits and the place for results.
        signs: the vocabulary; the server's own when empty.

    Yields:
        `Progress` now and then, at last one `Translation`.

    Raises:
        Refusal: it can't be.
    """
    limits = services.limits
    if path.suffix.lower() not in EXTENSIONS:
        raise Refusal("video.format")
    if path.stat().st_size == 0:
        raise Refusal("video.empty")
    if path.stat().st_size > limits.upload_megabytes * 1e6:
        raise Refusal("video.large", size=limits.upload_megabytes)
    models = services.vocabularies.models(signs)
    try:
        with services.count_video():
            yield from _translate(path, name, language, services, models)
    except Refusal:
        raise
    except InputError as error:
        raise Refusal(reason(error), minutes=limits.video_minutes, size=limits.upload_megabytes) from error


def reason(error: InputError) -> str:
    """The app's word for what `VideoFile` says is wrong, which names the file by the server's path."""
    message = str(error)
    known = {"sound only": "video.no_picture", "is longer than": "video.long", "is empty": "video.empty"}
    return next((key for part, key in known.items() if part in message), "video.unreadable")


def _translate(path: Path, name: str, language: str, services: Services, models: Models) -> Iterator[Progress | Translation]:
    words: list[TaggedWord] = []
    times, emotions = [], []
    with VideoFile(path, longest=services.limits.video_minutes * 60.0) as video, Interpreter(models).session() as session:
        folder = services.results.new()
        started = reported = time.monotonic()
        yield Progress(0.0, 0.0 if video.duration else None)
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
                    yield _progress(frame.seconds, video.duration, now - started)
            last = session.finish()
            annotated.add_words(last)
            words += last
        seen = session.seen
    vocabulary = models.signs.vocabulary.name
    translation = Translation(name, tuple(words), seen, np.array(times), np.array(emotions).reshape(-1, 7), vocabulary)
    yield replace(translation, files=_write(translation, folder, language))


def _progress(seconds: float, duration: float | None, spent: float) -> Progress:
    if not duration:
        return Progress(seconds)
    fraction = min(1.0, seconds / duration)
    return Progress(seconds, fraction, spent / fraction - spent if fraction > 0.05 else None)


def _write(translation: Translation, folder: Path, language: str) -> dict[str, Path]:
    """Every format of the words beside the annotated video."""
    files = {"mp4": folder / "kslr.mp4"}
    seconds = translation.seen.seconds
    transcript = Transcript(translation.words, translation.name, seconds, translation.vocabulary, language)
    for extension, format in DOWNLOADS.items():
        files[extension] = folder / f"kslr.{extension}"
        files[extension].write_bytes(format.serialize(transcript))
    return files
