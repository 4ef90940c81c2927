import numpy as np
import pytest

from kslr.points import BODY_AND_HANDS, MATES
from kslr.training.networks.encoder import embed_points
from kslr.training.networks.sign_encoder import BODY, LEFT, MATES_READ, RIGHT, sign_encoder, signer_features

SMALL = {"widths": (16, 24), "embedding": 8}


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="torch is not installed: pip install '.[video]'")


def points(n: int = 4, frames: int = 8, seed: int = 0) -> np.ndarray:
    """(n, frames, 51, 3), absent parts zeros: one without a body, one whose left hand comes late."""
    generator = np.random.default_rng(seed)
    p = generator.uniform(0.3, 0.7, (n, 1, 51, 3)) + np.cumsum(generator.normal(0, 0.01, (n, frames, 51, 3)), axis=1)
    p[0, :, BODY] = 0
    p[1, :3, LEFT] = 0
    return p.astype(np.float32)


def whole(p: np.ndarray) -> np.ndarray:
    out = np.random.default_rng(9).uniform(0.4, 0.6, (*p.shape[:2], 86, 3)).astype(np.float32)
    out[:, :, BODY_AND_HANDS] = p
    return out.reshape(*p.shape[:2], -1)


def test_features_do_not_depend_on_place_and_size() -> None:
    p = points()
    moved = np.where(p == 0, 0, p * 0.7 + np.float32([0.2, -0.05, 0.0]))
    a, b = (np.asarray(signer_features(x)) for x in (p, moved.astype(np.float32)))
    assert a.shape == (4, 8, 295)
    assert np.abs(a).max() > 0.1
    assert np.allclose(a, b, atol=5e-3)


def test_the_face_is_not_read_and_embeddings_have_length_one() -> None:
    network, p = sign_encoder(8, **SMALL), points()
    x = whole(p)
    bare = np.zeros_like(x).reshape(4, 8, 86, 3)
    bare[:, :, BODY_AND_HANDS] = p
    a, b = (np.asarray(network(one, training=False)) for one in (x, bare.reshape(4, 8, -1)))
    assert np.array_equal(a, b)
    assert np.allclose(np.linalg.norm(a, axis=1), 1, atol=1e-4)
    assert np.isfinite(np.asarray(network(np.zeros((1, 8, 258), np.float32), training=False))).all()


def test_the_mirror_of_51_points_is_that_of_86() -> None:
    assert np.array_equal(BODY_AND_HANDS[MATES_READ], MATES[BODY_AND_HANDS])
    network, p = sign_encoder(8, **SMALL), points().reshape(4, 8, 51, 3)
    p = np.where(p == 0, np.nan, p)
    whole_points = np.full((4, 8, 86, 3), np.nan, np.float32)
    whole_points[:, :, BODY_AND_HANDS] = p
    mirror = whole_points[:, :, MATES].copy()
    mirror[..., 0] = np.float32(4 / 3) - mirror[..., 0]
    assert np.allclose(embed_points(network, whole_points), embed_points(network, mirror), atol=1e-4)


def test_numbers_are_arguments() -> None:
    small, large = sign_encoder(8, **SMALL), sign_encoder(8, convolutions=(1, 3), attentions=1, **SMALL)
    assert small.output_shape == (None, 8)
    assert small.count_params() != large.count_params()
    assert sign_encoder().count_params() < 3_000_000


def test_pytorch_computes_what_keras_does(torch) -> None:
    from kslr.training.networks.torch_encoder import TorchEncoder, torch_features

    p = points()
    p[2, :, RIGHT] = 0
    assert np.allclose(torch_features(torch.tensor(p)).numpy(), np.asarray(signer_features(p)), atol=1e-4)
    numbers = {**SMALL, "convolutions": (1, 2), "attentions": 1}
    network = sign_encoder(8, **numbers)
    generator = np.random.default_rng(1)
    weights = [w + generator.uniform(0.05, 0.1, w.shape).astype(np.float32) for w in network.get_weights()]
    network.set_weights(weights)
    twin = TorchEncoder(network, **numbers)
    ours = np.asarray(network(whole(p), training=False))
    with torch.no_grad():
        assert np.allclose(twin(torch.tensor(p)).numpy(), ours, atol=1e-5)
    assert [w.requires_grad for w in twin.weights] == [bool(v.trainable) for v in network.weights]
