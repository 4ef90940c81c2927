"""A video with what was seen drawn into it, every frame at its own time."""

from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from fusion.drawing import annotate
from fusion.observation import TaggedWord
from kslr.core.errors import InputError

if TYPE_CHECKING:
    from fusion.observation import Observation
    from kslr.video import Frame

# A subtitle stays this long after its sign, so that it can be read.
READING_SECONDS = 1.5
# Frames wait for the word they belong to no longer than this, which bounds the memory.
HOLD_SECONDS = 4.0
MILLISECOND = Fraction(1, 1000)
# In the order of preference: what every browser plays first.
CODECS: tuple[tuple[str, dict[str, str]], ...] = (
    ("libx264", {"preset": "veryfast", "crf": "23"}),
    ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}),
    ("mpeg4", {}),
)


class AnnotatedVideo:
    """Writes an annotated video, with every frame at its own time. A context manager.

    A word is known only when its sign is over, so frames wait while a sign is under way and get their subtitle
    when it is known.

    Args:
        path: the ``.mp4`` to write. It stays complete up to the last frame when the source breaks off.
        language: of the subtitles and bars: ``kk``, ``ru`` or ``en``.

    Raises:
        InputError: the file cannot be written.

    >>> with AnnotatedVideo("out.mp4") as video:   # doctest: +SKIP
    ...     words = list(Interpreter().interpret("clip.mp4", observe=video.add))
    """

    def __init__(self, path: str | Path, language: str = "kk") -> None:
        self.path = Path(path)
        self.language = language
        self._container: Any = None  # PyAV's, opened with the first frame, whose size is the video's
        self._stream: Any = None
        self._last = -1
        self._held: list[tuple[Frame, Observation]] = []
        self._words: list[TaggedWord] = []

    def __enter__(self) -> "AnnotatedVideo":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if not isinstance(error, InputError):
                self._write_held()
        finally:
            self._close()

    def add(self, frame: "Frame", observation: "Observation") -> None:
        """Takes the next frame and what it gave; fits `Interpreter.interpret` as ``observe``."""
        self.add_words(observation.words)
        self._held.append((frame, observation))
        if not observation.signing or frame.seconds - self._held[0][0].seconds > HOLD_SECONDS:
            self._write_held()

    def add_words(self, words: Sequence[TaggedWord]) -> None:
        """Takes words that became known after the last frame, for the frames that still wait for them."""
        self._words.extend(words)

    def _write_held(self) -> None:
        for frame, observation in self._held:
            self._write(annotate(frame.rgb, observation, self._word_at(frame.seconds), self.language), frame.seconds)
        self._held.clear()
        self._words = self._words[-4:]

    def _word_at(self, seconds: float) -> TaggedWord | None:
        for word in reversed(self._words):
            if word.start <= seconds <= word.end + READING_SECONDS:
                return word
        return None

    def _write(self, picture: np.ndarray, seconds: float) -> None:
        import av
        import cv2

        try:
            if self._container is None:
                self._open(picture)
            if picture.shape[1::-1] != self._size:
                picture = cv2.resize(picture, self._size)
            width, height = self._size
            # H.264 with shared colour samples needs even sides.
            even = np.ascontiguousarray(picture[: height - height % 2, : width - width % 2])
            frame = av.VideoFrame.from_ndarray(even, "rgb24")
            # Times of broken sources may stand still; a video's must rise.
            self._last = max(self._last + 1, round(seconds * 1000))
            frame.pts, frame.time_base = self._last, MILLISECOND
            self._container.mux(self._stream.encode(frame))
        except (OSError, av.FFmpegError) as error:
            raise self._give_up(error) from error

    def _open(self, picture: np.ndarray) -> None:
        import av

        height, width = picture.shape[:2]
        self._size = (width, height)
        name, options = best_codec()
        self._container = av.open(str(self.path), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream(name, options=dict(options))
        self._stream.width, self._stream.height = width - width % 2, height - height % 2
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = self._stream.codec_context.time_base = MILLISECOND

    def _close(self) -> None:
        if self._container is None:
            return
        import av

        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        except (OSError, av.FFmpegError) as error:
            raise self._give_up(error) from error
        self._container = None

    def _give_up(self, error: Exception) -> InputError:
        """Closes what can't be written any more (going on would crash libavformat); gives the error to raise."""
        import av

        if self._container is not None:
            with suppress(OSError, av.FFmpegError):
                self._container.close()
            self._container = None
        reason = getattr(error, "strerror", None) or error
        return InputError(f"{self.path} cannot be written ({reason}). Choose another place or free some space.")


@lru_cache(maxsize=1)
def best_codec() -> tuple[str, dict[str, str]]:
    """The first of `CODECS` that this build of PyAV can encode, and its options.

    Raises:
        InputError: none of them is there.
    """
    import av

    for name, options in CODECS:
        if name in av.codecs_available:
            return name, options
    raise InputError("This PyAV has no video encoder. Install the av package from PyPI.")
