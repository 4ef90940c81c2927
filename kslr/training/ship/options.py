"""Options that several makers of shipped weights share."""

from pathlib import Path
from typing import Annotated

import typer

from kslr.core.cards import MODELS

EncoderWeights = Annotated[Path, typer.Argument(help="Keras weights of the encoder (.weights.h5).")]
Clips = Annotated[Path, typer.Argument(help="Folder of the dictionary clips, or of their landmarks.")]
Packs = Annotated[Path | None, typer.Option(help="Folder of the packs.")]
Out = Annotated[Path, typer.Option(help="Folder for weights and cards.")]
OUT = MODELS


def print_progress(line: str, done: float) -> None:
    """Prints one line of a training with the done share (0–1)."""
    print(f"{done:.2f} {line}", flush=True)
