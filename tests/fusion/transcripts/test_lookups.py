import csv
import io
import json

import pytest

from fusion.transcripts.formats import LOOKUPS, Format, Transcript
from kslr.core.errors import InputError
from kslr.lookup.dictionary import Found
from kslr.vocabulary import Sign

WATER, HOME = Sign("voda", "су", "su", "water", "вода"), Sign("dom", "=үй\n", "ui", "home", "дом")
FOUND = [Found(1.0, 2.5, ((WATER, 0.8123), (HOME, 0.5))), Found(4.0, 5.0, ((HOME, -0.1),))]


def written(format: Format, language: str = "ru") -> str:
    return format.serialize(Transcript((), "clip.mp4", 6.0, "rsl", language, found=FOUND)).decode("utf-8-sig")


def test_text_lists_the_nearest_words_of_each_sign():
    lines = written(Format.text).splitlines()
    assert lines == ["   1.00 –   2.50", "    1.  0.81  вода", "    2.  0.50  дом", "   4.00 –   5.00", "    1. -0.10  дом"]
    assert "water" in written(Format.text, "en")


def test_json_has_no_words_and_all_that_was_found():
    document = json.loads(written(Format.json))
    assert (document["vocabulary"], document["words"]) == ("rsl", [])
    assert document["found"] == [one.as_dict() for one in FOUND]
    assert document["found"][0]["nearest"][0]["nearness"] == 0.8123


def test_csv_has_a_row_a_word_and_no_formula():
    rows = list(csv.DictReader(io.StringIO(written(Format.csv))))
    assert [(row["start"], row["place"], row["id"], row["nearness"]) for row in rows] == [
        ("1.000", "1", "voda", "0.8123"),
        ("1.000", "2", "dom", "0.5000"),
        ("4.000", "1", "dom", "-0.1000"),
    ]
    assert not rows[1]["kk"].startswith("=")


@pytest.mark.parametrize("format", [one for one in Format if one not in (*LOOKUPS.values(), Format.pose)])
def test_formats_of_words_refuse_what_says_none(format):
    with pytest.raises(InputError, match="text, json, csv"):
        written(format)
