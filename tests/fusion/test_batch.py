import json
import shutil

import pytest

from fusion.batch import translate_folder
from models.errors import InputError
from tests.clips import write


@pytest.fixture(scope="module")
def folder(tmp_path_factory, astronaut):
    folder = tmp_path_factory.mktemp("clips")
    write(folder / "one.mp4", [astronaut] * 6, fps=10)
    (folder / "deep").mkdir()
    shutil.copy(folder / "one.mp4", folder / "deep" / "two.mp4")
    (folder / "bad.mov").write_bytes(b"\x00" * 100)
    (folder / "notes.txt").write_text("not a video")
    return folder


def test_every_clip_is_told_and_the_bad_one_skipped(folder, tmp_path):
    done = {t.clip.name: t for t in translate_folder(folder, tmp_path, workers=2)}
    assert set(done) == {"one.mp4", "two.mp4", "bad.mov"}
    assert done["one.mp4"].problem is None
    assert done["bad.mov"].problem
    assert not done["bad.mov"].out.exists()
    assert json.loads((tmp_path / "deep" / "two.mp4.json").read_text())["vocabulary"] == "kslr30"
    again = {t.clip.name: t for t in translate_folder(folder, tmp_path, workers=1)}
    assert again["one.mp4"].words is None
    assert again["one.mp4"].problem is None
    assert again["bad.mov"].problem


def test_no_videos_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no videos"):
        list(translate_folder(tmp_path, tmp_path / "out"))
