"""How an emotion reading moves while a person signs and mouths a word, and what smoothing and a resting face change.

Signers of dictionary clips are calm: what is read as emotion while their hands are up is mouthing and the brows of
grammar. For every clip the frames with hands down before the sign are the resting face; printed are the mean
probabilities at rest and while signing, and how often the label changes a second, raw, smoothed, and relative to rest.

    python benchmarks/mouthing.py CLIP_OR_FOLDER... [--every 2] [--json FILE]
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emotion.faces import EMOTIONS, crop_from_landmarks
from emotion.recognizer import EmotionRecognizer
from emotion.resting import changes, correct_for_rest, held_labels, resting_face, smoothed
from kslr.holistic import HolisticTracker
from kslr.video import VideoFile


def faces_of(clip: Path, recognizer: EmotionRecognizer, every: int) -> dict[str, np.ndarray]:
    """Seconds, probabilities, quality and whether a hand is in view, of every so-many-th frame with a face."""
    rows: list[tuple[float, np.ndarray, float, bool]] = []
    with VideoFile(clip) as video, HolisticTracker() as tracker:
        for number, frame in enumerate(video):
            if number % every:
                continue
            seen = tracker.process(frame)
            crop = crop_from_landmarks(frame.rgb, seen.face, frame.seconds, hands=(seen.left_hand, seen.right_hand))
            if crop is not None:
                rows.append((frame.seconds, recognizer.recognize([crop])[0].probabilities, crop.quality, seen.hands > 0))
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return dict(zip(("seconds", "probabilities", "quality", "signing"), map(np.array, columns), strict=True))


def clip_figures(seen: dict[str, np.ndarray]) -> dict[str, Any] | None:
    """Figures of one clip; None when it has no rest or no signing."""
    signing = seen["signing"].astype(bool) if len(seen["signing"]) else np.zeros(0, bool)
    if signing.sum() < 3 or (~signing).sum() < 3:
        return None
    seconds, rows, quality = seen["seconds"], seen["probabilities"], seen["quality"]
    rest = resting_face(rows[~signing], quality[~signing])
    relative = correct_for_rest(rows, rest)
    length = max(seconds[-1] - seconds[0], 1e-6)
    raw = [EMOTIONS[int(row.argmax())] for row in rows]
    return {
        "rest": rows[~signing].mean(axis=0).tolist(),
        "signing": rows[signing].mean(axis=0).tolist(),
        "signing_relative": relative[signing].mean(axis=0).tolist(),
        "changes_a_second": {
            "raw": changes(raw) / length,
            "smoothed": changes(held_labels(seconds, smoothed(seconds, rows, quality))) / length,
            "smoothed_relative": changes(held_labels(seconds, smoothed(seconds, relative, quality))) / length,
        },
    }


def main(
    sources: Annotated[list[Path], typer.Argument(help="Clips, or folders of them.")],
    every: Annotated[int, typer.Option(help="Look at every so-many-th frame.")] = 2,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where to write the figures.")] = None,
) -> None:
    clips = [clip for source in sources for clip in (sorted(source.glob("*.mp4")) if source.is_dir() else [source])]
    recognizer = EmotionRecognizer()
    found = {clip.name: clip_figures(faces_of(clip, recognizer, every)) for clip in clips}
    usable = [figures for figures in found.values() if figures]
    if not usable:
        raise SystemExit("No clip has both a resting face and signing.")
    print(f"{len(usable)} of {len(clips)} clips have rest and signing")
    print(f"{'':18s}" + "".join(f"{name:>10s}" for name in EMOTIONS))
    for key in ("rest", "signing", "signing_relative"):
        print(f"{key:18s}" + "".join(f"{value:10.3f}" for value in np.mean([f[key] for f in usable], axis=0)))
    for key in ("raw", "smoothed", "smoothed_relative"):
        print(f"label changes a second, {key}: {np.mean([f['changes_a_second'][key] for f in usable]):.2f}")
    if json_file:
        json_file.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
