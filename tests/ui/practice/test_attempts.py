import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from kslr.encoder import SignEncoder
from kslr.landmarks import HANDS
from kslr.recordings import Recording
from kslr.teaching.takes import judge
from kslr.teaching.vocabularies import load_vocabulary, save_vocabulary
from kslr.teaching.words import forget, new_vocabulary, teach
from tests.ui.practice.test_page import STILL, WAVE, drawn, saved
from ui.practice.attempts import Attempt, compare_clip, load_examples, practice_example, practice_words
from ui.practice.warmup import SECONDS, WARMUP, warmup_vocabulary
from ui.shared.i18n import Refusal
from ui.shared.pictures import hundredths


@pytest.fixture
def home(tmp_path: Path, monkeypatch) -> Path:
    """A folder of vocabularies with one of a drawn word, one without examples, and a damaged one."""
    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    encoder, folder = SignEncoder(), tmp_path / "vocabularies"
    folder.mkdir()
    sign = judge(drawn()).sign
    window = sign.window(encoder.frames)[None]
    mine = teach(new_vocabulary("mine", encoder), WAVE, window, encoder, seconds=[sign.seconds])
    save_vocabulary(folder / "mine.npz", teach(mine, STILL, window, encoder, exemplar=False))
    save_vocabulary(folder / "plain.npz", dataclasses.replace(mine, name="plain", exemplars={}))
    (folder / "broken.npz").write_bytes(b"none")
    return folder


def test_only_words_with_an_example_are_offered(home):
    mine, warmup = practice_words()
    assert mine == {"name": "mine", "words": [{"id": "wave", "kk": "Бұлғау", "ru": "Махать", "en": "Wave"}]}
    assert warmup["name"] == WARMUP


def test_an_example_is_a_figure_in_whole_numbers(home, services):
    found = practice_example(["mine", "wave"], services)
    assert 1 < found["seconds"] < 4
    frames = found["points"]
    assert len(frames) == 30
    assert all(len(frame) == 51 for frame in frames)
    assert json.loads(json.dumps(frames)) == frames
    assert frames[0][9] is None
    left = np.array([frame[3] for frame in frames])
    np.testing.assert_allclose(left, [[50, 0]] * 30, atol=2)


@pytest.mark.parametrize(
    "asked", [["mine", "none"], ["none", "wave"], ["../mine", "wave"], ["plain", "wave"], ["broken", "wave"], [], 7]
)
def test_what_is_not_there_is_told(home, services, asked):
    assert practice_example(asked, services) == {"problem": "practice.gone"}


def test_an_attempt_gives_the_nearest_sign_of_the_clip(home, services, tmp_path):
    steps = list(compare_clip(saved(tmp_path / "own.npz", drawn()), load_examples("mine", services), "wave", services))
    (found,) = [step for step in steps if isinstance(step, Attempt)]
    assert found.sign.id == "wave"
    assert found.comparison.score > 95
    assert found.signs == 1
    assert found.read is not None
    assert not found.several


def test_a_vocabulary_of_one_word_is_asked_as_well(home, services, tmp_path):
    path = home / "mine.npz"
    save_vocabulary(path, forget(load_vocabulary(path), STILL.id))
    *_, found = compare_clip(saved(tmp_path / "own.npz", drawn()), load_examples("mine", services), "wave", services)
    assert [word for word, _ in found.read.ranked] == ["wave"]
    assert found.verdict.startswith("practice.read_")


def test_a_file_of_another_kind_and_a_word_that_is_gone_are_refused(home, services, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("words")
    vocabulary = load_examples("mine", services)
    with pytest.raises(Refusal, match=r"practice\.format"):
        list(compare_clip(path, vocabulary, "wave", services))
    with pytest.raises(Refusal, match=r"practice\.gone"):
        list(compare_clip(path, vocabulary, "none", services))
    with pytest.raises(Refusal, match=r"practice\.gone"):
        load_examples("../mine", services)


def test_hundredths():
    assert hundredths(np.array([[[0.004, -1.236], [np.nan, 0.0]]])) == [[[0, -124], None]]


@pytest.mark.parametrize("word", [sign.id for sign in warmup_vocabulary().signs])
def test_a_movement_of_the_warm_up_is_practised_and_not_read(services, tmp_path, word):
    window = warmup_vocabulary().exemplars[word].window.astype(np.float32)
    assert len(practice_example([WARMUP, word], services)["points"]) == len(window)
    # The same movement, from rest to rest, as somebody's clip.
    times = np.arange(len(window)) * SECONDS / len(window)
    rest = window[:1].copy()
    rest[:, HANDS] = 0.0
    own = np.concatenate([rest.repeat(12, axis=0), window, rest.repeat(12, axis=0)])
    recording = Recording(np.arange(len(own)) * (times[1] - times[0]), own, 4 / 3)
    *_, found = compare_clip(saved(tmp_path / "own.npz", recording), load_examples(WARMUP, services), word, services)
    assert found.comparison.score >= 80
    assert found.read is None
    assert found.named is None
