"""Writes the bank of other signs and the fitted rule of verification beside the shipped encoder. Needs no Keras."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from kslr.core.cards import Card, read_card, read_card_arrays, write_card
from kslr.encoder import SignEncoder
from kslr.training.ship.options import OUT, Out, Packs
from kslr.training.verification.fitting import choose_rule

READ = ("1 recordings", "5 recordings")  # figures that the card keeps


def ship_verification(
    packs: Packs = None,
    out: Out = OUT,
    test: Annotated[bool, typer.Option(help="Also measure on the test part, which chooses nothing.")] = False,
) -> None:
    """Fit how nearness becomes a probability, for the encoder in the folder, on validation words and signers."""
    path = out / "sign_encoder.json"
    bank, rule, figures = choose_rule(SignEncoder(path), packs, test)
    card, weights = read_card(path)
    arrays = {name: array for name, array in read_card_arrays(path, card).items() if name != "background"} | {"bank": bank}
    kept = {part: {shots: found[shots] for shots in READ if shots in found} for part, found in figures.items()}
    card = replace(
        card, extra={**card.extra, "verification": rule}, figures={**card.figures, "verification": kept | {"bank": len(bank)}}
    )
    write_new(out, card, weights, arrays)
    print(json.dumps({"rule": rule, "bank": len(bank), **figures}, indent=1))


def write_new(out: Path, card: Card, weights: bytes, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes a card so that its files have its own name again: changed files are first written beside the old ones."""
    write_card(out, card, weights, arrays)
    write_card(out, card, weights, arrays)
