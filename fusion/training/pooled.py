"""Whether the affect of a word is as sure as it says: many frames of one held-out face, pooled as the product pools them.

Faces become films of up to 1.2 seconds (`fusion.training.films`), half of them with a camera's fault. The pooled calibration
is fitted on PublicTest's faces at the correlation of real clips (benchmarks/mouthing.py measures it); PrivateTest's are
reported at several.

    python -m fusion.training.pooled FACES [--model emotion] [--write] [--json FILE]

`--write` puts the calibration into the card.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from emotion.recognizer import EmotionRecognizer
from emotion.training.corruptions import MEASURED, corrupt_faces
from emotion.training.datasets import FaceData, load_faces
from emotion.training.evaluation import classify_faces
from emotion.training.targets import majority
from fusion.pooling import CORRELATED_SECONDS, PooledCalibration
from fusion.training.films import (
    FRAME_SECONDS,
    answer_films,
    answer_memory,
    film_faces,
    film_frames,
    fit_pooling,
    pool_films,
    score_pooled,
)
from kslr.core.calibration import coverage_at, top_answers
from kslr.core.cards import card_path, write_card
from kslr.core.errors import InputError

LENGTHS, CORRELATIONS, KEPT = (1, 4, 12), (0.5, 0.8, 0.95), 0.86


def films_of(faces: FaceData, correlation: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Films of the faces on which FER+'s voters agree, half of them through a bad camera; and what the voters saw."""
    if faces.votes is None:
        raise InputError("Films are judged by FER+'s votes. Put fer2013new.csv beside fer2013.csv.")
    generator, seen = np.random.default_rng(seed), majority(faces.votes)
    rows = np.flatnonzero(seen >= 0)
    images = corrupt_faces(faces.images[rows], 0.5, generator, MEASURED)
    return film_faces(images, max(LENGTHS), correlation, generator), seen[rows]


def main(
    data: Annotated[Path, typer.Argument(help="FER2013 with FER+'s votes.")],
    model: Annotated[str, typer.Option(help="A shipped name or a card's path.")] = "emotion",
    write: Annotated[bool, typer.Option(help="Put the calibration into the card.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Where to write the figures.")] = None,
) -> None:
    """Fit the calibration of pooled answers on PublicTest's faces, and measure it on PrivateTest's."""
    recognizer, splits = EmotionRecognizer(model), load_faces(data)
    figures: dict[str, Any] = {}

    def answer(images: np.ndarray) -> np.ndarray:
        return classify_faces(recognizer, images, 256)

    calibration = _fit(recognizer, splits["public"], answer)
    if write:
        path, found = card_path(model), replace(recognizer.card, calibration={**recognizer.card.calibration, **calibration})
        write_card(path.parent, found, path.with_suffix(".tflite").read_bytes())
    pooled = PooledCalibration(*calibration.values())
    figures["calibration"], figures["films"] = calibration, []
    print(f"calibration {calibration}")
    print(
        f"{'correlation':>12s}{'frames':>8s}{'accuracy':>10s}{'error':>8s}{'said':>8s}{'right':>8s}{'at 85 %':>9s}{'at 90 %':>9s}"
    )
    for correlation in CORRELATIONS:
        films, seen = films_of(splits["private"], correlation, 1)
        answers = answer_films(answer, films)
        strayed = answer_memory(list(answers), [np.arange(films.shape[1]) * FRAME_SECONDS] * len(answers))[1]
        for frames in LENGTHS:
            rows = pooled.apply(pool_films(answers[:, :frames]), film_frames(frames))
            score, at = score_pooled(rows, seen, pooled.threshold), coverage_at(*top_answers(rows, seen))
            row = {"correlation": correlation, "frames": frames, "strayed": strayed, **asdict(score), "coverage_at": at}
            figures["films"].append(row)
            print(
                f"{correlation:12.2f}{frames:12d}{score.accuracy:12.3f}{score.calibration_error:12.3f}{score.coverage:12.3f}"
                f"{score.accuracy_of_said or 0:12.3f}{at['0.85']:12.3f}{at['0.9']:12.3f}",
                flush=True,
            )
    if json_file:
        json_file.write_text(json.dumps(figures, indent=2) + "\n")


def _fit(recognizer: EmotionRecognizer, public: FaceData, answer: Callable[[np.ndarray], np.ndarray]) -> dict[str, float]:
    films, seen = films_of(public, float(np.exp(-FRAME_SECONDS / CORRELATED_SECONDS)), 0)
    answers = answer_films(answer, films)
    return fit_pooling({frames: pool_films(answers[:, :frames]) for frames in LENGTHS}, seen, KEPT)


if __name__ == "__main__":
    typer.run(main)
