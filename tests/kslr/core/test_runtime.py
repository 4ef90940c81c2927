import threading

import numpy as np
import pytest

from kslr.core.cards import read_card, shipped
from kslr.core.errors import InputError
from kslr.core.runtime import LiteModel


@pytest.fixture(scope="module")
def emotion() -> LiteModel:
    return LiteModel(read_card(shipped("emotion"))[1], name="emotion")


def test_a_batch_is_its_samples(emotion):
    x = np.random.default_rng(0).integers(0, 256, (5, 48, 48), np.uint8)
    whole = emotion(x)
    assert whole.shape == (5, 7)
    np.testing.assert_allclose(whole, np.concatenate([emotion(face[None]) for face in x]), atol=1e-5)
    assert emotion(x[:0]).shape == (0, 7)


def test_threads_take_turns(emotion):
    x = np.random.default_rng(0).integers(0, 256, (8, 48, 48), np.uint8)
    right = emotion(x)
    wrong = []

    def work(n):
        for _ in range(20):
            if not np.allclose(emotion(x[:n]), right[:n], atol=1e-5):
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in (1, 3, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("shape", [(48, 48), (1, 48, 47), (1, 48, 48, 3), ()])
def test_other_shapes_are_refused(emotion, shape):
    with pytest.raises(InputError, match="shape"):
        emotion(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("weights", [b"", b"not a model", b"\x00" * 4096])
def test_what_is_no_model_is_refused(weights):
    with pytest.raises(InputError, match="weights"):
        LiteModel(weights)


def test_truncated_weights_do_not_crash_the_process():
    weights = read_card(shipped("emotion"))[1]
    with pytest.raises(InputError):
        LiteModel(weights[: len(weights) // 3])


def test_loading_says_nothing(capfd):
    LiteModel(read_card(shipped("emotion"))[1])
    assert capfd.readouterr().err == ""
