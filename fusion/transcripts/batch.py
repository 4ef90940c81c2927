"""Transcripts of a whole folder of clips, in parallel processes, resumable."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fusion.interpreter import Interpreter, Models
from fusion.transcripts.formats import Format, Transcript
from kslr import __version__
from kslr.core.cards import card_path
from kslr.core.errors import InputError
from kslr.core.files import parse_json, write_file
from kslr.core.parallel import cores, run_in_processes
from kslr.extraction import ENDED, clip_stamp, video_files
from kslr.landmarks import Landmarks
from kslr.signmodels import taught_file

MADE = ".kslr.json"
_models: Models | None = None  # a worker process's own, loaded once by _load_models


@dataclass(frozen=True)
class ClipResult:
    """What became of one clip.

    Attributes:
        clip, out: the clip and its transcript.
        words: how many words were found, or signs looked up; None when it was there already or the clip could not be read.
        problem: why there is no transcript or an empty one, for people; None when all is well.
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
    neutral: bool = False,
    face: bool = True,
    strictness: str = "normal",
    nearest: int = 10,
) -> Iterator[ClipResult]:
    """Transcribes every video below a folder, each as it is done; subfolders are kept.

    Transcripts that were made of the same clip (size and date) with the same options and models are left as they are, so a
    run that was stopped goes on where it was; all others are made again. What they were made from is kept in ``.kslr.json``.
    A clip that cannot be read is reported and skipped. The largest are done first, so that no process is left alone with one.

    Args:
        neutral: as in `fusion.interpreter.Interpreter`.
        face: whether a ``pose`` file holds the face.
        strictness: how sure a word must be, see `kslr.recognizer.STRICTNESS`.
        nearest: how many nearest words a sign has where `signs` is a dictionary.
        workers: processes; each holds a tracker and both networks (about 500 MB).

    Raises:
        InputError: no folder, no videos in it, or models that cannot be loaded.
    """
    folder, out = Path(folder), Path(out)
    clips = video_files(folder)
    models = Models.load(signs, emotion, nearest=nearest)  # An unusable model is one clear error, not one a worker.
    format.check_lookups(models.dictionary is not None)
    targets = {clip: out / clip.relative_to(folder).with_suffix(f"{clip.suffix}.{format.extension}") for clip in clips}
    options = _digest_options(format.value, language, neutral, face, strictness, nearest, signs, emotion)
    made, waiting = _read_made(out / MADE), []
    stamps: dict[Path, list[int | str]] = {}
    for clip, target in targets.items():
        stamps[clip] = [options, *clip_stamp(clip)]
        known = made.get(_key(target, out))
        if target.exists() and isinstance(known, list) and known[:-1] == stamps[clip]:
            yield ClipResult(clip, target, None, str(known[-1]) or None)
        else:
            waiting.append(clip)
    waiting.sort(key=lambda clip: (-clip.stat().st_size, clip))
    jobs = [(clip, targets[clip], format, language, neutral, face) for clip in waiting]
    # Where each core has a process, none needs more than one thread.
    given = (signs, emotion, strictness, 2 if workers < cores() else 1, nearest)
    for clip, result in run_in_processes(
        _translate_clip, waiting, jobs, workers=workers, start=_load_models, start_arguments=given
    ):
        words, problem = result or (None, ENDED)
        if words is not None:
            made[_key(targets[clip], out)] = [*stamps[clip], problem or ""]
            write_file(out / MADE, json.dumps(made, ensure_ascii=False, indent=0).encode("utf-8", "replace"))
        yield ClipResult(clip, targets[clip], words, problem)


def _key(target: Path, out: Path) -> str:
    return target.relative_to(out).as_posix().encode("utf-8", "replace").decode()


def _read_made(path: Path) -> dict[str, list[int | str]]:
    """What each transcript in the folder was made from, and its problem or ""; nothing where that is not known."""
    try:
        made = parse_json(path.read_bytes())
    except (OSError, InputError):
        return {}
    return made if isinstance(made, dict) else {}


def _digest_options(*options: object) -> str:
    """A digest of all that a transcript depends on besides its clip; the last two options are the models."""
    *others, signs, emotion = options
    digest = hashlib.sha256(json.dumps([__version__, *others]).encode())
    for file in (taught_file(str(signs)) or card_path(str(signs)), card_path(str(emotion))):
        digest.update(file.read_bytes())  # A card names the digests of its weights and arrays.
    return digest.hexdigest()


def _load_models(signs: str, emotion: str, strictness: str, threads: int, nearest: int) -> None:
    global _models
    _models = Models.load(signs, emotion, strictness, threads, nearest)


def _translate_clip(
    clip: Path, target: Path, format: Format, language: str, neutral: bool, face: bool
) -> tuple[int | None, str | None]:
    assert _models is not None
    landmarks: list[Landmarks] = []
    observe = (lambda _, observation: landmarks.append(observation.landmarks)) if format is Format.pose else None
    try:
        reading = Interpreter(_models, neutral=neutral).interpret(clip, observe=observe)
        words = list(reading)
        found = reading.found if _models.dictionary else None
        length, vocabulary = reading.seen.seconds, _models.vocabulary.name
        transcript = Transcript(words, str(clip), length, vocabulary, language, landmarks, face, str(clip.resolve()), found)
        write_file(target, format.serialize(transcript))
    except InputError as error:
        return None, str(error)
    return len(found if found is not None else words), "nobody is in view" if reading.seen.nobody else None
