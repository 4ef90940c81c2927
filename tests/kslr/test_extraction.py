import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kslr.core.errors import InputError
from kslr.extraction import MANIFEST, extract, extract_clip, extract_with, video_files
from kslr.frame import Frame
from kslr.holistic import HolisticTracker
from kslr.recordings import load_recording, record
from kslr.training.datasets import load_clips
from tests.clips import shaken, truncated, write


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


def test_decoding_ahead_changes_nothing(folder: Path, tmp_path: Path, astronaut: np.ndarray) -> None:
    for clip in (folder / "hello/a.mp4", truncated(tmp_path / "short.mp4", astronaut, frames=20)):
        ahead, after = record(clip, ahead=True), record(clip, ahead=False)
        assert len(ahead.x) >= 3
        np.testing.assert_array_equal(ahead.x, after.x)
        np.testing.assert_array_equal(ahead.seconds, after.seconds)


def test_what_a_killed_run_left_is_removed_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "hello").mkdir()
    left = tmp_path / "hello" / ".a.mp4.npz.k3x_9ab0"
    others = [tmp_path / "hello" / name for name in (".a.mp4.npz", ".b.mp4.npz.k3x_9ab0", ".a.mp4.npz.old", "a.txt")]
    for path in (left, *others):
        path.write_bytes(b"x")
    (tmp_path / MANIFEST).write_text("clip\n")

    def spread(work: Any, names: Any, arguments: Any) -> Any:
        assert not left.exists()
        assert list(names) == ["hello/a.mp4", "hello/broken.mp4"]  # the larger one first
        left.write_bytes(b"half")
        yield from ((name, work(*given)) for name, given in zip(names, arguments, strict=True))

    run = extract_with(spread, folder, tmp_path)
    assert next(run).fresh
    assert (tmp_path / MANIFEST).read_text() == "clip\n"  # the old one, until there is a new one
    run.close()
    assert not left.exists()
    assert all(path.exists() for path in others)
    assert "hello/a.mp4,hello/a.mp4.npz,4," in (tmp_path / MANIFEST).read_text()


def test_a_clip_whose_worker_was_lost_after_writing_counts_as_new(folder: Path, tmp_path: Path) -> None:
    first = extract_clip(str(folder), str(tmp_path), "hello/a.mp4", False)
    assert first.fresh
    assert extract_clip(str(folder), str(tmp_path), "hello/a.mp4", False) == first
    assert extract_clip(str(folder), str(tmp_path), "hello/a.mp4", True) == replace(first, fresh=False)


def test_a_tracker_that_breaks_on_a_clip_costs_no_other(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(self: HolisticTracker, frame: Frame) -> None:
        raise RuntimeError("the graph has errors")

    monkeypatch.setattr(HolisticTracker, "process", breaks)
    found = extract_clip(str(folder), str(tmp_path), "hello/a.mp4", False)
    assert found.problem == "RuntimeError: the graph has errors"
    assert not found.landmarks
    assert list(tmp_path.iterdir()) == []


def test_folders_without_clips_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no videos"):
        video_files(tmp_path)
    with pytest.raises(InputError, match=r"no hands|No hands|no clips"):
        load_clips(tmp_path)
