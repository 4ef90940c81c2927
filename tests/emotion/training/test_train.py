"""Real training, saving and serving of a small network on patterns that can be told apart."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from emotion.faces import EMOTIONS
from emotion.recognizer import EmotionRecognizer
from emotion.training.recipes import ARCHITECTURES
from emotion.training.selection import read_run
from emotion.training.targets import EMOTION_VOTES
from kslr.core.cards import read_card
from kslr.core.errors import InputError
from kslr.core.models import LiteModel
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
    from emotion.training.networks.architectures import predict
    from emotion.training.train import assemble_network, train_emotion_model

    recipes = (SMALL, replace(SMALL, taught=(0.5,), views=2))
    monkeypatch.setitem(ARCHITECTURES, "emotion_net", replace(ARCHITECTURES["emotion_net"], recipes=recipes))
    told = []
    data = _folder(tmp_path / "data", patterns)
    report = train_emotion_model(data, tmp_path / "out", name="mine", epochs=8, progress=lambda text, share: told.append(share))
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
    assert "mean of the probabilities of 2 networks" in card.protocol
    assert card.protocol.count("taught by the one before") == 1
    # What is served is the mean of the two networks as they were trained.
    folders = [tmp_path / "out" / "checkpoints" / number for number in ("1", "2")]
    runs = [read_run(folder) for folder in folders]
    assert [run.recipe.seed for run in runs] == [0, 1]
    assert [len(run.history) for run in runs] == [8, 8]
    model = assemble_network(runs, folders)
    network = LiteModel((tmp_path / "out" / card.weights["file"]).read_bytes())
    assert np.allclose(network(patterns["private"].images), predict(model, patterns["private"].images), atol=5e-3)
    served = EmotionRecognizer(report["card"]).probabilities(patterns["private"].images)
    assert (served.argmax(axis=1) == patterns["private"].labels).mean() == pytest.approx(report["accuracy"])


def _with_votes(splits, shift):
    """What people see is another class than the label, `shift` further: so the readings can be told apart."""
    voted = {}
    for name, faces in splits.items():
        votes = np.zeros((len(faces), 10), int)
        votes[np.arange(len(faces)), np.array(EMOTION_VOTES)[(faces.labels + shift) % 7]] = 9
        voted[name] = replace(faces, votes=votes)
    return voted


def test_two_readings_of_one_network_are_never_mixed_and_can_be_gone_on_with(tmp_path, patterns, monkeypatch):
    from emotion.training.train import fit_networks, load_start, refine_recipe, save_model

    splits, readings = _with_votes(patterns, 2), ("ferplus", "fer")
    recipe = replace(SMALL, readings=readings, corrupted=(0.2,), epochs=10)
    folders = fit_networks(splits, tmp_path / "run", (recipe,))
    report = save_model(splits, folders, tmp_path / "out", "mine")
    card, _ = read_card(report["card"])
    assert card.extra["readings"] == list(readings)
    seen, labelled = (EmotionRecognizer(report["card"], reading=name) for name in readings)
    assert (EmotionRecognizer(report["card"]).reading, seen.readings) == ("ferplus", readings)
    faces = splits["private"]
    answers = [recognizer.probabilities(faces.images) for recognizer in (seen, labelled)]
    assert all(np.allclose(rows.sum(axis=1), 1, atol=1e-5) for rows in answers)
    assert (answers[0].argmax(axis=1) == (faces.labels + 2) % 7).mean() > 0.6
    assert (answers[1].argmax(axis=1) == faces.labels).mean() > 0.6
    assert report["accuracy"] == (answers[1].argmax(axis=1) == faces.labels).mean()
    assert report["ferplus"]["accuracy"] == card.figures["ferplus"]["accuracy"]
    assert seen.threshold == card.calibration["threshold"]
    assert labelled.threshold == card.calibration["fer_threshold"]
    with pytest.raises(InputError, match="no reading 'affect'"):
        EmotionRecognizer(report["card"], reading="affect")
    # From the saved weights a short run goes on: it begins as good as they are.
    start = load_start(tmp_path / "out" / "mine.weights.h5", (recipe,))
    short = replace(refine_recipe(recipe, 2), sizes=((0.0, 48),), measured_from=0.0, views=1)
    on = read_run(fit_networks(splits, tmp_path / "on", (short,), start=start)[0])
    assert on.history[0].public > 0.6
    assert on.select().file == "mixed.weights.h5"
    assert on.mixed > 0.6
    with pytest.raises(InputError, match="holds no weights"):
        load_start(tmp_path / "out" / "mine.weights.h5", (replace(recipe, readings=("fer",)),))
    with pytest.raises(InputError, match="needs FER"):
        fit_networks(patterns, tmp_path / "none", (recipe,))


def test_wrong_use_is_told(tmp_path, patterns):
    from emotion.training.train import save_model, train_emotion_model

    with pytest.raises(InputError, match="No architecture"):
        train_emotion_model(tmp_path, tmp_path, architecture="vgg")
    with pytest.raises(InputError, match="Train first"):
        save_model(patterns, [tmp_path / "nothing"], tmp_path, "x")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        train_emotion_model(tmp_path, tmp_path / "file" / "out")


def test_the_threshold_keeps_those_that_are_right_often_enough():
    from emotion.training.selection import fit_calibration

    generator = np.random.default_rng(0)
    labels = generator.integers(0, 7, 4000)
    sure = generator.uniform(0.3, 0.99, 4000)
    right = generator.random(4000) < sure
    answers = np.repeat(((1 - sure) / 6)[:, None], 7, axis=1)
    answers[np.arange(4000), np.where(right, labels, (labels + 1) % 7)] = sure
    calibration = fit_calibration(answers, labels)
    assert calibration["temperature"] == pytest.approx(1.0, abs=0.2)
    kept = answers.max(axis=1) >= calibration["threshold"]
    assert right[kept].mean() >= 0.845
    assert 0.3 < kept.mean() < 0.9
