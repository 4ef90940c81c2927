import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.landmarks import VALUES, absent_as_nan
from kslr.points import select_points
from kslr.training.networks.architectures import ARCHITECTURES, find_architecture
from kslr.training.networks.recurrent import krsl_lstm, paper_lstm


def test_papers_networks_have_the_papers_sizes() -> None:
    assert krsl_lstm(20, frames=70, values=84).count_params() == 237_588
    model = paper_lstm(30)
    lstm = [layer for layer in model.layers if type(layer).__name__ == "LSTM"]
    assert [layer.units for layer in lstm] == [128, 128, 128]
    assert lstm[0].activation.__name__ == "relu"
    dropouts = [layer.rate for layer in model.layers if type(layer).__name__ == "Dropout"]
    assert dropouts == [0.4, 0.2, 0.2]
    regularized = [
        layer
        for layer in model.layers
        if getattr(layer, "kernel_regularizer", None) is not None
        or getattr(getattr(layer, "cell", None), "kernel_regularizer", None) is not None
    ]
    assert len(regularized) == 4
    assert [layer.units for layer in paper_lstm(30, units=(64, 128, 64)).layers if type(layer).__name__ == "LSTM"] == [
        64,
        128,
        64,
    ]
    with pytest.raises(InputError, match="three LSTM"):
        paper_lstm(30, units=(64, 64))
    with pytest.raises(InputError, match="No network"):
        find_architecture("resnet")


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_network_takes_the_raw_contract(name: str) -> None:
    model = find_architecture(name).build_network(5, frames=12)
    assert model.input_shape == (None, 12, VALUES)
    x = np.random.default_rng(0).uniform(0.2, 0.8, (2, 12, VALUES)).astype(np.float32)
    x[1, :, 132:1536] = 0
    p = np.asarray(model(x, training=False))
    assert p.shape == (2, 5)
    assert np.allclose(p.sum(axis=1), 1, atol=1e-4)
    assert np.isfinite(np.asarray(model(np.zeros_like(x), training=False))).all()
    assert model.count_params() < 3_000_000


def test_features_do_not_see_where_or_how_large_the_signer_is() -> None:
    from kslr.training.networks.encoder import features, kslr_encoder

    x = np.random.default_rng(1).uniform(0.3, 0.6, (1, 10, VALUES)).astype(np.float32)
    x[:, 4:, 1536:1599] = 0
    points = select_points(absent_as_nan(x))
    moved = points * np.float32(0.6) + np.array([0.3, 0.1, 0], np.float32)
    a, b = (np.asarray(features(np.nan_to_num(p))) for p in (points, moved))
    assert a.shape == (1, 10, 336)
    assert np.allclose(a, b, atol=1e-3)
    assert kslr_encoder(10).count_params() < 1_000_000


def test_the_graphs_mirror_is_the_mirror() -> None:
    from kslr.points import mirror_points
    from kslr.training.networks.encoder import mirrored_points, raw_to_points

    x = np.random.default_rng(2).uniform(0.2, 0.8, (2, 6, VALUES)).astype(np.float32)
    x[:, :3, 1599:] = 0
    points = select_points(absent_as_nan(x))
    assert np.allclose(np.asarray(raw_to_points(x)), np.nan_to_num(points).reshape(2, 6, -1), atol=1e-6)
    graph = np.asarray(mirrored_points(np.nan_to_num(points).reshape(2, 6, -1)))
    assert np.allclose(graph, np.nan_to_num(mirror_points(points)).reshape(2, 6, -1), atol=1e-6)


def test_litert_says_what_keras_says() -> None:
    from kslr.core.training import disagreement, to_litert

    x = np.random.default_rng(3).uniform(0.2, 0.8, (3, 8, VALUES)).astype(np.float32)
    for name, more, batch in (("kslr_net", {}, None), ("paper_lstm", {"unroll": True, "units": (8, 8, 8)}, 1)):
        model = find_architecture(name).build_network(4, frames=8, **more)
        assert disagreement(model, to_litert(model, batch), x) < 1e-4
