from pathlib import Path

import pytest

from kslr.core.errors import InputError
from kslr.recordings import cut_signs, save_recording
from kslr.training.clips import clip_files, idle_parts, word_of
from kslr.training.datasets import load_clips
from tests.kslr.test_recordings import signing


def test_the_rest_beside_a_sign_is_idle() -> None:
    recording = signing()
    (sign,), idle = cut_signs(recording), idle_parts(recording)
    assert len(idle) == 2
    assert idle[0].end <= sign.start
    assert idle[1].start >= sign.end


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
