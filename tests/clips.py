"""Clips for tests, written with PyAV from any picture: good ones, odd ones and broken ones."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

MILLISECOND = Fraction(1, 1000)


def shaken(picture: np.ndarray, frames: int = 20, size: tuple[int, int] = (320, 240), reach: int = 12) -> Iterator[np.ndarray]:
    """A picture as a shaky, slowly zooming hand camera would see it.

    Args:
        picture: (H, W, 3) uint8.
        size: (width, height) of each frame, in even numbers.
        reach: how far it shakes, pixels.

    Yields:
        (height, width, 3) uint8.
    """
    import cv2

    height, width = picture.shape[:2]
    for n in range(frames):
        side = min(height, width) * (1 - 0.1 * n / max(1, frames - 1))
        scale = min(size) / side
        x = width / 2 + reach * np.sin(0.7 * n)
        y = height / 2 + reach * np.cos(0.9 * n)
        move = np.array([[scale, 0, size[0] / 2 - scale * x], [0, scale, size[1] / 2 - scale * y]])
        yield cv2.warpAffine(picture, move, size, borderMode=cv2.BORDER_REPLICATE)


def write(
    path: Path,
    pictures: Iterable[np.ndarray],
    fps: float = 25.0,
    times: Sequence[float] | None = None,
    codec: str = "libx264",
    pixel_aspect: Fraction | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Writes pictures as a video.

    Args:
        path: its suffix chooses the container.
        fps: frames a second, where `times` is None.
        times: seconds of each picture, for a varying rate.
        codec: a name that libavcodec knows.
        pixel_aspect: width / height of one pixel.
        container_options: for the muxer.
    """
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = None
        for n, picture in enumerate(pictures):
            if stream is None:
                stream = container.add_stream(codec, rate=round(fps))
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
                stream.codec_context.time_base = MILLISECOND
                if pixel_aspect is not None:
                    stream.codec_context.sample_aspect_ratio = pixel_aspect
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.time_base = MILLISECOND
            frame.pts = round(1000 * (n / fps if times is None else times[n]))
            container.mux(stream.encode(frame))
        if stream is None:
            raise ValueError("no pictures")
        container.mux(stream.encode())
    return path


def varying(path: Path, picture: np.ndarray, times: Sequence[float]) -> Path:
    """A phone's recording: each picture at its own time."""
    return write(path, shaken(picture, len(times)), times=times)


def webm_without_duration(path: Path, picture: np.ndarray, frames: int = 20) -> Path:
    """What a browser's MediaRecorder writes: WebM as a live stream, whose header knows no end."""
    return write(path, shaken(picture, frames), codec="libvpx", container_options={"live": "1"})


def turned(path: Path, picture: np.ndarray, degrees: int, frames: int = 5, size: tuple[int, int] = (320, 240)) -> Path:
    """An MP4 held upright: stored lying, with a matrix in its track header that says to turn it.

    Args:
        degrees: 90, 180 or 270, clockwise, which is how far a player has to turn the stored pictures.
    """
    upright = (size[1], size[0]) if degrees % 180 else size
    write(path, (np.rot90(p, degrees // 90) for p in shaken(picture, frames, upright)))
    cos, sin = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    matrix = np.array([cos, sin, 0, -sin, cos, 0, 0, 0, 1], np.int64) * ([1 << 16] * 8 + [1 << 30])
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 4 + 40  # version 0: 40 bytes of times, ids and layers lie before the matrix
    content[start : start + 36] = matrix.astype(">i4").tobytes()
    path.write_bytes(content)
    return path


def audio_only(path: Path, seconds: float = 0.5) -> Path:
    """A tone, and no pictures."""
    rate = 16_000
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.int16)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac" if path.suffix == ".mp4" else "pcm_s16le", rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        frame.sample_rate = rate
        frame.pts = 0
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size or 0)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode())
    return path


def truncated(path: Path, picture: np.ndarray, keep: float = 0.6, frames: int = 60) -> Path:
    """A download that broke off: the head is whole, a part of the pictures is missing."""
    write(path, shaken(picture, frames), container_options={"movflags": "faststart"} if path.suffix == ".mp4" else None)
    content = path.read_bytes()
    path.write_bytes(content[: round(len(content) * keep)])
    return path


def beheaded(path: Path, picture: np.ndarray) -> Path:
    """An MP4 whose recorder was killed: the pictures are there, the index at the end that makes sense of them is not."""
    write(path, shaken(picture))
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b"moov") - 4])
    return path


def empty(path: Path) -> Path:
    """No byte at all."""
    path.write_bytes(b"")
    return path


def text(path: Path) -> Path:
    """Words in a file that is called a video."""
    path.write_text("These are words and not pictures.\n" * 50)
    return path


def without_frames(path: Path) -> Path:
    """A video stream that was opened and closed with nothing in between."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        container.start_encoding()
    return path


def large(path: Path, size: tuple[int, int], frames: int = 1) -> Path:
    """Grey pictures of any size, such as (8000, 4500)."""
    grey = np.full((size[1], size[0], 3), 128, np.uint8)
    return write(path, [grey] * frames, codec="mjpeg")
