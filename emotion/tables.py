"""Every face of the sampled frames as a row: what the command ``kslr emotion`` prints and writes."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from emotion.detection import FaceDetector
from emotion.faces import EMOTIONS, crop_from_box
from emotion.recognizer import EmotionRecognizer
from emotion.tracking import FaceTracker


@dataclass(frozen=True)
class FaceRow:
    """One face in one frame; a frame without faces is a row of None.

    Attributes:
        seconds: the frame's time.
        track: the face's number, kept while it stays in view.
        box: (x, y, side) of the crop in pixels.
        quality: 0–1.
        emotion: the most probable, or None when the model abstains.
        probabilities: (7,) in the order of EMOTIONS.
    """

    seconds: float
    track: int | None = None
    box: tuple[float, float, float] | None = None
    quality: float | None = None
    emotion: str | None = None
    probabilities: np.ndarray | None = None


COLUMNS = ("seconds", "track", "x", "y", "side", "quality", "emotion", *EMOTIONS)


def face_rows(
    frames: Iterable[tuple[float, np.ndarray]], recognizer: EmotionRecognizer, detector: FaceDetector, every: float = 0.2
) -> Iterator[FaceRow]:
    """Reads the faces of one picture or one video.

    Args:
        frames: (seconds, (H, W, 3) uint8 RGB), times ascending.
        recognizer: of the emotions; one call a frame.
        detector: an open one.
        every: seconds between two sampled frames; 0 reads all.

    Yields:
        One row a face; one row without a face for a frame without any.
    """
    tracker, due = FaceTracker(patience=max(1.0, 3 * every)), -np.inf
    for seconds, rgb in frames:
        if seconds < due - 1e-6:
            continue
        due = seconds + every
        crops = [c for c in (crop_from_box(rgb, box, seconds) for box in detector.detect(rgb)) if c is not None]
        if not crops:
            yield FaceRow(seconds)
            continue
        tracks = tracker.update(np.array([(x, y, side, side) for x, y, side in (c.box for c in crops)]), seconds)
        for crop, track, found in zip(crops, tracks, recognizer.recognize(crops), strict=True):
            yield FaceRow(seconds, track, crop.box, crop.quality, found.label, found.probabilities)


def row_cells(row: FaceRow) -> list[str]:
    """A row as text in the order of COLUMNS; absent values are empty.

    >>> row_cells(FaceRow(0.5))[:3]
    ['0.500', '', '']
    """
    if row.box is None or row.probabilities is None:
        return [f"{row.seconds:.3f}"] + [""] * (len(COLUMNS) - 1)
    numbers = [f"{row.seconds:.3f}", str(row.track), *(f"{v:.1f}" for v in row.box), f"{row.quality:.3f}"]
    return [*numbers, row.emotion or "", *(f"{p:.4f}" for p in row.probabilities)]


def rows_csv(rows: Iterable[FaceRow]) -> str:
    """All rows as CSV with a header line.

    >>> rows_csv([FaceRow(0.0)]).splitlines()[0].startswith("seconds,track,x,y,side,quality,emotion,angry")
    True
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row_cells(row) for row in rows)
    return out.getvalue()
