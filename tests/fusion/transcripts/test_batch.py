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
    write(folder / "empty.mp4", [np.full((64, 64, 3), 90, np.uint8)] * 2, fps=10)
    (folder / "notes.txt").write_text("not a video")
    return folder


def test_every_clip_is_told_and_the_bad_one_skipped(folder, tmp_path):
    done = {t.clip.name: t for t in translate_folder(folder, tmp_path, workers=2)}
    assert set(done) == {"one.mp4", "two.mp4", "bad.mov", "empty.mp4"}
    assert done["empty.mp4"].problem == "nobody is in view"
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
    assert (again["empty.mp4"].words, again["empty.mp4"].problem) == (None, "nobody is in view")  # told again


def test_one_thread_answers_as_two():
    for recognizer, shape in ((SignRecognizer, (30, 1662)), (EmotionRecognizer, (48, 48))):
        x = np.random.default_rng(0).uniform(0, 1, (3, *shape)).astype(np.float32)
        x = np.round(x * 255).astype(np.uint8) if shape == (48, 48) else x
        one, two = (recognizer(threads=threads).probabilities(x) for threads in (1, 2))
        np.testing.assert_array_equal(one, two)


def test_no_videos_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no videos"):
        list(translate_folder(tmp_path, tmp_path / "out"))


def test_other_options_models_and_clips_are_read_again(tmp_path, astronaut, monkeypatch):
    import os

    from fusion.transcripts import batch
    from fusion.transcripts.formats import Format

    made = []

    def in_turn(work, items, arguments, **_):
        for item, given in zip(items, arguments, strict=True):
            made.append(item.name)
            given[1].parent.mkdir(parents=True, exist_ok=True)
            given[1].write_text("words")
            yield item, (1, None)

    monkeypatch.setattr(batch, "run_in_processes", in_turn)
    clips, out = tmp_path / "clips", tmp_path / "out"
    clips.mkdir()
    for name in ("a.mp4", "ә.MTS", "._a.mp4"):
        (clips / name).write_bytes(b"old")

    def again(**options) -> list[str]:
        made.clear()
        list(translate_folder(clips, out, format=Format.text, **options))
        return sorted(made)

    both = ["a.mp4", "ә.MTS"]
    assert again() == both
    assert again() == []
    assert again(language="ru") == both
    assert again(language="ru", neutral=True) == both
    assert again(language="ru", signs="krsl20") == both
    assert again(language="ru") == both
    (clips / "a.mp4").write_bytes(b"new, and with an older date")
    os.utime(clips / "a.mp4", (1.7e9, 1.7e9))
    assert again(language="ru") == ["a.mp4"]
    os.utime(clips / "a.mp4", (1.6e9, 1.6e9))
    assert again(language="ru") == ["a.mp4"]
    (out / "a.mp4.txt").unlink()
    assert again(language="ru") == ["a.mp4"]
    (out / batch.MADE).write_text("[]")
    assert again(language="ru") == both
    assert again(language="ru") == []


def test_a_model_with_other_bytes_is_another_model(tmp_path):
    from fusion.transcripts.batch import _digest_options
    from kslr.core.cards import card_path

    card = tmp_path / "own.json"
    card.write_bytes(card_path("emotion").read_bytes())
    before = _digest_options("text", "kslr30", str(card))
    assert before == _digest_options("text", "kslr30", str(card))
    card.write_bytes(card_path("emotion").read_bytes().replace(b'"temperature"', b'"temperature" '))
    assert before != _digest_options("text", "kslr30", str(card))
    assert before != _digest_options("text", "krsl20", "emotion")
