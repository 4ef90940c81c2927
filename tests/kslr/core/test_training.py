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
