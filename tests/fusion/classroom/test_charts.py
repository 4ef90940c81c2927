import numpy as np
import pytest
from matplotlib.colors import to_hex

from fusion.classroom.charts import GAP, LINES, MOOD_COLOURS, format_minutes, lines_figure, mood_figure
from fusion.classroom.history import Moment
from fusion.classroom.windows import Window
from kslr.core.reports import read_words

WORDS = read_words("fusion.classroom", "kk")


def _window(start: float, engagement: float, margin: float) -> Window:
    return Window(start, start + 10, 4.0, 5, 9, engagement, 0.2, 1.0, -1.0, 0.0, 0.8, 0.4, 0.2, 0.2, margin, 0.5)


def _lines(figure) -> dict[str, np.ndarray]:
    """Heights by the colour of the line; the first are engagement, facing and valence."""
    names = {colour: name for name, (colour, _) in LINES.items()}
    return {
        names[to_hex(line.get_color())]: line.get_ydata() for line in figure.axes[0].lines if to_hex(line.get_color()) in names
    }


def test_lines_and_band_stay_inside_the_chart():
    figure = lines_figure([_window(0, 1.0, 0.4), _window(10, 0.0, 0.4)], [Moment(1, 500.0, "late")], WORDS)
    lines = _lines(figure)
    assert set(lines) == set(LINES)
    for heights in lines.values():
        assert ((heights >= 0) & (heights <= 1)).all()
    band = figure.axes[0].collections[0].get_paths()[0].vertices
    assert ((band >= (0, 0)) & (band <= (20, 1))).all()
    # A moment after the end stands at the end.
    assert [line.get_xdata()[0] for line in figure.axes[0].lines if to_hex(line.get_color()) == "#555555"] == [20.0]


def test_higher_values_are_drawn_higher():
    lines = _lines(lines_figure([_window(0, 0.2, 0.1), _window(10, 0.8, 0.1)], [], WORDS))
    assert lines["engagement"][1] > lines["engagement"][0]
    assert lines["valence"].tolist() == [0.0, 0.0]  # −1 lies at the foot


def test_lines_break_where_nothing_may_be_shown_and_at_a_pause():
    windows = [_window(0, 0.5, 0.1), Window(10.0, 20.0, 4.0), _window(20, 0.5, 0.1), _window(60, 0.5, 0.1)]
    figure = lines_figure(windows, [], WORDS)
    for heights in _lines(figure).values():
        assert np.isnan(heights).tolist() == [False, True, False, True, False]
    grey = [patch for patch in figure.axes[0].patches if to_hex(patch.get_facecolor()) == GAP]
    assert [(patch.get_x(), patch.get_width()) for patch in grey] == [(10.0, 10.0)]


def test_moods_that_round_to_more_than_all_are_scaled_to_one():
    bars = mood_figure([_window(0, 0.5, 0.1)], WORDS).axes[0].patches
    assert [to_hex(bar.get_facecolor()) for bar in bars] == list(MOOD_COLOURS.values())
    assert sum(bar.get_height() for bar in bars) == pytest.approx(1)
    assert [bar.get_y() for bar in bars] == pytest.approx([0, 0.5, 0.75, 0.875])


def test_an_empty_session_draws_an_empty_chart():
    assert not mood_figure([], WORDS).axes[0].patches
    assert not any(len(heights) for heights in _lines(lines_figure([], [], WORDS)).values())


def test_a_dollar_in_a_moment_is_a_dollar():
    figure = lines_figure([_window(0, 0.5, 0.1)], [Moment(1, 5.0, "$x_1$")], WORDS)
    assert figure.axes[0].texts[0].get_text() == "$x_1$"
    figure.canvas.draw()


def test_times_are_minutes_and_seconds():
    assert format_minutes(3661) == "61:01"


def test_valence_has_a_scale_of_its_own():
    (scale,) = lines_figure([_window(0, 0.5, 0.1)], [], WORDS).axes[0].child_axes
    assert scale.get_yticks().tolist() == [-1, 0, 1]
    assert scale.get_ylabel() == WORDS["valence"]
