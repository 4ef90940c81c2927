"""The thirty words, and what each was trained on."""

import re

import pytest

from kslr.core.errors import InputError
from kslr.vocabulary import Sign, Vocabulary, krsl20, kslr30, model_vocabulary, untranslated_vocabulary


def test_there_are_thirty_words_with_every_name_filled():
    signs = kslr30().signs
    assert len(signs) == 30
    for sign in signs:
        assert all((sign.id, sign.kk, sign.latin, sign.en, sign.ru))
        assert re.fullmatch(r"[a-z_]+", sign.id)
        assert sign.id == sign.latin.replace(" ", "_")
        assert re.search(r"[А-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі]", sign.kk)
        assert re.search(r"[А-яЁё]", sign.ru)
        assert re.fullmatch(r"[A-Za-z ]+", sign.en)


def test_the_order_is_the_papers():
    ids = [sign.id for sign in kslr30().signs]
    assert (ids[0], ids[7], ids[10], ids[26], ids[29]) == ("salemetsiz_be", "men_seni_suyemin", "rakhmet", "su", "ulken")


def test_a_word_is_found_by_its_id():
    words = kslr30()
    assert words["sau_bolynyz"].kk == "Сау болыңыз"
    assert "it" in words
    assert "sau bolynyz" not in words
    with pytest.raises(KeyError):
        words["merhaba"]


def test_a_word_without_recordings_is_untrained():
    words = kslr30()
    assert len(words.untrained) == 30
    taught = words.with_training({"su": {"rsl": 1}, "it": {"rsl": 1, "ksl30_by_meaning": 60}, "men": {}})
    assert not taught["su"].untrained
    assert taught["it"].trained_on == {"rsl": 1, "ksl30_by_meaning": 60}
    assert taught["men"].untrained
    assert len(taught.untrained) == 28
    assert [s.id for s in taught.signs] == [s.id for s in words.signs]
    assert len(words.untrained) == 30  # the first is as it was


def test_a_word_twice_is_refused():
    with pytest.raises(InputError, match="twice"):
        Vocabulary("mine", (Sign("a", "a", "a", "a", "a"),) * 2)


def test_plain_labels_are_their_own_translations():
    words = untranslated_vocabulary("holistic59", ["cat", "dog"])
    assert words["dog"] == Sign("dog", "dog", "dog", "dog", "dog")
    assert words.name == "holistic59"


def test_question_words_come_asked_and_not_asked() -> None:
    words = krsl20()
    assert len(words.signs) == 20
    assert {s.id for s in words.signs if s.id.endswith("q")} == {s.id + "q" for s in words.signs if not s.id.endswith("q")}
    assert (words["kto"].kk, words["ktoq"].kk) == ("Кім", "Кім?")


def test_models_have_the_vocabulary_of_their_name() -> None:
    assert model_vocabulary("kslr30-lstm", ["su"])["su"].kk == "Су"
    assert model_vocabulary("kslr30-lstm", ["su"]).name == "kslr30-lstm"
    assert model_vocabulary("krsl20", ["gde", "gdeq"])["gdeq"].en == "Where?"
    assert model_vocabulary("kslr30-mine", ["unheard"])["unheard"].kk == "unheard"
    assert model_vocabulary("other", ["su"])["su"].kk == "su"
