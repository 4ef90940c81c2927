from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.landmarks import FACE, HANDS
from kslr.recordings import (
    Recording,
    cut_signs,
    load_recording,
    record,
    save_recording,
)
from tests import clips
from tests.signers import signer


def signing(seconds: float = 4.0, rate: float = 30.0, rests: bool = True) -> Recording:
    """A body; the right hand rises, waves and sinks in the middle of the recording."""
    t = np.arange(0, seconds, 1 / rate)
    ups = ((1.3, 2.7),) if rests else ((-1.0, seconds + 1),)
    return Recording(t, np.stack([signer(float(now), ups).values() for now in t]), 4 / 3, "waving")


def test_a_raised_hand_is_a_sign() -> None:
    recording = signing()
    found = cut_signs(recording)
    assert len(found) == 1
    assert 0.8 < found[0].start < 1.5
    assert 2.4 < found[0].end < 3.4


def test_a_clip_cut_to_its_sign_is_one_sign() -> None:
    still = signing(0.2, rests=False)
    assert len(cut_signs(still)) == 1
    nobody = Recording(np.arange(10) / 30, np.full((10, 1662), np.nan, np.float32))
    assert cut_signs(nobody) == []


def test_recordings_come_back_as_they_were(tmp_path: Path) -> None:
    recording = signing()
    save_recording(tmp_path / "a.npz", recording)
    again = record(tmp_path / "a.npz")
    assert np.array_equal(again.x, recording.x, equal_nan=True)
    assert again.aspect == pytest.approx(4 / 3)
    (tmp_path / "b.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:200])
    np.savez(tmp_path / "c.npz", seconds=np.zeros(3), x=np.zeros((4, 1662)))
    for name in ("b.npz", "c.npz", "none.npz"):
        with pytest.raises(InputError):
            load_recording(tmp_path / name)


def test_a_recording_that_is_too_long_is_refused_by_its_code(tmp_path: Path, astronaut: np.ndarray) -> None:
    save_recording(tmp_path / "a.npz", signing())
    clips.write(tmp_path / "a.mp4", clips.shaken(astronaut, 8, (96, 72)), fps=4)
    for name in ("a.npz", "a.mp4"):
        with pytest.raises(InputError) as refused:
            record(tmp_path / name, longest=1.0)
        assert refused.value.code == "too-long"


def test_every_frame_of_a_video_is_observed_once(tmp_path: Path, astronaut: np.ndarray) -> None:
    path, seen = clips.write(tmp_path / "a.mp4", clips.shaken(astronaut, 6, (96, 72)), fps=25), []
    recordings = [record(path, ahead=ahead, observe=lambda *one: seen.append(one)) for ahead in (True, False)]
    assert [frame.seconds for frame, _ in seen] == [*recordings[0].seconds, *recordings[1].seconds]
    assert all(frame.rgb.shape == (72, 96, 3) and landmarks.seconds == frame.seconds for frame, landmarks in seen)
    assert np.array_equal(recordings[0].x, recordings[1].x, equal_nan=True)


def test_a_recording_without_its_face_keeps_the_rest() -> None:
    recording = signing()
    recording.x[:, FACE] = 0.5
    bare = recording.without_face()
    assert np.isnan(bare.x[:, FACE]).all()
    assert np.array_equal(bare.x[:, HANDS], recording.x[:, HANDS], equal_nan=True)
    assert np.isfinite(recording.x[:, FACE]).all()
