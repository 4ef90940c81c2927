from pathlib import Path

import numpy as np
import pytest

from kslr.augment import Strength
from kslr.core.errors import InputError
from kslr.points import select
from kslr.training.datasets import SignData, sign_data
from kslr.training.fitting import (
    Recipe,
    augmented_batches,
    build,
    changed,
    fit,
    network_input,
    on_encoder,
    probabilities,
    recipe_of,
)


@pytest.fixture(scope="module")
def data() -> SignData:
    generator = np.random.default_rng(0)
    label = np.repeat(np.arange(3), 16)
    x = generator.uniform(0.45, 0.55, (48, 12, 126)) + (label / 8)[:, None, None] * np.linspace(0, 1, 12)[:, None]
    return sign_data(x, np.array(["a", "b", "c"])[label], frames=12)


@pytest.mark.parametrize("name", ["paper_lstm", "krsl_lstm", "slovo_transformer", "kslr_net"])
def test_what_is_trained_and_what_is_raw_say_the_same(name: str, data: SignData) -> None:
    small, raw = build(name, 3, 12), build(name, 3, 12, raw=True)
    raw.set_weights(small.get_weights())
    a = probabilities(name, small, data.x[:4])
    assert np.allclose(a, np.asarray(raw(np.nan_to_num(data.x[:4]), training=False)), atol=1e-5)


def test_fitting_learns_and_is_the_same_for_a_seed(data: SignData) -> None:
    recipe = Recipe(12, batch=16, rate=3e-3, decay=0.01, augment=Strength(mirror=0.0))
    models = [fit("kslr_net", data.x, data.label, 3, recipe=recipe, seed=1) for _ in range(2)]
    answers = [probabilities("kslr_net", m, data.x) for m in models]
    assert np.allclose(*answers, atol=1e-3)
    assert (answers[0].argmax(axis=1) == data.label).mean() > 0.7


def test_early_stopping_takes_the_best_epoch(data: SignData) -> None:
    seen: list[str] = []
    recipe = changed(recipe_of("krsl_lstm"), epochs=3, patience=1)
    fit("krsl_lstm", data.x, data.label, 3, (data.x, data.label), recipe, progress=lambda line, _: seen.append(line))
    assert 1 <= len(seen) <= 3
    assert "val_loss" in seen[0]


def test_batches_are_augmented_anew_and_limited(data: SignData) -> None:
    points, groups = select(data.x), np.array(["many"] * 40 + ["few"] * 8)
    recipe = Recipe(1, batch=8, augment=Strength())
    batches = augmented_batches(points, np.eye(3), data.label, recipe, 0, groups, {"many": 16})
    assert len(batches) == 3
    first = batches[0][0]
    batches.on_epoch_end()
    assert not np.array_equal(first, batches[0][0])
    assert np.isfinite(first).all()


def test_network_inputs_hold_what_each_network_reads(data: SignData) -> None:
    sizes = {
        name: network_input(name, data.x[:1]).shape[-1] for name in ("paper_lstm", "krsl_lstm", "slovo_transformer", "kslr_net")
    }
    assert sizes == {"paper_lstm": 1662, "krsl_lstm": 84, "slovo_transformer": 174, "kslr_net": 258}


def test_going_on_from_an_encoder_keeps_its_weights(tmp_path: Path) -> None:
    from kslr.training.networks.kslr_net import kslr_encoder

    encoder = kslr_encoder(12)
    encoder.save_weights(tmp_path / "e.weights.h5")
    network = on_encoder(tmp_path / "e.weights.h5", "kslr_net", 3, 12)
    inside = next(layer for layer in network.layers if layer.name == "kslr_encoder")
    assert all(np.array_equal(a, b) for a, b in zip(encoder.get_weights(), inside.get_weights(), strict=True))
    with pytest.raises(InputError, match="part of kslr_net"):
        on_encoder(tmp_path / "e.weights.h5", "paper_lstm", 3, 12)
    (tmp_path / "bad.weights.h5").write_bytes(b"nothing")
    with pytest.raises(InputError, match="does not hold"):
        on_encoder(tmp_path / "bad.weights.h5", "kslr_net", 3, 12)
    with pytest.raises(InputError, match="No network"):
        recipe_of("resnet")
