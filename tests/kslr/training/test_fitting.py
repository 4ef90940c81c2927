from pathlib import Path

import numpy as np
import pytest

from kslr.augment import AugmentStrength
from kslr.core.errors import InputError
from kslr.points import select_points
from kslr.training.datasets import SignData, sign_data
from kslr.training.fitting import augmented_batches, fit, predict_probabilities
from kslr.training.networks.architectures import ARCHITECTURES, find_architecture
from kslr.training.recipes import SignRecipe

SMALL = (("widths", (16, 24)), ("embedding", 16))
TINY = {
    "paper_lstm": (("units", (8, 8, 8)), ("standardised", True)),
    "krsl_lstm": (("units", (8, 8)),),
    "slovo_transformer": (("width", 16), ("blocks", 1)),
    "kslr_net": SMALL,
}


@pytest.fixture(scope="module")
def data() -> SignData:
    generator = np.random.default_rng(0)
    label = np.repeat(np.arange(3), 16)
    x = generator.uniform(0.45, 0.55, (48, 12, 126)) + (label / 8)[:, None, None] * np.linspace(0, 1, 12)[:, None]
    return sign_data(x, np.array(["a", "b", "c"])[label], frames=12)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_is_trained_and_what_is_raw_say_the_same(name: str, data: SignData) -> None:
    network, recipe = find_architecture(name), SignRecipe(1, numbers=TINY[name])
    small, raw = network.build(3, 12, recipe), network.build(3, 12, recipe, raw=True)
    raw.set_weights(small.get_weights())
    a = predict_probabilities(network, small, data.x[:4])
    assert np.allclose(a, np.asarray(raw(np.nan_to_num(data.x[:4]), training=False)), atol=1e-5)


def test_fitting_learns_and_is_the_same_for_a_seed(data: SignData) -> None:
    network = find_architecture("kslr_net")
    recipe = SignRecipe(12, batch=16, rate=3e-3, decay=0.01, augment=AugmentStrength(mirror=0.0))
    models = [fit(network, data.x, data.label, 3, recipe=recipe, seed=1) for _ in range(2)]
    answers = [predict_probabilities(network, m, data.x) for m in models]
    assert np.allclose(*answers, atol=1e-3)
    assert (answers[0].argmax(axis=1) == data.label).mean() > 0.7


def test_early_stopping_takes_the_best_epoch(data: SignData) -> None:
    seen: list[str] = []
    network = find_architecture("krsl_lstm")
    recipe = network.recipe.override(epochs=3, patience=1, numbers=(("units", (8, 8)),))
    fit(network, data.x, data.label, 3, (data.x, data.label), recipe, progress=lambda line, _: seen.append(line))
    assert 1 <= len(seen) <= 3
    assert "val_loss" in seen[0]


def test_batches_are_augmented_anew(data: SignData) -> None:
    recipe = SignRecipe(1, batch=9, augment=AugmentStrength())
    batches = augmented_batches(select_points(data.x), np.eye(3)[data.label], recipe, 0)
    assert len(batches) == 6
    assert sum(len(batches[i][0]) for i in range(6)) == len(data)
    first = batches[0][0]
    batches.on_epoch_end()
    assert not np.array_equal(first, batches[0][0])
    assert np.isfinite(first).all()


def test_network_inputs_hold_what_each_network_reads(data: SignData) -> None:
    sizes = {name: network.prepare(data.x[:1]).shape[-1] for name, network in ARCHITECTURES.items()}
    assert sizes == {"paper_lstm": 1662, "krsl_lstm": 84, "slovo_transformer": 174, "kslr_net": 258}


def test_numbers_that_a_network_does_not_have_are_refused() -> None:
    with pytest.raises(InputError, match="cannot be built"):
        find_architecture("krsl_lstm").build(3, 12, SignRecipe(1).with_numbers(["heads=4"]))
    with pytest.raises(InputError, match="NAME=VALUE"):
        SignRecipe(1).with_numbers(["heads"])


def test_going_on_from_an_encoder_keeps_its_weights(data: SignData, tmp_path: Path) -> None:
    from kslr.training.networks.sign_encoder import sign_encoder

    encoder, path, recipe = sign_encoder(12), tmp_path / "e.weights.h5", SignRecipe(1, batch=48, rate=0.0)
    encoder.save_weights(path)
    network = fit(find_architecture("kslr_net"), data.x, data.label, 3, recipe=recipe, encoder=path)
    inside = next(layer for layer in network.layers if layer.name == "sign_encoder")
    trained = [(a, b) for a, b in zip(encoder.trainable_weights, inside.trainable_weights, strict=True)]
    assert all(np.allclose(a, b, atol=1e-6) for a, b in trained)
    with pytest.raises(InputError, match="cannot start from a pretrained encoder"):
        fit(find_architecture("paper_lstm"), data.x, data.label, 3, recipe=recipe, encoder=path)
    (tmp_path / "bad.weights.h5").write_bytes(b"nothing")
    with pytest.raises(InputError, match="does not hold"):
        fit(find_architecture("kslr_net"), data.x, data.label, 3, recipe=recipe, encoder=tmp_path / "bad.weights.h5")
    with pytest.raises(InputError, match="No network"):
        find_architecture("resnet")
