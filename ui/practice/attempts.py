"""A learner's clip read and compared with a word's example, step by step; and the examples that there are to choose from."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fusion.interpreter import Interpreter
from fusion.observation import Seen
from kslr.core.errors import InputError
from kslr.recognizer import SignPrediction
from kslr.recordings import LANDMARK_SUFFIXES, Recording, cut_signs, record
from kslr.segment import SignSegment
from kslr.teaching.comparison import Comparison, compare, figure
from kslr.teaching.vocabularies import TaughtVocabulary, load_vocabulary, taught_vocabularies
from kslr.video import VideoFile
from kslr.vocabulary import Sign
from ui.server.services import Services
from ui.shared.i18n import Refusal, names
from ui.shared.uploads import Step
from ui.video.translation import EXTENSIONS, REPORT_EVERY, video_refusal

LONGEST = 30.0  # seconds of a learner's clip


@dataclass(frozen=True)
class Attempt:
    """A learner's sign beside the example.

    Attributes:
        sign: the word.
        comparison: of the sign in the clip that came nearest.
        seconds, example_seconds: how long the two were.
        signs: how many signs the clip had.
        several: whether several people were in view.
        read: what the recogniser made of it, or None where the vocabulary has only one word.
        named: the word that was read, or None.
    """

    sign: Sign
    comparison: Comparison
    seconds: float
    example_seconds: float
    signs: int
    several: bool
    read: SignPrediction | None
    named: Sign | None


def taught(name: str, services: Services) -> TaughtVocabulary:
    """A vocabulary by its name.

    Raises:
        Refusal: it is gone, or its file is damaged.
    """
    try:
        return services.vocabularies.load(name)
    except Refusal as error:
        raise Refusal("practice.gone") from error


def practice_words(_: Any = None) -> list[dict[str, Any]]:
    """The vocabularies that have examples, each with its words that have one."""
    found = []
    for path in taught_vocabularies():
        try:
            vocabulary = load_vocabulary(path)
        except InputError:
            continue  # a damaged file is told of on the Teach page
        words = [{"id": sign.id, **names(sign)} for sign in vocabulary.signs if sign.id in vocabulary.exemplars]
        if words:
            found.append({"name": path.stem, "words": words})
    return found


def practice_example(asked: Any, services: Services) -> dict[str, Any]:
    """A word's example as a moving figure.

    Args:
        asked: [vocabulary, word id].
        services: where vocabularies are.

    Returns:
        seconds, and points (frames, points, 2) in hundredths of the shoulder width, null where absent; or a problem's key.
    """
    try:
        name, word = (str(one) for one in asked)
        example = taught(name, services).exemplars[word]
        return {"seconds": example.seconds, "points": hundredths(figure(np.asarray(example.window, np.float32)))}
    except (Refusal, InputError, KeyError, TypeError, ValueError):
        return {"problem": "practice.gone"}


def attempt(path: Path, vocabulary: TaughtVocabulary, word: str, services: Services) -> Iterator[Step | Attempt]:
    """Reads a learner's clip and compares its signs with the example.

    Args:
        path: a video, or a landmark recording.
        vocabulary, word: whose example.
        services: models and limits.

    Yields:
        `Step` now and then, at last one `Attempt`.

    Raises:
        Refusal: the clip can't be read or shows nothing to compare.
    """
    example = vocabulary.exemplars.get(word)
    if example is None:
        raise Refusal("practice.gone")
    recording, seen = None, Seen()
    try:
        for step in _recorded(path, services):
            if isinstance(step, Step):
                yield step
            else:
                recording, seen = step
    except Refusal:
        raise
    except InputError as error:
        raise video_refusal(error, 0.5, services.limits.upload_megabytes) from error
    if recording is None or not np.isfinite(recording.x[:, 0]).any():
        raise Refusal("practice.nobody")
    found = cut_signs(recording)
    window = np.asarray(example.window, np.float32)
    compared = []
    for segment in found:
        try:
            compared.append((compare(window, example.seconds, segment.window(), segment.end - segment.start), segment))
        except InputError:
            continue  # a stretch without raised hands is no sign; told below when there is no other
    if not compared:
        raise Refusal("practice.no_hands")
    best, segment = max(compared, key=lambda one: one[0].score)
    sign = next(one for one in vocabulary.signs if one.id == word)
    read = _read(vocabulary, segment, services)
    named = next((one for one in vocabulary.signs if read and one.id == read.sign_id), None)
    yield Attempt(sign, best, segment.end - segment.start, example.seconds, len(found), seen.several, read, named)


def _recorded(path: Path, services: Services) -> Iterator[Step | tuple[Recording, Seen]]:
    """The landmarks of a clip and what was in view."""
    if path.suffix.lower() in LANDMARK_SUFFIXES:
        yield record(path), Seen()
        return
    if path.suffix.lower() not in EXTENSIONS:
        raise Refusal("practice.format")
    reported, frames = time.monotonic(), []
    with (
        services.count_video(),
        VideoFile(path, longest=LONGEST) as video,
        Interpreter(services.models, people_every=1.0).session() as session,
        closing(session.observations(video)) as observations,
    ):
        for frame, observation in observations:
            frames.append(observation.landmarks)
            if time.monotonic() - reported > REPORT_EVERY:
                reported = time.monotonic()
                yield Step(min(1.0, frame.seconds / video.duration) if video.duration else None, frame.seconds)
        seen = session.seen
    if not frames:
        raise Refusal("video.unreadable")
    x = np.stack([one.values() for one in frames])
    yield Recording(np.array([one.seconds for one in frames]), x, frames[0].aspect, path.name), seen


def _read(vocabulary: TaughtVocabulary, segment: SignSegment, services: Services) -> SignPrediction | None:
    if len(vocabulary.signs) < 2:
        return None
    return services.vocabularies.models(vocabulary.name).signs.recognize(segment)


def hundredths(points: np.ndarray) -> list[Any]:
    """(frames, points, 2) → the same as lists of whole hundredths, null for an absent point.

    >>> hundredths(np.array([[[0.123, -1.0], [np.nan, np.nan]]]))
    [[[12, -100], None]]
    """
    whole = np.round(np.nan_to_num(points) * 100).astype(int).tolist()
    there = np.isfinite(points).all(axis=-1).tolist()
    return [[p if seen else None for p, seen in zip(*frame, strict=True)] for frame in zip(whole, there, strict=True)]
