import json
import threading
from dataclasses import replace

import numpy as np
import pytest

from emotion.detection import FaceDetector
from emotion.faces import EMOTIONS, FaceCrop, crop_from_box, crop_from_landmarks
from emotion.recognizer import EmotionRecognizer
from kslr.core.cards import read_card, write_card
from kslr.core.errors import InputError


def _crops(n: int) -> list[FaceCrop]:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (n, 48, 48), dtype=np.uint8)
    return [FaceCrop(image, 0.5, i / 10, (0.0, 0.0, 48.0)) for i, image in enumerate(images)]


def test_the_astronaut_is_happy_by_mesh_and_by_box(astronaut, astronaut_mesh, detector: FaceDetector, recognizer):
    crops = [crop_from_landmarks(astronaut, astronaut_mesh), crop_from_box(astronaut, detector.detect(astronaut)[0])]
    for seen in recognizer.recognize([c for c in crops if c is not None]):
        assert EMOTIONS[int(seen.probabilities.argmax())] == "happy"
        assert seen.label == "happy"


def test_many_faces_in_one_call_are_the_same_as_one_by_one(recognizer):
    crops = _crops(9)
    together = recognizer.recognize(crops)
    alone = [recognizer.recognize([crop])[0] for crop in crops]
    assert [p.seconds for p in together] == [crop.seconds for crop in crops]
    assert all(p.quality == 0.5 for p in together)
    for a, b in zip(together, alone, strict=True):
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-4)
        assert a.probabilities.dtype == np.float32
        assert a.probabilities.shape == (7,)
        assert a.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_no_faces_no_predictions(recognizer):
    assert recognizer.recognize([]) == []


def test_it_abstains_below_the_threshold_of_its_card(recognizer):
    sure, unsure = np.full(7, 0.001), np.full(7, 1 / 7)
    sure[3] = 0.994
    assert recognizer.label(sure) == "happy"
    assert recognizer.label(unsure) is None
    assert 1 / 7 < recognizer.threshold < 1


def test_threads_may_share_one(recognizer):
    crops = _crops(4)
    right = [p.probabilities for p in recognizer.recognize(crops)]
    wrong = []

    def work(n: int) -> None:
        for _ in range(10):
            got = recognizer.recognize(crops[:n])
            wrong.extend(g for g, r in zip(got, right, strict=False) if not np.allclose(g.probabilities, r, atol=1e-4))

    threads = [threading.Thread(target=work, args=(n,)) for n in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_it_starts_without_tensorflow_or_keras():
    import subprocess
    import sys

    code = "import sys; from emotion.recognizer import EmotionRecognizer as E; E(); "
    code += "print({'tensorflow', 'keras', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_foreign_and_damaged_models_are_told(tmp_path):
    card, weights = read_card("emotion")
    with pytest.raises(InputError, match="No model is called"):
        EmotionRecognizer("smiles")
    with pytest.raises(InputError, match="cannot be read"):
        EmotionRecognizer(tmp_path / "none.json")
    with pytest.raises(InputError, match="for the task 'signs', not 'emotion'"):
        EmotionRecognizer(write_card(tmp_path, replace(card, task="signs", name="a"), weights))
    with pytest.raises(InputError, match="emotion model"):
        EmotionRecognizer(write_card(tmp_path, replace(card, labels=card.labels[::-1], name="b"), weights))
    with pytest.raises(InputError, match="damaged"):
        EmotionRecognizer(write_card(tmp_path, replace(card, name="c"), weights[:1000]))
    path = write_card(tmp_path, replace(card, name="d"), weights)
    (tmp_path / "d.tflite").write_bytes(weights[:-1])
    with pytest.raises(InputError, match="damaged"):
        EmotionRecognizer(path)


def test_the_shipped_card_says_what_it_is():
    card, weights = read_card("emotion")
    assert card.task == "emotion"
    assert len(weights) <= 12_000_000
    assert card.figures["samples"] == 3589
    assert card.figures["interval"][0] < card.figures["accuracy"] < card.figures["interval"][1]
    assert "PublicTest" in card.protocol
    assert all(source["name"] and source["licence"] for source in card.sources)
    json.dumps(card.figures)
