"""The mean of weights and a network's own answers, with a real small network."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from kslr.core.errors import InputError
from tests.small import SMALL

pytest.importorskip("keras")


def test_what_is_measured_is_the_mean_of_the_weights(tmp_path, patterns):
    import keras

    from emotion.training.fitting import build
    from emotion.training.self_teaching import Mean

    model = build(SMALL)
    first = [np.array(weight) for weight in model.get_weights()]
    mean = Mean(model, None)
    model.set_weights([weight + 1 for weight in first])
    mean.add(model.get_weights(), 0.25)
    with mean:
        assert all(np.allclose(now, was + 0.25, atol=1e-5) for now, was in zip(model.get_weights(), first, strict=True))
        model.save_weights(tmp_path / "mean.weights.h5")
    assert all(np.allclose(now, was + 1, atol=1e-5) for now, was in zip(model.get_weights(), first, strict=True))
    with Mean(model, tmp_path / "mean.weights.h5"):
        assert np.allclose(keras.ops.convert_to_numpy(model.weights[0]), first[0] + 0.25, atol=1e-5)


def test_answers_are_means_over_views_and_survive_a_stop(tmp_path, patterns):
    from emotion.training.fitting import build
    from emotion.training.networks import predicted
    from emotion.training.self_teaching import load_answers, many_answers, save_answers

    model = build(SMALL)
    # An untrained network answers the same to everything: random last weights make the views matter.
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([np.random.default_rng(0).normal(0, 0.3, kernel.shape), bias])
    images = patterns["train"].images
    one = many_answers(partial(predicted, model), replace(SMALL, views=1), images)
    many = many_answers(partial(predicted, model), replace(SMALL, views=4), images)
    assert many.shape == (len(images), 7)
    assert np.allclose(many.sum(axis=1), 1, atol=1e-5)
    assert not np.allclose(one, many, atol=1e-4)
    still = replace(SMALL.jitter, degrees=0.0, scale=0.0, shift=0.0, contrast=0.0)
    plain, mirrored = predicted(model, images), predicted(model, np.ascontiguousarray(images[:, :, ::-1]))
    same = many_answers(partial(predicted, model), replace(SMALL, views=1, jitter=still), images)
    distance = np.minimum(abs(same - plain).max(axis=1), abs(same - mirrored).max(axis=1))
    assert distance.max() < 0.02
    save_answers(tmp_path / "answers.npz", many)
    assert np.array_equal(load_answers(tmp_path / "answers.npz", len(images)), many)
    with pytest.raises(InputError, match="shape"):
        load_answers(tmp_path / "answers.npz", len(images) + 1)
    (tmp_path / "answers.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match="without --resume"):
        load_answers(tmp_path / "answers.npz", len(images))
