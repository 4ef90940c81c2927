import pytest

from kslr.teaching.vocabularies import TaughtVocabulary
from kslr.vocabulary import Sign
from ui.shared.i18n import Refusal
from ui.shared.naming import safe_name, sign_named, word_id

EMPTY = TaughtVocabulary("mine", "0" * 64)


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", "", "   ", "a\\b", "a.npz", "-", "x" * 41, "a\x00b", "C:evil"])
def test_a_name_cannot_lead_anywhere(name):
    with pytest.raises(Refusal, match="bad_name"):
        safe_name(name)


def test_a_shipped_name_is_taken():
    for name in ("kslr30", "KSLR30", "emotion"):
        with pytest.raises(Refusal, match="shipped_name"):
            safe_name(name)


def test_an_id_is_made_of_the_first_name_that_gives_one():
    assert word_id("", "Ұшақ") == "ushaq"
    assert word_id("Thank you!", "Рақмет") == "thank_you"
    with pytest.raises(Refusal, match="no_word"):
        word_id("", "!!")


def test_a_word_of_the_thirty_keeps_its_id_and_its_other_names():
    sign = sign_named("әтеш", "", "", EMPTY)
    assert (sign.id, sign.ru, sign.en) == ("atesh", "Петух", "Rooster")
    assert sign_named("", "", "", EMPTY, "atesh").kk == "Әтеш"


def test_a_word_that_was_taught_is_found_again_by_its_name():
    taught = TaughtVocabulary("mine", "0" * 64, (Sign("bread", "Нан", "nan", "Bread", "Хлеб"),))
    assert sign_named("нан", "", "", taught).id == "bread"
    assert sign_named("Нан", "", "Loaf", taught).id == "loaf"


def test_a_new_word_has_all_three_names():
    sign = sign_named("  Нан ", "", "Bread", EMPTY)
    assert (sign.id, sign.kk, sign.ru, sign.en, sign.latin) == ("bread", "Нан", "Нан", "Bread", "nan")


def test_names_that_cannot_be_are_refused():
    for names, sign_id in ((("", "", ""), ""), (("x" * 61, "", ""), ""), (("Нан", "", ""), "нан"), (("Нан", "", ""), "../x")):
        with pytest.raises(Refusal):
            sign_named(*names, EMPTY, sign_id)
