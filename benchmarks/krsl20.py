"""K-RSL20 (the question words of Kazakh-Russian Sign Language): K-RSL's network and ours, random and leave one signer out.

    python benchmarks/krsl20.py REPORTS [--encoder ENCODER.weights.h5] [--only random-kslr_net …] [--packs FOLDER]

Writes one JSON file for each run into REPORTS and skips runs whose file exists. The encoder (python -m kslr.training.ship
encoder) has never seen this pack.
"""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kslr.augment import AugmentStrength
from kslr.training.cross_validation import cross_validate
from kslr.training.datasets import SignData, load_signs
from kslr.training.networks.architectures import ARCHITECTURES
from kslr.training.recipes import SignRecipe
from kslr.training.ship.options import print_progress

# Hands alone, at their own pace: a question can be longer than its statement.
PACE = AugmentStrength(fill=0.2, speed=(0.85, 1.2), pad=0.1, mirror=0.0, drop_body=0.0, drop_face=0.0, drop_depth=0.0)
OURS = SignRecipe(10, batch=64, rate=2e-3, decay=0.05, smoothing=0.1, augment=PACE)
# Under the random split the same people sit in the same places on both sides, and a fifth of the clips are exact copies of
# others. Where the hands are in the picture then tells statement from question, so this network may see it, and training
# moves nothing. Nothing of this gain holds for a new signer.
STILL = AugmentStrength(speed=(1.0, 1.0), fill=0.0, crop=0.0, pad=0.0, warp=0.03, turn=0.0, stretch=0.0, shear=0.0,
                        hand_turn=0.0, hand_size=0.0, hand_shift=0.0, noise=0.004, mirror=0.0, drop_face=0.0, drop_body=0.0,
                        drop_depth=0.0, drop_hand=0.0, drop_frames=0.2, few_frames=0.0)  # fmt: skip
PLACED = OURS.override(epochs=60, augment=STILL, numbers=(("placed", True), ("dropout", 0.3)))
THEIRS = ARCHITECTURES["krsl_lstm"].recipe
RUNS: dict[str, dict[str, Any]] = {
    "signer-kslr_net": {"architecture": "kslr_net", "protocol": "signer", "recipe": OURS},
    "random-kslr_net": {"architecture": "kslr_net", "seeds": 1, "recipe": PLACED},
    "random-kslr_net-anywhere": {"architecture": "kslr_net", "seeds": 1, "recipe": OURS},
    "random-krsl_lstm": {"architecture": "krsl_lstm", "seeds": 1, "recipe": THEIRS},
    "signer-krsl_lstm": {"architecture": "krsl_lstm", "protocol": "signer", "recipe": THEIRS.override(epochs=30)},
    "random-kslr_net-slipped": {"architecture": "kslr_net", "seeds": 1, "recipe": OURS},
}


def main(
    reports: Annotated[Path, typer.Argument(help="Folder of the JSON files.")],
    encoder: Annotated[Path | None, typer.Option(help="Keras weights that our runs start from.")] = None,
    only: Annotated[list[str], typer.Option(help="Which runs; may be repeated.")] = list(RUNS),  # noqa: B006
    packs: Annotated[Path | None, typer.Option(help="Folder of the packs.")] = None,
) -> None:
    """Trains and tests the networks."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    reports.mkdir(parents=True, exist_ok=True)
    data: dict[bool, SignData] = {}
    for name in only:
        file, repaired = reports / f"krsl20-{name}.json", not name.endswith("slipped")
        if file.exists():
            continue
        if repaired not in data:
            data = {repaired: load_signs("krsl20_hands", packs, repaired)}
        start = encoder if RUNS[name]["recipe"] is OURS else None
        report = cross_validate(data[repaired], **RUNS[name], encoder=start, progress=print_progress)
        file.write_text(json.dumps(report) + "\n")
        kept = {k: v for k, v in report.items() if k not in ("confusion", "names", "most_confused")}
        print(name, json.dumps(kept), flush=True)


if __name__ == "__main__":
    typer.run(main)
