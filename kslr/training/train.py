"""Trains a sign network on any data and writes it with its card, ready for `SignRecognizer`."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.calibration import apply_temperature, expected_calibration_error, fit_temperature, threshold_keeping, top_answers
from kslr.core.cards import Card, write_card
from kslr.core.files import check_writable
from kslr.core.models import LiteModel
from kslr.core.scores import bootstrap_interval, median_milliseconds
from kslr.core.training import current_commit
from kslr.training.cross_validation import is_in_top
from kslr.training.datasets import SignData, load_signs
from kslr.training.fitting import Progress, export, fit, predict_probabilities
from kslr.training.networks.architectures import find_architecture
from kslr.training.recipes import SignRecipe
from kslr.training.splits import random_split

KEEP = 0.95  # share of rightly read validation signs that the threshold keeps
INPUT = {
    "shape": [30, 1662],
    "dtype": "float32",
    "meaning": "one sign in 30 frames evenly spaced in time, in the 4:3 aspect: pose 33×4, face 468×3, left hand 21×3, "
    "right hand 21×3; absent parts zeros",
}
PUBLIC_REPOSITORIES = "public repositories, mostly without a licence: research and demonstration only"
LICENCES = {
    "krsl20_hands": "Apache-2.0",
    "rsl": "dictionary clips, licence not stated: research and demonstration only",
    "rsl_dictionary": "dictionary clips, licence not stated: research and demonstration only",
    "ksl30_by_meaning": PUBLIC_REPOSITORIES,
    "qazsign7_hands": "public repository, licence not stated: research and demonstration only",
}


def train_sign_model(
    data: str | Path | SignData,
    out: str | Path,
    architecture: str = "kslr_net",
    epochs: int | None = None,
    seed: int = 0,
    name: str | None = None,
    packs: str | Path | None = None,
    encoder: str | Path | None = None,
    recipe: SignRecipe | None = None,
    progress: Progress | None = None,
) -> Path:
    """Trains on nine tenths of the data, calibrates on the last tenth, and writes weights and card.

    Args:
        data: see `kslr.training.datasets.load_signs`.
        out: the folder; made when missing.
        architecture: a name of `kslr.training.networks.architectures.ARCHITECTURES`.
        epochs: maximum number; the recipe's when None.
        seed: of weights, split and augmentation.
        name: of the model; the architecture and the data when None.
        packs: where packs lie.
        encoder: Keras weights of a pretrained encoder to start from.
        recipe: the architecture's own when None.
        progress: called with a line and the done share (0–1).

    Returns:
        The card's path.

    Raises:
        InputError: data or network that cannot be used, or a folder that cannot be written.
    """
    network = find_architecture(architecture)
    recipe = (recipe or network.recipe).override(epochs=epochs)
    check_writable(Path(out) / "card.json")  # known before hours of training, not after
    signs = data if isinstance(data, SignData) else load_signs(data, packs)
    name = name or f"{architecture}-{Path(signs.name).stem}"
    kept, held_out = random_split(signs, 0.1, seed)
    x, label = signs.x[held_out], signs.label[held_out]
    model = fit(network, signs.x[kept], signs.label[kept], len(signs.names), (x, label), recipe, seed, encoder, progress)
    answers = predict_probabilities(network, model, x)
    temperature = fit_temperature(answers, label)
    answers = apply_temperature(answers, temperature)
    confidence, correct = top_answers(answers, label)
    weights = export(network, model, recipe)
    card = Card(
        name=name,
        task="signs",
        labels=signs.names,
        input={**INPUT, "shape": [int(n) for n in signs.x.shape[1:]]},
        sources=describe_sources(signs),
        protocol=f"{architecture}, trained on 90 %; 10 % (seed {seed}) for selection and calibration. The figures are of that "
        "tenth, so they are a little too good. `kslr evaluate signs` measures on recordings that had no part in it.",
        figures={
            "validation_accuracy": float(correct.mean()),
            "validation_interval": list(bootstrap_interval(correct)),
            "validation_top5": float(is_in_top(answers, label).mean()),
            "validation_calibration_error": expected_calibration_error(confidence, correct),
            "validation_samples": len(label),
            "parameters": int(model.count_params()),
            "milliseconds": median_milliseconds(LiteModel(weights), [np.nan_to_num(sample[None]) for sample in x[:20]]),
        },
        calibration={"temperature": temperature, "threshold": threshold_keeping(confidence[correct], KEEP)},
        limits="Knows the words it was trained on and nothing else; see trained_on for how many recordings each had.",
        commit=current_commit(),
        weights={},
        extra={"architecture": architecture, "trained_on": count_recordings(signs)},
    )
    return write_card(out, card, weights)


def count_recordings(signs: SignData) -> dict[str, dict[str, int]]:
    """Recordings by word and source; several signs of one clip are one recording."""
    clips = {(signs.names[label], str(s), c) for label, s, c in zip(signs.label, signs.source, signs.clip, strict=True)}
    counts: dict[str, dict[str, int]] = {}
    for (word, source), n in sorted(Counter((word, source) for word, source, _ in clips).items()):
        counts.setdefault(word, {})[source] = n
    return counts


def describe_sources(signs: SignData) -> tuple[dict[str, Any], ...]:
    """The card's entry: each source with its number of recordings and what is known of its licence."""
    counts = Counter(source for source, _ in {(str(s), str(c)) for s, c in zip(signs.source, signs.clip, strict=True)})
    return tuple(
        {"name": s, "samples": n, "licence": LICENCES.get(s, "not stated by its source")} for s, n in sorted(counts.items())
    )
