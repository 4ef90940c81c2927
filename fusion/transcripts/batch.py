"""Transcripts of a whole folder of clips, in parallel processes, resumable."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emotion.recognizer import EmotionRecognizer
from fusion.interpreter import Interpreter, Models
from fusion.transcripts.formats import Format, Transcript
from kslr.core.errors import InputError
from kslr.core.files import write_file
from kslr.core.parallel import cores, run_in_processes
from kslr.extraction import ENDED, video_files
from kslr.landmarks import Landmarks
from kslr.recognizer import SignRecognizer

_models: Models | None = None  # a worker process's own, loaded once by _load_models


@dataclass(frozen=True)
class ClipResult:
    """What became of one clip.

    Attributes:
        clip, out: the clip and its transcript.
        words: how many were found; None when it was there already or the clip could not be read.
        problem: why there is no transcript, for people; None when there is.
    """

    clip: Path
    out: Path
    words: int | None
    problem: str | None


def translate_folder(
    folder: str | Path,
    out: str | Path,
    *,
    format: Format = Format.json,
    workers: int = 2,
    language: str = "kk",
    signs: str = "kslr30",
    emotion: str = "emotion",
) -> Iterator[ClipResult]:
    """Transcribes every video below a folder, each as it is done; subfolders are kept.

    Transcripts that are newer than their clip are left as they are, so a run that was stopped goes on where it was.
    A clip that cannot be read is reported and skipped. The largest are done first, so that no process is left alone with one.

    Args:
        workers: processes; each holds a tracker and both networks (about 500 MB).

    Raises:
        InputError: no folder, no videos in it, or models that cannot be loaded.
    """
    folder, out = Path(folder), Path(out)
    clips = video_files(folder)
    Models.load(signs, emotion)  # An unusable model is one clear error, not one a worker.
    targets = {clip: out / clip.relative_to(folder).with_suffix(f"{clip.suffix}.{format.extension}") for clip in clips}
    waiting = []
    for clip, target in targets.items():
        if target.exists() and target.stat().st_mtime >= clip.stat().st_mtime:
            yield ClipResult(clip, target, None, None)
        else:
            waiting.append(clip)
    waiting.sort(key=lambda clip: (-clip.stat().st_size, clip))
    jobs = [(clip, targets[clip], format, language) for clip in waiting]
    # Where each core has a process, none needs more than one thread.
    given = (signs, emotion, 2 if workers < cores() else 1)
    for clip, result in run_in_processes(
        _translate_clip, waiting, jobs, workers=workers, start=_load_models, start_arguments=given
    ):
        yield ClipResult(clip, targets[clip], *(result or (None, ENDED)))


def _load_models(signs: str, emotion: str, threads: int) -> None:
    global _models
    _models = Models(SignRecognizer(signs, threads), EmotionRecognizer(emotion, threads))


def _translate_clip(clip: Path, target: Path, format: Format, language: str) -> tuple[int | None, str | None]:
    assert _models is not None
    landmarks: list[Landmarks] = []
    observe = (lambda _, observation: landmarks.append(observation.landmarks)) if format is Format.pose else None
    try:
        reading = Interpreter(_models).interpret(clip, observe=observe)
        words = list(reading)
        vocabulary = _models.signs.vocabulary.name
        transcript = Transcript(words, str(clip), reading.seen.seconds, vocabulary, language, landmarks, media=str(clip))
        write_file(target, format.serialize(transcript))
    except InputError as error:
        return None, str(error)
    return len(words), "nobody is in view" if reading.seen.nobody else None
