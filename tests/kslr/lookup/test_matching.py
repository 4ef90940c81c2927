import unicodedata

from kslr.lookup.matching import matching_words
from kslr.vocabulary import Sign

SIGNS = [
    Sign("vse", "бәрі", "bari", "everyone", "все"),
    Sign("vsyo", "всё", "vse", "everything", "всё"),
    Sign("rebyonok", "бала", "bala", "child", "ребёнок"),
    Sign("lyogkiy_po_slozhnosti", "оңай", "onai", "easy", "лёгкий (по сложности)"),
    Sign("khorosho", "жақсы", "jaksy", "well", "хорошо"),
    Sign("khoroshiy", "жақсы", "jaksy", "good; nice", "хороший"),
]


def words(text: str) -> list[str]:
    return [SIGNS[i].id for i in matching_words(SIGNS, text)]


def test_a_word_is_meant_by_its_id_and_by_its_name_in_each_language():
    assert words("rebyonok") == words("РЕБЁНОК") == words("child") == ["rebyonok"]
    assert words(unicodedata.normalize("NFD", "ребёнок")) == ["rebyonok"]
    assert words("Бала") == ["rebyonok"]
    assert words("nice") == ["khoroshiy"]


def test_one_name_may_fit_several_words():
    assert words("жақсы") == words("jaksy") == ["khorosho", "khoroshiy"]


def test_e_counts_as_yo_only_where_nothing_fits_exactly():
    assert words("все") == ["vse"]
    assert words("ребенок") == ["rebyonok"]
    assert words("легкий_по_сложности") == ["lyogkiy_po_slozhnosti"]


def test_nothing_fits_what_is_no_word():
    assert words("") == words("_") == words("...") == words("вода") == []
