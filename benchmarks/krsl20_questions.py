"""Whether hands alone tell a question from a statement in K-RSL20, for a signer who was never seen.

    python benchmarks/krsl20_questions.py [--packs FOLDER]

The word is given, so a guess is right in half of the cases. Features of a clip: its length, and for each hand where it is,
how large, how open and how fast; as they are, and relative to all clips of the same signer (which a program that sees one
clip at a time cannot know). Gradient boosting, one signer left out at a time. The result bounds what the twenty classes can
reach beyond the ten words, as long as the recordings have no face.
"""

import sys
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kslr.training.datasets import load_signs
from kslr.training.packs import LAYOUTS


def hand_features(points: np.ndarray, frames: int) -> list[float]:
    """Fourteen numbers of one hand.

    Args:
        points: (frames in which it is seen, 21, 2).
        frames: of the clip.
    """
    if len(points) < 3:
        return [np.nan] * 14
    middle, size = points.mean(axis=1), np.linalg.norm(points[:, 0] - points[:, 9], axis=-1)
    speed = np.linalg.norm(np.diff(middle, axis=0), axis=1) / size[:-1].clip(0.01)
    reach = np.linalg.norm(points[:, 8] - points[:, 0], axis=-1).mean() / size.mean()
    places = [middle[:, 1].min(), middle[:, 1].max(), *middle.mean(axis=0), *middle.std(axis=0)]
    moves = [speed.mean(), speed.max(), np.median(speed), (speed < 0.1).mean()]
    return [*places, size.mean(), size.std(), *moves, len(points) / max(frames, 1), reach]


def main(packs: Annotated[Path | None, typer.Option(help="Folder of the packs.")] = None) -> None:
    """Prints the share of right answers for each signer."""
    data = load_signs("krsl20_hands", packs)
    from sklearn.ensemble import HistGradientBoostingClassifier

    x = data.x[:, :, LAYOUTS[84]].reshape(len(data), -1, 2, 21, 2)
    seen = np.isfinite(x[..., 0]).any(axis=-1)
    rows = []
    for clip, there in zip(x, seen, strict=True):
        used = int(there.any(axis=1).sum())
        rows.append([float(used), *hand_features(clip[there[:, 0], 0], used), *hand_features(clip[there[:, 1], 1], used)])
    features, names = np.array(rows), np.array(data.names)[data.label]
    asked = np.array([name.endswith("q") for name in names])
    word = np.unique([name.removesuffix("q") for name in names], return_inverse=True)[1]
    relative = features.copy()
    for signer in np.unique(data.signer):
        own = data.signer == signer
        relative[own] = (features[own] - np.nanmedian(features[own], axis=0)) / (np.nanstd(features[own], axis=0) + 1e-6)
    for kind, values in (("as they are", features), ("relative to the signer's own", relative)):
        right = []
        for signer in np.unique(data.signer):
            test = data.signer == signer
            model = HistGradientBoostingClassifier(max_iter=150, learning_rate=0.06, random_state=0)
            model.fit(np.column_stack([values, word])[~test], asked[~test])
            right.append(float((model.predict(np.column_stack([values, word])[test]) == asked[test]).mean()))
        print(f"{kind}: {np.mean(right):.1%} right (signers: {', '.join(f'{r:.1%}' for r in right)})", flush=True)


if __name__ == "__main__":
    typer.run(main)
