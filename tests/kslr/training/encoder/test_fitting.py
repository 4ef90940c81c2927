from pathlib import Path

import numpy as np
import pytest

from kslr.training.encoder.augmentation import SignerStrength
from kslr.training.encoder.fitting import fit_encoder
from kslr.training.encoder.material import with_empty_face
from kslr.training.encoder.sampling import EACH, EncoderRecipe, Sampler, SignerData, batches
from kslr.training.encoder.steps import KerasSteps, TorchSteps
from kslr.training.networks.encoder import embed_points
from kslr.training.networks.sign_encoder import sign_encoder

NUMBERS = (("widths", (16, 24)), ("convolutions", (1, 1)), ("attentions", 1), ("embedding", 8), ("dropout", 0.0))
RECIPE = EncoderRecipe(steps=60, classes=6, rate=3e-3, warm=10, numbers=NUMBERS, augment=SignerStrength(rest=0.0, rise=0.0))


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="torch is not installed: pip install '.[video]'")


@pytest.fixture(scope="module")
def data() -> SignerData:
    """Two sources of six words; those of the first have two signers. One gloss is in both sources."""
    generator = np.random.default_rng(0)
    label = np.repeat(np.arange(12), 8)
    source = np.where(label < 6, "s", "t")
    signer = np.where((label < 6) & (np.arange(96) % 2 == 1), "second", source)
    shape, way = generator.uniform(0.4, 0.6, (12, 1, 51, 3)), generator.uniform(-0.2, 0.2, (12, 1, 51, 3))
    points = (shape + way * np.linspace(0, 1, 12)[:, None, None])[label] + generator.normal(0, 0.01, (96, 12, 51, 3))
    gloss = np.array([f"w{i}" for i in range(11)] + ["w0"])
    return SignerData(points.astype(np.float32), label, signer, source, gloss)


def test_equal_glosses_are_alike_and_sources_are_neighbours(data: SignerData) -> None:
    alike, near = data.alike(), data.neighbours()
    assert alike.sum() == 2
    assert alike[0, 11]
    assert near[:6, :6].all()
    assert not near[:6, 6:].any()


def test_batches_hold_signs_by_all_their_signers(data: SignerData) -> None:
    sampler = Sampler(data, 6, seed=0)
    for _ in range(5):
        rows = sampler()
        label = data.label[rows]
        assert np.array_equal(np.unique(label, return_counts=True)[1], np.full(6, EACH))
        for c in np.unique(label[label < 6]):
            assert len(set(data.signer[rows[label == c]])) == 2
    x, rows = next(batches(data, RECIPE, 0))
    assert x.shape == (24, 12, 51, 3)
    assert np.isfinite(x).all()
    assert np.array_equal(rows, Sampler(data, 6, 0)())


def test_training_draws_signs_together(data: SignerData, tmp_path: Path) -> None:
    lines: list[str] = []
    network = fit_encoder(data, RECIPE, tmp_path / "c.npz", progress=lambda line, done: lines.append(line), make_steps=KerasSteps)
    z = embed_points(network, with_empty_face(data.points))
    same = data.label[:, None] == data.label[None]
    assert (z @ z.T)[same].mean() > (z @ z.T)[~same].mean() + 0.3
    assert (tmp_path / "c.npz").is_file()
    again = fit_encoder(data, RECIPE, tmp_path / "c.npz", make_steps=KerasSteps)  # one step more, from where it ended
    assert all(np.allclose(a, b, atol=0.05) for a, b in zip(network.get_weights(), again.get_weights(), strict=True))


def test_pytorch_has_the_losses_of_keras(torch, data: SignerData) -> None:
    x, rows = next(batches(data, RECIPE, 0))
    ours, theirs = KerasSteps(data, RECIPE), TorchSteps(data, RECIPE, half=False)
    state = theirs.state()
    count = len(theirs.weights())
    proxies = state[count] / np.linalg.norm(state[count], axis=1, keepdims=True)
    ours._model.set_weights([*state[:count], proxies.T])
    ours._margin.assign(0.1)
    points, told = ours.inputs(x, rows)
    found = ours.losses(told, ours._model(points, training=False))
    with torch.no_grad():
        expected = theirs.losses(torch.tensor(x), torch.tensor(rows), 0.1, training=False)
    for one, other in zip(found, expected, strict=True):
        assert np.asarray(one).mean() == pytest.approx(float(other), abs=1e-3)


def test_pytorch_trains_and_goes_on(torch, data: SignerData) -> None:
    steps = TorchSteps(data, RECIPE)
    made = batches(data, RECIPE, 0)
    losses = [steps(*next(made), 3e-3, 0.1) for _ in range(30)]
    assert np.mean(losses[-5:], axis=0)[0] < losses[0][0]
    x, rows = next(made)
    other = TorchSteps(data, RECIPE, seed=1)
    other.restore(steps.state())
    assert np.allclose(steps(x, rows, 1e-3, 0.1), other(x, rows, 1e-3, 0.1), atol=1e-3)
    assert all(np.allclose(a, b, atol=1e-3) for a, b in zip(steps.weights(), other.weights(), strict=True))
    network = sign_encoder(12, **dict(NUMBERS))
    network.set_weights(steps.weights())
