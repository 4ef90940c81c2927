"""Trains further sign models: K-RSL's question words, and the literature's recurrent networks.

    python kslr/training/ship/more.py ENCODER.weights.h5 CLIPS [--only krsl20 …] [--packs FOLDER] [--out models]

``krsl20`` is ours on the pretrained encoder, ``krsl20-lstm`` the K-RSL network, ``kslr30-lstm`` the KSLR paper's
network on the words of ``kslr30`` and no sign (K-RSL has none: windows of other people in its place would teach how
its pictures differ from theirs). Each is trained on nine tenths and calibrated on the last; how well such networks read
signers whom they never saw, `benchmarks/krsl20.py` measures. K-RSL's recordings are stretched to the whole window here, as
the app stretches what its segmenter cuts out.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kslr.augment import Strength, sample_times
from kslr.core.cards import ROOT
from kslr.recognizer import IDLE
from kslr.training.datasets import FRAMES, SignData, load_signs
from kslr.training.fitting import RECIPES, Recipe, changed
from kslr.training.ship.mixture import foreign, no_sign, read_clips, words
from kslr.training.train import train

# Hands alone, at their own pace: a question can be longer than its statement.
OURS = Recipe(10, batch=64, rate=2e-3, decay=0.05, smoothing=0.1,
              augment=Strength(fill=0.2, speed=(0.85, 1.2), pad=0.1, mirror=0.0, drop_body=0.0, drop_face=0.0, drop_depth=0.0))  # fmt: skip  # noqa: E501
# Every recording fills the window here, so its length says nothing, and only hands were recorded.
STRETCHED: Recipe = changed(OURS, epochs=14, numbers=(("hands_only", True),), augment=replace(OURS.augment, fill=1.0))


def with_no_sign(data: SignData, x: np.ndarray) -> SignData:
    """The data with one more class of windows that are no sign."""
    n = len(x)
    every = [np.concatenate([getattr(data, k), np.full(n, "no sign")]) for k in ("signer", "source")]
    clips = np.concatenate([data.clip, [f"no sign {i}" for i in range(n)]])
    label = np.concatenate([data.label, np.full(n, len(data.names))])
    return SignData(np.concatenate([data.x, x]), label, (*data.names, IDLE), *every, clips, data.name)


def stretched(data: SignData, frames: int = FRAMES) -> SignData:
    """The data with every recording evenly over the whole window; those without a hand are left out."""
    seen = np.isfinite(data.x).any(axis=2)
    rows = np.flatnonzero(seen.sum(axis=1) >= 3)
    length = seen.shape[1] - seen[rows, ::-1].argmax(axis=1)
    positions = np.linspace(0, 1, frames)[None] * (length - 1)[:, None]
    return replace(data[rows], x=sample_times(data.x[rows], positions).astype(np.float32))


def told(line: str, done: float) -> None:
    """One line an epoch."""
    print(f"{done:.2f} {line}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("encoder", type=Path)
    parser.add_argument("clips", type=Path)
    parser.add_argument("--only", nargs="*", default=["krsl20", "krsl20-lstm", "kslr30-lstm"])
    parser.add_argument("--packs", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in arguments.only:
        settings: dict[str, Any]
        if name.startswith("krsl20"):
            data = stretched(load_signs("krsl20_hands", arguments.packs))
            settings = {"architecture": "kslr_net", "recipe": STRETCHED, "encoder": arguments.encoder}
            if name == "krsl20-lstm":
                settings = {"architecture": "krsl_lstm", "recipe": changed(RECIPES["krsl_lstm"], epochs=60)}
        else:
            clips = read_clips(arguments.clips)
            others = foreign(arguments.packs, 100, seed=0)
            data = words(clips, arguments.packs)
            # A word with one recording cannot be on both sides of the split.
            several = [n for i, n in enumerate(data.names) if len(set(data.clip[data.label == i])) > 1]
            data = with_no_sign(data.only(several), no_sign(clips, others))
            settings = {"architecture": "paper_lstm"}
        path = train(data, arguments.out, name=name, progress=told, **settings)
        print("written", path, flush=True)


if __name__ == "__main__":
    main()
