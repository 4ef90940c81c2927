"""How emotions move while a person signs and mouths a word, and what the resting face changes.

Signers of dictionary clips are calm: what is read as emotion while their hands are up is mouthing and the brows of
grammar. The frames of a clip with hands down are the resting face. Printed are the mean probabilities at rest and while
signing, how often the best emotion of single frames changes a second, and the affect of the word as the product gives it
(`fusion.pooling.pool`), all as they are and relative to the resting face.

    python benchmarks/mouthing.py CLIP_OR_FOLDER... [--every 2] [--json FILE]
"""

import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emotion.faces import EMOTIONS, crop_from_landmarks
from emotion.recognizer import EmotionPrediction, EmotionRecognizer
from emotion.resting import correct_for_rest, resting_face
from fusion.pooling import CORRELATED_SECONDS, PooledCalibration, pool
from fusion.training.films import answer_memory
from kslr.holistic import HolisticTracker
from kslr.video import VideoFile


def read_faces(clip: Path, recognizer: EmotionRecognizer, every: int) -> tuple[list[EmotionPrediction], np.ndarray]:
    """The emotions of every so-many-th frame with a face, and (n,) whether a hand is in view."""
    faces: list[EmotionPrediction] = []
    signing: list[bool] = []
    with VideoFile(clip) as video, HolisticTracker() as tracker:
        for number, frame in enumerate(video):
            if number % every:
                continue
            seen = tracker.process(frame)
            crop = crop_from_landmarks(frame.rgb, seen.face, frame.seconds, hands=(seen.left_hand, seen.right_hand))
            if crop is not None:
                faces += recognizer.recognize([crop])
                signing.append(seen.hands > 0)
    return faces, np.array(signing, bool)


def clip_figures(faces: list[EmotionPrediction], signing: np.ndarray, pooled: PooledCalibration) -> dict[str, Any] | None:
    """Figures of one clip; None when it has no rest or no signing."""
    if signing.sum() < 3 or (~signing).sum() < 3:
        return None
    rows, quality = np.stack([face.probabilities for face in faces]), np.array([face.quality for face in faces])
    relative = correct_for_rest(rows, resting_face(rows[~signing], quality[~signing]))
    length = max(faces[-1].seconds - faces[0].seconds, 1e-6)
    figures: dict[str, Any] = {"rest": rows[~signing].mean(axis=0).tolist(), "changes_a_second": {}, "affect": {}}
    for name, read in (("signing", rows), ("signing_relative", relative)):
        figures[name] = read[signing].mean(axis=0).tolist()
        figures["changes_a_second"][name] = float((np.diff(read.argmax(axis=1)) != 0).sum() / length)
        word = [replace(faces[i], probabilities=read[i]) for i in np.flatnonzero(signing)]
        figures["affect"][name] = pool(word, calibration=pooled)[0]
    return figures


def main(
    sources: Annotated[list[Path], typer.Argument(help="Clips, or folders of them.")],
    every: Annotated[int, typer.Option(help="Read every so-many-th frame.")] = 2,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where to write the figures.")] = None,
) -> None:
    clips = [clip for source in sources for clip in (sorted(source.glob("*.mp4")) if source.is_dir() else [source])]
    recognizer = EmotionRecognizer()
    pooled = PooledCalibration.from_card(recognizer.card)
    read = {clip.name: read_faces(clip, recognizer, every) for clip in clips}
    found: dict[str, Any] = {name: clip_figures(*seen, pooled) for name, seen in read.items()}
    long = [faces for faces, _ in read.values() if len(faces) > 20]
    if long:
        answers = [np.stack([face.probabilities for face in faces]) for faces in long]
        memory, strayed = answer_memory(answers, [np.array([face.seconds for face in faces]) for faces in long])
        print(f"answers to a face remember {memory:.2f} s (assumed: {CORRELATED_SECONDS} s) and stray by {strayed:.2f}")
        found["answers"] = {"memory_seconds": memory, "strayed": strayed}
    usable = [figures for name, figures in found.items() if figures and name in read]
    if not usable:
        raise SystemExit("No clip has both a resting face and signing.")
    print(f"{len(usable)} of {len(clips)} clips have rest and signing")
    print(f"{'':18s}" + "".join(f"{name:>10s}" for name in EMOTIONS))
    for key in ("rest", "signing", "signing_relative"):
        print(f"{key:18s}" + "".join(f"{value:10.3f}" for value in np.mean([f[key] for f in usable], axis=0)))
    for key in ("signing", "signing_relative"):
        print(f"changes a second, {key}: {np.mean([f['changes_a_second'][key] for f in usable]):.2f}")
        counts = Counter(str(f["affect"][key]) for f in usable).most_common()
        print(f"affect of the words, {key}: {', '.join(f'{name} {count}' for name, count in counts)}")
    if json_file:
        json_file.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
