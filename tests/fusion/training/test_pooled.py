"""The fit of the pooled calibration from faces to a card, on a copy of the shipped model."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from emotion.training.datasets import FaceData
from emotion.training.targets import EMOTION_VOTES
from fusion.pooling import PooledCalibration
from fusion.training import pooled
from kslr.core.cards import MODELS, read_card
from kslr.core.errors import InputError


@pytest.fixture
def faces() -> dict[str, FaceData]:
    generator = np.random.default_rng(0)

    def some(n: int) -> FaceData:
        labels = generator.integers(0, 7, n)
        votes = np.zeros((n, 10), int)
        votes[np.arange(n), np.array(EMOTION_VOTES)[labels]] = 9
        return FaceData(generator.integers(0, 256, (n, 48, 48), dtype=np.uint8), labels, votes)

    return {"public": some(12), "private": some(8)}


def test_the_calibration_goes_from_films_into_the_card(tmp_path: Path, faces, monkeypatch) -> None:
    for name in ("emotion.json", "emotion.tflite"):
        shutil.copy(MODELS / name, tmp_path)
    monkeypatch.setattr(pooled, "load_faces", lambda path: faces)
    card, before = tmp_path / "emotion.json", read_card(MODELS / "emotion.json")[0]
    pooled.main(Path("faces"), str(card), write=True, json_file=tmp_path / "out.json")
    figures = json.loads((tmp_path / "out.json").read_text())
    rows = figures["films"]
    assert [(row["correlation"], row["frames"]) for row in rows] == [(c, n) for c in pooled.CORRELATIONS for n in pooled.LENGTHS]
    assert all(0 <= row[name] <= 1 for row in rows for name in ("accuracy", "calibration_error", "coverage"))
    after = read_card(card)[0]
    assert {**before.calibration, **figures["calibration"]} == after.calibration
    assert (after.figures, after.weights["sha256"]) == (before.figures, before.weights["sha256"])
    assert PooledCalibration.from_card(after).threshold == figures["calibration"]["pooled_threshold"]


def test_films_need_what_people_saw(faces) -> None:
    with pytest.raises(InputError, match=r"FER\+"):
        pooled.films_of(FaceData(faces["public"].images, faces["public"].labels), 0.5, 0)
