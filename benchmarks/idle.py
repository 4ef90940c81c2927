"""How often a word is reported where nobody signs: false words a minute of a shipped vocabulary.

    python benchmarks/idle.py [--signs kslr30] [--minutes 20] [--video CLIP …] [--packs FOLDER] [--json FILE]

Three kinds of streams are joined from real recordings of sources on the test side of `kslr.training.streams`: hands that rest;
hands that seven times a minute go up and rub face, hair, neck or arm; and hands that as often go up to where a signing
hand was, stay there in its shape for a moment and go down again, which differs from a held sign only in that it means
nothing. The fourth kind is any video of people who don't sign. What is measured is the whole sign branch:
segmenter, network, threshold. The share of true signs that the same threshold keeps is in the model's card.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kslr.landmarks import Landmarks
from kslr.recognizer import SignRecognizer
from kslr.recordings import record
from kslr.segmenter import find_signs
from kslr.training.streams.joining import idle_streams
from kslr.training.streams.material import load_material


def count_words(streams: list[list[Landmarks]], recognizer: SignRecognizer) -> dict[str, float]:
    """Segments and words a minute over streams of landmarks."""
    segments = words = 0
    seconds = 0.0
    for stream in streams:
        found = find_signs(stream)
        segments += len(found)
        words += sum(recognizer.recognize(segment).sign_id is not None for segment in found)
        seconds += stream[-1].seconds - stream[0].seconds
    minutes = seconds / 60
    return {"minutes": minutes, "segments_a_minute": segments / minutes, "false_words_a_minute": words / minutes}


def main(
    signs: Annotated[str, typer.Option(help="A shipped vocabulary or a card's path.")] = "kslr30",
    minutes: Annotated[float, typer.Option(help="Of each kind of joined stream.")] = 20.0,
    seed: int = 0,
    packs: Annotated[Path | None, typer.Option(help="Where the packs lie.")] = None,
    video: Annotated[list[Path] | None, typer.Option(help="A clip of people who don't sign; may be given several times.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Prints false words a minute of every kind."""
    recognizer, parts = SignRecognizer(signs), load_material(packs)["test"]
    figures: dict[str, Any] = {"signs": signs, "seed": seed, "sources": len(parts)}
    for kind, touches in (("resting", 0.0), ("scratching", 0.7), ("posing", 0.7)):
        made, seconds = [], 0.0
        for stream in idle_streams(parts, seed, touches, kind):
            made.append(list(stream.landmarks()))
            seconds += float(stream.seconds[-1])
            if seconds >= 60 * minutes:
                break
        figures[kind] = count_words(made, recognizer)
    if video:
        figures["videos"] = count_words([record(path).landmarks() for path in video], recognizer)
    for kind, figure in figures.items():
        if isinstance(figure, dict):
            print(
                f"{kind:10s} {figure['minutes']:.1f} minutes: {figure['segments_a_minute']:.2f} segments and "
                f"{figure['false_words_a_minute']:.2f} words a minute",
                flush=True,
            )
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    np.seterr(all="ignore")
    typer.run(main)
