"""Trains the shipped question words of Kazakh-Russian Sign Language on the pretrained encoder.

Trained on nine tenths of the pack and calibrated on the last; benchmarks/krsl20.py measures how well such networks read
signers whom they never saw. Recordings are stretched to the whole window here, as the app stretches what its segmenter cuts
out.
"""

from dataclasses import replace

import numpy as np

from kslr.augment import AugmentStrength, sample_times
from kslr.training.datasets import SignData, load_signs
from kslr.training.packs import FRAMES
from kslr.training.recipes import SignRecipe
from kslr.training.ship.options import OUT, EncoderWeights, Out, Packs, print_progress
from kslr.training.train import train_sign_model

# Hands alone, at their own pace: a question can be longer than its statement.
PACE = AugmentStrength(fill=0.2, speed=(0.85, 1.2), pad=0.1, mirror=0.0, drop_body=0.0, drop_face=0.0, drop_depth=0.0)
OURS = SignRecipe(10, batch=64, rate=2e-3, decay=0.05, smoothing=0.1, augment=PACE)
# Every recording fills the window here, so its length says nothing, and only hands were recorded.
STRETCHED = OURS.override(epochs=14, numbers=(("hands_only", True),), augment=replace(PACE, fill=1.0))


def ship_krsl20(encoder: EncoderWeights, packs: Packs = None, out: Out = OUT) -> None:
    """Train krsl20 on a trained encoder."""
    data = stretch_recordings(load_signs("krsl20_hands", packs))
    card = train_sign_model(data, out, name="krsl20", encoder=encoder, recipe=STRETCHED, progress=print_progress)
    print("written", card)


def stretch_recordings(data: SignData, frames: int = FRAMES) -> SignData:
    """The data with every recording evenly over the whole window; those without a hand are left out."""
    seen = np.isfinite(data.x).any(axis=2)
    rows = np.flatnonzero(seen.sum(axis=1) >= 3)
    length = seen.shape[1] - seen[rows, ::-1].argmax(axis=1)
    positions = np.linspace(0, 1, frames)[None] * (length - 1)[:, None]
    return replace(data[rows], x=sample_times(data.x[rows], positions).astype(np.float32))
