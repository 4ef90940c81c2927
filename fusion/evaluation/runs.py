"""Runs the whole pipeline over a manifest's clips and keeps what it answered."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from emotion.faces import EMOTIONS
from emotion.recognizer import EmotionPrediction
from fusion.dataset.takes import read_faces
from fusion.evaluation.joint import Answer
from fusion.evaluation.manifest import Clip
from fusion.interpreter import Interpreter, Models, Reading
from fusion.observation import Observation, Seen, TaggedWord
from fusion.pooling import PooledCalibration, pool
from kslr.core.errors import InputError
from kslr.core.reports import read_words
from kslr.recordings import LANDMARK_SUFFIXES, record


def answer_clip(clip: Clip, models: Models) -> Answer:
    """What the system makes of one clip; what cannot be read is an answer with a problem, never an error.

    Of several words the one that overlaps the manifest's span most counts, or without a span the most probable.
    """
    emotions: list[EmotionPrediction] = []
    final: list[tuple[float, TaggedWord]] = []

    def observe(seconds: float, observation: Observation) -> None:
        if observation.emotion:
            emotions.append(observation.emotion)
        final.extend((seconds, word) for word in observation.words)

    reading: Reading | LandmarkReading
    try:
        if clip.path.suffix.lower() in LANDMARK_SUFFIXES:
            reading = LandmarkReading(clip, models, observe)
        else:
            reading = Interpreter(models).interpret(clip.path, observe=lambda frame, found: observe(frame.seconds, found))
        words = list(reading)
    except InputError as error:
        return Answer(clip, None, (), None, True, 0, 0.0, None, str(error), "unreadable")
    seen = reading.seen
    code, problem = _find_problem(seen)
    word = _choose_word(words, clip)
    if word is None:
        span = [e for e in emotions if (clip.start or 0.0) <= e.seconds <= (clip.end if clip.end is not None else np.inf)]
        label, named = pool(span, calibration=PooledCalibration.from_card(models.emotions.card))
    else:
        label, named = word.emotion, dict(word.emotion_probabilities)
    decided = {id(word): at for at, word in final}
    return Answer(
        clip=clip,
        sign=word.sign.id if word else None,
        ranked=word.alternatives if word else (),
        emotion=np.array([named[name] for name in EMOTIONS], np.float32) if named else None,
        abstained=label is None,
        words=len(words),
        seconds=seen.seconds,
        delay=decided[id(word)] - word.end if word and id(word) in decided else None,
        problem=problem,
        code=code,
    )


def answer_clips(clips: Sequence[Clip], models: Models, progress: Callable[[str, float], None] | None = None) -> list[Answer]:
    """`answer_clip` for every clip, in order.

    Args:
        progress: called with the clip's name and the fraction done, 0–1.
    """
    made = []
    for number, clip in enumerate(clips):
        if progress:
            progress(clip.path.name, number / len(clips))
        made.append(answer_clip(clip, models))
    return made


class LandmarkReading:
    """The words of a clip that is landmarks, with the affect of the face's pictures where the data set has them.

    Args:
        observe: called with every frame's seconds and what it gave.

    Attributes:
        seen: what was in view.

    Raises:
        InputError: the landmarks or faces cannot be read.
    """

    def __init__(self, clip: Clip, models: Models, observe: Callable[[float, Observation], None]) -> None:
        recording = record(clip.path)
        crops = read_faces(clip.faces).crops() if clip.faces else []
        found = dict(zip((crop.seconds for crop in crops), models.emotions.recognize(crops) if crops else [], strict=True))
        self._words: list[TaggedWord] = []
        with Interpreter(models).session(tracker=False) as session:
            for landmarks in recording.landmarks():
                observation = session.read(landmarks, found.get(landmarks.seconds))
                observe(landmarks.seconds, observation)
                self._words += observation.words
            self._words += session.finish()
            self.seen = session.seen

    def __iter__(self) -> Iterator[TaggedWord]:
        return iter(self._words)


def _choose_word(words: Sequence[TaggedWord], clip: Clip) -> TaggedWord | None:
    if not words:
        return None
    if clip.start is None and clip.end is None:
        return max(words, key=lambda word: word.sign_probability)
    start, end = clip.start or 0.0, clip.end if clip.end is not None else np.inf
    overlap, best = max(((min(end, w.end) - max(start, w.start), w) for w in words), key=lambda pair: pair[0])
    return best if overlap > 0 else None


def _find_problem(seen: Seen) -> tuple[str | None, str | None]:
    """The code of what is wrong with a clip, and the same for people; None, None when nothing is."""
    found = {
        "nobody": seen.nobody,
        "several_people": seen.several,
        "no_face": seen.with_face == 0,
        "breaks_off": seen.truncated,
    }
    code = next((code for code, there in found.items() if there), None)
    return code, code and read_words("fusion.evaluation", "en")[code].format(seconds=f"{seen.seconds:.1f}")
