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
from kslr.recordings import Recording, load_recording, record
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
    again = {one.clip: one for one in extract(folder, tmp_path, workers=1)}
    assert not again["hello/a.mp4"].fresh
    assert (tmp_path / good.landmarks).stat().st_mtime_ns == before
    (tmp_path / good.landmarks).write_bytes((tmp_path / good.landmarks).read_bytes()[:100])
    assert {one.clip: one.fresh for one in extract(folder, tmp_path, workers=1)}["hello/a.mp4"]
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


@pytest.mark.parametrize("date", [1.5e9, 4e9])
def test_a_clip_that_was_replaced_is_extracted_again_whatever_its_date(folder: Path, tmp_path: Path, monkeypatch, date) -> None:
    import os
    import shutil

    from kslr import extraction

    clips, out = tmp_path / "clips", tmp_path / "out"
    clips.mkdir()
    shutil.copy(folder / "hello" / "a.mp4", clips / "take.mp4")
    lengths = iter((10, 20, 20))

    def short(clip: Path, ahead: bool) -> Recording:
        n = next(lengths)
        return Recording(np.arange(n) / 10, np.zeros((n, 1662), np.float32), 1.0, clip.name)

    monkeypatch.setattr(extraction, "record", short)
    assert extract_clip(str(clips), str(out), "take.mp4", False).frames == 10
    assert extract_clip(str(clips), str(out), "take.mp4", True).frames == 10  # kept
    (clips / "take.mp4").write_bytes(b"another take")
    os.utime(clips / "take.mp4", (date, date))
    again = extract_clip(str(clips), str(out), "take.mp4", True)
    assert (again.frames, again.fresh) == (20, True)
    os.utime(clips / "take.mp4", (date + 1, date + 1))  # The same size.
    assert extract_clip(str(clips), str(out), "take.mp4", True).fresh


def test_what_systems_leave_is_no_clip_and_every_kind_of_video_is(tmp_path: Path) -> None:
    names = ["a.MTS", "b.ts", "c.mpg", "d.wmv", "e.flv", "f.3gp", "g.gif", "сөз/h.MP4"]
    junk = ["._a.MTS", ".ipynb_checkpoints/a.mp4", "__MACOSX/a.mp4", "Thumbs.db", "сөз/.hidden.mp4", "note.txt"]
    for name in names + junk:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert [path.relative_to(tmp_path).as_posix() for path in video_files(tmp_path)] == names
