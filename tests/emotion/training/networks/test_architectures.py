"""Also what an exported network promises: the same answers as Keras, any batch, raw faces in."""

import numpy as np
import pytest

from emotion.faces import EMOTIONS
from emotion.training.networks.architectures import average_networks, predict
from emotion.training.recipes import ARCHITECTURES


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


def _towers():
    recipes = ARCHITECTURES["emotion_net"].recipes
    return [recipe.build(size=48, name=f"tower_{number}") for number, recipe in enumerate(recipes, 1)]


def test_emotion_net_is_small_and_takes_raw_faces(keras):
    network = average_networks(_towers(), "emotion_net")
    assert network.count_params() < 3_000_000
    assert network.input_shape == (None, 48, 48)
    assert str(network.inputs[0].dtype) == "uint8"
    answers = np.asarray(network(np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)))
    assert answers.shape == (3, 2 * len(EMOTIONS))
    assert np.allclose(answers.reshape(3, 2, -1).sum(axis=2), 1, atol=1e-5)


def test_the_answer_is_the_mean_of_the_towers(keras):
    towers = _towers()
    for number, tower in enumerate(towers, 1):
        last = tower.get_layer("answer")
        last.set_weights([np.random.default_rng(number).normal(0, 0.1, w.shape) for w in last.get_weights()])
    network = average_networks(towers, "emotion_net")
    faces = np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)
    answers = [predict(tower, faces) for tower in towers]
    assert not np.allclose(*answers, atol=1e-3)
    assert np.allclose(predict(network, faces), np.mean(answers, axis=0), atol=1e-6)
    assert network.count_params() == sum(tower.count_params() for tower in towers)
    assert average_networks(towers[:1], "emotion_net") is towers[0]


def test_emotion_net_hardly_minds_light_and_contrast(keras):
    from emotion.training.networks.architectures import emotion_tower

    keras.utils.set_random_seed(0)
    network = emotion_tower()
    last = network.get_layer("answer")
    last.set_weights([np.random.default_rng(0).normal(0, 0.1, w.shape) for w in last.get_weights()])
    face = np.random.default_rng(1).integers(0, 256, (1, 48, 48)).astype(float)
    dim = (face * 0.4 + 60).astype(np.uint8)
    assert np.allclose(np.asarray(network(face.astype(np.uint8))), np.asarray(network(dim)), atol=0.03)


def test_architecture_numbers_are_arguments(keras):
    from emotion.training.networks.architectures import emotion_tower, student_cnn

    assert emotion_tower(filters=(8, 16), blocks=(0, 1), stem=4).count_params() < 20_000
    assert (
        emotion_tower(filters=(8, 16), blocks=(0, 1), squeeze=0).count_params()
        < emotion_tower(filters=(8, 16), blocks=(0, 1)).count_params()
    )
    assert emotion_tower(size=None).input_shape == (None, None, None)
    with pytest.raises(ValueError, match=r"shorter|longer"):
        emotion_tower(filters=(8, 16), blocks=(1,))
    assert student_cnn(classes=4).output_shape == (None, 4)


def test_student_cnn_is_the_paper_s(keras):
    from emotion.training.networks.architectures import student_cnn

    kinds = [type(layer).__name__ for layer in student_cnn().layers]
    assert kinds.count("Conv2D") == kinds.count("MaxPooling2D") == 4
    assert kinds.count("Dense") == 2
    convolutions = [layer for layer in student_cnn().layers if type(layer).__name__ == "Conv2D"]
    assert all(layer.kernel_size == (3, 3) and layer.activation.__name__ == "relu" for layer in convolutions)
