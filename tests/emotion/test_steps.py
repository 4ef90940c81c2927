"""Training steps in Keras and in plain PyTorch: the same network, learning the same."""

from dataclasses import replace

import numpy as np
import pytest

from tests.small import SMALL

pytest.importorskip("keras")
SGD = replace(SMALL, settings={"stem": 4, "filters": (8, 16), "blocks": (1, 2), "dropout": 0.0}, optimizer="sgd", decay=5e-3)


def _batch():
    generator = np.random.default_rng(0)
    faces = generator.integers(0, 256, (12, 48, 48), dtype=np.uint8)
    return faces, generator.dirichlet(np.ones(7), 12).astype(np.float32)


def _network(recipe):
    """With weights that make every layer matter: a residual branch begins at zero, the last layer too."""
    from emotion.fitting import build

    model = build(recipe)
    generator = np.random.default_rng(1)
    model.set_weights(
        [
            generator.uniform(0.5, 1.5, weight.shape)
            if weight.path.endswith(("gamma", "moving_variance"))
            else generator.normal(0, 0.2, weight.shape)
            for weight in model.weights
        ]
    )
    return model


@pytest.mark.parametrize("recipe", [SMALL, SGD])
def test_steps_lower_the_loss_and_change_the_network(recipe):
    from emotion.steps import KerasSteps

    model = _network(recipe)
    before = [np.array(weight) for weight in model.get_weights()]
    steps = KerasSteps(model, recipe)
    faces, wanted = _batch()
    losses = [steps(faces, wanted, 0.01) for _ in range(8)]
    assert losses[-1] < losses[0]
    assert any(not np.allclose(was, now) for was, now in zip(before, steps.weights(), strict=True))


@pytest.mark.parametrize("side", [48, 40, 36, 33, 32])
def test_pytorch_computes_what_keras_does(side):
    torch = pytest.importorskip("torch", reason="torch is not installed: pip install '.[video]'")
    from emotion.networks import predicted
    from emotion.torch_steps import TorchSteps

    model = _network(SGD)
    faces = _batch()[0][:, :side, :side]
    answers = torch.softmax(TorchSteps(SGD, model.get_weights()).logits(faces), dim=1)
    assert np.allclose(answers.detach().numpy(), predicted(model, faces), atol=1e-5)


def test_pytorch_steps_as_keras_does():
    pytest.importorskip("torch", reason="torch is not installed: pip install '.[video]'")
    from emotion.steps import KerasSteps
    from emotion.torch_steps import TorchSteps

    # So much decay that a forgotten or a doubled one would show.
    recipe = replace(SGD, decay=2.0)
    model = _network(recipe)
    theirs = TorchSteps(recipe, model.get_weights(), half=False)
    ours = KerasSteps(model, recipe)
    faces, wanted = _batch()
    assert theirs(faces, wanted, 0.005) == pytest.approx(ours(faces, wanted, 0.005), rel=1e-4)
    # PyTorch divides a running variance by one less than Keras does.
    for kept, now, weight in zip(theirs.weights(), ours.weights(), model.weights, strict=True):
        assert np.allclose(kept, now, atol=5e-4, rtol=0.02 if "variance" in weight.path else 1e-3), weight.path
    # Later steps go through the momentum; rounding grows from step to step.
    for rate in (0.005, 0.002):
        assert theirs(faces, wanted, rate) == pytest.approx(ours(faces, wanted, rate), rel=5e-3)


def test_bfloat16_learns_the_same_within_its_precision():
    pytest.importorskip("torch", reason="torch is not installed: pip install '.[video]'")
    from emotion.torch_steps import TorchSteps

    faces, wanted = _batch()
    losses = []
    for half in (False, True):
        steps = TorchSteps(SGD, _network(SGD).get_weights(), half=half)
        losses.append([steps(faces, wanted, 0.02) for _ in range(5)])
        assert all(weight.dtype == np.float32 for weight in steps.weights())
    assert np.allclose(*losses, rtol=0.05)
