import numpy as np

from kslr.points import ROWS
from kslr.training.networks.encoder import features, kslr_encoder
from kslr.training.networks.kslr_net import kslr_net


def test_hands_alone_are_read_without_a_body() -> None:
    points = np.zeros((1, 6, 86, 3), np.float32)
    points[:, :, 65:] = np.random.default_rng(0).uniform(0.4, 0.6, (1, 6, 21, 3))
    a, b = (np.asarray(features(p)) for p in (points, np.where(points == 0, 0, points * 0.5 + 0.2).astype(np.float32)))
    assert np.abs(a).max() > 0.1
    assert np.allclose(a, b, atol=2e-3)


def test_numbers_are_arguments() -> None:
    small, large = (
        kslr_encoder(8, widths=(16, 24), embedding=8),
        kslr_encoder(8, widths=(16, 24), convolutions=(3, 2), attentions=2, embedding=8),
    )
    assert small.output_shape == (None, 8)
    assert large.count_params() > small.count_params()
    net = kslr_net(7, frames=8, encoder=small)
    assert net.count_params() == small.count_params() + 8 * 7


def test_embeddings_have_length_one_even_of_nothing() -> None:
    encoder = kslr_encoder(8, widths=(16, 24), embedding=8)
    z = np.asarray(encoder(np.zeros((2, 8, 258), np.float32), training=False))
    assert np.isfinite(z).all()


def test_a_network_of_hands_takes_no_notice_of_body_and_face() -> None:
    net = kslr_net(3, frames=6, values=258, hands_only=True, widths=(16, 24), embedding=8)
    x = np.random.default_rng(0).uniform(0.2, 0.8, (2, 6, 258)).astype(np.float32)
    bare, hands = x.copy().reshape(2, 6, 86, 3), slice(ROWS["left_hand"].start, ROWS["right_hand"].stop)
    bare[:, :, [i for i in range(86) if i not in range(86)[hands]]] = 0
    answers = [np.asarray(net(v.reshape(2, 6, 258), training=False)) for v in (x, bare)]
    assert np.allclose(answers[0], answers[1], atol=1e-6)
    assert not np.allclose(answers[0], np.asarray(net(x[:, ::-1].copy(), training=False)), atol=1e-6)
