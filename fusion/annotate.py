"""What was seen, drawn into the picture: skeleton, face crop, the word as a subtitle, and the emotion's seven bars."""

from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from fusion.appearance import (
    EMOTION_COLOURS,
    EMOTION_NAMES,
    FACE_RUNS,
    HAND_LINES,
    PART_COLOURS,
    POSE_LINES,
)
from fusion.lettering import icon_mask, shrunk, stamp, text_mask
from fusion.tagged import TaggedWord
from kslr.core.errors import InputError
from kslr.landmarks import Landmarks

if TYPE_CHECKING:
    from emotion.recognizer import EmotionPrediction
    from fusion.observation import Observation
    from kslr.video import Frame

# A subtitle stays this long after its sign, so that it can be read.
READING_SECONDS = 1.5
# Frames wait for the word they belong to no longer than this, which bounds the memory.
HOLD_SECONDS = 4.0
INK = (16, 20, 28)
MILLISECOND = Fraction(1, 1000)
# In the order of preference: what every browser plays first.
CODECS: tuple[tuple[str, dict[str, str]], ...] = (
    ("libx264", {"preset": "veryfast", "crf": "23"}),
    ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}),
    ("mpeg4", {}),
)


def draw_skeleton(picture: np.ndarray, landmarks: Landmarks) -> None:
    """Draws what was seen into a picture, so that the signer sees at once when a hand is lost.

    Args:
        picture: (H, W, 3) uint8 RGB, changed in place.
        landmarks: absent parts are left out.

    >>> picture = np.zeros((48, 64, 3), np.uint8)
    >>> draw_skeleton(picture, Landmarks(0.0, right_hand=np.full((21, 3), 0.5, np.float32)))
    >>> bool((picture == PART_COLOURS["right_hand"]).all(axis=-1).any())
    True
    """
    import cv2

    height, width = picture.shape[:2]
    thick = max(1, round(min(height, width) / 240))

    def pixels(points: np.ndarray) -> np.ndarray:
        # Points may lie far outside; OpenCV takes 16-bit coordinates.
        return np.clip(points[:, :2] * (width, height), -4096, 4096).astype(np.int32)

    if landmarks.face is not None:
        points = pixels(landmarks.face)
        runs = [points[list(run)] for run in FACE_RUNS]
        cv2.polylines(picture, runs, False, PART_COLOURS["face"], 1, cv2.LINE_AA)
    if landmarks.pose is not None:
        points, seen = pixels(landmarks.pose), landmarks.pose[:, 3] > 0.5
        for a, b in POSE_LINES:
            if seen[a] and seen[b]:
                cv2.line(picture, points[a].tolist(), points[b].tolist(), PART_COLOURS["pose"], thick, cv2.LINE_AA)
    for part in ("left_hand", "right_hand"):
        hand = getattr(landmarks, part)
        if hand is not None:
            points = pixels(hand)
            for a, b in HAND_LINES:
                cv2.line(picture, points[a].tolist(), points[b].tolist(), PART_COLOURS[part], thick, cv2.LINE_AA)
            for point in points:
                cv2.circle(picture, point.tolist(), thick, PART_COLOURS[part], -1, cv2.LINE_8)


def draw_box(picture: np.ndarray, box: tuple[float, float, float], colour: tuple[int, int, int]) -> None:
    """Frames the face crop.

    Args:
        picture: (H, W, 3) uint8 RGB, changed in place.
        box: x, y of the upper left corner and the side, in pixels; it may reach outside.
    """
    import cv2

    x, y, side = (round(float(np.clip(v, -4096, 4096))) for v in box)
    cv2.rectangle(picture, (x, y), (x + side, y + side), colour, max(1, picture.shape[0] // 300), cv2.LINE_AA)


def draw_subtitle(picture: np.ndarray, word: TaggedWord, language: str = "kk") -> None:
    """Writes the word large at the foot of the picture, its emotion beside it as icon, word and colour.

    Args:
        picture: (H, W, 3) uint8 RGB, changed in place.
        word: what to write.
        language: ``kk``, ``ru`` or ``en``.
    """
    height, width = picture.shape[:2]
    size = max(14, height // 12)
    label = text_mask(getattr(word.sign, language), size, True)
    parts = [label]
    if word.emotion:
        name = EMOTION_NAMES[word.emotion][language]
        parts += [icon_mask(word.emotion, round(size * 1.1)), text_mask(name, round(size * 0.62), False)]
    gap, pad = size // 2, size // 3
    total = sum(p.shape[1] for p in parts) + gap * (len(parts) - 1)
    if total + 2 * pad > width:  # a long word on a narrow picture
        scale = (width - 2 * pad) / total
        parts = [shrunk(p, scale) for p in parts]
        gap, total = int(gap * scale), sum(p.shape[1] for p in parts) + int(gap * scale) * (len(parts) - 1)
    band = max(p.shape[0] for p in parts) + pad
    top, left = max(0, height - band - pad), max(0, (width - total) // 2)
    colour = EMOTION_COLOURS[word.emotion] if word.emotion else (255, 255, 255)
    picture[top : top + band, max(0, left - pad) : left + total + pad] = colour
    for part in parts:
        stamp(picture, part, left, top + (band - part.shape[0]) // 2, INK)
        left += part.shape[1] + gap


def draw_bars(picture: np.ndarray, prediction: "EmotionPrediction", language: str = "kk") -> None:
    """Draws the seven emotion probabilities as bars in the upper left corner; the emotion told, if any, is in bold.

    Args:
        picture: (H, W, 3) uint8 RGB, changed in place.
        prediction: of one frame; abstaining (its label is None) shows the bars grey.
        language: ``kk``, ``ru`` or ``en``.
    """
    height, width = picture.shape[:2]
    line = max(11, height // 32)
    panel_width = min(width, line * 13)
    panel = picture[: line * 7 + line // 2, :panel_width]
    panel //= 3
    for row, (emotion, probability) in enumerate(zip(EMOTION_NAMES, prediction.probabilities, strict=True)):
        y = line // 4 + row * line
        told = emotion == prediction.label
        stamp(panel, text_mask(EMOTION_NAMES[emotion][language], round(line * 0.72), told), line // 3, y, (255, 255, 255))
        start = line * 7
        end = start + round((panel_width - start - line // 3) * float(probability))
        panel[y + line // 6 : y + line - line // 6, start : max(end, start + 1)] = (
            EMOTION_COLOURS[emotion] if prediction.label else EMOTION_COLOURS["neutral"]
        )


def annotate(rgb: np.ndarray, observation: "Observation", word: TaggedWord | None = None, language: str = "kk") -> np.ndarray:
    """A copy of the picture with all that was seen in it.

    Args:
        rgb: (H, W, 3) uint8.
        observation: what the interpreter made of it.
        word: the subtitle.
        language: ``kk``, ``ru`` or ``en``.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    picture = rgb.copy()
    draw_skeleton(picture, observation.landmarks)
    if observation.crop is not None:
        label = observation.emotion.label if observation.emotion else None
        draw_box(picture, observation.crop.box, EMOTION_COLOURS[label] if label else PART_COLOURS["face"])
    if observation.emotion is not None:
        draw_bars(picture, observation.emotion, language)
    if word is not None:
        draw_subtitle(picture, word, language)
    return picture


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
                self._release()
        finally:
            self._close()

    def add(self, frame: "Frame", observation: "Observation") -> None:
        """Takes the next frame and what it gave; fits `Interpreter.interpret` as ``observe``."""
        self.tell(observation.words)
        self._held.append((frame, observation))
        if not observation.signing or frame.seconds - self._held[0][0].seconds > HOLD_SECONDS:
            self._release()

    def tell(self, words: Sequence[TaggedWord]) -> None:
        """Takes words that became known after the last frame, for the frames that still wait for them."""
        self._words.extend(words)

    def _release(self) -> None:
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
            # Times of broken sources may stand still; those of a video must not.
            self._last = max(self._last + 1, round(seconds * 1000))
            frame.pts, frame.time_base = self._last, MILLISECOND
            self._container.mux(self._stream.encode(frame))
        except (OSError, av.FFmpegError) as error:
            raise self._given_up(error) from error

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
            raise self._given_up(error) from error
        self._container = None

    def _given_up(self, error: Exception) -> InputError:
        """Closes what can't be written any more (encoding on would crash libavformat) and says so."""
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
        try:
            av.codec.Codec(name, "w")
        except av.codec.codec.UnknownCodecError:
            continue
        return name, options
    raise InputError("This PyAV has no video encoder. Install the av package from PyPI.")
