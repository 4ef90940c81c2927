"""The interpreter: models and settings, from which every source gets a session of its own."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from emotion.recognizer import EmotionRecognizer
from fusion.observation import Observation, Seen, TaggedWord
from fusion.session import Session
from kslr.core.parallel import Allowance
from kslr.lookup.dictionary import Found, SignDictionary, is_dictionary
from kslr.recognizer import SignPrediction, SignRecognizer
from kslr.video import Frame, open_source
from kslr.vocabulary import Vocabulary


@dataclass(frozen=True)
class Models:
    """Both recognisers, loaded once and shared by every session of a process.

    Attributes:
        signs: reads words.
        emotions: reads faces.
        dictionary: where signs are looked up instead of read as words; None where they are read.
    """

    signs: SignRecognizer
    emotions: EmotionRecognizer
    dictionary: SignDictionary | None = None

    @classmethod
    def load(
        cls, signs: str = "kslr30", emotion: str = "emotion", strictness: str = "normal", threads: int = 2, nearest: int = 0
    ) -> "Models":
        """Loads shipped models by name, or any model by the path of its card.

        Args:
            strictness: how sure a word must be, see `kslr.recognizer.STRICTNESS`.
            nearest: how many words of a dictionary are given; 0 where `signs` may be none.

        Raises:
            InputError: a model is missing, damaged or foreign.
        """
        emotions = EmotionRecognizer(emotion, threads)
        if nearest and is_dictionary(signs):
            return cls(SignRecognizer(threads=threads), emotions, SignDictionary(signs, threads=threads, count=nearest))
        return cls(SignRecognizer(signs, threads, strictness), emotions)

    @property
    def vocabulary(self) -> Vocabulary:
        """The words that signs are read or looked up in."""
        return self.dictionary.vocabulary if self.dictionary else self.signs.vocabulary

    def with_strictness(self, strictness: str) -> "Models":
        """The same models, with another strictness of the words."""
        return replace(self, signs=self.signs.with_strictness(strictness))


class Interpreter:
    """Turns signing into words tagged with affect. It holds no tracker, so one interpreter serves many sources at once.

    Args:
        models: loaded when None.
        people_every: seconds between two counts of the people in view.
        neutral: whether what the person's face shows between signs is taken for their resting face and subtracted, so
            that somebody who looks stern at rest is not called angry with every word.

    Raises:
        InputError: a model is missing, damaged or foreign.

    >>> for word in Interpreter().interpret("clip.mp4"):                       # doctest: +SKIP
    ...     print(word.sign.kk, word.emotion)
    Рақмет happy
    """

    def __init__(self, models: Models | None = None, people_every: float = 2.0, neutral: bool = False) -> None:
        self.models = models or Models.load()
        self.people_every = people_every
        self.neutral = neutral

    def session(self, tracker: bool = True, guesses: Allowance | None = None) -> Session:
        """A session for one live source, to be opened in a with statement.

        Args:
            tracker: False where the landmarks are found elsewhere, such as in a browser, and given to `Session.read`.
            guesses: the processor's time for guesses at signs under way, shared with other sessions; None for no limit.

        >>> with Interpreter().session() as session:                           # doctest: +SKIP
        ...     words = session.push(frame).words
        """
        return Session(self.models, self.people_every, self.neutral, tracker, guesses)

    def interpret(
        self,
        source: str | Path | int,
        observe: Callable[[Frame, Observation], None] | None = None,
        progress: Callable[[float | None], None] | None = None,
    ) -> "Reading":
        """Reads a whole file, or a camera until it is stopped, in a session of its own.

        Args:
            source: a video file's path or a camera's number.
            observe: called with every frame and what it gave.
            progress: called with the fraction done, 0–1, or None where the length is not known.

        Returns:
            An iterator that gives each word as it becomes final and raises InputError where the source cannot be read.
        """
        session = self.session()
        return Reading(session, _read_source(session, source, observe, progress))


class Reading(Iterator[TaggedWord]):
    """The words of one source, each as it becomes final. `Interpreter.interpret` makes it."""

    def __init__(self, session: Session, words: Iterator[TaggedWord]) -> None:
        self._session = session
        self._words = words

    @property
    def seen(self) -> Seen:
        """What was in view so far; when the words are read, in the whole source."""
        return self._session.seen

    @property
    def doubts(self) -> list[SignPrediction]:
        """Signs that were not certain enough to be words; their `perhaps` is the nearest word."""
        return self._session.doubts

    @property
    def found(self) -> list[Found]:
        """Signs that were looked up, in order; empty without a dictionary."""
        return self._session.found

    def __next__(self) -> TaggedWord:
        return next(self._words)


def _read_source(
    session: Session,
    source: str | Path | int,
    observe: Callable[[Frame, Observation], None] | None,
    progress: Callable[[float | None], None] | None,
) -> Iterator[TaggedWord]:
    with open_source(source) as video, session:
        with closing(session.observations(video)) as observations:
            for frame, observation in observations:
                if observe:
                    observe(frame, observation)
                if progress:
                    progress(min(1.0, frame.seconds / video.duration) if video.duration else None)
                yield from observation.words
        yield from session.finish()
        if progress:
            progress(1.0)
