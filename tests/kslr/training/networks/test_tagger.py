import numpy as np
import pytest

from kslr.segmenter import STEP_VALUES, WINDOW
from tests.signers import signer


def test_the_network_learns_and_is_served_as_it_was_trained() -> None:
    from kslr.core.training import disagreement, to_litert
    from kslr.training.networks.tagger import fit_tagger, mirror_steps, read_steps, training_samples

    ups = ((1.0, 2.5), (4.0, 5.0), (7.0, 9.0))
    seconds, rows = read_steps(signer(float(t), ups) for t in np.arange(0, 11, 1 / 20))
    x, y = training_samples(seconds, rows, np.array(ups))
    assert x.shape[2] == STEP_VALUES
    assert y[..., 2].sum() == pytest.approx(len(rows) - 3, abs=1)
    assert np.allclose(mirror_steps(mirror_steps(x)), x)
    network = fit_tagger(np.repeat(x, 16, axis=0), np.repeat(y, 16, axis=0), epochs=12)
    padded = np.concatenate([rows[:1].repeat(WINDOW - 1, axis=0), rows])
    windows = np.stack([padded[i : i + WINDOW] for i in range(len(rows))])
    inside = np.asarray(network(windows, training=False))[3:, 0] > 0.5
    truth = np.array([any(a <= t <= b for a, b in ups) for t in seconds])[:-3]
    assert (inside == truth).mean() > 0.85
    assert disagreement(network, to_litert(network, 1), windows[:1]) < 1e-4
