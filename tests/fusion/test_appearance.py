import xml.etree.ElementTree as ElementTree

import pytest

from emotion.faces import EMOTIONS
from fusion.appearance import (
    EMOTION_COLOURS,
    EMOTION_NAMES,
    FACE_RUNS,
    HAND_LINES,
    PART_COLOURS,
    POSE_LINES,
    icon_runs,
    icon_svg,
)


def test_every_emotion_has_a_colour_three_names_and_an_icon_in_the_order_of_the_network():
    assert tuple(EMOTION_NAMES) == tuple(EMOTION_COLOURS) == tuple(EMOTIONS)
    for language in ("kk", "ru", "en"):
        assert len({names[language] for names in EMOTION_NAMES.values()}) == 7
    assert len({str(icon_runs(emotion)) for emotion in EMOTIONS}) == 7


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_icons_lie_inside_their_face(emotion):
    assert all(x * x + y * y < 0.95 for run in icon_runs(emotion) for x, y in run)
    root = ElementTree.fromstring(icon_svg(emotion))
    assert root.get("aria-hidden") == "true"
    assert len(root.findall("polyline")) == len(icon_runs(emotion))


@pytest.mark.parametrize("colour", [*EMOTION_COLOURS.values()])
def test_black_text_is_readable_on_every_colour(colour):
    linear = [v / 255 / 12.92 if v <= 10 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in colour]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert (luminance + 0.05) / 0.05 >= 4.5 * 1.1


def test_lines_join_points_that_exist():
    assert {point for line in HAND_LINES for point in line} == set(range(21))
    assert all(0 <= point < 33 for line in POSE_LINES for point in line)
    assert all(0 <= point < 468 for run in FACE_RUNS for point in run)
    assert len(set(PART_COLOURS.values())) == 4
