import pytest

from kslr.teaching.naming import LessonError, WordNames, check_name, resolve_sign, word_id
from kslr.vocabulary import Sign


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", "", "   ", "a\\b", "a.npz", "-", "x" * 41, "a\x00b", "C:evil"])
def test_a_name_cannot_lead_anywhere(name):
    with pytest.raises(LessonError) as refused:
        check_name(name)
    assert refused.value.code == "bad-name"


def test_a_shipped_name_is_taken():
    for name in ("kslr30", "KSLR30", "emotion"):
        with pytest.raises(LessonError) as refused:
            check_name(name)
        assert refused.value.code == "shipped-name"


def test_an_id_is_made_of_the_first_name_that_gives_one():
    assert word_id("", "Ұшақ") == "ushaq"
    assert word_id("Thank you!", "Рақмет") == "thank_you"
    with pytest.raises(LessonError) as refused:
        word_id("", "!!")
    assert refused.value.code == "no-word"


def test_a_word_of_the_thirty_keeps_its_id_and_its_other_names():
    sign = resolve_sign(WordNames("әтеш"))
    assert (sign.id, sign.ru, sign.en) == ("atesh", "Петух", "Rooster")
    assert resolve_sign(WordNames(id="atesh")).kk == "Әтеш"


def test_a_word_that_was_taught_is_found_again_by_its_name():
    taught = (Sign("bread", "Нан", "nan", "Bread", "Хлеб"),)
    assert resolve_sign(WordNames("нан"), taught).id == "bread"
    assert resolve_sign(WordNames("Нан", en="Loaf"), taught).id == "loaf"


def test_a_new_word_has_all_three_names():
    sign = resolve_sign(WordNames("  Нан ", en="Bread"))
    assert (sign.id, sign.kk, sign.ru, sign.en, sign.latin) == ("bread", "Нан", "Нан", "Bread", "nan")


def test_names_that_cannot_be_are_refused():
    wrong = {"no-word": WordNames(), "long-word": WordNames("x" * 61), "bad-id": WordNames("Нан", id="нан")}
    for code, names in (*wrong.items(), ("bad-id", WordNames("Нан", id="../x"))):
        with pytest.raises(LessonError) as refused:
            resolve_sign(names)
        assert refused.value.code == code


def test_names_typed_on_a_mac_and_elsewhere_are_the_same():
    from kslr.teaching.vocabularies import vocabulary_path

    mac, linux = "и\u0306од", "йод"
    assert resolve_sign(WordNames(kk=mac)) == resolve_sign(WordNames(kk=linux))
    assert check_name(mac) == check_name(linux)
    assert vocabulary_path(mac) == vocabulary_path(linux)
    assert resolve_sign(WordNames(kk="Сә\x0bлем\nдос", id="w")).kk == "Сә лем дос"
