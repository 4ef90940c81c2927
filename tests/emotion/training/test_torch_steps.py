"""Training steps in plain PyTorch: the same network as in Keras, learning the same."""

from dataclasses import replace

import numpy as np
import pytest

from tests.small import SGD, batch, network

pytest.importorskip("keras")
torch = pytest.importorskip("torch", reason="torch is not installed: pip install '.[video]'")


@pytest.mark.parametrize("side", [48, 40, 36, 33, 32])
def test_pytorch_computes_what_keras_does(side):
    from emotion.training.networks import predicted
    from emotion.training.torch_steps import TorchSteps

    model = network(SGD)
    faces = batch()[0][:, :side, :side]
    answers = torch.softmax(TorchSteps(SGD, model.get_weights()).logits(faces), dim=1)
    assert np.allclose(answers.detach().numpy(), predicted(model, faces), atol=1e-5)


def test_pytorch_steps_as_keras_does():
    from emotion.training.steps import KerasSteps
    from emotion.training.torch_steps import TorchSteps

    # So much decay that a forgotten or a doubled one would show.
    recipe = replace(SGD, decay=2.0)
    model = network(recipe)
    theirs = TorchSteps(recipe, model.get_weights(), half=False)
    ours = KerasSteps(model, recipe)
    faces, wanted = batch()
    assert theirs(faces, wanted, 0.005) == pytest.approx(ours(faces, wanted, 0.005), rel=1e-4)
    # PyTorch divides a running variance by one less than Keras does.
    for kept, now, weight in zip(theirs.weights(), ours.weights(), model.weights, strict=True):
        assert np.allclose(kept, now, atol=5e-4, rtol=0.02 if "variance" in weight.path else 1e-3), weight.path
    # Later steps go through the momentum; rounding grows from step to step.
    for rate in (0.005, 0.002):
        assert theirs(faces, wanted, rate) == pytest.approx(ours(faces, wanted, rate), rel=5e-3)


def test_bfloat16_learns_the_same_within_its_precision():
    from emotion.training.torch_steps import TorchSteps

    faces, wanted = batch()
    losses = []
    for half in (False, True):
        steps = TorchSteps(SGD, network(SGD).get_weights(), half=half)
        losses.append([steps(faces, wanted, 0.02) for _ in range(5)])
        assert all(weight.dtype == np.float32 for weight in steps.weights())
    assert np.allclose(*losses, rtol=0.05)
