"""Real training, saving and serving of a small network on patterns that can be told apart."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from emotion.faces import EMOTIONS
from emotion.recognizer import EmotionRecognizer
from emotion.training.recipes import RECIPES
from kslr.core.cards import read_card
from kslr.core.errors import InputError
from kslr.core.runtime import LiteModel
from tests.small import SMALL

pytest.importorskip("keras")


def _folder(path, splits):
    for name, faces in splits.items():
        for number, (image, label) in enumerate(zip(faces.images, faces.labels, strict=True)):
            folder = path / name / EMOTIONS[label]
            folder.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(folder / f"{number}.png"), image)
    return path


def test_train_learns_saves_and_serves(tmp_path, patterns, monkeypatch):
    from emotion.training.fitting import selected
    from emotion.training.networks import predicted
    from emotion.training.train import train, whole

    monkeypatch.setitem(RECIPES, "emotion_net", (SMALL, replace(SMALL, taught=(0.5,), views=2)))
    told = []
    data = _folder(tmp_path / "data", patterns)
    report = train(data, tmp_path / "out", name="mine", epochs=8, progress=lambda text, share: told.append(share))
    assert report["accuracy"] > 0.6
    assert report["samples"] == 35
    assert report["task"] == "emotion"
    assert told == sorted(told)
    assert told[-1] == 1.0
    card, _ = read_card(report["card"])
    assert card.labels == EMOTIONS
    assert card.figures["accuracy"] == report["accuracy"]
    assert card.calibration["temperature"] > 0
    assert json.loads((tmp_path / "out" / "mine.json").read_text())["name"] == "mine"
    first, second = card.extra["networks"]
    assert (first["recipe"]["seed"], second["recipe"]["seed"]) == (0, 1)
    assert len(first["history"]) == len(second["history"]) == 8
    assert "mean of the probabilities of 2 networks" in card.protocol
    assert card.protocol.count("taught by the one before") == 1
    # What is served is the mean of the two networks as they were trained.
    folders = [tmp_path / "out" / "checkpoints" / number for number in ("1", "2")]
    states = [json.loads((folder / "training.json").read_text()) for folder in folders]
    kept = [folder / selected(state)[0] for folder, state in zip(folders, states, strict=True)]
    model = whole([state["recipe"] for state in states], kept)
    network = LiteModel((tmp_path / "out" / card.weights["file"]).read_bytes())
    assert np.allclose(network(patterns["private"].images), predicted(model, patterns["private"].images), atol=5e-3)
    served = EmotionRecognizer(report["card"]).probabilities(patterns["private"].images)
    assert (served.argmax(axis=1) == patterns["private"].labels).mean() == pytest.approx(report["accuracy"])


def test_wrong_use_is_told(tmp_path, patterns):
    from emotion.training.train import save, train

    with pytest.raises(InputError, match="No architecture"):
        train(tmp_path, tmp_path, architecture="vgg")
    with pytest.raises(InputError, match="Train first"):
        save(patterns, [tmp_path / "nothing"], tmp_path, "x")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        train(tmp_path, tmp_path / "file" / "out")
