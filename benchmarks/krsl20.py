"""K-RSL20 (the question words of Kazakh-Russian Sign Language): S1's network and ours, random and leave one signer out.

    python benchmarks/krsl20.py REPORTS [--encoder ENCODER.weights.h5] [--only random-kslr_net …] [--packs FOLDER]

Writes a JSON a run into REPORTS and skips runs whose file is there. The encoder (kslr/training/ship/encoder.py) has
never seen this pack.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from kslr.augment import Strength
from kslr.training.datasets import load_signs
from kslr.training.cross_validation import evaluate
from kslr.training.fitting import RECIPES, changed
from kslr.training.ship.more import OURS

# Under the random split the same people sit in the same places on both sides, and a fifth of the clips are exact copies
# of others: where the hands are in the picture tells statement from question, so this network may see it, and nothing
# is moved in training. No gain of this kind holds for a new signer.
STILL = Strength(speed=(1.0, 1.0), fill=0.0, crop=0.0, pad=0.0, warp=0.03, turn=0.0, stretch=0.0, shear=0.0, hand_turn=0.0,
                 hand_size=0.0, hand_shift=0.0, noise=0.004, mirror=0.0, drop_face=0.0, drop_body=0.0, drop_depth=0.0,
                 drop_hand=0.0, drop_frames=0.2, few_frames=0.0)  # fmt: skip
PLACED = changed(OURS, epochs=60, augment=STILL, numbers=(("placed", True), ("dropout", 0.3)))
THEIRS = RECIPES["krsl_lstm"]
RUNS: dict[str, dict[str, Any]] = {
    "signer-kslr_net": {"architecture": "kslr_net", "protocol": "signer", "recipe": OURS},
    "random-kslr_net": {"architecture": "kslr_net", "protocol": "random", "seeds": 1, "recipe": PLACED},
    "random-kslr_net-anywhere": {"architecture": "kslr_net", "protocol": "random", "seeds": 1, "recipe": OURS},
    "random-krsl_lstm": {"architecture": "krsl_lstm", "protocol": "random", "seeds": 1, "recipe": THEIRS},
    "signer-krsl_lstm": {"architecture": "krsl_lstm", "protocol": "signer", "recipe": changed(THEIRS, epochs=30)},
    "random-kslr_net-slipped": {"architecture": "kslr_net", "protocol": "random", "seeds": 1, "recipe": OURS, "repaired": False},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", type=Path)
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--only", nargs="*", default=list(RUNS))
    parser.add_argument("--packs", type=Path)
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    arguments.reports.mkdir(parents=True, exist_ok=True)
    data: dict[bool, Any] = {}
    for name in arguments.only:
        settings = dict(RUNS[name])
        file = arguments.reports / f"krsl20-{name}.json"
        if file.exists():
            continue
        repaired = settings.pop("repaired", True)
        if repaired not in data:
            data = {repaired: load_signs("krsl20_hands", arguments.packs, repaired)}
        started = settings["architecture"] == "kslr_net" and settings["recipe"] is OURS
        encoder = arguments.encoder if started else None
        report = evaluate(
            data[repaired], **settings, encoder=encoder, progress=lambda line, done: print(f"{done:.2f} {line}", flush=True)
        )
        file.write_text(json.dumps(report) + "\n")
        kept = {k: v for k, v in report.items() if k not in ("confusion", "names", "most_confused")}
        print(name, json.dumps(kept), flush=True)


if __name__ == "__main__":
    main()
