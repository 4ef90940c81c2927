"""The examples to practise with, and a learner's clip compared with one of them, in steps."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion.detection import FaceDetector
from emotion.people import PeopleCounter
from fusion.observation import Seen, hand_points
from kslr.core.errors import InputError
from kslr.recognizer import SignPrediction
from kslr.recordings import LANDMARK_SUFFIXES, Recording, cut_signs, record, watch_video
from kslr.teaching.comparison import Comparison, compare
from kslr.teaching.figure import figure
from kslr.teaching.takes import TAKE_SECONDS
from kslr.teaching.vocabularies import TaughtVocabulary, load_vocabulary, taught_vocabularies
from kslr.vocabulary import Sign
from ui.practice.warmup import WARMUP, warmup_vocabulary
from ui.server.services import Services
from ui.shared.i18n import Refusal, names
from ui.shared.pictures import hundredths
from ui.shared.uploads import Step, repeat_steps
from ui.video.translation import EXTENSIONS, REPORT_EVERY, video_refusal

GOOD = 50.0  # score from which a sign is most likely the example's
PEOPLE_EVERY = 1.0  # seconds between two looks at how many people are in view


@dataclass(frozen=True)
class Attempt:
    """A learner's sign beside the example.

    Attributes:
        sign: the word.
        comparison: of the sign in the clip that is nearest to the example.
        seconds, example_seconds: how long the two last.
        signs: how many signs the clip has.
        several: whether several people are in view.
        read: the recogniser's answer; None for a movement of the warm-up, which nothing reads.
        named: the word that it says, or that it is perhaps, or None.
    """

    sign: Sign
    comparison: Comparison
    seconds: float
    example_seconds: float
    signs: int
    several: bool
    read: SignPrediction | None
    named: Sign | None

    @property
    def verdict(self) -> str:
        """What `named` means, as a word of the app.

        ``read_right`` where the recogniser is certain of the word and the score is good as well, ``read_poor`` where the
        score is not, ``read_perhaps`` where it is not certain, ``read_wrong`` for another word.
        """
        if self.read is None or self.read.sign_id is None:
            return "practice.read_perhaps"
        if self.read.sign_id != self.sign.id:
            return "practice.read_wrong"
        return "practice.read_right" if self.comparison.score >= GOOD else "practice.read_poor"


def load_examples(name: str, services: Services) -> TaughtVocabulary:
    """The vocabulary whose examples are practised, by its name.

    Raises:
        Refusal: it is gone, or its file is damaged.
    """
    if name == WARMUP:
        return warmup_vocabulary()
    try:
        return services.vocabularies.load(name)
    except Refusal as error:
        raise Refusal("practice.gone") from error


def practice_words(_: Any = None) -> list[dict[str, Any]]:
    """The vocabularies that have examples, each with its words that have one; the warm-up last, so there is always one."""
    found = []
    for path in taught_vocabularies():
        try:
            vocabulary = load_vocabulary(path)
        except InputError:
            continue  # The Teach page reports damaged files.
        words = [{"id": sign.id, **names(sign)} for sign in vocabulary.signs if sign.id in vocabulary.exemplars]
        if words:
            found.append({"name": path.stem, "words": words})
    return [*found, {"name": WARMUP, "words": [{"id": sign.id, **names(sign)} for sign in warmup_vocabulary().signs]}]


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
        example = load_examples(name, services).exemplars[word]
        return {"seconds": example.seconds, "points": hundredths(figure(np.asarray(example.window, np.float32)))}
    except (Refusal, InputError, KeyError, TypeError, ValueError):
        return {"problem": "practice.gone"}


def compare_clip(
    path: Path, vocabulary: TaughtVocabulary, word: str, services: Services, wanted: Callable[[], bool] = lambda: True
) -> Generator[Step | Attempt, None, None]:
    """Reads a learner's clip and compares its signs with a word's example.

    Args:
        path: a video, or a landmark recording.
        vocabulary, word: whose example.
        services: models and limits.
        wanted: whether the learner still waits.

    Yields:
        `Step` now and then, at last one `Attempt`.

    Raises:
        Refusal: the clip cannot be read or shows nothing to compare.
    """
    example = vocabulary.exemplars.get(word)
    if example is None:
        raise Refusal("practice.gone")
    if path.suffix.lower() not in (*EXTENSIONS, *LANDMARK_SUFFIXES):
        raise Refusal("practice.format")
    try:
        recording, several = yield from _record(path, services, wanted)
    except InputError as error:
        raise video_refusal(error, TAKE_SECONDS / 60, services.limits.upload_megabytes) from error
    if not np.isfinite(recording.x[:, 0]).any():
        raise Refusal("practice.nobody")
    signs, window, compared = cut_signs(recording), np.asarray(example.window, np.float32), []
    for segment in signs:
        with suppress(InputError):  # A stretch without raised hands is no sign.
            compared.append((compare(window, example.seconds, segment.window(), segment.seconds), segment))
    if not compared:
        raise Refusal("practice.no_hands")
    best, segment = max(compared, key=lambda one: one[0].score)
    sign = next(one for one in vocabulary.signs if one.id == word)
    read = None if vocabulary.name == WARMUP else services.vocabularies.models(vocabulary.name).signs.recognize(segment)
    named = next((one for one in vocabulary.signs if read and one.id == (read.sign_id or read.perhaps)), None)
    yield Attempt(sign, best, segment.seconds, example.seconds, len(signs), several, read, named)


def _record(path: Path, services: Services, wanted: Callable[[], bool]) -> Generator[Step, None, tuple[Recording, bool]]:
    """A clip's landmarks, and whether several people are in view, from another process; steps meanwhile."""
    last: Any = None
    with services.count_video(), closing(services.desk.worker.run(watch_attempt, path, wanted=wanted)) as work:
        for last in repeat_steps(work, Step(0.0)):
            if isinstance(last, Step):
                yield last
    return last


def watch_attempt(path: Path) -> Iterator[Step | tuple[Recording, bool]]:
    """The work of `compare_clip` in another process: steps, at last the landmarks and whether several people are in view.

    Raises:
        InputError: the clip cannot be read.
    """
    if path.suffix.lower() in LANDMARK_SUFFIXES:
        yield record(path, longest=TAKE_SECONDS), False
        return
    landmarks, seen, reported = [], Seen(), time.monotonic()
    frames = closing(watch_video(path, longest=TAKE_SECONDS))
    with FaceDetector() as faces, frames as watched:
        people = PeopleCounter(faces, PEOPLE_EVERY)
        for frame, found, done in watched:
            landmarks.append(found)
            seen = seen.plus(found, people.look(frame.rgb, frame.seconds, hand_points(found)))
            if time.monotonic() - reported > REPORT_EVERY:
                reported = time.monotonic()
                yield Step(done, frame.seconds)
    yield Recording.from_landmarks(landmarks, path.name), seen.several
