from xml.etree import ElementTree

from fusion.classroom.charts import HEIGHT, WIDTH, lines_chart, mood_chart
from fusion.classroom.history import Moment
from fusion.classroom.texts import report_text
from fusion.classroom.windows import Window

SPACE = "{http://www.w3.org/2000/svg}"
TEXT = report_text("kk")


def _window(start: float, engagement: float, margin: float) -> Window:
    return Window(start, start + 10, 4.0, 5, 9, engagement, 0.2, 1.0, -1.0, 0.0, 0.8, 0.4, 0.2, 0.2, margin, 0.5)


def test_lines_and_band_stay_inside_the_chart():
    chart = ElementTree.fromstring(lines_chart([_window(0, 1.0, 0.4), _window(10, 0.0, 0.4)], [Moment(1, 500.0, "late")], TEXT))
    shapes = chart.findall(f"{SPACE}polyline") + chart.findall(f"{SPACE}polygon")
    assert len(shapes) == 4
    for shape in shapes:
        for point in shape.get("points").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT


def test_higher_values_are_drawn_higher():
    chart = ElementTree.fromstring(lines_chart([_window(0, 0.2, 0.1), _window(10, 0.8, 0.1)], [], TEXT))
    first, second = (float(p.split(",")[1]) for p in chart.findall(f"{SPACE}polyline")[0].get("points").split())
    assert second < first


def test_moods_that_round_to_more_than_all_are_pressed_to_one():
    chart = ElementTree.fromstring(mood_chart([_window(0, 0.5, 0.1)], TEXT))
    bars = [r for r in chart.findall(f"{SPACE}rect") if float(r.get("width")) > 100]
    assert len(bars) == 4
    assert abs(sum(float(bar.get("height")) for bar in bars) - (HEIGHT - 12 - 34)) < 1


def test_an_empty_session_draws_an_empty_chart():
    assert ElementTree.fromstring(mood_chart([], TEXT)).get("role") == "img"
