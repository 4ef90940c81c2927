"""One person's signing: frames in, words tagged with affect out, with one MediaPipe pass a frame for both branches."""

from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from emotion.detection import FaceDetector
from emotion.faces import FaceCrop, crop_from_landmarks
from emotion.people import PeopleCounter
from emotion.recognizer import EmotionPrediction
from fusion.face_memory import FaceMemory
from fusion.observation import Observation, Seen, TaggedWord, choose_hint, hand_points
from fusion.pooling import PooledCalibration
from kslr.camera import Camera
from kslr.core.parallel import Allowance, Stages
from kslr.holistic import HolisticTracker
from kslr.landmarks import Landmarks
from kslr.lookup.dictionary import Found
from kslr.recognizer import Guesser, SignPrediction
from kslr.segment import SignSegment
from kslr.segmenter import Segmenter
from kslr.video import Frame, VideoFile

if TYPE_CHECKING:
    from fusion.interpreter import Models

# Affect is clearest just after the stroke.
AFTER_SECONDS = 0.5
# The emotion network is asked at most so often, and only where the crop's pixels changed by so many grey levels in the mean:
# a face does not change its expression faster, and a picture that only has a camera's noise gets the same answer again.
ASK_SECONDS, LEAST_CHANGE = 0.095, 1.0
# Likeliest words of a sign that are told.
ALTERNATIVES = 10


class Session:
    """Reads one source. A context manager that holds one tracker (about 200 MB) while it is open.

    `fusion.interpreter.Interpreter.session` makes it. Without a tracker it takes landmarks that were found elsewhere: only
    `read` gives it frames then.

    Attributes:
        models: the recognisers in use.
        seen: what was in view so far.
        doubts: signs whose nearest word was not certain enough to be said; their `perhaps` is that word.
        found: signs that were looked up, in order; empty without a dictionary.
    """

    def __init__(
        self,
        models: "Models",
        people_every: float = 2.0,
        neutral: bool = False,
        tracker: bool = True,
        guesses: Allowance | None = None,
    ) -> None:
        self.models = models
        self.seen = Seen()
        self.doubts: list[SignPrediction] = []
        self.found: list[Found] = []
        self._people_every = people_every
        self._tracks = tracker
        self._segmenter = Segmenter()
        self._memory = FaceMemory(models.emotions.threshold, neutral, PooledCalibration.from_card(models.emotions.card))
        self._waiting: list[SignSegment] = []
        self._guesser = Guesser(models.signs, guesses)
        self._face: tuple[FaceCrop, EmotionPrediction] | None = None
        self._open = False

    def __enter__(self) -> "Session":
        with ExitStack() as stack:
            if self._tracks:
                self._tracker = stack.enter_context(HolisticTracker())
                self._people = PeopleCounter(stack.enter_context(FaceDetector()), self._people_every)
            self._stack = stack.pop_all()
        self._open = True
        return self

    def __exit__(self, *exception: object) -> None:
        self._open = False
        self._stack.close()

    def push(self, frame: Frame) -> Observation:
        """Reads the next frame of a live source.

        Args:
            frame: later than the one before.

        Raises:
            InputError: the frame is not an RGB picture.
            RuntimeError: the session is not open, or has no tracker.
        """
        return self.read_frame(frame, self.look(frame))

    def look(self, frame: Frame) -> Landmarks:
        """The first half of `push`: the one MediaPipe pass.

        It may take the next frame while another thread is still at `read_frame` with the one before.

        Raises:
            RuntimeError: the session is not open, or has no tracker.
        """
        if not (self._open and self._tracks):
            raise RuntimeError("Open a session with a tracker in a with statement before you push frames.")
        return self._tracker.process(frame)

    def read_frame(self, frame: Frame, landmarks: Landmarks) -> Observation:
        """The second half of `push`: all that follows from the pass. Call it in the order of the frames."""
        crop = crop_from_landmarks(frame.rgb, landmarks.face, frame.seconds, (landmarks.left_hand, landmarks.right_hand))
        emotion = self._recognize_face(crop) if crop else None
        several = self._people.look(frame.rgb, frame.seconds, hand_points(landmarks))
        return self.read(landmarks, emotion, crop, several)

    def read(
        self,
        landmarks: Landmarks,
        emotion: EmotionPrediction | None = None,
        crop: FaceCrop | None = None,
        several: bool = False,
    ) -> Observation:
        """Reads the next frame's landmarks, wherever they were found.

        Args:
            landmarks: later than those before.
            emotion: what the face shows, with the landmarks' seconds; None where it is not seen.
            crop: the face's picture, where it is at hand.
            several: whether more than one person is in view.

        >>> from fusion.interpreter import Interpreter
        >>> with Interpreter().session(tracker=False) as session:
        ...     session.read(Landmarks(0.0)).hint
        'nobody'
        """
        seconds = landmarks.seconds
        segment = self._segmenter.push(landmarks)
        found = self._take(segment)
        signing = self._segmenter.signing
        self._memory.add(landmarks, emotion, signing)
        words = self._final_words(seconds)
        self.seen = self.seen.plus(landmarks, several)
        return Observation(
            seconds=seconds,
            landmarks=landmarks,
            crop=crop,
            emotion=self._memory.subtract_rest(emotion) if emotion else None,
            words=words,
            signing=signing,
            hint=choose_hint(landmarks, several, signing),
            provisional=None if self.models.dictionary else self._guess_sign(),
            found=found,
        )

    def observations(self, video: VideoFile | Camera) -> Generator[tuple[Frame, Observation], None, None]:
        """Every frame of a source and what it gave, with decoding, pass and reading overlapped in threads."""

        def look(frame: Frame) -> tuple[Frame, Landmarks]:
            return frame, self.look(frame)

        def read(looked: tuple[Frame, Landmarks]) -> tuple[Frame, Observation]:
            return looked[0], self.read_frame(*looked)

        if isinstance(video, Camera):
            # The picture is fetched when the pass is free for it, not before, so that it is the newest.
            with Stages(read, name="interpret") as stages:
                yield from stages.run(look(frame) for frame in video)
        else:
            with Stages(look, read, name="interpret") as stages:
                yield from stages.run(video)
            # A whole file lasts as long as it states.
            length = self.seen.seconds if video.truncated else max(self.seen.seconds, video.duration or 0.0)
            self.seen = replace(self.seen, truncated=video.truncated, seconds=length)

    def calibrate(self, seconds: float = 3.0) -> bool:
        """Takes what the face showed in the last seconds, hands at rest, for the person's resting face from now on.

        Every emotion after this is read against it, until the session ends or `forget_calibration` is called.

        Returns:
            False, and nothing changes, when the face was not seen for long enough.
        """
        return self._memory.calibrate(seconds)

    def forget_calibration(self) -> None:
        """Emotions are read as they look again."""
        self._memory.forget_calibration()

    def finish(self) -> tuple[TaggedWord, ...]:
        """Ends the source: the sign under way, if any, becomes a word, or one of `found`, or is dropped."""
        self._take(self._segmenter.flush())
        return self._final_words(float("inf"))

    def _recognize_face(self, crop: FaceCrop) -> EmotionPrediction:
        """What a face shows; the network is asked again when there was time for a change, and there was one."""
        known = self._face
        if known is None or not 0 <= crop.seconds - known[0].seconds < ASK_SECONDS:
            if known is None or np.abs(np.subtract(known[0].image, crop.image, dtype=np.int16)).mean() > LEAST_CHANGE:
                known = (crop, self.models.emotions.recognize([crop])[0])
            self._face = known = (replace(known[0], seconds=crop.seconds), known[1])
        return replace(known[1], seconds=crop.seconds, quality=crop.quality)

    def _take(self, segment: SignSegment | None) -> tuple[Found, ...]:
        """A sign that has ended is looked up at once; without a dictionary it waits until its affect has been seen."""
        if self.models.dictionary is None:
            self._waiting += [segment] if segment else []
        elif segment:
            self.found.append(self.models.dictionary.look_up(segment))
            return (self.found[-1],)
        return ()

    def _final_words(self, seconds: float) -> tuple[TaggedWord, ...]:
        """The words whose affect has been seen: `AFTER_SECONDS` after the sign's end, or where the source jumps."""
        done = [one for one in self._waiting if not one.end <= seconds < one.end + AFTER_SECONDS]
        self._waiting = [one for one in self._waiting if one.end <= seconds < one.end + AFTER_SECONDS]
        return tuple(word for segment in done if (word := self._tag(segment)))

    def _tag(self, segment: SignSegment) -> TaggedWord | None:
        prediction = self._guesser.recognize(segment)
        if prediction.sign_id is None:
            self.doubts += [prediction] if prediction.perhaps else []
            return None
        emotion, probabilities = self._memory.affect(segment.start, segment.end + AFTER_SECONDS)
        return TaggedWord(
            sign=self.models.signs.vocabulary[prediction.sign_id],
            sign_probability=prediction.ranked[0][1],
            start=segment.start,
            end=segment.end,
            alternatives=prediction.ranked[:ALTERNATIVES],
            emotion=emotion,
            emotion_probabilities=probabilities,
            cues=self._memory.cues(segment.start, segment.end),
        )

    def _guess_sign(self) -> SignPrediction | None:
        """A guess at the sign under way; after it, the sign whose word is not final yet."""
        if self._segmenter.signing:
            return self._guesser.guess(self._segmenter.provisional())
        return self._guesser.recognize(self._waiting[-1]) if self._waiting else None
