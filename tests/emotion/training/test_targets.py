from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from emotion.faces import EMOTIONS
from emotion.training.datasets import VOTES
from emotion.training.targets import EMOTION_VOTES, answer_views, load_answers, majority, save_answers, soft_targets
from kslr.core.errors import InputError
from tests.small import SMALL


def test_columns_name_the_same_emotions():
    same = {"neutral": "neutral", "happiness": "happy", "surprise": "surprise", "sadness": "sad", "anger": "angry"}
    same |= {"disgust": "disgust", "fear": "fear"}
    assert [same[VOTES[column]] for column in EMOTION_VOTES] == list(EMOTIONS)


def test_majority_drops_what_people_disagree_about():
    rows = {
        "clear": ([8, 1, 1, 0, 0, 0, 0, 0, 0, 0], EMOTIONS.index("neutral")),
        "single votes don't count": ([3, 1, 1, 1, 1, 1, 1, 1, 0, 0], EMOTIONS.index("neutral")),
        "half is not enough": ([4, 4, 0, 0, 0, 0, 0, 0, 0, 0], -1),
        "contempt": ([0, 0, 0, 0, 0, 0, 0, 9, 0, 0], -1),
        "unknown": ([0, 0, 0, 0, 0, 0, 0, 0, 9, 0], -1),
        "no face": ([0, 0, 0, 0, 0, 0, 0, 0, 0, 10], -1),
        "nobody agrees": ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], -1),
    }
    assert majority(np.array([votes for votes, _ in rows.values()])).tolist() == [right for _, right in rows.values()]


def test_soft_targets_are_distributions_between_label_and_votes():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 7, 700)
    votes = np.zeros((700, 10))
    votes[np.arange(700), np.array(EMOTION_VOTES)[labels]] = 9
    votes[:, 0] += 1
    labels[:70] = (labels[:70] + 1) % 7  # mislabelled
    soft = soft_targets(labels, votes, share=0.5)
    assert soft.shape == (700, 7)
    assert np.allclose(soft.sum(axis=1), 1, atol=1e-5)
    right = soft[np.arange(700), labels]
    assert right[70:].min() > 0.9
    assert right[:70].max() < 0.75
    assert (soft_targets(labels, votes, share=0.0, smoothing=0.0).argmax(axis=1) == labels).all()


def test_without_votes_labels_are_smoothed():
    soft = soft_targets(np.array([3]), None, smoothing=0.07)
    assert np.allclose(soft[0], [0.01, 0.01, 0.01, 0.94, 0.01, 0.01, 0.01], atol=1e-6)


def test_a_class_that_never_occurs_gets_no_share():
    labels = np.array([0, 3] * 20)
    votes = np.zeros((40, 10))
    votes[np.arange(40), np.array(EMOTION_VOTES)[labels]] = 10
    soft = soft_targets(labels, votes, share=1.0)
    assert (soft[:, [1, 2, 4, 5, 6]] == 0).all()


def test_answers_are_means_over_views_and_survive_a_stop(tmp_path, patterns):
    pytest.importorskip("keras")
    from emotion.training.networks.architectures import predict

    model = SMALL.build()
    # An untrained network answers the same to everything: random last weights make the views matter.
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([np.random.default_rng(0).normal(0, 0.3, kernel.shape), bias])
    images = patterns["train"].images
    one = answer_views(partial(predict, model), replace(SMALL, views=1), images)
    many = answer_views(partial(predict, model), replace(SMALL, views=4), images)
    assert many.shape == (len(images), 7)
    assert np.allclose(many.sum(axis=1), 1, atol=1e-5)
    assert not np.allclose(one, many, atol=1e-4)
    still = replace(SMALL.jitter, degrees=0.0, scale=0.0, shift=0.0, contrast=0.0)
    plain, mirrored = predict(model, images), predict(model, np.ascontiguousarray(images[:, :, ::-1]))
    same = answer_views(partial(predict, model), replace(SMALL, views=1, jitter=still), images)
    distance = np.minimum(abs(same - plain).max(axis=1), abs(same - mirrored).max(axis=1))
    assert distance.max() < 0.02
    save_answers(tmp_path / "answers.npz", many)
    assert np.array_equal(load_answers(tmp_path / "answers.npz", len(images)), many)
    with pytest.raises(InputError, match="shape"):
        load_answers(tmp_path / "answers.npz", len(images) + 1)
    (tmp_path / "answers.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match="without --resume"):
        load_answers(tmp_path / "answers.npz", len(images))
