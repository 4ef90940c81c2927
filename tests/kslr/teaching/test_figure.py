import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.landmarks import LEFT_HAND
from kslr.teaching.figure import DOWN, FRAMES, POINTS, REST, figure, read_sign
from tests.kslr.teaching.test_comparison import take


@pytest.fixture(scope="module")
def sign() -> tuple[np.ndarray, float]:
    return take()


def test_a_figure_is_in_shoulder_widths_from_between_the_shoulders(sign):
    points = figure(sign[0])
    assert points.shape == (30, POINTS, 2)
    np.testing.assert_allclose(points[:, 3], [[0.5, 0]] * 30, atol=1e-2)
    np.testing.assert_allclose(points[:, 4], [[-0.5, 0]] * 30, atol=1e-2)
    assert np.nanmax(points[:, 30:, 1]) > 0 > np.nanmin(points[:, 7:9, 1])
    assert np.isnan(points[:, 9:30]).all()
    assert np.isnan(points[:, 5:7]).all(), "elbows that were never seen"


def test_a_sign_is_cut_to_where_a_hand_is_up(sign):
    x, seconds = sign
    found = read_sign(x, seconds)
    assert found.seconds.shape == (FRAMES,)
    assert 0 < found.seconds[0] < found.seconds[-1] < seconds
    assert found.up[:, 1].all()
    assert not found.up[:, 0].any()
    assert (found.place[:, 1, 1] > DOWN).all()
    assert np.allclose(found.place[:, 0], REST[0])
    assert found.shape.shape == (FRAMES, 2, 21, 2)


def test_what_has_no_shoulders_or_another_shape_is_told(sign):
    x, _ = sign
    for wrong in (np.zeros((5, 1662)), x[:, LEFT_HAND], x[:0]):
        with pytest.raises(InputError):
            figure(wrong)
