from pathlib import Path

import numpy as np
import pytest

from kslr.core.cards import read_card
from kslr.encoder import SignEncoder
from kslr.landmarks import FACE
from kslr.training.ship.encoder import raw_windows, write_encoder
from kslr.training.verification.people import People, read_points


@pytest.fixture(scope="module")
def people() -> People:
    generator = np.random.default_rng(0)
    points = generator.uniform(0.3, 0.7, (8, 1, 51, 3)) + np.cumsum(generator.normal(0, 0.01, (8, 30, 51, 3)), axis=1)
    points[0, :, 9:30] = 0
    words = np.array([f"w{i}" for i in range(8)])
    return People(points.astype(np.float16), words, *[np.full(8, "x")] * 4)


def test_windows_are_the_recordings_without_a_face(people: People) -> None:
    x = raw_windows(people)
    assert x.shape == (8, 30, 1662)
    assert not x[..., FACE].any()
    assert np.allclose(read_points(x), people.points, atol=2e-3)


def test_the_written_encoder_is_the_trained_one(people: People, tmp_path: Path) -> None:
    from kslr.points import select_points
    from kslr.training.networks.encoder import embed_points
    from kslr.training.networks.sign_encoder import sign_encoder

    network, weights = sign_encoder(), tmp_path / "e.weights.h5"
    network.save_weights(weights)
    x = raw_windows(people)
    card, _ = read_card(write_encoder(weights, x, {"name": "noise"}, "untrained", tmp_path))
    assert card.figures["keras_litert_difference"] < 5e-3
    assert card.figures["milliseconds"] > 0
    shipped = SignEncoder(tmp_path / "sign_encoder.json").embed(x)
    points = select_points(np.where(x == 0, np.nan, x))
    assert np.allclose(shipped, embed_points(network, points), atol=5e-3)
