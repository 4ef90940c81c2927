import numpy as np
import pytest

from kslr.landmarks import absent_as_nan
from kslr.points import select_points
from kslr.training.networks.encoder import embed_points, kslr_encoder
from kslr.training.ship.embedding import attach_head, embed_recordings
from kslr.training.ship.heads import Head, balance_weights


@pytest.fixture(scope="module")
def encoder():
    return kslr_encoder(12, widths=(16, 24), embedding=8)


def windows(n: int = 6) -> np.ndarray:
    return np.random.default_rng(0).uniform(0.3, 0.7, (n, 12, 1662)).astype(np.float32)


def test_copies_keep_their_recordings_label_and_group(encoder) -> None:
    label, group = np.arange(6) % 2, np.array([f"g{i}" for i in range(6)])
    rows = embed_recordings(encoder, windows(), label, group, np.full(6, "s"), np.array([0, 1, 2, 0, 3, 0]))
    assert len(rows.embeddings) == 12
    assert rows.own.sum() == 6
    assert sorted(rows.group.tolist()).count("g4") == 4
    assert (rows.label[rows.group == "g4"] == 0).all()
    assert np.allclose(np.linalg.norm(rows.embeddings, axis=1), 1, atol=1e-4)


def test_the_exported_network_is_encoder_and_head(encoder) -> None:
    x = windows()
    z, label = embed_points(encoder, select_points(absent_as_nan(x))), np.arange(6) % 3
    head = Head(z, label, balance_weights(label))
    network = attach_head(encoder, head, "test", frames=12)
    new = np.random.default_rng(1).uniform(0.3, 0.7, (4, 12, 1662)).astype(np.float32)
    expected = head.probabilities(embed_points(encoder, select_points(absent_as_nan(new))))
    assert np.allclose(np.asarray(network(new, training=False)), expected, atol=1e-4)
