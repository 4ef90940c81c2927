"""Training steps in Keras lower the loss."""

import numpy as np
import pytest

from tests.small import SGD, SMALL, batch, network

pytest.importorskip("keras")


@pytest.mark.parametrize("recipe", [SMALL, SGD])
def test_steps_lower_the_loss_and_change_thenetwork(recipe):
    from emotion.training.steps import KerasSteps

    model = network(recipe)
    before = [np.array(weight) for weight in model.get_weights()]
    steps = KerasSteps(model, recipe)
    faces, wanted = batch()
    losses = [steps(faces, wanted, 0.01) for _ in range(8)]
    assert losses[-1] < losses[0]
    assert any(not np.allclose(was, now) for was, now in zip(before, steps.weights(), strict=True))
