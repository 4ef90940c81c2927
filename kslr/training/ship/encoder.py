"""Trains the sign encoder on the packs, writes it, and measures it on words, sources and signers that it never saw.

The split is in `kslr.training.verification.people`: nothing of the validation or the test part is trained on. The command
verification then adds the bank of other signs and the rule of the decision to the card.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from kslr.core.cards import Card, read_card, read_card_arrays, write_card
from kslr.core.models import LiteModel
from kslr.core.scores import median_milliseconds
from kslr.core.training import current_commit, disagreement, to_litert
from kslr.encoder import TASK, SignEncoder
from kslr.landmarks import VALUES
from kslr.points import COLUMNS, COUNT, UNITS
from kslr.training.encoder.fitting import fit_encoder
from kslr.training.encoder.material import signer_data, with_empty_face
from kslr.training.encoder.measuring import measure_encoder
from kslr.training.encoder.sampling import EncoderRecipe
from kslr.training.networks.encoder import symmetric_encoder
from kslr.training.networks.sign_encoder import load_encoder
from kslr.training.ship.options import OUT, EncoderWeights, Out, Packs, print_progress
from kslr.training.train import INPUT, PUBLIC_REPOSITORIES
from kslr.training.verification.people import People, read_people, split_roles

RECIPE = EncoderRecipe()
SAMPLES = 64  # windows on which Keras and LiteRT are compared and timed


def train_encoder(
    weights: EncoderWeights,
    packs: Packs = None,
    out: Out = OUT,
    steps: Annotated[int, typer.Option(help="Batches.")] = RECIPE.steps,
    minutes: Annotated[float, typer.Option(help="Longest time.")] = RECIPE.minutes,
    trained: Annotated[bool, typer.Option("--trained", help="Take the weights as they are.")] = False,
    test: Annotated[bool, typer.Option("--test", help="Measure the test part too, which chooses nothing.")] = False,
    dtw: Annotated[bool, typer.Option("--dtw", help="Measure time warping on landmarks beside it.")] = False,
) -> None:
    """Train the encoder, write it, and measure it on words and signers that it never saw."""
    data = read_people(packs)
    role = split_roles(data)
    learnt = signer_data(data[role == "train"], packs)
    if not trained:
        recipe = replace(RECIPE, steps=steps, minutes=minutes)
        encoder = fit_encoder(learnt, recipe, weights.with_suffix(".steps.npz"), progress=print_progress)
        encoder.save_weights(weights)
    source = {
        "name": "signers_pose_hands + world_pose_hands + ksl30_by_meaning + qazsign7_hands + rsl_dictionary (dictionary 1), the "
        "training part",
        "samples": len(learnt.label),
        "recorders": len(np.unique(learnt.signer)),
        "licence": PUBLIC_REPOSITORIES,
    }
    protocol = (
        f"Trained across signers on {len(learnt.label)} recordings of {len(learnt.gloss)} signs by {source['recorders']} signers "
        "or recorders; chosen on validation words and signers; few-shot figures are of words, sources and signers that no "
        "training saw. Command: python -m kslr.training.ship encoder ENCODER.weights.h5 --test."
    )
    path = write_encoder(weights, raw_windows(data[role == "valid"])[:SAMPLES], source, protocol, out)
    encoder, figures = SignEncoder(path), {}
    for part in ("valid", "test") if test else ("valid",):
        figures[part] = measure_encoder(encoder, data[role == part], packs, dtw, part == "test")
    card, content = read_card(path)
    write_card(out, replace(card, figures={**card.figures, "few_shot": figures}), content, read_card_arrays(path, card))
    print(json.dumps(figures, indent=1))


def raw_windows(data: People) -> np.ndarray:
    """(n, 30, 1662) windows of recordings, absent parts zeros."""
    points = np.nan_to_num(with_empty_face(data.points))
    x = np.zeros((*points.shape[:2], VALUES), np.float32)
    x[..., COLUMNS] = points.reshape(*points.shape[:2], COUNT * 3) / UNITS
    return x


def write_encoder(weights: Path, samples: np.ndarray, source: dict[str, object], protocol: str, out: Path) -> Path:
    """Writes ``sign_encoder`` with its card; weights take half the bytes, arithmetic stays float32.

    Args:
        weights: Keras weights of the encoder.
        samples: (n, 30, 1662) windows to compare Keras and LiteRT on and to time.
    """
    encoder = load_encoder(weights)
    network = symmetric_encoder(encoder)
    content = to_litert(network, float16=True)
    card = Card(
        name="sign_encoder",
        task=TASK,
        labels=(),
        input=INPUT,
        sources=(source,),
        protocol=protocol,
        figures={
            "milliseconds": median_milliseconds(LiteModel(content), samples[:, None]),
            "keras_litert_difference": disagreement(network, content, samples[:16]),
        },
        calibration={},
        limits="Reads body and hands, no face. Learnt from short webcam recordings of single signs in many sign languages; not "
        "from running signing.",
        commit=current_commit(),
        weights={},
        extra={"parameters": int(encoder.count_params())},
    )
    return write_card(out, card, content)
