import numpy as np
import pytest

from emotion import faces
from emotion.training.framing import find_meshes, fit_framing


def test_the_fit_finds_a_known_framing(astronaut_mesh):
    """Squares cut around a real mesh by the constants give the constants back."""
    x, y, side = faces.square_around(astronaut_mesh * 512)
    points = (astronaut_mesh * 512 - (x, y, 0)) * 48 / side
    found = fit_framing(np.stack([points, np.full((468, 3), np.nan)]))
    assert found["side"] == pytest.approx(faces.SIDE, rel=1e-3)
    assert found["raise"] == pytest.approx(faces.RAISE, abs=1e-3)
    assert found["found"] == 0.5


def test_the_constants_are_fer2013_s(fer2013):
    found = fit_framing(find_meshes(fer2013["public"].images[::30]))
    assert found["found"] > 0.9
    assert found["side"] == pytest.approx(faces.SIDE, rel=0.04)
    assert found["raise"] == pytest.approx(faces.RAISE, abs=0.05)
    assert found["sideways"] == pytest.approx(0, abs=0.05)
