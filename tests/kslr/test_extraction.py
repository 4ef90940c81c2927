import csv
from pathlib import Path

import numpy as np
import pytest

from kslr.clips import load_clips, load_recording
from kslr.extraction import MANIFEST, extract, video_files
from models.errors import InputError
from tests.clips import shaken, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, astronaut: np.ndarray) -> Path:
    root = tmp_path_factory.mktemp("clips")
    (root / "hello").mkdir()
    write(root / "hello" / "a.mp4", shaken(astronaut, frames=4))
    (root / "hello" / "broken.mp4").write_bytes(b"not a video")
    return root


def test_one_bad_clip_stops_nothing_and_a_second_run_goes_on(folder: Path, tmp_path: Path) -> None:
    done = {one.clip: one for one in extract(folder, tmp_path)}
    assert set(done) == {"hello/a.mp4", "hello/broken.mp4"}
    good, bad = done["hello/a.mp4"], done["hello/broken.mp4"]
    assert good.fresh
    assert not good.problem
    assert bad.problem
    assert not bad.landmarks
    recording = load_recording(tmp_path / good.landmarks)
    assert good.frames == len(recording.x) == 4
    assert np.isfinite(recording.x[:, 0]).all()
    with (tmp_path / MANIFEST).open() as file:
        rows = {row["clip"]: row for row in csv.DictReader(file)}
    assert rows["hello/a.mp4"]["frames"] == "4"
    assert rows["hello/broken.mp4"]["problem"] == bad.problem
    before = (tmp_path / good.landmarks).stat().st_mtime_ns
    again = {one.clip: one for one in extract(folder, tmp_path)}
    assert not again["hello/a.mp4"].fresh
    assert (tmp_path / good.landmarks).stat().st_mtime_ns == before
    (tmp_path / good.landmarks).write_bytes((tmp_path / good.landmarks).read_bytes()[:100])
    assert {one.clip: one.fresh for one in extract(folder, tmp_path)}["hello/a.mp4"]
    assert len(load_recording(tmp_path / good.landmarks).x) == 4


def test_folders_without_clips_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no videos"):
        video_files(tmp_path)
    with pytest.raises(InputError, match=r"no hands|No hands|no clips"):
        load_clips(tmp_path)
