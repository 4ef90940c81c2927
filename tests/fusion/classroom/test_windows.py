import numpy as np
import pytest

from fusion.classroom.anonymity import step_size
from fusion.classroom.windows import Look, Window, WindowBuilder
from kslr.core.errors import InputError

FIGURES = ("engagement", "facing", "valence", "arousal", "glad", "calm", "surprised", "troubled", "seen", "confidence", "margin")


def _look(seconds: float, faces: int, heads: int | None = None, **other) -> Look:
    values = {"quality": 0.9, "engagement": 0.6, "facing": 0.7, "valence": 0.1, "arousal": 0.0, "moods": (0.2, 0.6, 0.1, 0.1)}
    return Look(seconds, faces, faces if heads is None else heads, **{**values, **other})


def _windows(looks, k: int = 5) -> list[Window]:
    builder = WindowBuilder(k)
    out = [window for look in looks if (window := builder.add(look))]
    return [*out, *([last] if (last := builder.close()) else [])]


def test_four_faces_give_no_figure_and_not_even_their_number():
    for window in _windows(_look(t / 2, 4) for t in range(61)):
        assert {name for name, value in window.as_dict().items() if value is not None} == {"start", "end", "rate"}


def test_a_false_fifth_face_now_and_then_does_not_help():
    looks = [_look(t / 2, 5 if t % 2 else 4) for t in range(100)]
    assert not any(window.shown for window in _windows(looks))


def test_five_faces_give_figures_in_steps():
    for window in _windows(_look(t / 2, 5) for t in range(60)):
        assert (window.least, window.most) == (5, 11)
        for name in ("engagement", "facing", "seen", "glad", "calm", "surprised", "troubled"):
            assert getattr(window, name) in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def test_k_counts_upwards_only():
    assert not any(w.shown for w in _windows([_look(t / 2, 7) for t in range(40)], k=8))
    assert all(w.shown for w in _windows([_look(t / 2, 8) for t in range(40)], k=8))
    with pytest.raises(InputError):
        WindowBuilder(4)


def test_heads_must_be_enough_by_themselves():
    window = _windows([_look(t / 2, 8, heads=4) for t in range(20)])[0]
    assert window.shown
    assert window.valence is not None
    assert window.engagement is window.facing is window.margin is None


def test_one_pupil_who_leaves_and_returns_changes_no_figure():
    # Nine settled pupils; the tenth is their opposite in everything and goes out for a minute.
    generator = np.random.default_rng(1)
    nine = generator.normal(0.6, 0.02, 9)

    def look(t: float, everybody: bool) -> Look:
        values = np.append(nine, 0.0) if everybody else nine
        mean = float(values.mean())
        return _look(t, len(values), engagement=mean, facing=mean, valence=mean, moods=(mean, 1 - mean, 0.0, 0.0))

    looks = [look(t / 2, not 60 <= t / 2 < 120) for t in range(360)]
    windows = _windows(looks)
    for name in ("engagement", "facing", "valence", "glad", "calm"):
        assert len({getattr(window, name) for window in windows}) == 1, name


def test_what_everybody_shows_is_not_said_of_everybody():
    window = _windows([_look(t / 2, 6, facing=1.0, moods=(1.0, 0.0, 0.0, 0.0)) for t in range(20)])[0]
    assert window.glad == window.facing == pytest.approx(1 - step_size(5))
    assert _windows([_look(t / 2, 6, facing=0.0) for t in range(20)])[0].facing == pytest.approx(step_size(5))


def test_windows_are_ten_seconds_and_say_their_rate():
    windows = _windows(_look(t / 4, 6) for t in range(101))
    assert [(w.start, w.end) for w in windows] == [(0, 10), (10, 20), (20, 25)]
    assert [w.rate for w in windows[:2]] == [4.0, 4.0]


def test_a_pause_leaves_a_hole():
    windows = _windows([_look(t / 2, 6) for t in (*range(20), *range(100, 120))])
    assert [(w.start, w.end) for w in windows] == [(0, 10), (50, pytest.approx(59.5))]
