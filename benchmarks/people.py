"""Whether "several people in view" is told of several people and of nobody else.

Clips are read as the product reads them: the one pass, then `emotion.people.PeopleCounter`. A picture is shown for three
seconds. Printed are, for each, the share of looks in which the bare detector finds more than one face, the share of the
time for which several people are told, and whether the note at the end is right.

    python benchmarks/people.py --alone CLIP_OR_FOLDER --several CLIP_OR_PICTURE [--every 2] [--json FILE]
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emotion.detection import FaceDetector
from emotion.people import PeopleCounter
from fusion.observation import Seen, hand_points
from kslr.extraction import video_files
from kslr.frame import Frame
from kslr.holistic import HolisticTracker
from kslr.video import VideoFile
from ui.cli.emotion import PICTURES, read_picture

STEP = 0.1  # seconds between two frames that are read


def frames_of(path: Path, step: float) -> Iterator[Frame]:
    """Frames of a clip, a step apart; a picture for three seconds."""
    if path.suffix.lower() in PICTURES:
        picture = read_picture(path)
        yield from (Frame(picture, at) for at in np.arange(0, 3, step))
        return
    due = 0.0
    with VideoFile(path) as video:
        for frame in video:
            if frame.seconds >= due:
                due = frame.seconds + step
                yield frame


def count_people(path: Path, every: float, step: float = STEP) -> dict[str, Any]:
    """What the bare detector and the product say of one source."""
    seen, looks = Seen(), []
    with HolisticTracker() as tracker, FaceDetector() as detector:
        people = PeopleCounter(detector, every)
        for frame in frames_of(path, step):
            landmarks = tracker.process(frame)
            if not looks or frame.seconds - looks[-1][0] >= min(every, 0.5):
                looks.append((frame.seconds, len(detector.detect(frame.rgb)) > 1))
            seen = seen.plus(landmarks, people.look(frame.rgb, frame.seconds, hand_points(landmarks)))
    return {
        "source": path.name,
        "detector": float(np.mean([more for _, more in looks])),
        "told": float(seen.with_several / max(seen.frames, 1)),
        "several": bool(seen.several),
    }


def main(
    alone: Annotated[list[Path], typer.Option(help="Clips of one person; a folder stands for its clips.")] = [],  # noqa: B006
    several: Annotated[list[Path], typer.Option(help="Clips or pictures of several.")] = [],  # noqa: B006
    every: Annotated[float, typer.Option(help="Seconds between two looks.")] = 2.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Count wrong notes."""
    rows, wrong = [], []
    for right, given in ((False, alone), (True, several)):
        for path in [file for one in given for file in (video_files(one) if one.is_dir() else [one])]:
            row = {**count_people(path, every), "right": right}
            rows.append(row)
            wrong += [row] if row["several"] != right else []
            verdict = "WRONG" if row in wrong else "right"
            print(f"{row['source']:40s} detector {row['detector']:4.0%}  told {row['told']:4.0%}  {verdict}")
    print(f"{len(rows) - len(wrong)} of {len(rows)} sources right; the bare detector would be wrong about "
          f"{sum((row['detector'] > 0.1) != row['right'] for row in rows)}.")  # fmt: skip
    if json_file:
        json_file.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
