from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.recognizer import SignRecognizer
from kslr.training.datasets import sign_data
from kslr.training.recipes import SignRecipe
from kslr.training.train import count_recordings, describe_sources, train_sign_model


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    label = np.repeat(np.arange(3), 20)
    shape, way = generator.uniform(0.4, 0.6, (3, 1, 126)), generator.uniform(-0.2, 0.2, (3, 1, 126))
    x = (shape + way * np.linspace(0, 1, 10)[:, None])[label] + generator.normal(0, 0.01, (60, 10, 126))
    source = np.array(["here", "there"])[np.arange(60) % 2]
    return sign_data(x, np.array(["a", "b", "c"])[label], source=source, frames=10, name="three")


RECIPES = {
    "kslr_net": SignRecipe(30, batch=16, rate=4e-3, numbers=(("widths", (16, 24)), ("embedding", 16))),
    "paper_lstm": SignRecipe(
        30, batch=16, rate=1e-2, numbers=(("units", (8, 8, 8)), ("activation", "tanh"), ("l2", 1e-4), ("standardised", True))
    ),
}


@pytest.mark.parametrize("architecture", RECIPES)
def test_what_was_trained_is_recognised_from_its_card(architecture: str, data, tmp_path: Path) -> None:
    card = train_sign_model(data, tmp_path, architecture, recipe=RECIPES[architecture])
    recognizer = SignRecognizer(card)
    assert recognizer.card.labels == ("a", "b", "c")
    assert recognizer.vocabulary["b"].trained_on == {"here": 10, "there": 10}
    assert recognizer.card.figures["validation_samples"] == 6
    predictions = recognizer.recognize_windows(data.x)
    right = [p.ranked[0][0] == data.names[i] for p, i in zip(predictions, data.label, strict=True)]
    assert len(right) == 60
    assert np.mean(right) > 0.8


def test_an_unwritable_folder_is_known_before_training(data, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot be written"):
        train_sign_model(data, tmp_path / "file" / "models", epochs=10_000)


def test_counts_by_word_and_source(data) -> None:
    assert count_recordings(data)["a"] == {"here": 10, "there": 10}
    assert [s["samples"] for s in describe_sources(data)] == [30, 30]
    same_clip = sign_data(
        np.random.default_rng(1).random((4, 30, 126)), ["a", "a", "b", "b"], clip=["1", "1", "2", "3"], name="n"
    )
    assert count_recordings(same_clip) == {"a": {"n": 1}, "b": {"n": 2}}
