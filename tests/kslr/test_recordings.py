from pathlib import Path

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.recordings import (
    Recording,
    clip_files,
    idle_parts,
    load_clips,
    load_recording,
    longest_sign,
    record,
    save_recording,
    segments,
    word_of,
)
from tests.signers import signer


def signing(seconds: float = 4.0, rate: float = 30.0, rests: bool = True) -> Recording:
    """A body; the right hand rises, waves and sinks in the middle of the recording."""
    t = np.arange(0, seconds, 1 / rate)
    ups = ((1.3, 2.7),) if rests else ((-1.0, seconds + 1),)
    return Recording(t, np.stack([signer(float(now), ups).values() for now in t]), 4 / 3, "waving")


def test_a_raised_hand_is_a_sign_and_the_rest_is_idle() -> None:
    recording = signing()
    found = segments(recording)
    assert len(found) == 1
    assert 0.8 < found[0].start < 1.5
    assert 2.4 < found[0].end < 3.4
    idle = idle_parts(recording)
    assert len(idle) == 2
    assert idle[0].end <= found[0].start
    assert idle[1].start >= found[0].end


def test_a_clip_cut_to_its_sign_is_one_sign() -> None:
    still = signing(0.2, rests=False)
    assert len(segments(still)) == 1
    nobody = Recording(np.arange(10) / 30, np.full((10, 1662), np.nan, np.float32))
    assert segments(nobody) == []


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


def test_words_are_folders_or_stand_before_two_dashes(tmp_path: Path) -> None:
    save_recording(tmp_path / "hello" / "1.npz", signing())
    save_recording(tmp_path / "bye" / "1.npz", signing(5))
    save_recording(tmp_path / "water--voda.npz", signing())
    (tmp_path / "notes.npz").write_bytes(b"not a clip of a word")
    files = clip_files(tmp_path)
    assert [word_of(p, tmp_path) for p in files] == ["bye", "hello", "water"]
    data = load_clips(tmp_path)
    assert data.names == ("bye", "hello", "water")
    assert data.x.shape[1:] == (30, 1662)
    with pytest.raises(InputError, match="no clips"):
        clip_files(tmp_path / "hello" / "nothing")


def test_the_longest_sign_of_a_clip_is_the_one_it_shows() -> None:
    times = np.arange(0, 6, 1 / 25)
    frames = [signer(float(t), ((0.8, 1.6), (3.0, 5.0))) for t in times]
    found = longest_sign(Recording(times, np.stack([f.values() for f in frames])))
    assert found.start > 2.0
    with pytest.raises(InputError, match="no hands"):
        longest_sign(Recording(times, np.full((len(times), 1662), np.nan, np.float32)))
