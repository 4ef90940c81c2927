"""Transcripts of a whole folder of clips, in parallel processes, resumable."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emotion.recognizer import EmotionRecognizer
from fusion.interpreter import Interpreter, Models
from fusion.observation import Seen
from fusion.tagged import TaggedWord
from fusion.transcripts.elan import write_eaf
from fusion.transcripts.exports import to_csv, to_json, to_subtitles, to_text
from kslr.core.errors import InputError
from kslr.core.files import write_file
from kslr.core.processes import cores, in_processes
from kslr.extraction import ENDED, video_files
from kslr.landmarks import Landmarks
from kslr.posefile import write_pose
from kslr.recognizer import SignRecognizer

FORMATS = {"text": ".txt", "json": ".json", "csv": ".csv", "srt": ".srt", "vtt": ".vtt", "eaf": ".eaf", "pose": ".pose"}

_models: Models | None = None  # a worker process's own, loaded once by _start


@dataclass(frozen=True)
class Transcript:
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


def transcript(
    words: list[TaggedWord],
    kind: str,
    *,
    source: str,
    duration: float,
    vocabulary: str,
    language: str = "kk",
) -> str:
    """The words in one of the formats that are text: all but ``eaf`` and ``pose``."""
    if kind == "json":
        return to_json(words, source=source, duration=duration, vocabulary=vocabulary)
    if kind == "csv":
        return to_csv(words)
    if kind in ("srt", "vtt"):
        return to_subtitles(words, kind, language)
    return to_text(words, language)


def save(
    out: Path,
    kind: str,
    words: list[TaggedWord],
    *,
    source: str,
    seen: Seen,
    vocabulary: str,
    landmarks: list[Landmarks],
    language: str = "kk",
    face: bool = True,
) -> None:
    """Writes a transcript in any of `FORMATS`.

    Args:
        landmarks: of every frame; only ``pose`` needs them.
        face: whether a ``pose`` file holds the face.

    Raises:
        InputError: the place cannot be written.
    """
    if kind == "eaf":
        write_eaf(out, words, media=source if Path(source).exists() else None, language=language)
    elif kind == "pose":
        write_pose(out, landmarks, face=face)
    else:
        text = transcript(words, kind, source=source, duration=seen.seconds, vocabulary=vocabulary, language=language)
        write_file(out, text.encode())


def translate_folder(
    folder: str | Path,
    out: str | Path,
    *,
    kind: str = "json",
    workers: int = 2,
    language: str = "kk",
    signs: str = "kslr30",
    emotion: str = "emotion",
) -> Iterator[Transcript]:
    """Transcribes every video below a folder, each as it is done; subfolders are kept.

    Transcripts that are newer than their clip are left as they are, so a run that was stopped goes on where it was.
    A clip that cannot be read is told and skipped. The largest are done first, so that no process is left alone with one.

    Args:
        workers: processes; each holds a tracker and both networks (about 500 MB).

    Raises:
        InputError: no folder, no videos in it, or models that cannot be loaded.
    """
    folder, out = Path(folder), Path(out)
    clips = video_files(folder)
    Models.load(signs, emotion)  # An unusable model is one clear error, not one a worker.
    targets = {clip: out / clip.relative_to(folder).with_suffix(clip.suffix + FORMATS[kind]) for clip in clips}
    waiting = []
    for clip, target in targets.items():
        if target.exists() and target.stat().st_mtime >= clip.stat().st_mtime:
            yield Transcript(clip, target, None, None)
        else:
            waiting.append(clip)
    waiting.sort(key=lambda clip: (-clip.stat().st_size, clip))
    jobs = [(clip, targets[clip], kind, language) for clip in waiting]
    # Where each core has a process, none needs more than one thread.
    given = (signs, emotion, 2 if workers < cores() else 1)
    for clip, result in in_processes(_work, waiting, jobs, workers=workers, start=_start, start_arguments=given):
        yield Transcript(clip, targets[clip], *(result or (None, ENDED)))


def _start(signs: str, emotion: str, threads: int) -> None:
    global _models
    _models = Models(SignRecognizer(signs, threads), EmotionRecognizer(emotion, threads))


def _work(clip: Path, target: Path, kind: str, language: str) -> tuple[int | None, str | None]:
    landmarks: list[Landmarks] = []
    interpreter = Interpreter(_models)
    observe = (lambda _, observation: landmarks.append(observation.landmarks)) if kind == "pose" else None
    try:
        words = list(interpreter.interpret(clip, observe=observe))
        save(
            target,
            kind,
            words,
            source=str(clip),
            seen=interpreter.seen,
            vocabulary=interpreter.models.signs.vocabulary.name,
            landmarks=landmarks,
            language=language,
        )
    except InputError as error:
        return None, str(error)
    return len(words), "nobody is in view" if interpreter.seen.nobody else None
