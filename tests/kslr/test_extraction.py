import json
from pathlib import Path

import numpy as np
import pytest

from kslr.clips import load_recording
from kslr.extraction import MANIFEST, extract
from models.errors import InputError
from tests.clips import shaken, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, astronaut: np.ndarray) -> Path:
    root = tmp_path_factory.mktemp("clips")
    (root / "hello").mkdir()
    write(root / "hello" / "a.mp4", shaken(astronaut, frames=4))
    (root / "hello" / "broken.mp4").write_bytes(b"not a video")
    return root


def test_one_bad_clip_stops_nothing_and_a_second_run_resumes(folder: Path, tmp_path: Path) -> None:
    said: list[tuple[str, float]] = []
    lines = extract(folder, tmp_path, progress=lambda text, done: said.append((text, done)))
    assert [line.error is None for line in lines] == [True, False]
    assert lines[0].word == "hello"
    recording = load_recording(tmp_path / lines[0].landmarks)
    assert lines[0].frames == len(recording.x) == 4
    assert np.isfinite(recording.x[:, 0]).all()
    assert said[-1][1] == 1.0
    assert "left" in said[0][0]
    assert [row["clip"] for row in json.loads((tmp_path / MANIFEST).read_text())] == ["hello/a.mp4", "hello/broken.mp4"]
    before = (tmp_path / lines[0].landmarks).stat().st_mtime_ns
    again = extract(folder, tmp_path)
    assert again[0] == lines[0]
    assert (tmp_path / lines[0].landmarks).stat().st_mtime_ns == before


def test_a_half_written_file_is_made_again(folder: Path, tmp_path: Path) -> None:
    lines = extract(folder, tmp_path)
    file = tmp_path / lines[0].landmarks
    file.write_bytes(file.read_bytes()[:100])
    assert extract(folder, tmp_path)[0].frames == 4
    assert len(load_recording(file).x) == 4


def test_folders_without_clips_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no clips"):
        extract(tmp_path, tmp_path / "out")
    with pytest.raises(InputError, match="worker"):
        extract(tmp_path, tmp_path / "out", workers=0)
