import json
import shutil

import numpy as np
import pytest

from emotion.recognizer import EmotionRecognizer
from fusion.transcripts.batch import translate_folder
from kslr.core.errors import InputError
from kslr.recognizer import SignRecognizer
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
    # The larger clips first; these two are the same bytes, and have the same transcript from either process.
    assert (tmp_path / "one.mp4.json").stat().st_size > 100
    one, two = (json.loads((tmp_path / name).read_text()) for name in ("one.mp4.json", "deep/two.mp4.json"))
    assert one | {"source": ""} == two | {"source": ""}
    again = {t.clip.name: t for t in translate_folder(folder, tmp_path, workers=1)}
    assert again["one.mp4"].words is None
    assert again["one.mp4"].problem is None
    assert again["bad.mov"].problem


def test_one_thread_answers_as_two():
    for recognizer, shape in ((SignRecognizer, (30, 1662)), (EmotionRecognizer, (48, 48))):
        x = np.random.default_rng(0).uniform(0, 1, (3, *shape)).astype(np.float32)
        x = np.round(x * 255).astype(np.uint8) if shape == (48, 48) else x
        one, two = (recognizer(threads=threads).probabilities(x) for threads in (1, 2))
        np.testing.assert_array_equal(one, two)


def test_no_videos_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no videos"):
        list(translate_folder(tmp_path, tmp_path / "out"))
