"""Training steps in Keras and in plain PyTorch learn the same; the mean of the weights is what is measured."""

from dataclasses import replace

import numpy as np
import pytest

from tests.small import SGD, SMALL, batch, network

pytest.importorskip("keras")


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="torch is not installed: pip install '.[video]'")


@pytest.mark.parametrize("recipe", [SMALL, SGD])
def test_steps_lower_the_loss_and_change_the_network(recipe):
    from emotion.training.networks.steps import KerasSteps

    model = network(recipe)
    before = [np.array(weight) for weight in model.get_weights()]
    steps = KerasSteps(model, recipe)
    faces, wanted = batch()
    losses = [steps(faces, wanted, 0.01) for _ in range(8)]
    assert losses[-1] < losses[0]
    assert any(not np.allclose(was, now) for was, now in zip(before, steps.weights(), strict=True))


def test_what_is_measured_is_the_mean_of_the_weights(tmp_path, patterns):
    import keras

    from emotion.training.networks.steps import WeightMean

    model = SMALL.build()
    first = [np.array(weight) for weight in model.get_weights()]
    mean = WeightMean(model, None)
    model.set_weights([weight + 1 for weight in first])
    mean.add(model.get_weights(), 0.25)
    with mean:
        assert all(np.allclose(now, was + 0.25, atol=1e-5) for now, was in zip(model.get_weights(), first, strict=True))
        model.save_weights(tmp_path / "mean.weights.h5")
    assert all(np.allclose(now, was + 1, atol=1e-5) for now, was in zip(model.get_weights(), first, strict=True))
    with WeightMean(model, tmp_path / "mean.weights.h5"):
        assert np.allclose(keras.ops.convert_to_numpy(model.weights[0]), first[0] + 0.25, atol=1e-5)


@pytest.mark.parametrize("side", [48, 40, 36, 33, 32])
def test_pytorch_computes_what_keras_does(torch, side):
    from emotion.training.networks.architectures import predict
    from emotion.training.networks.steps import TorchSteps

    model = network(SGD)
    faces = batch()[0][:, :side, :side]
    answers = torch.softmax(TorchSteps(SGD, model.get_weights()).logits(faces), dim=1)
    assert np.allclose(answers.detach().numpy(), predict(model, faces), atol=1e-5)


@pytest.mark.parametrize("readings", [("fer",), ("ferplus", "fer")])
def test_pytorch_steps_as_keras_does(torch, readings):
    from emotion.training.networks.steps import KerasSteps, TorchSteps

    # So much decay that a forgotten or a doubled one would show.
    recipe = replace(SGD, decay=2.0, readings=readings)
    model = network(recipe)
    theirs = TorchSteps(recipe, model.get_weights(), half=False)
    ours = KerasSteps(model, recipe)
    faces, wanted = batch()
    wanted = np.concatenate([wanted] * len(readings), axis=1)
    wanted[:3, :7] = 0  # Nobody agreed on these faces: that reading learns nothing from them.
    assert theirs(faces, wanted, 0.005) == pytest.approx(ours(faces, wanted, 0.005), rel=1e-4)
    # PyTorch divides a running variance by one less than Keras does.
    for kept, now, weight in zip(theirs.weights(), ours.weights(), model.weights, strict=True):
        assert np.allclose(kept, now, atol=5e-4, rtol=0.02 if "variance" in weight.path else 1e-3), weight.path
    # Later steps go through the momentum; rounding grows from step to step.
    for rate in (0.005, 0.002):
        assert theirs(faces, wanted, rate) == pytest.approx(ours(faces, wanted, rate), rel=5e-3)


def test_bfloat16_learns_the_same_within_its_precision(torch):
    from emotion.training.networks.steps import TorchSteps

    faces, wanted = batch()
    losses = []
    for half in (False, True):
        steps = TorchSteps(SGD, network(SGD).get_weights(), half=half)
        losses.append([steps(faces, wanted, 0.02) for _ in range(5)])
        assert all(weight.dtype == np.float32 for weight in steps.weights())
    assert np.allclose(*losses, rtol=0.05)
