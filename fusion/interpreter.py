"""Frames in, words tagged with affect out, with one MediaPipe pass a frame for both branches."""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from emotion.detection import FaceDetector
from emotion.faces import FaceCrop, crop_from_landmarks
from emotion.recognizer import EmotionPrediction, EmotionRecognizer
from fusion.face_memory import FaceMemory
from fusion.observation import Observation, Seen, hint
from fusion.tagged import TaggedWord
from kslr.camera import Camera
from kslr.core.stages import Stages
from kslr.holistic import HolisticTracker
from kslr.landmarks import Landmarks
from kslr.recognizer import SignPrediction, SignRecognizer
from kslr.segment import SignSegment
from kslr.segmenter import LearnedSegmenter
from kslr.video import Frame, VideoFile, open_source

# Affect is clearest just after the stroke.
AFTER_SECONDS = 0.5
# How often a sign under way is guessed at.
GUESS_SECONDS = 0.2


@dataclass(frozen=True)
class Models:
    """Both recognisers, loaded once and shared by every session of a process."""

    signs: SignRecognizer
    emotions: EmotionRecognizer

    @classmethod
    def load(cls, signs: str = "kslr30", emotion: str = "emotion") -> "Models":
        """Loads shipped models by name, or any by the path of their card.

        Raises:
            InputError: a model is missing, damaged or foreign.
        """
        return cls(SignRecognizer(signs), EmotionRecognizer(emotion))


class Interpreter:
    """Reads one person's signing. A context manager that holds one tracker: one interpreter a session.

    Args:
        models: loaded when None.
        people_every: seconds between two looks at how many people are in view.
        neutral: whether what the person's face shows between signs is taken for their resting face and subtracted, so
            that somebody who looks stern at rest is not called angry with every word.

    >>> for word in Interpreter().interpret("clip.mp4"):                       # doctest: +SKIP
    ...     print(word.sign.kk, word.emotion)
    Рақмет happy
    """

    def __init__(self, models: Models | None = None, people_every: float = 2.0, neutral: bool = False) -> None:
        self._models = models or Models.load()
        self._people_every = people_every
        self._neutral = neutral
        self._seen = Seen()
        self._open = False

    def __enter__(self) -> "Interpreter":
        with ExitStack() as stack:
            self._tracker = stack.enter_context(HolisticTracker())
            self._faces = stack.enter_context(FaceDetector())
            self._stack = stack.pop_all()
        self._segmenter = LearnedSegmenter()
        self._memory = FaceMemory(self._models.emotions.threshold, self._neutral)
        self._waiting: list[SignSegment] = []
        self._guess: SignPrediction | None = None
        self._guessed_at = float("-inf")
        self._face: tuple[FaceCrop, EmotionPrediction] | None = None
        self._seen = Seen()
        self._people_at = float("-inf")
        self._several = False
        self._open = True
        return self

    def __exit__(self, *exception: object) -> None:
        self._open = False
        self._stack.close()

    @property
    def models(self) -> Models:
        """The recognisers in use."""
        return self._models

    @property
    def seen(self) -> Seen:
        """What was in view so far."""
        return self._seen

    def push(self, frame: Frame) -> Observation:
        """Takes the next frame of a live source.

        Args:
            frame: later than the one before.

        Raises:
            InputError: the frame is not an RGB picture.
            RuntimeError: the interpreter is not open.
        """
        return self.read(frame, self.look(frame))

    def look(self, frame: Frame) -> Landmarks:
        """The first half of `push`: the one MediaPipe pass.

        It may be at the next frame while another thread is still at `read` with the one before.
        """
        if not self._open:
            raise RuntimeError("Use the interpreter in a with statement before pushing frames.")
        return self._tracker.process(frame)

    def read(self, frame: Frame, landmarks: Landmarks) -> Observation:
        """The second half of `push`: all that follows from the pass. Frames come in their order."""
        hands = (landmarks.left_hand, landmarks.right_hand)
        crop = crop_from_landmarks(frame.rgb, landmarks.face, frame.seconds, hands)
        emotion = self._emotion(crop) if crop else None
        self._look_for_people(frame)
        segment = self._segmenter.push(landmarks)
        self._waiting += [segment] if segment else []
        self._memory.add(landmarks, emotion, self._segmenter.signing)
        words = self._final(frame.seconds)
        self._seen = self._seen.and_one(landmarks, self._several)
        guess = self._provisional(frame.seconds)
        emotion = self._memory.calmed(emotion) if emotion else None
        signing = self._segmenter.signing
        told = hint(landmarks, self._several, signing)
        return Observation(frame.seconds, landmarks, crop, emotion, words, signing, told, guess)

    def observations(self, video: VideoFile | Camera) -> Generator[tuple[Frame, Observation], None, None]:
        """Every frame of a source and what it gave, with decoding, pass and reading overlapped in threads."""
        if isinstance(video, Camera):
            # The picture is fetched when the pass is free for it, not before: it shall be the newest.
            looked = ((frame, self.look(frame)) for frame in video)
            with Stages(self._read, name="interpret") as stages:
                yield from stages.run(looked)
        else:
            with Stages(lambda frame: (frame, self.look(frame)), self._read, name="interpret") as stages:
                yield from stages.run(video)

    def _read(self, looked: tuple[Frame, Landmarks]) -> tuple[Frame, Observation]:
        return looked[0], self.read(*looked)

    def calibrate(self, seconds: float = 3.0) -> bool:
        """Takes what the face showed in the last seconds, hands at rest, for the person's resting face from now on.

        Every emotion after this is read against it, until the interpreter is closed or `forget_calibration` is called.

        Returns:
            False, and nothing is changed, where the face was not seen for long enough.
        """
        return self._memory.calibrate(seconds)

    def forget_calibration(self) -> None:
        """Emotions are read as they look again."""
        self._memory.forget_calibration()

    def finish(self) -> tuple[TaggedWord, ...]:
        """Ends the source: the sign under way, if any, becomes a word or is dropped."""
        segment = self._segmenter.flush()
        self._waiting += [segment] if segment else []
        return self._final(float("inf"))

    def interpret(
        self,
        source: str | Path | int,
        observe: Callable[[Frame, Observation], None] | None = None,
        progress: Callable[[float | None], None] | None = None,
    ) -> Iterator[TaggedWord]:
        """Reads a whole file, or a camera until it is stopped.

        Args:
            source: a video file's path or a camera's number.
            observe: called with every frame and what it gave.
            progress: called with the fraction done, 0–1, or None where the length is not known.

        Yields:
            Each word as it becomes final.

        Raises:
            InputError: the source cannot be read.
        """
        with open_source(source) as video, Interpreter(self._models, self._people_every, self._neutral) as session:
            duration = video.duration if isinstance(video, VideoFile) else None
            with closing(session.observations(video)) as observations:
                for frame, observation in observations:
                    self._seen = session.seen
                    if observe:
                        observe(frame, observation)
                    if progress:
                        progress(min(1.0, frame.seconds / duration) if duration else None)
                    yield from observation.words
            yield from session.finish()
            self._seen = _ended(session.seen, video, duration)
            if progress:
                progress(1.0)

    def _emotion(self, crop: FaceCrop) -> EmotionPrediction:
        """What a face shows; the network is not asked again about the very same picture."""
        known = self._face
        if known is None or known[0].quality != crop.quality or not np.array_equal(known[0].image, crop.image):
            known = self._face = (crop, self._models.emotions.recognize([crop])[0])
        return replace(known[1], seconds=crop.seconds)

    def _final(self, seconds: float) -> tuple[TaggedWord, ...]:
        """The words whose affect has been seen: a while after the sign's end, or where the source jumps."""
        waits = [one.end <= seconds < one.end + AFTER_SECONDS for one in self._waiting]
        done = [one for one, wait in zip(self._waiting, waits, strict=True) if not wait]
        self._waiting = [one for one, wait in zip(self._waiting, waits, strict=True) if wait]
        return tuple(word for segment in done for word in self._tag(segment))

    def _provisional(self, seconds: float) -> SignPrediction | None:
        """The guess at the sign under way, made anew now and then; then at the one whose word is not final yet."""
        if not self._segmenter.signing:
            ended = self._waiting[-1] if self._waiting else None
            if ended is None:
                self._guess = None
            elif self._guess is None or self._guess.end != ended.end:
                self._guess = self._models.signs.recognize(ended)
            self._guessed_at = float("-inf")
        elif seconds - self._guessed_at >= GUESS_SECONDS:
            so_far = self._segmenter.provisional()
            self._guess = self._models.signs.recognize(so_far) if so_far else None
            self._guessed_at = seconds
        return self._guess

    def _look_for_people(self, frame: Frame) -> None:
        if frame.seconds - self._people_at >= self._people_every:
            self._people_at = frame.seconds
            self._several = len(self._faces.detect(frame.rgb)) > 1

    def _tag(self, segment: SignSegment) -> tuple[TaggedWord, ...]:
        prediction = self._models.signs.recognize(segment)
        if prediction.sign_id is None:
            return ()
        emotion, probabilities = self._memory.affect(segment.start, segment.end + AFTER_SECONDS)
        word = TaggedWord(
            sign=self._models.signs.vocabulary[prediction.sign_id],
            sign_probability=prediction.ranked[0][1],
            start=segment.start,
            end=segment.end,
            alternatives=prediction.ranked[:5],
            emotion=emotion,
            emotion_probabilities=probabilities,
            cues=self._memory.cues(segment.start, segment.end),
        )
        return (word,)


def _ended(seen: Seen, video: object, duration: float | None) -> Seen:
    """What was in view, once the source has ended: a whole file lasts as long as it says."""
    if isinstance(video, VideoFile) and video.truncated:
        return replace(seen, truncated=True)
    return replace(seen, seconds=max(seen.seconds, duration or 0.0))
