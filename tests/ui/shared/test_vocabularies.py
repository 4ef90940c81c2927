import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fusion.interpreter import Models
from kslr.teaching.naming import WordNames
from kslr.teaching.takes import Take, judge
from kslr.teaching.vocabularies import TaughtVocabulary, save_vocabulary, vocabularies_folder
from tests.takes import take
from ui.shared.i18n import Refusal
from ui.shared.vocabularies import ModelFiles, Vocabularies


@pytest.fixture(scope="module")
def models() -> Models:
    return Models.load()


@pytest.fixture
def shelf(models, tmp_path, monkeypatch) -> Vocabularies:
    monkeypatch.setenv("KSLR_HOME", str(tmp_path))
    return Vocabularies(models)


def add(shelf: Vocabularies, name: str, word: str, takes: int = 3) -> None:
    made = [take(word, n) for n in range(takes)]
    shelf.teach(name, WordNames(f"{word} kk", f"{word} ru", f"{word} en", word), [Take(one, judge(one)) for one in made])


def test_a_dictionary_is_chosen_only_where_signs_are_looked_up(shelf, models):
    last = shelf.choices()[-1]
    assert (last.name, last.dictionary, last.shipped) == ("rsl", True, True)
    assert last.words == len(shelf.words("rsl"))
    assert shelf.words("rsl")["voda"]["en"] == "water"
    found = shelf.models("rsl", "strict", dictionaries=True)
    assert found.dictionary is shelf.models("rsl", dictionaries=True).dictionary  # loaded once
    assert found.vocabulary.name == "rsl"
    assert ModelFiles.of(found).load().vocabulary.name == "rsl"  # in another process too
    assert shelf.models("kslr30", dictionaries=True).dictionary is None
    with pytest.raises(Refusal, match="unusable"):
        shelf.models("rsl")


def test_words_taught_are_read_and_listed(shelf, models):
    assert (shelf.choices()[0].name, shelf.choices()[0].shipped) == ("kslr30", True)
    assert shelf.models("") is models
    assert shelf.models("kslr30") is models
    shelf.create("mine")
    with pytest.raises(Refusal, match="no_words"):
        shelf.models("mine")
    add(shelf, "mine", "circle")
    add(shelf, "mine", "pump")
    found = shelf.models("mine")
    assert found.emotions is models.emotions
    assert found.signs is shelf.models("mine").signs  # loaded once
    assert found.signs.recognize(judge(take("pump", 9)).sign).sign_id == "pump"
    assert shelf.check("mine")["accuracy"] == 1.0
    assert [(one.name, one.words) for one in shelf.choices() if not one.shipped] == [("mine", 2)]
    assert shelf.words("mine")["pump"] == {"kk": "pump kk", "ru": "pump ru", "en": "pump en", "latin": "pump kk"}
    assert shelf.words("")["su"]["en"] == "Water"
    # What changes is read anew.
    shelf.forget("mine", "pump")
    assert (
        shelf.models("mine", "strict").signs.line > shelf.models("mine").signs.line > shelf.models("mine", "lenient").signs.line
    )
    assert shelf.models("mine").signs.recognize(judge(take("circle", 9)).sign).sign_id == "circle"  # one word is enough
    # That never-taught signs are not said is tested on real ones: tests/kslr/training/verification.
    assert shelf.models("mine").signs.recognize(judge(take("pump", 9)).sign).sign_id != "pump"
    shelf.forget("mine", "circle")
    with pytest.raises(Refusal, match="no_words"):
        shelf.models("mine")
    assert shelf.check("mine") == {}
    shelf.delete("mine")
    assert not [one for one in shelf.choices() if not one.shipped]


def test_a_vocabulary_of_another_encoder_is_named_so_and_can_still_be_deleted(shelf):
    add(shelf, "mine", "circle")
    save_vocabulary(shelf.path("mine"), replace(shelf.load("mine"), encoder="0" * 64))
    with pytest.raises(Refusal, match="other_encoder"):
        shelf.models("mine")
    assert shelf.check("mine") == {}
    shelf.delete("mine")


def test_two_people_who_teach_at_once_lose_nothing(shelf):
    barrier = threading.Barrier(3)

    def one(word: str) -> None:
        barrier.wait()
        add(shelf, "ours", word)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(one, ["circle", "pump", "wipe"]))
    assert {s.id for s in shelf.load("ours").signs} == {"circle", "pump", "wipe"}
    assert len(shelf.load("ours").provenance) == 9


def test_what_is_not_there_or_not_allowed_is_refused(shelf, tmp_path):
    shelf.create("mine")
    with pytest.raises(Refusal, match="taken"):
        shelf.create("MINE")
    for wrong in (lambda: shelf.delete("other"), lambda: shelf.forget("mine", "su"), lambda: shelf.models("other")):
        with pytest.raises(Refusal, match="unknown"):
            wrong()
    for name in ("../mine", "/etc/passwd", "..", "kslr30"):
        for wrong in (shelf.create, shelf.delete, shelf.load):
            with pytest.raises(Refusal):
                wrong(name)
    with pytest.raises(Refusal):
        shelf.models("../mine")
    assert list(tmp_path.rglob("*.npz")) == [vocabularies_folder() / "mine.npz"]


def test_a_sent_file_is_looked_at_before_it_is_kept(shelf, tmp_path):
    path = tmp_path / "sent.npz"
    path.write_text("nothing")
    with pytest.raises(Refusal, match="no_vocabulary"):
        shelf.add("sent", path)
    save_vocabulary(path, TaughtVocabulary("evil/../name", "1" * 64))
    with pytest.raises(Refusal, match="other_encoder"):
        shelf.add("sent", path)
    add(shelf, "mine", "circle")
    assert shelf.add("copy", Path(shelf.path("mine"))) == "copy"
    assert shelf.load("copy").name == "copy"
    assert np.array_equal(shelf.load("copy").embeddings, shelf.load("mine").embeddings)


def test_there_is_an_end_to_everything(shelf, monkeypatch):
    monkeypatch.setattr("kslr.teaching.shelf.MOST_VOCABULARIES", 1)
    monkeypatch.setattr("kslr.teaching.shelf.MOST_WORDS", 1)
    monkeypatch.setattr("kslr.teaching.shelf.MOST_RECORDINGS", 4)
    add(shelf, "mine", "circle")
    with pytest.raises(Refusal, match="too_many_recordings"):
        add(shelf, "mine", "circle")
    with pytest.raises(Refusal, match="too_many_words"):
        add(shelf, "mine", "pump")
    with pytest.raises(Refusal, match="too_many"):
        shelf.create("more")


def test_the_words_without_recordings_wait(shelf):
    assert [s.id for s in shelf.thirty.untrained] == ["ym", "bileu", "keude", "atesh", "taxi", "doreki"]
