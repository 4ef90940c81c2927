import numpy as np
import pytest

from emotion.faces import EMOTIONS
from emotion.smoothing import changes, from_rest, held_labels, resting_face, smoothed

HAPPY, SAD, NEUTRAL = (EMOTIONS.index(name) for name in ("happy", "sad", "neutral"))


def _rows(*names: str, sure: float = 0.8) -> np.ndarray:
    rows = np.full((len(names), 7), (1 - sure) / 6)
    rows[np.arange(len(names)), [EMOTIONS.index(n) for n in names]] = sure
    return rows


def test_smoothing_is_the_same_at_any_frame_rate():
    def final(rate: int) -> np.ndarray:
        seconds = np.arange(0, 4, 1 / rate)
        rows = _rows(*["happy" if t < 2 else "sad" for t in seconds])
        return smoothed(seconds, rows, np.ones(len(seconds)))[-1]

    assert np.allclose(final(10), final(30), atol=0.05)
    assert final(10).argmax() == SAD


def test_one_odd_frame_does_not_win():
    seconds = np.arange(10) / 10
    rows = _rows(*["happy"] * 9, "sad")
    assert smoothed(seconds, rows, np.ones(10))[-1].argmax() == HAPPY
    assert rows[-1].argmax() == SAD


def test_bad_frames_do_not_count():
    seconds = np.arange(6) / 10
    rows = _rows("happy", "happy", "sad", "sad", "sad", "sad")
    quality = np.array([1, 1, 0, 0, 0, 0.0])
    out = smoothed(seconds, rows, quality)
    assert out[-1].argmax() == HAPPY
    assert np.isnan(smoothed(seconds, rows, np.zeros(6))).all()


def test_hysteresis_needs_a_lead_for_a_while():
    seconds = np.arange(12) / 10
    flicker = _rows(*["happy", "sad"] * 6, sure=0.6)
    raw = [EMOTIONS[int(row.argmax())] for row in flicker]
    held = held_labels(seconds, flicker, enter=0.5, leave=0.05, hold=0.3)
    assert changes(raw) == 11
    assert changes(held) == 0
    change = held_labels(seconds, _rows(*["happy"] * 4, *["sad"] * 8), leave=0.02, hold=0.3)
    assert change[3:7] == ["happy"] * 4
    assert change[7:] == ["sad"] * 5


def test_nothing_clear_is_none_and_a_fading_emotion_ends():
    seconds = np.arange(3) / 10
    assert held_labels(seconds, np.full((3, 7), 1 / 7)) == [None] * 3
    fading = np.concatenate([_rows("happy"), np.full((2, 7), 1 / 7)])
    assert held_labels(seconds, fading) == ["happy", None, None]
    unseen = np.concatenate([_rows("happy"), np.full((2, 7), np.nan)])
    assert held_labels(seconds, unseen) == ["happy"] * 3


def test_a_face_that_rests_sad_is_neutral_at_rest_and_can_still_smile():
    rest = resting_face(_rows("sad", "sad", "happy", sure=0.6), np.array([1, 1, 0.2]))
    assert from_rest(_rows("sad", sure=0.6)[0], rest).argmax() == NEUTRAL
    assert from_rest(_rows("happy", sure=0.9)[0], rest).argmax() == HAPPY
    assert from_rest(_rows("sad", sure=0.6)[0], rest, share=0.0).argmax() == SAD


def test_without_a_resting_face_nothing_changes():
    nothing = resting_face(_rows("sad"), np.zeros(1))
    assert from_rest(_rows("sad")[0], nothing) == pytest.approx(_rows("sad")[0])
