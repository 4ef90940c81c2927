"""Video files as iterators of timed RGB frames, each in a context manager. Cameras are in `kslr.camera`.

Both give `Frame`s whose longer side is at most `max_side`, because landmarks gain nothing from more. A file is read
on its own clock, so a variable frame rate is kept; a camera gives only its newest picture.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from kslr.camera import Camera
from kslr.core.errors import InputError
from kslr.frame import Frame

# Containers that are opened. Playlists and scripts that point to other files or addresses are not among them, whatever a
# file is called. Sound formats are, so that the message can say that there is sound only.
CONTAINERS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,flv,ogg,asf,gif,nut,ivf,3gp,mp3,wav,flac,aac"
STREAMS = ("mpegts", "mpeg")  # have the recorder's clock and state no length: it is guessed from their times
LONGEST_GAP = 60.0  # seconds between two pictures; the clock of a stream that jumps further forward was set
LEAST_BITS = 1000  # a second of video; a stream of fewer is shorter than its times say
FORMATS = "MP4, MOV, MKV, WebM or AVI"

__all__ = ["Camera", "Frame", "VideoFile", "open_source"]


class VideoFile:
    """The pictures of a file, upright, with their true times; a context manager and an iterator of `Frame`.

    Args:
        path: the file.
        max_side: larger pictures are scaled down to this longer side, pixels.
        largest: maximum side of the file's own pictures, pixels.
        longest: maximum length of the file, seconds.

    Attributes (after entering):
        size: (width, height) of every frame, after rotation and scaling.
        duration: seconds as the file states them; None for files that don't (a browser's recording) until the last frame
            is read.
        truncated: whether a part could not be read; final after the last frame.

    Raises (on entering and while iterating):
        InputError: there is no file, or nothing in it that can be shown. Codes: ``missing``, ``empty``, ``no-video``,
            ``sound-only``, ``too-large``, ``too-long``.

    >>> with VideoFile("nowhere.mp4") as video:
    ...     pass
    Traceback (most recent call last):
    ...
    kslr.core.errors.InputError: nowhere.mp4 does not exist. Check the path.
    """

    def __init__(self, path: str | Path, max_side: int = 640, largest: int = 8192, longest: float = 4 * 3600.0) -> None:
        self.path = Path(path)
        self.max_side, self.largest, self.longest = max_side, largest, longest
        self.size: tuple[int, int] = (0, 0)
        self.duration: float | None = None
        self.truncated = False
        self._container: Any = None
        self._frames: Iterator[Frame] | None = None

    def __enter__(self) -> "VideoFile":
        with ExitStack() as undo:
            undo.callback(self.__exit__)
            self._open()
            frames = self._read()
            first = next(frames, None)
            if first is None:
                why = "is damaged: no picture in it can be read" if self.truncated else "holds no pictures"
                raise InputError(f"{self.path} {why}. Record or download it again.", "no-video")
            undo.pop_all()
        self._frames = chain([first], frames)
        return self

    def __exit__(self, *_: object) -> None:
        self._frames = None
        if self._container is not None:
            self._container.close()
            self._container = None

    def __iter__(self) -> "VideoFile":
        return self

    def __next__(self) -> Frame:
        if self._frames is None:
            raise RuntimeError("This VideoFile is not open; use it in a with statement.")
        return next(self._frames)

    def _open(self) -> None:
        """Opens the container and its video stream, or raises the reason why not."""
        import av
        from av.stream import Disposition

        path = self.path
        try:
            if path.is_dir():
                raise InputError(f"{path} is a folder. Give one video file.")
            if not path.exists():
                raise InputError(f"{path} does not exist. Check the path.", "missing")
            if path.stat().st_size == 0:
                raise InputError(f"{path} is empty. Record or download it again.", "empty")
        except OSError as error:
            raise InputError(f"{path} cannot be opened ({error.strerror}). Check the path.") from error
        try:
            self._container = av.open(f"file:{path}", options={"format_whitelist": CONTAINERS}, metadata_errors="ignore")
        except PermissionError as error:
            raise InputError(f"{path} may not be read. Change its permissions or choose another file.") from error
        except av.error.FFmpegError as error:
            raise InputError(
                f"{path} is not a video, or is cut off before anything can be read. Choose a video file ({FORMATS}).", "no-video"
            ) from error
        # A song's cover is a video stream too.
        videos = [s for s in self._container.streams.video if not s.disposition & Disposition.attached_pic]
        if not videos:
            if self._container.streams.audio:
                raise InputError(f"{path} holds sound only. Choose a file with pictures.", "sound-only")
            raise InputError(f"{path} holds no pictures. Choose a file with pictures.", "no-video")
        self._stream = videos[0]
        if self._stream.codec_context is None:
            raise InputError(f"The pictures in {path} are coded in a way that is not known here. Convert it to MP4 (H.264).")
        self._check_limits()
        # With several threads a broken file gives fewer frames, and their number depends on the machine's cores.
        self._stream.codec_context.thread_count = 1

    def _check_limits(self) -> None:
        stream, container, codec = self._stream, self._container, self._stream.codec_context
        if max(codec.width, codec.height) > self.largest:
            raise self._too_large(codec.width, codec.height)
        # The header may state a smaller size than the pictures have, so the decoder gets the limit too.
        codec.options = {**codec.options, "max_pixels": str(self.largest**2)}
        if stream.duration:
            self.duration = float(stream.duration * stream.time_base)
        elif container.duration:
            late = max(0, container.start_time or 0) if "matroska" in container.format.name else 0  # its length counts from 0
            self.duration = (container.duration - late) / 1e6
        if self.duration is not None and self.duration > self.longest:
            sparse = 8 * self.path.stat().st_size / self.duration < LEAST_BITS
            if not (container.format.name in STREAMS and sparse):
                raise self._too_long()
            self.duration = None  # So few bytes are no such time: the clock jumps.

    def _too_large(self, width: int, height: int) -> InputError:
        return InputError(
            f"The pictures in {self.path} are {width}×{height}; at most {self.largest} pixels a side are read. "
            "Make it smaller (1280×720 is plenty) and try again.",
            "too-large",
        )

    def _too_long(self) -> InputError:
        limit = f"{self.longest / 3600:g} hours" if self.longest >= 3600 else f"{self.longest:g} seconds"
        return InputError(f"{self.path} is longer than {limit}. Cut it into parts and try them one by one.", "too-long")

    def _read(self) -> Iterator[Frame]:
        """All frames. A packet that cannot be decoded is skipped and sets `truncated`."""
        step = 1.0 / float(self._stream.average_rate or 25)
        first, seconds, jumped, usual = 0.0, -step, False, step  # usual: between the last two pictures
        stream = self._container.format.name in STREAMS
        for picture in self._decode():
            if max(picture.width, picture.height) > self.largest:
                raise self._too_large(picture.width, picture.height)
            time = picture.time
            if seconds < 0:
                first, now = time or 0.0, 0.0
                self._fix_size(picture)
            else:
                now = time - first if time is not None else seconds + step
                if stream and now - seconds > max(LONGEST_GAP, 10 * usual):  # The clock jumps forward: continue from here.
                    jumped = True
                    first += now - seconds - usual
                    now = seconds + usual
                if now <= seconds:  # The clock was set back, as in joined recordings: continue from here.
                    first -= seconds + step - now
                    now = seconds + step
            if now > self.longest:
                raise self._too_long()
            usual = now - seconds if seconds >= 0 else usual
            seconds = now
            yield Frame(self._upright_rgb(picture), seconds)
        # Some recorders round: a smaller loss at the end is no truncation.
        known = self._stream.duration is not None or not self._container.streams.audio
        if jumped:
            self.duration = seconds + usual
        elif self.duration is not None and known and seconds + step < self.duration - max(0.5, 2 * step):
            self.truncated = True
        elif self.duration is None or self.duration < seconds:
            self.duration = seconds + step

    def _decode(self) -> Iterator[Any]:
        import av

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:
                self.truncated = True
                return
            try:
                yield from packet.decode()
            except av.error.FFmpegError:
                self.truncated = True

    def _fix_size(self, picture: Any) -> None:
        """Sets the size of all frames from the first: square pixels, upright, at most `max_side`."""
        width, height = _display_size(picture, self._stream)
        scale = min(1.0, self.max_side / max(width, height))
        self.size = max(1, round(width * scale)), max(1, round(height * scale))

    def _upright_rgb(self, picture: Any) -> np.ndarray:
        """A decoded picture → (H, W, 3) of the file's size. A picture of another shape (some browsers) gets black bars."""
        width, height = _display_size(picture, self._stream)
        scale = min(self.size[0] / width, self.size[1] / height)
        turns = round(picture.rotation / 90) % 4
        w, h = min(self.size[0], max(1, round(width * scale))), min(self.size[1], max(1, round(height * scale)))
        stored = (h, w) if turns % 2 else (w, h)
        rgb = picture.reformat(width=stored[0], height=stored[1], format="rgb24", interpolation="AREA").to_ndarray()
        rgb = np.ascontiguousarray(np.rot90(rgb, turns))
        if (w, h) == self.size:
            return rgb
        whole = np.zeros((self.size[1], self.size[0], 3), np.uint8)
        top, left = (self.size[1] - h) // 2, (self.size[0] - w) // 2
        whole[top : top + h, left : left + w] = rgb
        return whole


def _display_size(picture: Any, stream: Any) -> tuple[float, float]:
    """Width and height of a decoded picture as it is meant to be shown."""
    ratio = stream.sample_aspect_ratio
    width, height = float(picture.width), float(picture.height)
    if ratio and ratio > 0:
        width *= float(ratio)
    return (height, width) if round(picture.rotation / 90) % 2 else (width, height)


def open_source(source: str | Path | int) -> VideoFile | Camera:
    """A camera for a number (or a string of digits that is no file's name), else a file. Enter it with a with statement.

    >>> type(open_source("0")).__name__, type(open_source("clip.mp4")).__name__
    ('Camera', 'VideoFile')
    """
    if isinstance(source, int):
        return Camera(source)
    if isinstance(source, str) and source.isascii() and source.isdigit() and not Path(source).exists():
        return Camera(int(source))
    return VideoFile(source)
