import numpy as np
import pytest

from kslr.encoder import SignEncoder
from kslr.recognizer import SignRecognizer
from kslr.teaching.likeness import Likeness, find_likeness
from kslr.teaching.takes import judge
from kslr.teaching.vocabularies import TaughtVocabulary, save_vocabulary
from kslr.teaching.words import forget_last, new_vocabulary, teach
from kslr.vocabulary import Sign
from tests.takes import take

CIRCLE = Sign("circle", "Шеңбер", "shenber", "Circle", "Круг")
PUMP = Sign("pump", "Сорғы", "sorgy", "Pump", "Насос")


@pytest.fixture(scope="module")
def encoder() -> SignEncoder:
    return SignEncoder()


@pytest.fixture(scope="module")
def signs() -> dict[str, list]:
    return {word: [judge(take(word, n)).sign for n in range(4)] for word in ("circle", "pump")}


@pytest.fixture(scope="module")
def taught(encoder, signs) -> TaughtVocabulary:
    made = new_vocabulary("mine", encoder)
    for sign in (CIRCLE, PUMP):
        windows = np.stack([one.window(encoder.frames) for one in signs[sign.id][:3]])
        made = teach(made, sign, windows, encoder)
    return made


def test_the_same_recording_again_is_noticed(encoder, signs, taught):
    circle = signs["circle"]
    assert find_likeness(circle[3], [circle[2]], None, "", encoder) == Likeness(False, None)
    assert find_likeness(circle[3], [circle[3]], None, "", encoder).same
    assert find_likeness(circle[0], [], taught, "circle", encoder).same
    assert not find_likeness(circle[3], [], taught, "circle", encoder).same


def test_another_word_with_the_same_sign_is_a_conflict(encoder, signs, taught):
    circle = signs["circle"][3]
    assert find_likeness(circle, [], taught, "circle", encoder).conflict is None
    assert find_likeness(circle, [], taught, "", encoder).conflict == "circle"
    assert find_likeness(circle, [], taught, "pump", encoder).conflict == "circle"
    assert find_likeness(circle, [], new_vocabulary("empty", encoder), "", encoder).conflict is None


def test_a_conflict_is_what_would_be_said(encoder, signs, taught, tmp_path):
    says = SignRecognizer(save_vocabulary(tmp_path / "mine.npz", taught)).recognize
    for sign in (signs["circle"][3], signs["pump"][3], judge(take("wipe", 0)).sign, judge(take("circle", 9, size=0.6)).sign):
        assert find_likeness(sign, [], taught, "", encoder).conflict == says(sign).sign_id


def test_the_last_recordings_are_taken_back(encoder, signs, taught):
    more = teach(taught, CIRCLE, signs["circle"][3].window(encoder.frames)[None], encoder, ["fourth"])
    back = forget_last(more, "circle", 1)
    assert back.provenance == taught.provenance
    np.testing.assert_array_equal(back.embeddings, taught.embeddings)
    np.testing.assert_array_equal(back.label, taught.label)
    assert back.signs[0].trained_on == {"taught": 3}
    assert {word: one.recording for word, one in back.exemplars.items()}["pump"] == taught.exemplars["pump"].recording
    # With its last recording the word goes as well.
    assert [sign.id for sign in forget_last(taught, "circle", 3).signs] == ["pump"]
    assert set(forget_last(taught, "circle", 9).label) == {0}
