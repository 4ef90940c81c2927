"""Which way of pooling frames gives a word its affect best: real signs paired with real faces, through the true fusion.

It measures fusion, not vision: nobody signed with these faces. A pair is a recording of a sign (pack holistic59, whose
recorder the sign encoder never saw; a head knows five other recordings of each of the 59 words) and a FER2013
PrivateTest face. The face lasts from the sign's start to 0.5 s after its end, ten frames a second, each cut anew with a
slightly other box by the true crop. Frames are then disturbed in stretches of 0.1–0.3 s: some show another emotion's
face, some are blurred (and get the lower quality that the crop measures), some have no face. Weights are those of the
interpreter: the crop's quality times the hands' attention in the recording's own landmarks, taken at 15 frames a second.

Joint exact match: the sign is right (rejected is wrong) and the emotion is right (abstained is wrong). Intervals are
95 % bootstrap over faces; differences are to plain_mean on the same pairs.

    python benchmarks/paired.py [--pairs 385] [--seed 0] [--json FILE]
"""

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emotion.faces import EMOTIONS, SIZE, FaceCrop, crop_from_box
from emotion.recognizer import EmotionPrediction, EmotionRecognizer
from emotion.training.datasets import FaceData, load_faces
from fusion.pooling import frame_weight, log_mean
from fusion.session import AFTER_SECONDS
from kslr.core.errors import InputError
from kslr.core.scores import bootstrap_interval
from kslr.encoder import SignEncoder
from kslr.landmarks import Landmarks
from kslr.training.datasets import SignData, load_pack
from kslr.training.packs import packs_folder
from kslr.training.ship.heads import Head, balance_weights, calibrate_head, leave_out

FACE_FPS, SIGN_FPS, SHOTS = 10.0, 15.0, 5
# name → share of frames with another emotion, blurred, without a face
CONDITIONS = {
    "clean": (0.0, 0.0, 0.0),
    "blur 30 %": (0.0, 0.3, 0.0),
    "blur 60 %": (0.0, 0.6, 0.0),
    "other emotion 20 %": (0.2, 0.0, 0.0),
    "other emotion 40 %": (0.4, 0.0, 0.0),
    "no face 50 %": (0.0, 0.0, 0.5),
    "no face 80 %": (0.0, 0.0, 0.8),
    "all: 20, 30, 50 %": (0.2, 0.3, 0.5),
    "all: 40, 60, 80 %": (0.4, 0.6, 0.8),
}


@dataclass(frozen=True)
class Series:
    """One pair's face over time: a prediction for each frame and variant, and what decides which variant is seen."""

    predictions: list[list[EmotionPrediction]]  # frames × (own, own blurred, other, other blurred)
    chance: np.ndarray  # (3, frames) 0–1: for another emotion, blur, no face

    def at_shares(self, other: float, blurred: float, lost: float) -> list[EmotionPrediction]:
        """The frames' predictions at these shares of disturbance."""
        kept = []
        for variants, (a, b, c) in zip(self.predictions, self.chance.T, strict=True):
            if c >= lost:
                kept.append(variants[2 * (a < other) + (b < blurred)])
        return kept


def sign_answers(
    data: SignData, pairs: int, generator: np.random.Generator, encoder: SignEncoder
) -> tuple[np.ndarray, np.ndarray]:
    """Rows of recordings that the head did not know, and whether each was read rightly (rejected is wrong)."""
    order = generator.permutation(len(data))
    rank = np.zeros(len(data), int)
    for label in range(len(data.names)):
        own = order[data.label[order] == label]
        rank[own] = np.arange(len(own))
    known, asked = np.flatnonzero(rank < SHOTS), order[rank[order] >= SHOTS][:pairs]
    head = Head(encoder.embed(data.x[known]), data.label[known], balance_weights(data.label[known]))
    head = calibrate_head(head, leave_out(head, np.arange(len(known)), np.arange(len(known))), data.label[known])
    answer = head.probabilities(encoder.embed(data.x[asked]))
    right = (answer.argmax(axis=1) == data.label[asked]) & (answer.max(axis=1) >= head.threshold)
    return asked, right


def stretches(count: int, generator: np.random.Generator) -> np.ndarray:
    """(count,) which stretch of 1–3 frames each frame belongs to."""
    return np.repeat(np.arange(count), generator.integers(1, 4, count))[:count]


def make_series(
    image: int, faces: FaceData, weights: np.ndarray, recogniser: EmotionRecognizer, generator: np.random.Generator
) -> Series:
    """A face over time, each frame in four variants."""
    import cv2

    count, label = len(weights), faces.labels[image]
    stretch = stretches(count, generator)
    others = generator.choice(np.flatnonzero(faces.labels != label), count)[stretch]
    crops: list[FaceCrop] = []
    for frame in range(count):
        x, y, grow = generator.uniform(-2, 2, 3)
        box = (x - grow / 2, y - grow / 2, SIZE + grow, SIZE + grow)
        sigma = generator.uniform(1.0, 2.5)
        for source in (image, others[frame]):
            sharp = np.repeat(faces.images[source][:, :, None], 3, axis=2)
            for picture in (sharp, cv2.GaussianBlur(sharp, (0, 0), sigma)):
                crop = crop_from_box(picture, box, frame / FACE_FPS)
                if crop is None:
                    raise InputError("A face of the data set gives no crop; the crop's limits have changed.")
                crops.append(crop)
    found = recogniser.recognize(crops)
    weighted = [replace(p, quality=p.quality * weights[i // 4]) for i, p in enumerate(found)]
    chance = np.stack([generator.random(count)[stretches(count, generator)] for _ in range(3)])
    return Series([weighted[4 * i : 4 * i + 4] for i in range(count)], chance)


def hand_weights(recording: np.ndarray) -> np.ndarray:
    """(30, 1662) → the attention of the frames at which the face is looked at, 1 after the sign."""
    end = (len(recording) - 1) / SIGN_FPS
    times = np.arange(0, end + AFTER_SECONDS + 1e-9, 1 / FACE_FPS)
    frames = [Landmarks.from_vector(np.nan_to_num(frame), i / SIGN_FPS) for i, frame in enumerate(recording)]
    rows = np.round(times * SIGN_FPS).astype(int)
    return np.array([frame_weight(frames[i - 1] if i else None, frames[i]) if i < len(frames) else 1.0 for i in rows])


def weighted_mean(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean probability, each frame weighted by how well its face is seen."""
    return (weights[:, None] * probabilities).sum(axis=0) / weights.sum()


def plain_mean(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean probability of all frames alike."""
    return probabilities.mean(axis=0)


def maximum(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The one frame that is surest of anything."""
    return probabilities[probabilities.max(axis=1).argmax()]


def last(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The last frame."""
    return probabilities[-1]


def vote(probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Each emotion's share of the frames that it is the best answer of."""
    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1]) / len(probabilities)


# Each takes probabilities (n, classes) and weights (n,) that sum to more than 0, and returns (classes,).
STRATEGIES = {f.__name__: f for f in (log_mean, weighted_mean, plain_mean, maximum, last, vote)}


def affect(predictions: list[EmotionPrediction], threshold: float, strategy: str) -> str | None:
    """The word's emotion as `fusion.pooling.pool` decides it, with any of the STRATEGIES."""
    weights = np.array([prediction.quality for prediction in predictions])
    if weights.sum() < 0.5:
        return None
    probabilities = STRATEGIES[strategy](np.stack([p.probabilities for p in predictions]), weights)
    best = int(probabilities.argmax())
    return EMOTIONS[best] if probabilities[best] >= threshold else None


def measure_strategies(
    every: list[Series], emotion: np.ndarray, sign: np.ndarray, face: np.ndarray, threshold: float
) -> dict[str, Any]:
    """Joint exact match of every strategy in every condition."""
    out: dict[str, Any] = {}
    sums: dict[str, np.ndarray] = {}
    for name, shares in CONDITIONS.items():
        shown = [one.at_shares(*shares) for one in every]
        joint, alone, answered = {}, {}, {}
        for strategy in STRATEGIES:
            answers = [affect(predictions, threshold, strategy) for predictions in shown]
            alone[strategy] = np.array([a == EMOTIONS[e] for a, e in zip(answers, emotion, strict=True)])
            answered[strategy] = np.array([a is not None for a in answers])
            joint[strategy] = alone[strategy] & sign
            sums[strategy] = sums.get(strategy, 0) + joint[strategy] / len(CONDITIONS)
        out[name] = {
            s: {
                **compare_to_plain(joint[s], joint["plain_mean"], face),
                "emotion": alone[s].mean(),
                "answered": answered[s].mean(),
            }
            for s in STRATEGIES
        }
    return {"mean of all": {s: compare_to_plain(sums[s], sums["plain_mean"], face) for s in STRATEGIES}, **out}


def compare_to_plain(joint: np.ndarray, plain: np.ndarray, face: np.ndarray) -> dict[str, Any]:
    """A strategy's joint exact match and its paired difference to the plain mean, both with intervals."""
    difference = joint.astype(float) - plain
    return {
        "joint": float(joint.mean()),
        "interval": bootstrap_interval(joint, face),
        "difference": float(difference.mean()),
        "difference_interval": bootstrap_interval(difference, face),
    }


def main(
    pairs: int = 385,
    seed: int = 0,
    packs: Annotated[Path | None, typer.Option(help="Where the packs lie.")] = None,
    faces: Annotated[Path | None, typer.Option(help="FER2013, see emotion.training.datasets.load.")] = None,
    encoder: Annotated[str, typer.Option(help="A shipped sign encoder, or its card.")] = "sign_encoder",
    emotion: Annotated[str, typer.Option(help="A shipped emotion model, or its card.")] = "emotion",
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Prints every strategy in every condition, with the emotion model's threshold and without."""
    generator = np.random.default_rng(seed)
    folder = packs_folder(packs)
    if faces is None and folder is None:
        raise InputError("FER2013 was not found. Give it with --faces.")
    private = load_faces(faces or folder.parent / "faces/fer2013_sheets.npz")["private"]  # type: ignore[union-attr]
    recogniser, data = EmotionRecognizer(emotion), load_pack("holistic59", packs)
    asked, sign = sign_answers(data, pairs, generator, SignEncoder(encoder))
    # Every emotion as often; a face comes twice only where there are too few (PrivateTest has 55 of disgust).
    label = np.resize(generator.permutation(len(EMOTIONS)), len(asked))
    own = {e: generator.permutation(np.flatnonzero(private.labels == e)) for e in range(len(EMOTIONS))}
    face = np.array([own[e][(i // len(EMOTIONS)) % len(own[e])] for i, e in enumerate(label)])
    every = [
        make_series(f, private, hand_weights(data.x[row]), recogniser, generator) for f, row in zip(face, asked, strict=True)
    ]
    figures: dict[str, Any] = {"pairs": len(asked), "seed": seed, "sign_accuracy": float(sign.mean())}
    figures["emotion_model"] = {"name": recogniser.card.name, "commit": recogniser.card.commit, "threshold": recogniser.threshold}
    print(f"{len(asked)} pairs, signs right {sign.mean():.3f}; it measures fusion, not vision")
    for how, threshold in (("with abstention", recogniser.threshold), ("without abstention", 0.0)):
        figures[how] = measure_strategies(every, label, sign, face, threshold)
        print(f"\n{how} (threshold {threshold:.2f}): joint exact match, and its difference to plain_mean")
        for condition, row in figures[how].items():
            print(condition)
            for strategy, f in row.items():
                (low, high), (below, above) = f["interval"], f["difference_interval"]
                print(
                    f"  {strategy:14s} {f['joint']:.3f} [{low:.3f}, {high:.3f}]   "
                    f"{f['difference']:+.3f} [{below:+.3f}, {above:+.3f}]"
                )
    best = figures["with abstention"]["mean of all"]["log_mean"]
    verdict = "beats" if best["difference_interval"][0] > 0 else "does not beat"
    print(f"\nlog_mean {verdict} plain_mean outside the interval, over all conditions")
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2, default=float) + "\n")


if __name__ == "__main__":
    typer.run(main)
