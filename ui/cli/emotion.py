"""`kslr emotion`: every face of a picture or video as a row."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kslr.core.errors import InputError
from kslr.core.files import check_outputs, write_file
from ui.cli.console import model_files, notes, progress_bar

if TYPE_CHECKING:
    import numpy as np

PICTURES = {".jpg", ".jpeg", ".jfif", ".mpo", ".ppm", ".pgm", ".png", ".bmp", ".webp", ".tif", ".tiff"}


def emotion(
    source: Annotated[Path, typer.Argument(help="A picture or a video file.")],
    csv: Annotated[Path | None, typer.Option(help="Write the rows here as CSV instead of to the screen.")] = None,
    every: Annotated[float, typer.Option(help="Seconds between two frames that are read; 0 reads every frame.", min=0)] = 0.2,
    model: Annotated[str, typer.Option(help="Emotion model: a shipped name or a card's path.")] = "emotion",
) -> None:
    """List every face: time, number, box, seven probabilities and quality. Frames without a face are empty rows."""
    from emotion.detection import FaceDetector
    from emotion.recognizer import EmotionRecognizer
    from emotion.tables import face_rows, rows_csv

    check_outputs([csv], [source, *model_files(model)])
    recognizer = EmotionRecognizer(model)
    with progress_bar(f"Reading {source.name}") as progress, FaceDetector() as detector:
        rows = list(face_rows(read_frames(source, progress), recognizer, detector, every))
    if not any(row.box for row in rows):
        notes.print(f"No face was found in {source}.", markup=False)
    text = rows_csv(rows)
    if csv is None:
        typer.echo(text, nl=False)
    else:
        write_file(csv, text.encode())


def read_frames(source: Path, progress: Callable[..., None] | None = None) -> Iterator[tuple[float, "np.ndarray"]]:
    """Yields (seconds, (H, W, 3) uint8 RGB) of a picture file (once, at 0) or of every frame of a video.

    Raises:
        InputError: it does not exist or cannot be read.
    """
    if source.suffix.lower() in PICTURES:
        yield 0.0, read_picture(source)
        return
    from kslr.video import VideoFile

    with VideoFile(source, max_side=1280) as video:
        for frame in video:
            if progress and video.duration:
                progress(min(1.0, frame.seconds / video.duration))
            yield frame.seconds, frame.rgb


def read_picture(path: Path) -> "np.ndarray":
    """Reads an upright (H, W, 3) uint8 RGB picture.

    Raises:
        InputError: it does not exist, is too large or is not a picture.
    """
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as opened:
            return np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    except FileNotFoundError:
        raise InputError(f"{path} does not exist. Check the path.") from None
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} cannot be read as a picture. Save it as JPEG or PNG.") from error
