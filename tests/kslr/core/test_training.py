import numpy as np
import pytest

from kslr.core.models import LiteModel
from kslr.core.training import disagreement, to_litert
from kslr.training.networks.recurrent import krsl_lstm
from kslr.training.networks.slovo import slovo_transformer


@pytest.mark.parametrize(
    ("model", "batch"),
    [
        (lambda: krsl_lstm(3, frames=6, units=(8, 8), unroll=True), 1),
        (lambda: slovo_transformer(3, frames=6, width=16, blocks=1), None),
    ],
)
def test_built_in_operations_suffice_and_agree(model, batch) -> None:
    network = model()
    weights = to_litert(network, batch)
    x = np.random.default_rng(0).uniform(0.2, 0.8, (3, 6, 1662)).astype(np.float32)
    assert disagreement(network, weights, x) < 1e-4
    assert LiteModel(weights).input_shape == (6, 1662)


def test_a_disagreement_is_seen() -> None:
    a, b = (krsl_lstm(3, frames=4, units=(4,), unroll=True) for _ in range(2))
    x = np.random.default_rng(0).uniform(0.2, 0.8, (2, 4, 1662)).astype(np.float32)
    assert disagreement(a, to_litert(b, 1), x) > 1e-4


def test_under_another_backend_a_child_process_converts(monkeypatch) -> None:
    import keras

    face = keras.Input((6, 6), dtype="uint8")
    x = keras.layers.Flatten()(keras.ops.cast(face, "float32") / 255.0)
    network = keras.Model(face, keras.layers.Dense(3, activation="softmax")(x))
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    weights = to_litert(network, float16=True)
    assert disagreement(network, weights, np.random.default_rng(0).integers(0, 256, (5, 6, 6), dtype=np.uint8)) < 2e-3
