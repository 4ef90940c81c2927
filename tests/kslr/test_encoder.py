import numpy as np
import pytest

from kslr.core.cards import card_path
from kslr.core.errors import InputError
from kslr.encoder import SignEncoder
from kslr.landmarks import FACE, LEFT_HAND, PARTS, mirror


@pytest.fixture(scope="module")
def encoder() -> SignEncoder:
    return SignEncoder()


def windows(n: int = 3, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return (generator.uniform(0.3, 0.7, (n, 1, 1662)) + np.cumsum(generator.normal(0, 0.01, (n, 30, 1662)), axis=1)).astype(
        np.float32
    )


def test_embeddings_have_length_one_and_differ(encoder: SignEncoder) -> None:
    z = encoder.embed(windows())
    assert z.shape == (3, encoder.values)
    assert np.allclose(np.linalg.norm(z, axis=1), 1, atol=1e-4)
    assert (z @ z.T)[~np.eye(3, dtype=bool)].max() < 0.999


def test_left_and_right_handed_signing_is_one(encoder: SignEncoder) -> None:
    x = windows()
    x[:, :, FACE] = 0  # `landmarks.mirror` keeps the mesh's point order, so the face is left out here
    x[:, :10, LEFT_HAND] = 0
    other = np.nan_to_num(mirror(np.where(x == 0, np.nan, x)))
    assert np.allclose(encoder.embed(x), encoder.embed(other), atol=1e-3)


def test_place_and_size_in_the_picture_do_not_matter(encoder: SignEncoder) -> None:
    x = windows().reshape(3, 30, 1662)
    moved = x.copy()
    for part in PARTS.values():
        block, width = moved[..., part.values], part.width
        block[..., 0::width] = block[..., 0::width] * 0.7 + 0.2
        block[..., 1::width] = block[..., 1::width] * 0.7 - 0.05
        block[..., 2::width] = block[..., 2::width] * 0.7
    assert ((encoder.embed(x) * encoder.embed(moved)).sum(axis=1) > 0.99).all()


def test_the_bank_holds_embeddings(encoder: SignEncoder) -> None:
    assert encoder.bank.shape[1] == encoder.values
    assert len(encoder.bank) > 1000
    assert np.allclose(np.linalg.norm(encoder.bank, axis=1), 1, atol=1e-2)
    assert len(encoder.rule.coefficients) == 7


def test_other_shapes_and_models_are_told(encoder: SignEncoder) -> None:
    with pytest.raises(InputError, match="shape"):
        encoder.embed(np.zeros((1, 30, 258)))
    with pytest.raises(InputError, match="not 'sign encoder'"):
        SignEncoder(card_path("kslr30"))
