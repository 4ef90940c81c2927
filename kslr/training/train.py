"""Trains a sign network on any data and writes it with its card, ready for `SignRecognizer`."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from kslr.core.calibration import apply_temperature, expected_calibration_error, fit_temperature, threshold_keeping, top_answers
from kslr.core.cards import Card, current_commit, write_card
from kslr.core.scores import bootstrap_interval
from kslr.training.datasets import SignData, load_signs
from kslr.training.cross_validation import litert_milliseconds, raw_network, top_k
from kslr.training.splits import random_split

Progress = Callable[[str, float], None]
KEEP = 0.95  # share of rightly read validation signs that the threshold keeps
INPUT = {
    "shape": [30, 1662],
    "dtype": "float32",
    "meaning": "one sign in 30 frames evenly spaced in time, in the 4:3 aspect: pose 33×4, face 468×3, left hand 21×3, "
    "right hand 21×3; absent parts zeros",
}


def train(
    data: str | Path | SignData,
    out: str | Path,
    architecture: str = "kslr_net",
    epochs: int | None = None,
    seed: int = 0,
    name: str | None = None,
    packs: str | Path | None = None,
    encoder: str | Path | None = None,
    recipe: Any = None,
    progress: Progress | None = None,
) -> Path:
    """Trains on nine tenths of the data, calibrates on the last tenth, and writes weights and card.

    Args:
        data: see `kslr.training.datasets.load_signs`.
        out: the folder; made when missing.
        architecture: see `kslr.training.networks.recurrent.architectures`.
        epochs: at most; the recipe's when None.
        name: of the model; the architecture and the data when None.
        packs: where packs lie.
        encoder: Keras weights of a pretrained encoder to start ``kslr_net`` from.
        recipe: a `kslr.training.fitting.Recipe` in place of the architecture's own and of `epochs`.
        progress: called with a line and the part done (0–1).

    Returns:
        The card's path.

    Raises:
        InputError: data or network that cannot be used, or a folder that cannot be written.
    """
    from kslr.core.cards import write_file
    from kslr.training.export import to_litert
    from kslr.training.fitting import build, changed, fit, on_encoder, probabilities, recipe_of

    signs = data if isinstance(data, SignData) else load_signs(data, packs)
    recipe = recipe or changed(recipe_of(architecture), epochs=epochs)
    kept, valid = random_split(signs, 0.1, seed)
    # A place that cannot be written should be known before hours of training, not after.
    write_file(Path(out) / ".writable", b"")
    (Path(out) / ".writable").unlink()
    model = fit(
        architecture,
        signs.x[kept],
        signs.label[kept],
        len(signs.names),
        (signs.x[valid], signs.label[valid]),
        recipe,
        seed,
        start=on_encoder(encoder, architecture, len(signs.names), signs.x.shape[1]) if encoder else None,
        progress=progress,
    )
    answer = probabilities(architecture, model, signs.x[valid])
    temperature = fit_temperature(answer, signs.label[valid])
    answer = apply_temperature(answer, temperature)
    raw = raw_network(architecture, model, len(signs.names), signs.x.shape[1], build, recipe)
    weights = to_litert(raw, None if architecture in ("kslr_net", "slovo_transformer") else 1)
    milliseconds = litert_milliseconds(architecture, model, len(signs.names), signs.x[valid[:20]], build, recipe)
    card = Card(
        name=name or f"{architecture}-{Path(signs.name).stem}",
        task="signs",
        labels=signs.names,
        input={**INPUT, "shape": [int(n) for n in signs.x.shape[1:]]},
        sources=sources(signs),
        protocol=f"{architecture}, 90 % trained on, 10 % (seed {seed}) for selection and calibration; the figures are of that tenth, "  # noqa: E501
        "so they are a little too good. `kslr evaluate signs` measures on recordings that had no part in it.",
        figures={
            **validation_figures(answer, signs.label[valid]),
            "parameters": int(raw.count_params()),
            "milliseconds": milliseconds,
        },
        calibration={"temperature": temperature, "threshold": threshold(answer, signs.label[valid])},
        limits="Knows the words it was trained on and nothing else; see trained_on for how many recordings each had.",
        commit=current_commit(),
        weights={},
        extra={"architecture": architecture, "trained_on": trained_on(signs)},
    )
    return write_card(out, card, weights)


def validation_figures(answer: np.ndarray, label: np.ndarray) -> dict[str, Any]:
    """Accuracy, top-5 and calibration error of calibrated validation answers."""
    right = answer.argmax(axis=1) == label
    return {
        "validation_accuracy": float(right.mean()),
        "validation_interval": list(bootstrap_interval(right)),
        "validation_top5": float(top_k(answer, label).mean()),
        "validation_calibration_error": expected_calibration_error(*top_answers(answer, label)),
        "validation_samples": len(label),
    }


def threshold(answer: np.ndarray, label: np.ndarray, keep: float = KEEP) -> float:
    """The probability that this share of the rightly read signs exceeds."""
    confidence, right = top_answers(answer, label)
    return threshold_keeping(confidence[right], keep)


def trained_on(signs: SignData) -> dict[str, dict[str, int]]:
    """Recordings a word and source; several signs of one clip are one recording."""
    seen = {(signs.names[label], source, clip) for label, source, clip in zip(signs.label, signs.source, signs.clip, strict=True)}
    counts: dict[str, dict[str, int]] = {}
    for (word, source), n in sorted(Counter((w, s) for w, s, _ in seen).items()):
        counts.setdefault(str(word), {})[str(source)] = n
    return counts


def sources(signs: SignData) -> tuple[dict[str, Any], ...]:
    """The card's entry: each source with its recordings and what is known of its licence."""
    clips = {(str(s), str(c)) for s, c in zip(signs.source, signs.clip, strict=True)}
    counts = Counter(source for source, _ in clips)
    return tuple(
        {"name": s, "samples": n, "licence": LICENCES.get(s, "not stated by its source")} for s, n in sorted(counts.items())
    )


LICENCES = {
    "krsl20_hands": "Apache-2.0",
    "rsl": "dictionary clips, licence not stated: research and demonstration only",
    "ksl30_by_meaning": "public repositories, mostly without a licence: research and demonstration only",
    "qazsign7_hands": "public repository, licence not stated: research and demonstration only",
}
