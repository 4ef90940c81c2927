"""Whether the same clip gives the same word at other sizes and rates: taught from the clips, asked with re-encoded copies.

    python benchmarks/reencoding.py FOLDER [--most 24] [--json FILE]

Each clip of FOLDER (``word--note.mp4`` or ``word/clip.mp4``) teaches its word once. Copies with 1080 and 540 lines, and with 25
and 30 frames a second, are then read from scratch, MediaPipe included.
"""

import json
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import av
import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kslr.core.scores import bootstrap_interval
from kslr.encoder import SignEncoder
from kslr.recognizer import SignRecognizer
from kslr.recordings import record
from kslr.teaching.takes import judge
from kslr.teaching.vocabularies import save_vocabulary
from kslr.teaching.words import new_vocabulary, teach
from kslr.training.clips import clip_files, word_of
from kslr.vocabulary import Sign

KINDS = {"1080 lines": (1080, None), "540 lines": (540, None), "25 fps": (None, 25), "30 fps": (None, 30)}


def reencode(source: Path, target: Path, lines: int | None, rate: int | None) -> None:
    """Writes a copy with other lines, or with another rate: the nearest earlier frame at each moment."""
    with av.open(str(source)) as given:
        stream = given.streams.video[0]
        frames = [(float(frame.time or 0), frame.to_image()) for frame in given.decode(stream)]
        own = float(stream.average_rate or 25)
    times = np.array([time for time, _ in frames]) - frames[0][0]
    fps = rate or own
    height = lines or frames[0][1].height
    width = round(frames[0][1].width * height / frames[0][1].height / 2) * 2
    with av.open(str(target), "w") as file:
        made = file.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        made.width, made.height, made.pix_fmt = width, height, "yuv420p"
        for moment in np.arange(0, times[-1] + 1e-6, 1 / fps):
            picture = frames[int(np.searchsorted(times, moment + 1e-6) - 1)][1].resize((width, height))
            file.mux(made.encode(av.VideoFrame.from_image(picture)))
        file.mux(made.encode())


def main(
    folder: Annotated[Path, typer.Argument(help="Clips that show a word each.")],
    most: Annotated[int, typer.Option(help="Clips at most.")] = 24,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Prints the share of copies that give the word of their clip, for each kind."""
    encoder, clips = SignEncoder(), clip_files(folder)[:most]
    taught, words = new_vocabulary("copies", encoder), {}
    for path in clips:
        sign = judge(record(path)).sign
        if sign is not None:
            words[path] = word = word_of(path, folder)
            taught = teach(taught, Sign(word, word, word, word, word), sign.window(encoder.frames)[None], encoder)
    said: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as place:
        recognizer = SignRecognizer(save_vocabulary(Path(place) / "copies.npz", taught))
        for path, word in words.items():
            for kind, (lines, rate) in KINDS.items():
                copy = Path(place) / "copy.mp4"
                reencode(path, copy, lines, rate)
                found = judge(record(copy)).sign
                answer = None if found is None else recognizer.recognize(found).sign_id
                said[kind].append(answer == word)
                print(path.name, kind, answer, flush=True)
    figures = {
        kind: {"clips": len(same), "share": float(np.mean(same)), "interval": list(bootstrap_interval(np.array(same)))}
        for kind, same in said.items()
    }
    for kind, figure in figures.items():
        print(f"{kind:10s} {sum(said[kind])} of {figure['clips']} give the taught word")
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    typer.run(main)
